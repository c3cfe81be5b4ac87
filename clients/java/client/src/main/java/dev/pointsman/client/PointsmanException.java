package dev.pointsman.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import dev.pointsman.v1.RoutingFailure;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.Serial;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A call that failed. Branch on {@link #reason}, and where it is empty or unknown on {@link #code};
 * never on the message.
 */
public final class PointsmanException extends RuntimeException {

  @Serial private static final long serialVersionUID = 1L;

  private static final String DOMAIN = "pointsman.v1";
  private static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

  private final Status.Code code;
  private final String description;
  private final com.google.rpc.Status details;

  private PointsmanException(StatusRuntimeException cause) {
    super(cause);
    code = cause.getStatus().getCode();
    description = Optional.ofNullable(cause.getStatus().getDescription()).orElse("");
    details = details(cause.getTrailers());
  }

  /** What is in a failure of gRPC's, such as one of a stub over {@link PointsmanClient#channel}. */
  public static PointsmanException from(StatusRuntimeException failure) {
    return new PointsmanException(failure);
  }

  /** The status code. */
  public Status.Code code() {
    return code;
  }

  /**
   * The server's reason, as docs/errors.md lists them, such as {@code BUDGET_EXHAUSTED}. Empty
   * where the failure is not Pointsman's own.
   */
  public String reason() {
    return info().getReason();
  }

  /** The server's own words, in English, for developers; they may change. */
  public String description() {
    return description;
  }

  /** The values that go with the reason. */
  public Map<String, String> metadata() {
    return info().getMetadataMap();
  }

  /** When the same call may be tried again. Empty: waiting does not help. */
  public Optional<Duration> retryDelay() {
    return detail(RetryInfo.class)
        .map(RetryInfo::getRetryDelay)
        .map(delay -> Duration.ofSeconds(delay.getSeconds(), delay.getNanos()));
  }

  /**
   * Whether deltas had been sent, so that the same call again is paid for twice. Empty: no provider
   * was tried.
   */
  public Optional<Boolean> outputStarted() {
    return detail(RoutingFailure.class).map(RoutingFailure::getOutputStarted);
  }

  /** What is wrong with the request, field by field. */
  public List<BadRequest.FieldViolation> fieldViolations() {
    return detail(BadRequest.class).map(BadRequest::getFieldViolationsList).orElse(List.of());
  }

  /**
   * The detail of this type, where the server sent one, such as {@link com.google.rpc.QuotaFailure}
   * or {@link RoutingFailure}.
   */
  public <T extends Message> Optional<T> detail(Class<T> type) {
    for (Any packed : details.getDetailsList()) {
      if (packed.is(type)) {
        try {
          return Optional.of(packed.unpack(type));
        } catch (InvalidProtocolBufferException e) {
          return Optional.empty();
        }
      }
    }
    return Optional.empty();
  }

  @Override
  public String getMessage() {
    String reason = reason();
    return code + (reason.isEmpty() ? "" : " " + reason) + ": " + description;
  }

  private ErrorInfo info() {
    return detail(ErrorInfo.class)
        .filter(info -> info.getDomain().equals(DOMAIN))
        .orElse(ErrorInfo.getDefaultInstance());
  }

  private static com.google.rpc.Status details(Metadata trailers) {
    byte[] packed = trailers == null ? null : trailers.get(DETAILS);
    if (packed != null) {
      try {
        return com.google.rpc.Status.parseFrom(packed);
      } catch (InvalidProtocolBufferException e) {
        // What cannot be read is as good as none: code and message came beside it.
      }
    }
    return com.google.rpc.Status.getDefaultInstance();
  }
}
