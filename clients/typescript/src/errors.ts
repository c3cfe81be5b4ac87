/** What a failed call says. */

import { fromBinary, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { anyUnpack, durationMs, type Any } from "@bufbuild/protobuf/wkt";
import { status as Status, type ServiceError } from "@grpc/grpc-js";

import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "./gen/google/rpc/error_details_pb.js";
import { StatusSchema } from "./gen/google/rpc/status_pb.js";
import { RoutingFailureSchema, type RoutingFailure } from "./gen/pointsman/v1/errors_pb.js";

/** The canonical name of a gRPC status code. */
export type Code = keyof typeof Status;

/** One field of the request that is wrong. */
export interface FieldViolation {
  /** Its path, such as `input.messages[0].role`. */
  readonly field: string;
  readonly description: string;
}

const DOMAIN = "pointsman.v1";
const DETAILS = "grpc-status-details-bin";

type Facts = Pick<
  PointsmanError,
  "reason" | "metadata" | "retryDelayMs" | "violations" | "routing" | "details"
>;

/** The one error of every call. Branch on `reason`, or on `code` where that is unknown; never on the message. */
export class PointsmanError extends Error {
  override readonly name = "PointsmanError";
  readonly code: Code;
  /** A value of ErrorReason without its prefix, such as "BUDGET_EXHAUSTED"; "" where the error is not Pointsman's. */
  readonly reason: string;
  /** The values of this one failure; docs/errors.md names them. */
  readonly metadata: Readonly<Record<string, string>>;
  /** After how many milliseconds the same call is worth another try. Undefined: waiting does not help. */
  readonly retryDelayMs: number | undefined;
  readonly violations: readonly FieldViolation[];
  /** Which providers were tried; undefined where none was. */
  readonly routing: RoutingFailure | undefined;
  /** All details as they came; `anyUnpack` and the schemas of pointsman-client/google-rpc read them. */
  readonly details: readonly Any[];

  constructor(code: Code, message: string, facts: Partial<Facts> = {}, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.reason = facts.reason ?? "";
    this.metadata = facts.metadata ?? {};
    this.retryDelayMs = facts.retryDelayMs;
    this.violations = facts.violations ?? [];
    this.routing = facts.routing;
    this.details = facts.details ?? [];
  }

  /** Whether part of an answer had been sent, so that another try pays twice. Undefined: the server does not say. */
  get outputStarted(): boolean | undefined {
    return this.routing?.outputStarted;
  }
}

/** The error of a call whose signal was aborted; the signal's own reason becomes the cause. */
export function cancelled(cause: unknown): PointsmanError {
  return new PointsmanError("CANCELLED", "the call was cancelled by its caller", {}, { cause });
}

export function errorFromStatus(error: ServiceError): PointsmanError {
  const details = statusDetails(error);
  const info = detail(details, ErrorInfoSchema);
  const ours = info?.domain === DOMAIN ? info : undefined;
  const delay = detail(details, RetryInfoSchema)?.retryDelay;
  const fields = detail(details, BadRequestSchema)?.fieldViolations ?? [];
  const facts = {
    reason: ours?.reason ?? "",
    metadata: ours?.metadata ?? {},
    retryDelayMs: delay && durationMs(delay),
    violations: fields.map(({ field, description }) => ({ field, description })),
    routing: detail(details, RoutingFailureSchema),
    details,
  };
  const code = (Status[error.code] as Code | undefined) ?? "UNKNOWN";
  return new PointsmanError(code, error.details, facts, { cause: error });
}

function statusDetails(error: ServiceError): readonly Any[] {
  const [packed] = error.metadata.get(DETAILS);
  if (!(packed instanceof Uint8Array)) {
    return [];
  }
  try {
    return fromBinary(StatusSchema, packed).details;
  } catch {
    // Not what a server of ours sends; the status itself still tells what happened.
    return [];
  }
}

function detail<T extends DescMessage>(details: readonly Any[], schema: T): MessageShape<T> | undefined {
  for (const packed of details) {
    try {
      const unpacked = anyUnpack(packed, schema);
      if (unpacked) {
        return unpacked;
      }
    } catch {
      // As above.
    }
  }
  return undefined;
}
