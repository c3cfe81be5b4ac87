/** What the page asks, as a request for Pointsman. */

import { create, fromJson, type JsonValue } from "@bufbuild/protobuf";
import {
  CompleteRequestSchema,
  CompletionInputSchema,
  Mode,
  RestartPolicy,
  Role,
  type CompleteRequest,
} from "pointsman-client";

/** What the page sent is not what it should send; the message is for whoever sits before it. */
export class BadQuestion extends Error {
  constructor(
    message: string,
    readonly status = 400,
  ) {
    super(message);
  }
}

const MODES: Readonly<Record<string, Mode>> = { eco: Mode.ECO, balanced: Mode.BALANCED, sport: Mode.SPORT };

/**
 * `{"messages": [...], "mode": "balanced", "restart": true}`. Messages are protobuf's JSON of ChatMessage, so that an
 * answer goes back as it came, its provider's state included.
 */
export function question(json: string): CompleteRequest {
  const { messages, mode, restart } = parsed(json);
  const hint = typeof mode === "string" ? MODES[mode] : undefined;
  if (hint === undefined) {
    throw new BadQuestion(`There is no such mode: choose one of ${Object.keys(MODES).join(", ")}.`);
  }
  return create(CompleteRequestSchema, {
    input: conversation(messages),
    hints: { mode: hint },
    streamOptions: {
      restartPolicy: restart === true ? RestartPolicy.ALLOW : RestartPolicy.NEVER,
      includeNotices: true,
    },
  });
}

function parsed(json: string): Readonly<Record<string, JsonValue>> {
  try {
    const value = JSON.parse(json) as JsonValue;
    if (value !== null && typeof value === "object" && !Array.isArray(value)) return value;
  } catch {
    // Said below.
  }
  throw new BadQuestion("A question is a JSON object.");
}

function conversation(messages: JsonValue | undefined): CompleteRequest["input"] {
  try {
    const input = fromJson(CompletionInputSchema, { messages: messages ?? [] });
    // Instructions are for the operator to give, not for whoever can reach the page.
    const allowed = input.messages.every(({ role }) => role === Role.USER || role === Role.ASSISTANT);
    if (allowed && input.messages.length > 0) return input;
  } catch {
    // Said below.
  }
  throw new BadQuestion("The messages are not a conversation of user and assistant.");
}
