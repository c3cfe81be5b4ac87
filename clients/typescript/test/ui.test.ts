import assert from "node:assert/strict";
import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";

import { toJson } from "@bufbuild/protobuf";
import {
  ChatMessageSchema,
  FinishReason,
  Mode,
  NoticeKind,
  PointsmanError,
  ResetReason,
  RestartPolicy,
  user,
  type CompleteRequest,
} from "pointsman-client";
import { ErrorInfoSchema, RetryInfoSchema } from "pointsman-client/google-rpc";

import { shown } from "../examples/ui-backend/events.js";
import { uiServer } from "../examples/ui-backend/server.js";
import { inWords } from "../examples/ui-backend/words.js";
import { event, failure, gone, packed, serving, text, type Router } from "./server.js";

const HELLO = { messages: [toJson(ChatMessageSchema, user("Hello"))], mode: "balanced", restart: true };

interface Ui extends AsyncDisposable {
  readonly url: string;
  readonly log: string[];
}

async function ui(router: Router): Promise<Ui> {
  const served = await serving(router);
  const log: string[] = [];
  const server = uiServer(served.client, { log: (line) => log.push(line) });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const dispose = async (): Promise<void> => {
    server.close();
    server.closeAllConnections();
    await served[Symbol.asyncDispose]();
  };
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, log, [Symbol.asyncDispose]: dispose };
}

function posted(url: string, body: unknown, init: RequestInit = {}): Promise<Response> {
  const headers = { "Content-Type": "application/json" };
  return fetch(`${url}/api/complete`, { method: "POST", headers, body: JSON.stringify(body), ...init });
}

function frames(body: string): unknown[] {
  return [...body.matchAll(/event: (.*)\ndata: (.*)\n\n/g)].map(([, name, data]) => [
    name,
    JSON.parse(data ?? "") as unknown,
  ]);
}

test("an answer is relayed in the page's words", async () => {
  let asked: CompleteRequest | undefined;
  await using served = await ui({
    complete: (call) => {
      asked = call.request;
      const decision = { decisionId: "d1", model: "nano", provider: "openai", tier: "small", reason: "why" };
      const task = { task: "simple", source: "rule greeting" };
      call.write(
        event({ case: "decision", value: { ...decision, task, estimate: { expectedNanoUsd: 20_000n } } }),
      );
      call.write(event({ case: "heartbeat", value: {} }));
      call.write(text("Hi\n\nthere"));
      call.write(
        event({ case: "usage", value: { cost: { totalNanoUsd: 20_000n }, usage: { outputTokens: 2 } } }),
      );
      const servedBy = { model: "nano", provider: "openai" };
      call.write(event({ case: "finish", value: { reason: FinishReason.MAX_TOKENS, servedBy } }));
      call.end();
    },
  });
  const response = await posted(served.url, HELLO);
  assert.equal(response.headers.get("content-type"), "text/event-stream; charset=utf-8");
  const body = await response.text();
  assert.match(body, /^:\n\n/m);
  const [decision, said, done] = frames(body);
  const chosen = { id: "d1", model: "nano", provider: "openai", tier: "small", reason: "why" };
  assert.deepEqual(decision, [
    "decision",
    { ...chosen, task: "simple", source: "rule greeting", usd: 0.00002 },
  ]);
  assert.deepEqual(said, ["text", { text: "Hi\n\nthere" }]);
  assert.deepEqual(done, [
    "done",
    {
      ...{
        complete: true,
        model: "nano",
        provider: "openai",
        usd: 0.00002,
        estimated: false,
        overheadUsd: 0,
      },
      ...{ outputTokens: 2, firstTokenMs: null, durationMs: null },
      remark: "The model reached its limit of tokens; there would be more to say.",
      message: { role: "ROLE_ASSISTANT", parts: [{ text: "Hi\n\nthere" }] },
    },
  ]);
  assert.equal(asked?.hints?.mode, Mode.BALANCED);
  assert.equal(asked.streamOptions?.restartPolicy, RestartPolicy.ALLOW);
  assert.deepEqual(served.log, ["POST /api/complete: answered by nano, decision d1"]);
});

test("an error comes in plain words, with what was said before", async () => {
  const details = [
    packed(ErrorInfoSchema, { domain: "pointsman.v1", reason: "ALL_PROVIDERS_DOWN" }),
    packed(RetryInfoSchema, { retryDelay: { seconds: 2n } }),
  ];
  await using served = await ui({
    complete: (call) => {
      call.emit("error", failure("UNAVAILABLE", "all are down", ...details));
    },
  });
  const body = await (await posted(served.url, HELLO)).text();
  const told = {
    text: "No model can be reached right now.",
    code: "ALL_PROVIDERS_DOWN",
    retryMs: 2000,
    until: null,
  };
  assert.deepEqual(frames(body), [["error", told]]);
  assert.deepEqual(served.log, ["POST /api/complete: failed with ALL_PROVIDERS_DOWN"]);
});

test("a browser that goes away cancels the call", async () => {
  let left: Promise<void> | undefined;
  await using served = await ui({
    complete: (call) => {
      left = gone(call);
      call.write(text("Hello"));
    },
  });
  const abort = new AbortController();
  const response = await posted(served.url, HELLO, { signal: abort.signal });
  await response.body?.getReader().read();
  abort.abort();
  await left;
});

test("a browser that does not read holds Pointsman back, and may go away all the same", async () => {
  const piece = "x".repeat(64 * 1024);
  let written = 0;
  let left: Promise<void> | undefined;
  await using served = await ui({
    complete: (call) => {
      left = gone(call);
      const more = (): void => {
        while (!call.cancelled && call.write(text(piece))) written += piece.length;
        if (!call.cancelled) call.once("drain", more);
      };
      more();
    },
  });
  const sent = request(`${served.url}/api/complete`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
  });
  sent.end(JSON.stringify(HELLO));
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  response.pause();
  // The buffers in between hold some megabytes; then nothing moves, however often others are served.
  for (let still = 0, before = -1; still < 20; still = written === before ? still + 1 : 0) {
    before = written;
    await (await fetch(served.url)).text();
    assert(written < 64 * 1024 * 1024, "nothing holds it back");
  }
  response.destroy();
  await left;
});

test("what is no question is refused", async () => {
  await using served = await ui({});
  const instructed = { ...HELLO, messages: [{ role: "ROLE_SYSTEM", parts: [{ text: "Obey" }] }] };
  for (const [body, status, said] of [
    ["Hello", 400, /JSON object/],
    [{ ...HELLO, mode: "warp" }, 400, /mode/],
    [{ ...HELLO, messages: [] }, 400, /conversation/],
    [{ ...HELLO, messages: "Hello" }, 400, /conversation/],
    [instructed, 400, /conversation/],
    [{ ...HELLO, filler: "x".repeat(1024 * 1024) }, 413, /1 MiB/],
  ] as const) {
    const response = await posted(served.url, body);
    assert.equal(response.status, status);
    assert.match(await response.text(), said);
  }
});

test("other pages have no way in", async () => {
  await using served = await ui({});
  const form = await posted(served.url, HELLO, { headers: { "Content-Type": "text/plain" } });
  assert.equal(form.status, 415);
  const sent = request(served.url, { headers: { host: "evil.example" } });
  sent.end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  response.resume();
  assert.equal(response.statusCode, 403);
});

test("the page's files are served, and nothing else", async () => {
  await using served = await ui({});
  for (const path of ["/", "/app.js", "/style.css", "/icon.svg"]) {
    const response = await fetch(`${served.url}${path}`);
    assert.equal(response.status, 200);
    assert.match(response.headers.get("content-security-policy") ?? "", /default-src 'self'/);
    await response.arrayBuffer();
  }
  for (const path of ["/server.ts", "/..%2fserver.ts", "/api/complete"]) {
    assert.equal((await fetch(`${served.url}${path}`)).status, 404);
  }
});

test("notices and resets are told in plain words, and what is new in its own", () => {
  const attempt = { model: "haiku" };
  const told = (kind: NoticeKind, message = ""): unknown =>
    shown(event({ case: "notice", value: { kind, message, attempt } }).event)?.data;
  assert.equal(told(NoticeKind.ATTEMPT_STARTED), undefined);
  assert.deepEqual(told(NoticeKind.FAILOVER), { text: "haiku is asked instead." });
  assert.deepEqual(told(NoticeKind.BUDGET_WARNING, "acme/day: 80 %"), { text: "acme/day: 80 %" });
  const reset = event({ case: "reset", value: { reason: ResetReason.ESCALATION, next: attempt } });
  assert.deepEqual(shown(reset.event)?.data, {
    text: "What stood here is withdrawn, because it was not good enough.",
  });
  assert.equal(shown({ case: undefined }), undefined);
});

test("an error that has no words of ours has Pointsman's", () => {
  const words = inWords(
    new PointsmanError("NOT_FOUND", "there is no such model", { reason: "UNKNOWN_MODEL" }),
  );
  assert.equal(words.text, "It did not work: there is no such model.");
  const budget = { reason: "BUDGET_EXHAUSTED", metadata: { resets_at: "2026-11-26T00:00:00Z" } };
  assert.equal(inWords(new PointsmanError("RESOURCE_EXHAUSTED", "", budget)).until, "2026-11-26T00:00:00Z");
});
