/** Errors in the words of somebody who only wanted an answer. */

import type { PointsmanError } from "pointsman-client";

const TRY_AGAIN = "Pointsman has a bad moment.";

const BY_REASON: Readonly<Record<string, string>> = {
  ALL_PROVIDERS_DOWN: "No model can be reached right now.",
  BUDGET_EXHAUSTED: "The budget is used up.",
  CONTENT_BLOCKED: "The provider's content policy does not allow this question.",
  CONTEXT_TOO_LONG: "This conversation is longer than any model can read. Start a new one.",
  CREDENTIALS_INVALID: "Pointsman does not accept the API key of this page's server.",
  CREDENTIALS_MISSING: "Pointsman wants an API key, and this page's server has none.",
  EMPTY_ANSWER: "The models thought about it, and had no room left for an answer.",
  GATE_REJECTED: "There were answers, but none that was good enough.",
  LEDGER_UNAVAILABLE: TRY_AGAIN,
  MAX_COST_UNSATISFIABLE: "Every model that could answer would cost too much.",
  NO_CANDIDATE: "The rules leave no model for this question.",
  OVERLOADED: "Pointsman has too much to do right now.",
  PROVIDER_RATE_LIMITED: "The provider has had too many questions.",
  RATE_LIMITED: "That were too many questions in a short time.",
  SHUTTING_DOWN: "Pointsman is being restarted.",
  SLOW_CONSUMER: "This page read too slowly, and the answer was given up.",
  STATE_UNAVAILABLE: TRY_AGAIN,
  STREAM_INTERRUPTED: "The model broke off. What stands above is not the whole answer.",
};

const BY_CODE: Readonly<Record<string, string>> = {
  DEADLINE_EXCEEDED: "It took too long, and was given up.",
  PERMISSION_DENIED: "This page's server may not ask that.",
  UNAVAILABLE: "Pointsman cannot be reached. Is it running?",
};

export interface Words extends Readonly<Record<string, string | number | null>> {
  /** What happened. */
  readonly text: string;
  /** For whoever is asked for help: the reason, or the status. */
  readonly code: string;
  /** When it is worth another try; null: waiting does not help. */
  readonly retryMs: number | null;
  /** RFC 3339: when a budget begins anew; null: it is not about one. */
  readonly until: string | null;
}

export function inWords(error: PointsmanError): Words {
  const text = BY_REASON[error.reason] ?? BY_CODE[error.code] ?? `It did not work: ${error.message}.`;
  const until = error.metadata["resets_at"] ?? null;
  return { text, code: error.reason || error.code, retryMs: error.retryDelayMs ?? null, until };
}
