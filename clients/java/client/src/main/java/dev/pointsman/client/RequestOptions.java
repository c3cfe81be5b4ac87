package dev.pointsman.client;

import static java.util.Objects.requireNonNull;

import io.grpc.CallOptions;
import io.grpc.Metadata;
import io.grpc.stub.AbstractStub;
import io.grpc.stub.MetadataUtils;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What one call has of its own. Immutable. */
public final class RequestOptions {

  /** {@link PointsmanClient#DEFAULT_TIMEOUT}, and no metadata but the key. */
  public static final RequestOptions DEFAULTS = new RequestOptions(Optional.empty(), Map.of());

  private final Optional<Duration> timeout;
  private final Map<String, String> metadata;

  private RequestOptions(Optional<Duration> timeout, Map<String, String> metadata) {
    this.timeout = timeout;
    this.metadata = metadata;
  }

  /**
   * The same, with so much time for the call, from when it begins.
   *
   * @throws IllegalArgumentException where that is none
   */
  public RequestOptions withTimeout(Duration timeout) {
    if (timeout.isNegative() || timeout.isZero()) {
      throw new IllegalArgumentException(
          "timeout is " + timeout + ": a call needs more than no time");
    }
    return new RequestOptions(Optional.of(timeout), metadata);
  }

  /** The same, with this metadata too, such as {@code traceparent}. */
  public RequestOptions withMetadata(String name, String value) {
    Map<String, String> all = new TreeMap<>(metadata);
    all.put(key(name).name(), requireNonNull(value, "value"));
    return new RequestOptions(timeout, Map.copyOf(all));
  }

  <S extends AbstractStub<S>> S apply(S stub) {
    S limited = timeout.map(stub::withDeadlineAfter).orElse(stub);
    return metadata.isEmpty()
        ? limited
        : limited.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers()));
  }

  CallOptions apply(CallOptions options) {
    return timeout.map(options::withDeadlineAfter).orElse(options);
  }

  Metadata headers() {
    Metadata headers = new Metadata();
    metadata.forEach((name, value) -> headers.put(key(name), value));
    return headers;
  }

  private static Metadata.Key<String> key(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }
}
