export { Answer } from "./answer.js";
export type { DialOptions, TlsOptions } from "./channel.js";
export { Client, dial, type CallOptions } from "./client.js";
export { PointsmanError, type Code, type FieldViolation } from "./errors.js";
export { system, user } from "./messages.js";
export { CompleteStream } from "./stream.js";

// The contract.
export * from "./gen/pointsman/v1/admin_service_pb.js";
export * from "./gen/pointsman/v1/chat_pb.js";
export * from "./gen/pointsman/v1/errors_pb.js";
export * from "./gen/pointsman/v1/feedback_service_pb.js";
export * from "./gen/pointsman/v1/router_service_pb.js";
export * from "./gen/pointsman/v1/routing_pb.js";
export * from "./gen/pointsman/v1/usage_pb.js";
