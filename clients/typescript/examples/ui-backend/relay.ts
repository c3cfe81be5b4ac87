/** An answer, event by event, from Pointsman to the browser. */

import { once } from "node:events";
import type { ServerResponse } from "node:http";

import { PointsmanError, type CompleteStream } from "pointsman-client";

import { ending, shown, type Shown } from "./events.js";
import { inWords } from "./words.js";

/**
 * Relays `stream` as Server-Sent Events and ends the response. Says how it went, for the log.
 *
 * `gone` is aborted when the browser is: it is the signal of the call too, so that the provider is told within the
 * moment. A browser that reads slowly holds Pointsman back, which holds the provider back.
 */
export async function relay(
  stream: CompleteStream,
  response: ServerResponse,
  gone: AbortSignal,
): Promise<string> {
  response.writeHead(200, { "Content-Type": "text/event-stream; charset=utf-8" });
  response.flushHeaders();
  const send = async (event: Shown): Promise<void> => {
    if (!response.write(frame(event))) await once(response, "drain", { signal: gone });
  };
  try {
    return await relayed(stream, send);
  } catch (error) {
    if (gone.aborted) return "stopped by the browser";
    throw error;
  } finally {
    response.end();
  }
}

async function relayed(stream: CompleteStream, send: (event: Shown) => Promise<void>): Promise<string> {
  try {
    for await (const { event } of stream) {
      const told = shown(event);
      if (told) await send(told);
    }
  } catch (error) {
    if (!(error instanceof PointsmanError)) throw error;
    await send({ event: "error", data: inWords(error) });
    return `failed with ${error.reason || error.code}`;
  }
  const { answer } = stream;
  await send(ending(answer));
  return `answered by ${answer.finish?.servedBy?.model ?? "nobody"}, decision ${answer.decision?.decisionId ?? ""}`;
}

function frame({ event, data }: Shown): string {
  // Without an event it is a comment, which keeps a silent connection alive. JSON has no line breaks.
  return event === "comment" ? ":\n\n" : `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
