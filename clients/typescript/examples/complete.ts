/**
 * A decision, and an answer as it comes, which Ctrl-C or ten seconds end.
 *
 *     node build/examples/complete.js localhost:50051 "How do tides work?"
 */

import process from "node:process";

import { durationMs } from "@bufbuild/protobuf/wkt";
import { dial, PointsmanError, user } from "pointsman-client";

const [target = "--help", prompt = "How do tides work?"] = process.argv.slice(2);
if (target === "--help") {
  console.log("usage: node build/examples/complete.js HOST:PORT [PROMPT]");
  process.exit();
}

const interrupt = new AbortController();
process.once("SIGINT", () => {
  interrupt.abort();
});
const options = { timeoutMs: 10_000, signal: interrupt.signal };

// Plaintext is for this machine; elsewhere it is dial(target, { apiKey }).
using client = dial(target, { plaintext: true });
const input = { messages: [user(prompt)] };

try {
  const { decision } = await client.route({ input }, options);
  console.log(`would be asked: ${decision?.model}, because ${decision?.reason}`);

  const stream = client.complete({ input }, options);
  for await (const { event } of stream) {
    if (event.case === "textDelta") process.stdout.write(event.value.text);
  }
  const { finish, usage } = stream.answer;
  const took = finish?.duration ? durationMs(finish.duration) : 0;
  const usd = Number(usage?.cost?.totalNanoUsd ?? 0n) / 1e9;
  console.log(`\n\nanswered by ${finish?.servedBy?.model} in ${took.toFixed(0)} ms for $${usd}`);
} catch (error) {
  if (!(error instanceof PointsmanError)) throw error;
  const wait = error.retryDelayMs === undefined ? "" : `; try again in ${error.retryDelayMs} ms`;
  console.error(`\n${error.reason || error.code}: ${error.message}${wait}`);
  process.exitCode = 1;
}
