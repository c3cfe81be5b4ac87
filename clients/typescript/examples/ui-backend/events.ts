/** What the page is told of each event: plain words and numbers, nothing of the wire. */

import { toJson, type JsonValue } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import {
  ChatMessageSchema,
  FinishReason,
  NoticeKind,
  ResetReason,
  type Answer,
  type CompleteResponse,
  type Decision,
  type OutputReset,
  type RouteNotice,
} from "pointsman-client";

/** One Server-Sent Event. */
export type Shown =
  | { event: "comment"; data?: never }
  | {
      event: "decision" | "text" | "notice" | "reset" | "done" | "error";
      data: Readonly<Record<string, JsonValue>>;
    };

/** What the page shows of `event`; undefined where there is nothing to show, or nothing that we know. */
export function shown(event: CompleteResponse["event"]): Shown | undefined {
  switch (event.case) {
    case "decision":
      return decided(event.value);
    case "textDelta":
      return event.value.text ? { event: "text", data: { text: event.value.text } } : undefined;
    case "notice": {
      const text = noticed(event.value);
      return text ? { event: "notice", data: { text } } : undefined;
    }
    case "reset":
      return { event: "reset", data: { text: restarted(event.value) } };
    case "heartbeat":
      return { event: "comment" };
    default:
      // Usage and finish are told together, at the end.
      return undefined;
  }
}

/** What the page shows of an answer that ended with OK. */
export function ending(answer: Answer): Shown {
  const { finish, usage } = answer;
  return {
    event: "done",
    data: {
      complete: answer.complete,
      model: finish?.servedBy?.model ?? "",
      provider: finish?.servedBy?.provider ?? "",
      ...{ usd: dollars(usage?.cost?.totalNanoUsd), estimated: usage?.cost?.estimated ?? false },
      overheadUsd: dollars(usage?.cost?.overheadNanoUsd),
      outputTokens: usage?.usage?.outputTokens ?? 0,
      firstTokenMs: finish?.ttft ? durationMs(finish.ttft) : null,
      durationMs: finish?.duration ? durationMs(finish.duration) : null,
      remark: REMARKS[finish?.reason ?? FinishReason.UNSPECIFIED] ?? "",
      // The page sends it back with the next question, as it is.
      message: toJson(ChatMessageSchema, answer.message()),
    },
  };
}

const REMARKS: Readonly<Record<number, string>> = {
  [FinishReason.MAX_TOKENS]: "The model reached its limit of tokens; there would be more to say.",
  [FinishReason.CONTENT_FILTER]: "The provider's content filter ended the answer.",
  [FinishReason.REFUSAL]: "The model declined.",
  [FinishReason.COST_LIMIT]: "Pointsman ended the answer, because more would have cost too much.",
};

function decided(decision: Decision): Shown {
  const { decisionId, estimate, model, provider, reason, task, tier } = decision;
  return {
    event: "decision",
    data: {
      ...{ id: decisionId, model, provider, reason, tier },
      task: task?.task ?? "",
      source: task?.source ?? decision.decidedBy,
      usd: estimate ? dollars(estimate.expectedNanoUsd) : null,
    },
  };
}

function noticed({ attempt, error, kind, message }: RouteNotice): string {
  const model = attempt?.model ?? "a model";
  switch (kind) {
    case NoticeKind.ATTEMPT_STARTED:
      return "";
    case NoticeKind.ATTEMPT_FAILED:
      return `${model} failed: ${error?.message ?? "it does not say why"}.`;
    case NoticeKind.FAILOVER:
      return `${model} is asked instead.`;
    case NoticeKind.HEDGE_STARTED:
      return `${model} is asked too: whichever answers first.`;
    case NoticeKind.HEDGE_WON:
      return `${model} was faster.`;
    case NoticeKind.ESCALATION:
      return `${model} is asked, because the answer before was not good enough.`;
    default:
      // A budget, a dropped parameter, a gate, or what only newer servers say: they have words of their own.
      return message;
  }
}

function restarted({ reason }: OutputReset): string {
  const why = reason === ResetReason.ESCALATION ? "it was not good enough" : "its model broke off";
  return `What stood here is withdrawn, because ${why}.`;
}

/** Exact enough to show: a number holds nano-dollars up to nine million dollars. */
function dollars(nano: bigint | undefined): number {
  return Number(nano ?? 0n) / 1e9;
}
