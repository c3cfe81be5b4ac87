/** The UI example in a real browser: the page, its server, Pointsman and the simulator, nothing in between. */

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";

import { chromium, type Browser, type Page } from "playwright-core";

import { absent, CHROMIUM, Site } from "./processes.js";

const SCREENSHOTS = fileURLToPath(new URL("../screenshots/", import.meta.url));
const PROVIDERS = ["anthropic", "google", "groq", "mistral", "openai", "openrouter"];
const TIDES = "Explain how tides work, in a few sentences";
// Our own network is closed to it: it shall not even try.
const FLAGS = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-gpu",
  "--disable-quic",
  "--disable-sync",
  "--no-first-run",
];

const missing = absent();
assert(!missing || !process.env["CI"], `CI needs Chromium and Pointsman: ${missing}`);
const options = { skip: missing ? `${missing}: the UI example is not tried` : false };

let site: Site;
let browser: Browser;

before(async () => {
  if (missing) return;
  const sandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  await mkdir(SCREENSHOTS, { recursive: true });
  [site, browser] = await Promise.all([
    Site.start(),
    chromium.launch({ executablePath: CHROMIUM, args: [...FLAGS, ...sandbox] }),
  ]);
});

after(async () => {
  if (missing) return;
  await browser.close();
  await site[Symbol.asyncDispose]();
});

async function opened(how: Parameters<Browser["newPage"]>[0] = {}): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 900, height: 760 }, ...how });
  page.setDefaultTimeout(20_000);
  await page.goto(site.page);
  return page;
}

async function ask(page: Page, question: string): Promise<void> {
  await page.getByLabel("Your question").fill(question);
  await page.keyboard.press("Enter");
}

/** The fault, whoever is asked. */
function everywhere(fault: string): Record<string, string> {
  return Object.fromEntries(PROVIDERS.map((provider) => [provider, fault]));
}

async function shot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `${SCREENSHOTS}${name}.png` });
}

/** No call may be in flight at the simulator, within the second that the contract gives us. */
async function idleInTime(): Promise<void> {
  const due = performance.now() + 1000;
  while ((await site.active()) > 0) assert(performance.now() < due, "still asked upstream after 1 s");
}

test("tokens arrive one by one, then what they cost", options, async () => {
  const page = await opened({ colorScheme: "light" });
  await shot(page, "welcome-light");
  await page.evaluate(() => {
    const lengths = new Set<number>();
    Object.assign(globalThis, { lengths });
    new MutationObserver(() => lengths.add(document.querySelector(".text")?.textContent.length ?? 0)).observe(
      document.body,
      { subtree: true, childList: true },
    );
  });
  await ask(page, TIDES);
  await page.waitForFunction(() => (document.querySelector(".text")?.textContent.length ?? 0) > 120);
  await shot(page, "streaming-light");
  await page.locator(".answer.done").waitFor();
  const steps = await page.evaluate(() => (globalThis as unknown as { lengths: Set<number> }).lengths.size);
  assert(steps > 20, `the text grew in ${steps} steps`);
  assert.match(await page.locator(".decision summary").innerText(), /^\w+ → [\w-]+, .+, about \$0\.0\d+$/);
  assert.match(await page.locator(".outcome").innerText(), /\$0\.0\d+ .*· [\w-]+ at \w+ · \d+ tokens/);
  await page.locator(".decision summary").click();
  await shot(page, "done-light");

  // The conversation goes on with what was said.
  await ask(page, "And at night?");
  await page.locator(".answer.done").nth(1).waitFor();
  await page.close();
});

test("stop closes the connection to the provider", options, async () => {
  // It falls silent with its connection open: however slow this machine is, there is something left to stop.
  await site.faults(everywhere("stall-after-20"));
  const page = await opened({ colorScheme: "dark" });
  await ask(page, TIDES);
  await page.waitForFunction(() => (document.querySelector(".text")?.textContent.length ?? 0) > 40);
  assert.notEqual(await site.active(), 0);
  await page.getByRole("button", { name: "Stop" }).click();
  await idleInTime();
  assert.equal((await site.calls()).at(-1)?.ending, "client_closed");
  await page.locator(".answer.stopped").waitFor();
  const text = await page.locator(".text").innerText();
  await shot(page, "stopped-dark");
  assert.equal(await page.locator(".text").innerText(), text);
  await page.close();
});

test("so does closing the page", options, async () => {
  const page = await opened();
  await ask(page, TIDES);
  await page.waitForFunction(() => (document.querySelector(".text")?.textContent.length ?? 0) > 40);
  assert.notEqual(await site.active(), 0);
  await page.close();
  await idleInTime();
  assert.equal((await site.calls()).at(-1)?.ending, "client_closed");
});

test("a failover is shown, and a model that breaks off is replaced", options, async () => {
  await site.faults({ groq: "http-503" });
  const page = await opened({ colorScheme: "dark", viewport: { width: 390, height: 780 } });
  await ask(page, "Hello! What can you do?");
  await page.locator(".answer.done").waitFor();
  const notices = await page.locator(".notices li").allInnerTexts();
  assert.deepEqual(notices, [
    "oss-20b failed: groq answered 503 (server_error).",
    "mistral-small is asked instead.",
  ]);
  await shot(page, "failover-dark-narrow");
  await page.close();
});

test("with restart allowed a reset clears the text, and leaves a mark", options, async () => {
  await site.faults({ google: "reset-mid-stream=20" });
  const page = await opened({ colorScheme: "light", viewport: { width: 390, height: 780 } });
  await ask(page, TIDES);
  await page.locator(".answer.done").waitFor();
  const marks = await page.locator(".notices .reset").allInnerTexts();
  assert.match(marks[0] ?? "", /What stood here is withdrawn, because its model broke off\./);
  // Every answer begins like this; of the first one nothing is left.
  assert.equal((await page.locator(".text").innerText()).split("Most questions about").length, 2);
  await shot(page, "reset-light-narrow");
  await page.close();
});

test("errors are said in plain words", options, async () => {
  await site.faults(everywhere("reset-mid-stream=20"));
  const page = await opened({ colorScheme: "light" });
  await page.getByLabel("Start over if a model breaks off").uncheck();
  await ask(page, TIDES);
  await page.locator(".answer.failed").waitFor();
  assert.match(await page.locator(".outcome").innerText(), /The model broke off\. .*\s*STREAM_INTERRUPTED/);
  await shot(page, "failed-light");
  await page.close();
  await site.faults({});
});

test("what is said is text, whatever it looks like", options, async () => {
  const page = await opened();
  const markup = "<img src=x onerror=\"document.title='gone'\"> & <b>bold</b>";
  await ask(page, markup);
  await page.locator(".answer.done").waitFor();
  assert.equal(await page.locator(".question p").innerText(), markup);
  assert.equal(await page.locator(".turn img, .turn b").count(), 0);
  assert.equal(await page.title(), "Pointsman");
  await page.close();
});

test("the log has outcomes, and nothing that was said", options, () => {
  assert.match(site.log, /answered by [\w-]+, decision [0-9a-f]{32}/);
  assert.match(site.log, /stopped by the browser/);
  assert.match(site.log, /failed with STREAM_INTERRUPTED/);
  assert.doesNotMatch(site.log, /tides|Hello|a bug/i);
});
