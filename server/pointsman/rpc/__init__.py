"""The gRPC door, and the only place that sees protobuf."""
