/** The messages that PointsmanError.details may hold, beside our own RoutingFailure. */

export * from "./gen/google/rpc/error_details_pb.js";
export * from "./gen/google/rpc/status_pb.js";
