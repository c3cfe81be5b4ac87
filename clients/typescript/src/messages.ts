/** Messages of the usual kind, for short. */

import { create } from "@bufbuild/protobuf";

import { ChatMessageSchema, Role, type ChatMessage } from "./gen/pointsman/v1/chat_pb.js";

/** A user's message of one text. */
export function user(text: string): ChatMessage {
  return textMessage(Role.USER, text);
}

/** A system message of one text. */
export function system(text: string): ChatMessage {
  return textMessage(Role.SYSTEM, text);
}

function textMessage(role: Role, text: string): ChatMessage {
  return create(ChatMessageSchema, { role, parts: [{ content: { case: "text", value: text } }] });
}
