// The page: sends a question, shows the answer as it comes. Everything is set as text, nothing as HTML.

const $ = (selector, within = document) => within.querySelector(selector);

const composer = $("#composer");
const prompt = $("#prompt");
const send = $("#send");
const stop = $("#stop");

/** Finished exchanges as protobuf's JSON of ChatMessage; they go along with the next question. */
let messages = [];
/** Aborts the answer that is under way; null while there is none. */
let running = null;

async function ask(text) {
  const turn = new Turn(text);
  const question = { role: "ROLE_USER", parts: [{ text }] };
  running = new AbortController();
  busy(true);
  try {
    const answer = await answered(turn, [...messages, question], running.signal);
    if (answer) messages.push(question, answer);
    else if (!prompt.value) retype(text);
  } catch (error) {
    if (running.signal.aborted) turn.stopped();
    else turn.failed({ text: "The connection to this page's server was lost.", code: error.name });
  } finally {
    running = null;
    busy(false);
  }
}

/** The assistant's message, once all of it came; undefined where the answer failed. */
async function answered(turn, conversation, signal) {
  const form = new FormData(composer);
  const response = await fetch("api/complete", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      messages: conversation,
      mode: form.get("mode"),
      restart: form.get("restart") === "on",
    }),
    signal,
  });
  if (!response.ok) {
    turn.failed({ text: await response.text(), code: `HTTP ${response.status}` });
    return undefined;
  }
  for await (const { event, data } of events(response.body)) {
    turn[event]?.(data);
    if (event === "done") return data.complete ? data.message : undefined;
    if (event === "error") return undefined;
  }
  turn.failed({ text: "The answer ended before its end.", code: "incomplete" });
  return undefined;
}

/** Server-Sent Events of a response; comments, which keep a silent connection alive, are left out. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    buffer += value;
    const frames = buffer.split("\n\n");
    buffer = frames.pop();
    for (const frame of frames) {
      const found = /^event: (.*)\ndata: (.*)$/.exec(frame);
      if (found) yield { event: found[1], data: JSON.parse(found[2]) };
    }
  }
}

/** One question and its answer on the page. A method for each event of the server, by its name. */
class Turn {
  constructor(question) {
    const turn = $("#turn").content.cloneNode(true).firstElementChild;
    this.answer = $(".answer", turn);
    this.body = $(".text", turn);
    this.outcome = $(".outcome", turn);
    $(".question p", turn).textContent = question;
    this.answer.setAttribute("aria-busy", "true");
    $("#welcome").hidden = true;
    $("#conversation").append(turn);
    turn.scrollIntoView({ block: "end" });
  }

  decision({ id, model, provider, reason, source, task, tier, usd }) {
    const line = $(".decision summary", this.answer);
    const chosen = document.createElement("strong");
    chosen.textContent = model;
    line.replaceChildren(
      `${task || "no task"} → `,
      chosen,
      `, ${source}${usd === null ? "" : `, about ${dollars(usd)}`}`,
    );
    $(".decision p", this.answer).textContent =
      `${reason}. ${model} is at ${provider}, tier ${tier}. pointsman explain ${id}`;
  }

  text({ text }) {
    const follows = atEnd();
    this.body.append(text);
    if (follows) scrollToEnd();
  }

  notice({ text }) {
    this.mark(text, "notice");
  }

  reset({ text }) {
    this.body.replaceChildren();
    this.mark(text, "reset");
    announce(text);
  }

  mark(text, kind) {
    const follows = atEnd();
    const item = document.createElement("li");
    item.className = kind;
    item.textContent = text;
    $(".notices", this.answer).append(item);
    if (follows) scrollToEnd();
  }

  done({
    complete,
    durationMs,
    estimated,
    firstTokenMs,
    model,
    outputTokens,
    overheadUsd,
    provider,
    remark,
    usd,
  }) {
    if (!complete) {
      this.failed({ text: "The answer ended before its end.", code: "incomplete" });
      return;
    }
    const cost = `${estimated ? "about " : ""}${dollars(usd)}`;
    const facts = [
      overheadUsd > 0 ? `${cost} (${dollars(overheadUsd)} of it overhead)` : cost,
      `${model} at ${provider}`,
      `${outputTokens} tokens`,
      firstTokenMs === null ? "" : `first after ${seconds(firstTokenMs)}`,
      durationMs === null ? "" : `${seconds(durationMs)} in all`,
    ];
    this.end("done", facts.filter(Boolean).join(" · "), remark);
    announce(`Answered by ${model} for ${cost}. ${remark}`);
  }

  error({ code, retryMs, text, until }) {
    const when = until ? ` Until ${new Date(until).toLocaleString()}.` : "";
    const wait = retryMs ? ` Try again in ${seconds(retryMs)}.` : "";
    this.failed({ text: text + (when || wait), code });
  }

  failed({ code, text }) {
    this.end("failed", text, code);
    announce(text);
  }

  stopped() {
    this.end("stopped", "Stopped. The model was told to stop too.");
    announce("Stopped.");
  }

  end(kind, ...lines) {
    const follows = atEnd();
    this.answer.removeAttribute("aria-busy");
    this.answer.classList.add(kind);
    const parts = lines.filter(Boolean).map((line) => {
      const span = document.createElement("span");
      span.textContent = line;
      return span;
    });
    this.outcome.replaceChildren(...parts);
    if (follows) scrollToEnd();
  }
}

const usd = new Intl.NumberFormat("en", { style: "currency", currency: "USD", maximumSignificantDigits: 2 });

function dollars(amount) {
  return usd.format(amount);
}

function seconds(milliseconds) {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

/** For screen readers, which would otherwise have to listen to every token. */
function announce(text) {
  $("#status").textContent = text;
}

function atEnd() {
  const { clientHeight, scrollHeight, scrollTop } = document.documentElement;
  return scrollHeight - scrollTop - clientHeight < 80;
}

function scrollToEnd() {
  window.scrollTo({ top: document.documentElement.scrollHeight });
}

function busy(is) {
  send.hidden = is;
  stop.hidden = !is;
  $("#new").hidden = is || !$(".turn");
  if (is) announce("Answering.");
  (is ? stop : prompt).focus();
}

/** A question that got no answer, to be asked once more. */
function retype(text) {
  prompt.value = text;
  grow();
}

function grow() {
  prompt.style.height = "auto";
  prompt.style.height = `${prompt.scrollHeight}px`;
}

composer.addEventListener("submit", (submitted) => {
  submitted.preventDefault();
  const text = prompt.value.trim();
  if (running || !text) return;
  prompt.value = "";
  grow();
  void ask(text);
});
prompt.addEventListener("input", grow);
prompt.addEventListener("keydown", (pressed) => {
  if (pressed.key === "Enter" && !pressed.shiftKey && !pressed.isComposing) {
    pressed.preventDefault();
    composer.requestSubmit();
  }
});
stop.addEventListener("click", () => running?.abort());
document.addEventListener("keydown", (pressed) => {
  if (pressed.key === "Escape") running?.abort();
});
$("#new").addEventListener("click", () => {
  messages = [];
  $("#conversation").replaceChildren();
  $("#welcome").hidden = false;
  $("#new").hidden = true;
  prompt.focus();
});
for (const suggestion of document.querySelectorAll(".suggestion")) {
  suggestion.addEventListener("click", () => {
    prompt.value = suggestion.textContent;
    composer.requestSubmit();
  });
}
