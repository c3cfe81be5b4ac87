/** The runner of the conformance suite: does the calls of a file, prints what it saw. clients/conformance says how. */

import { readFile } from "node:fs/promises";

import {
  dial,
  FinishReason,
  NoticeKind,
  PointsmanError,
  ResetReason,
  RestartPolicy,
  user,
  type Answer,
  type CallOptions,
  type ChatMessage,
  type Client,
  type CompleteResponse,
  type Finish,
  type UsageReport,
} from "pointsman-client";

interface Call {
  name: string;
  call: "complete" | "complete_unary" | "route";
  prompt: string;
  deadline_ms: number | null;
  restart: boolean;
  notices: boolean;
  reasoning: boolean;
  final_message: boolean;
  request_id: string;
  task: string;
  stop: { how: "cancel" | "break" | "abandon"; after: number } | null;
}

type Line = Record<string, unknown>;

async function main([target = "", file = ""]: string[]): Promise<void> {
  const client = dial(target, { plaintext: true });
  for (const call of JSON.parse(await readFile(file, "utf8")) as Call[]) {
    const line = await METHODS[call.call](client, call);
    process.stdout.write(`${JSON.stringify(sorted({ ...EMPTY, name: call.name, ...line }))}\n`);
  }
}

const EMPTY: Line = {
  events: [],
  count: 0,
  seq_ok: true,
  generation: 0,
  text: "",
  reasoning: "",
  tool_calls: [],
  notices: [],
  resets: [],
  model: "",
  cost_nano_usd: "",
  attempts: 0,
  finish: "",
  message_text: "",
  complete: false,
  error: null,
};

const METHODS = { complete, complete_unary: completeUnary, route };

async function complete(client: Client, call: Call): Promise<Line> {
  const abort = new AbortController();
  const stream = client.complete(
    { ...request(call), ...streamOptions(call) },
    { ...options(call), signal: abort.signal },
  );
  const seen: CompleteResponse[] = [];
  const stopsHere = (how: string): boolean => call.stop?.how === how && call.stop.after === seen.length;
  let error: unknown = null;
  try {
    // By hand instead of for-await, which would cancel what is to be abandoned.
    while (!stopsHere("abandon")) {
      if (stopsHere("cancel")) abort.abort();
      if (stopsHere("break")) {
        await stream.return();
        break;
      }
      const { done, value } = await stream.next();
      if (done) break;
      seen.push(value);
    }
  } catch (failed) {
    error = failure(failed);
  }
  return { ...events(seen), ...answered(stream.answer), error };
}

async function completeUnary(client: Client, call: Call): Promise<Line> {
  try {
    const { decision, finish, message, usage } = await client.completeUnary(
      { ...request(call), includeReasoning: call.reasoning },
      options(call),
    );
    return {
      model: decision?.model ?? "",
      ...totals(usage, finish),
      message_text: textOf(message),
      complete: finish !== undefined,
    };
  } catch (failed) {
    return { error: failure(failed) };
  }
}

async function route(client: Client, call: Call): Promise<Line> {
  try {
    const { decision } = await client.route(request(call), options(call));
    return { model: decision?.model ?? "" };
  } catch (failed) {
    return { error: failure(failed) };
  }
}

function request(call: Call): object {
  return {
    requestId: call.request_id,
    input: { messages: [user(call.prompt)] },
    ...(call.task && { hints: { task: call.task } }),
  };
}

function streamOptions({ restart, notices, reasoning, final_message }: Call): object {
  if (!(restart || notices || reasoning || final_message)) {
    return {};
  }
  return {
    streamOptions: {
      restartPolicy: restart ? RestartPolicy.ALLOW : RestartPolicy.UNSPECIFIED,
      includeNotices: notices,
      includeReasoning: reasoning,
      includeFinalMessage: final_message,
    },
  };
}

function options({ deadline_ms }: Call): CallOptions {
  return deadline_ms === null ? {} : { timeoutMs: deadline_ms };
}

function events(seen: readonly CompleteResponse[]): Line {
  const names = seen.map(({ event }) => snake(event.case ?? "unknown"));
  return {
    events: names.filter((name, index) => name !== names[index - 1]),
    count: seen.length,
    seq_ok: seen.every(({ seq }, index) => seq === index + 1),
  };
}

function answered(answer: Answer): Line {
  const { complete, decision, finish, generation, notices, reasoning, resets, text, toolCalls, usage } =
    answer;
  return {
    ...{ generation, text, reasoning, complete },
    tool_calls: toolCalls.map(({ id, name, argumentsJson }) => ({ id, name, arguments: argumentsJson })),
    notices: notices.map(({ kind }) => named(NoticeKind, kind)),
    resets: resets.map(({ reason }) => named(ResetReason, reason)),
    model: decision?.model ?? "",
    ...totals(usage, finish),
    message_text: textOf(finish?.message),
  };
}

function totals(usage: UsageReport | undefined, finish: Finish | undefined): Line {
  return {
    cost_nano_usd: usage ? String(usage.cost?.totalNanoUsd ?? 0) : "",
    attempts: usage?.attempts.length ?? 0,
    finish: finish ? named(FinishReason, finish.reason) : "",
  };
}

function failure(error: unknown): Line {
  if (!(error instanceof PointsmanError)) {
    throw error;
  }
  const { code, message, metadata, outputStarted, reason, retryDelayMs, violations } = error;
  return {
    ...{ code, message, metadata, reason, violations },
    output_started: outputStarted ?? null,
    retry_delay_ms: retryDelayMs ?? null,
  };
}

/** The name of an enum's value; the number of one that we do not know. */
function named(names: Readonly<Record<number, string>>, value: number): string {
  return names[value] ?? String(value);
}

function textOf(message: ChatMessage | undefined): string {
  return (message?.parts ?? []).map(({ content }) => (content.case === "text" ? content.value : "")).join("");
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sorted);
  }
  if (value === null || typeof value !== "object") {
    return value;
  }
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, inner]) => [name, sorted(inner)]));
}

await main(process.argv.slice(2));
// What was abandoned would hold us until its deadline.
process.exit();
