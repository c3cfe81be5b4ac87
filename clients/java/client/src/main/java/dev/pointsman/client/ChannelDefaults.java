package dev.pointsman.client;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.grpc.ManagedChannelBuilder;
import java.util.List;
import java.util.Map;

/** What gRPC is told of every connection. */
final class ChannelDefaults {

  private static final int MAX_MESSAGE_BYTES = 32 << 20;

  // gRPC's own limit of 8 KiB is for all trailers together; the details of an error, of 4 KiB at
  // most, come in Base64, beside a message.
  private static final int MAX_METADATA_BYTES = 32 << 10;

  // Decisions may be made again. Answers may have been paid for: to gRPC a
  // connection that broke looks as a server that had no time. Hedging is not for a client to
  // configure: each hedge is a completion that is paid for.
  private static final Map<String, ?> SERVICE_CONFIG =
      Map.of(
          "methodConfig",
          List.of(
              Map.of(
                  "name",
                  List.of(
                      Map.of("service", "pointsman.v1.RouterService", "method", "Route"),
                      Map.of("service", "pointsman.v1.RouterService", "method", "RouteBatch")),
                  "retryPolicy",
                  Map.of(
                      "maxAttempts",
                      3.0,
                      "initialBackoff",
                      "0.1s",
                      "maxBackoff",
                      "2s",
                      "backoffMultiplier",
                      2.0,
                      "retryableStatusCodes",
                      List.of("UNAVAILABLE")))));

  private ChannelDefaults() {}

  static void apply(ManagedChannelBuilder<?> channel) {
    channel
        .defaultServiceConfig(SERVICE_CONFIG)
        .disableServiceConfigLookUp()
        // The server is yours: a forward proxy, meant for the web, has no business in between.
        .proxyDetector(address -> null)
        // Of a connection that died in silence a stream would otherwise learn by its deadline only.
        .keepAliveTime(30, SECONDS)
        .keepAliveTimeout(10, SECONDS)
        .maxInboundMessageSize(MAX_MESSAGE_BYTES)
        .maxInboundMetadataSize(MAX_METADATA_BYTES);
  }
}
