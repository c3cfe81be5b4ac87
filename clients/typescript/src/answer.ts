/** An answer, put together from the events of its stream. */

import { create } from "@bufbuild/protobuf";

import {
  ChatMessageSchema,
  ContentPartSchema,
  ReasoningPartSchema,
  Role,
  ToolCallSchema,
  type ChatMessage,
  type ContentPart,
  type ToolCall,
} from "./gen/pointsman/v1/chat_pb.js";
import type {
  CompleteResponse,
  Finish,
  OutputReset,
  RouteNotice,
  UsageReport,
} from "./gen/pointsman/v1/router_service_pb.js";
import type { Decision } from "./gen/pointsman/v1/routing_pb.js";

/** What was said so far. A reset drops text, reasoning and tool calls; events of a kind we do not know are skipped. */
export class Answer {
  /** 1, and one more after each reset; 0 before the first event. */
  generation = 0;
  decision: Decision | undefined;
  readonly notices: RouteNotice[] = [];
  readonly resets: OutputReset[] = [];
  usage: UsageReport | undefined;
  finish: Finish | undefined;

  #parts = new Map<number, ContentPart>();
  #ok = false;

  /** Whether this is the whole answer: it has a finish, and the call ended with OK. Otherwise it is none. */
  get complete(): boolean {
    return this.finish !== undefined && this.#ok;
  }

  get text(): string {
    return this.parts.map(({ content }) => (content.case === "text" ? content.value : "")).join("");
  }

  get reasoning(): string {
    return this.parts.map(({ content }) => (content.case === "reasoning" ? content.value.text : "")).join("");
  }

  get toolCalls(): ToolCall[] {
    return this.parts.flatMap(({ content }) => (content.case === "toolCall" ? [content.value] : []));
  }

  /** By part_index. */
  get parts(): ContentPart[] {
    return [...this.#parts].sort(([a], [b]) => a - b).map(([, part]) => part);
  }

  /** The assistant's message, to be put into `input.messages` as it is when the conversation goes on. */
  message(): ChatMessage {
    return create(ChatMessageSchema, { role: Role.ASSISTANT, parts: this.parts });
  }

  add({ event, generation, partIndex }: CompleteResponse): void {
    if (generation > this.generation) {
      this.generation = generation;
      this.#parts.clear();
    }
    switch (event.case) {
      case "textDelta":
      case "reasoningDelta":
      case "toolCallDelta":
        extend(this.#part(partIndex), event);
        break;
      case "decision":
        this.decision = event.value;
        break;
      case "notice":
        this.notices.push(event.value);
        break;
      case "reset":
        this.resets.push(event.value);
        break;
      case "usage":
        this.usage = event.value;
        break;
      case "finish":
        this.finish = event.value;
        break;
      case "heartbeat":
      case undefined:
        break;
    }
  }

  /** To be said once the call has ended with OK. */
  end(): void {
    this.#ok = true;
  }

  #part(index: number): ContentPart {
    let part = this.#parts.get(index);
    if (!part) {
      part = create(ContentPartSchema);
      this.#parts.set(index, part);
    }
    return part;
  }
}

type Delta = Extract<CompleteResponse["event"], { case: "textDelta" | "reasoningDelta" | "toolCallDelta" }>;

function extend(part: ContentPart, delta: Delta): void {
  // A part is of one kind, that of its first delta.
  const { content } = part;
  switch (delta.case) {
    case "textDelta": {
      const before = content.case === "text" ? content.value : "";
      part.content = { case: "text", value: before + delta.value.text };
      break;
    }
    case "reasoningDelta": {
      const before = content.case === "reasoning" ? content.value.text : "";
      const value = create(ReasoningPartSchema, { text: before + delta.value.text });
      part.content = { case: "reasoning", value };
      break;
    }
    case "toolCallDelta": {
      const { id, name, argumentsJsonFragment } = delta.value;
      const call = content.case === "toolCall" ? content.value : create(ToolCallSchema, { id, name });
      call.argumentsJson += argumentsJsonFragment;
      part.content = { case: "toolCall", value: call };
      break;
    }
  }
  if (delta.value.providerState) {
    part.providerState = delta.value.providerState;
  }
}
