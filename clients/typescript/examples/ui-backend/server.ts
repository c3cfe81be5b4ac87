/** The HTTP side: three files, and one call that streams an answer. */

import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

import type { Client } from "pointsman-client";

import { BadQuestion, question } from "./question.js";
import { relay } from "./relay.js";

const FILES: Readonly<Record<string, readonly [file: string, type: string]>> = {
  "/": ["index.html", "text/html; charset=utf-8"],
  "/app.js": ["app.js", "text/javascript; charset=utf-8"],
  "/style.css": ["style.css", "text/css; charset=utf-8"],
  "/icon.svg": ["icon.svg", "image/svg+xml"],
};
// We run from build/examples/ui-backend.
const PUBLIC = new URL("../../../examples/ui-backend/public/", import.meta.url);

const HEADERS = {
  "Content-Security-Policy":
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cache-Control": "no-store",
};

const MAX_BODY = 1024 * 1024;

export interface UiOptions {
  /** Is told one line of each question, without a word of it or of its answer. */
  log: (line: string) => void;
}

/** The server of the page; it still has to listen. */
export function uiServer(client: Client, options: UiOptions): Server {
  return createServer((request, response) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    answer(client, request, response, options).catch((error: unknown) => {
      options.log(`a bug: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      refuse(response, 500, "Something went wrong in the server of this page.");
    });
  });
}

async function answer(
  client: Client,
  request: IncomingMessage,
  response: ServerResponse,
  { log }: UiOptions,
): Promise<void> {
  // A name that somebody else's DNS points to this machine would make their page one of ours.
  if (!/^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(request.headers.host ?? "")) {
    refuse(response, 403, "This page is served to this machine only.");
    return;
  }
  const path = request.url ?? "";
  const file = FILES[path];
  if (file && request.method === "GET") {
    response.writeHead(200, { "Content-Type": file[1] }).end(await readFile(new URL(file[0], PUBLIC)));
  } else if (path === "/api/complete" && request.method === "POST") {
    await complete(client, request, response, log);
  } else {
    refuse(response, 404, "There is nothing here.");
  }
}

async function complete(
  client: Client,
  request: IncomingMessage,
  response: ServerResponse,
  log: UiOptions["log"],
): Promise<void> {
  // Other pages can send forms here, but not JSON, unless we said they may.
  if (request.headers["content-type"] !== "application/json") {
    refuse(response, 415, "A question is sent as application/json.");
    return;
  }
  const gone = new AbortController();
  response.once("close", () => {
    gone.abort(new Error("the browser is gone, or pressed stop"));
  });
  try {
    const asked = question(await body(request));
    const outcome = await relay(client.complete(asked, { signal: gone.signal }), response, gone.signal);
    log(`POST /api/complete: ${outcome}`);
  } catch (error) {
    if (!(error instanceof BadQuestion)) throw error;
    refuse(response, error.status, error.message);
  }
}

async function body(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) throw new BadQuestion("The conversation is above 1 MiB: start a new one.", 413);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function refuse(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent) {
    response.destroy();
  } else {
    response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8" }).end(text);
  }
}
