package dev.pointsman.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.QuotaFailure;
import com.google.rpc.RetryInfo;
import dev.pointsman.v1.RoutingFailure;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PointsmanExceptionTest {

  @Test
  void saysWhatTheDetailsSay() {
    ErrorInfo info =
        ErrorInfo.newBuilder()
            .setDomain("pointsman.v1")
            .setReason("ALL_PROVIDERS_DOWN")
            .putMetadata("decision_id", "d-1")
            .build();
    com.google.protobuf.Duration delay =
        com.google.protobuf.Duration.newBuilder().setSeconds(1).setNanos(500_000_000).build();
    BadRequest.FieldViolation violation =
        BadRequest.FieldViolation.newBuilder().setField("input").setDescription("empty").build();
    StatusRuntimeException failure =
        failure(
            info,
            RetryInfo.newBuilder().setRetryDelay(delay).build(),
            RoutingFailure.newBuilder().setOutputStarted(true).build(),
            BadRequest.newBuilder().addFieldViolations(violation).build());

    PointsmanException exception = PointsmanException.from(failure);

    assertEquals(Status.Code.UNAVAILABLE, exception.code());
    assertEquals("ALL_PROVIDERS_DOWN", exception.reason());
    assertEquals("all are down", exception.description());
    assertEquals(Map.of("decision_id", "d-1"), exception.metadata());
    assertEquals(Optional.of(Duration.ofMillis(1500)), exception.retryDelay());
    assertEquals(Optional.of(true), exception.outputStarted());
    assertEquals(List.of(violation), exception.fieldViolations());
    assertEquals(Optional.empty(), exception.detail(QuotaFailure.class));
    assertEquals("UNAVAILABLE ALL_PROVIDERS_DOWN: all are down", exception.getMessage());
    assertSame(failure, exception.getCause());
  }

  @Test
  void aDelayOfNothingIsNotNone() {
    PointsmanException exception = PointsmanException.from(failure(RetryInfo.getDefaultInstance()));

    assertEquals(Optional.of(Duration.ZERO), exception.retryDelay());
  }

  @Test
  void othersReasonsAreNotOurs() {
    ErrorInfo info = ErrorInfo.newBuilder().setDomain("mesh.example").setReason("RBAC").build();

    PointsmanException exception = PointsmanException.from(failure(info));

    assertEquals("", exception.reason());
    assertEquals(Optional.of(info), exception.detail(ErrorInfo.class));
  }

  @Test
  void whatCannotBeReadIsAsGoodAsNone() {
    Metadata trailers = new Metadata();
    trailers.put(
        Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER),
        new byte[] {-1, -1, -1});

    PointsmanException exception =
        PointsmanException.from(new StatusRuntimeException(Status.INTERNAL, trailers));

    assertEquals("", exception.reason());
    assertEquals("INTERNAL: ", exception.getMessage());
    assertEquals(Optional.empty(), exception.retryDelay());
    assertEquals(Optional.empty(), exception.outputStarted());
    assertEquals(List.of(), exception.fieldViolations());
  }

  private static StatusRuntimeException failure(Message... details) {
    com.google.rpc.Status.Builder status =
        com.google.rpc.Status.newBuilder()
            .setCode(Status.Code.UNAVAILABLE.value())
            .setMessage("all are down");
    for (Message detail : details) {
      status.addDetails(Any.pack(detail));
    }
    return StatusProto.toStatusRuntimeException(status.build());
  }
}
