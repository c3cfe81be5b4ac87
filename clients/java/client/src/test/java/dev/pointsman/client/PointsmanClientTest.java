package dev.pointsman.client;

import static dev.pointsman.client.FakeRouter.fails;
import static dev.pointsman.client.FakeRouter.finish;
import static dev.pointsman.client.FakeRouter.holdsAfter;
import static dev.pointsman.client.FakeRouter.says;
import static dev.pointsman.client.FakeRouter.text;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import dev.pointsman.v1.ChatMessage;
import dev.pointsman.v1.CompleteRequest;
import dev.pointsman.v1.CompleteResponse;
import dev.pointsman.v1.CompleteUnaryRequest;
import dev.pointsman.v1.CompletionInput;
import dev.pointsman.v1.RouteRequest;
import io.grpc.Context;
import io.grpc.InsecureChannelCredentials;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class PointsmanClientTest {

  private static final CompleteRequest REQUEST = CompleteRequest.getDefaultInstance();

  @Test
  void callsBringTheKeyAndHaveADeadline() throws Exception {
    try (FakeRouter router = FakeRouter.inProcess(says());
        PointsmanClient client = router.client(PointsmanClient.builder("").apiKey("pk-1"))) {
      String model = client.route(RouteRequest.getDefaultInstance()).getDecision().getModel();

      assertEquals("nano", model);
      assertEquals("Bearer pk-1", header(router, "authorization"));
      long left = router.deadlines.take().timeRemaining(SECONDS);
      assertTrue(left > 60 && left <= 120, () -> "it has " + left + " s");
    }
  }

  @Test
  void aCallMayHaveATimeAndMetadataOfItsOwn() throws Exception {
    RequestOptions options =
        RequestOptions.DEFAULTS
            .withTimeout(Duration.ofHours(1))
            .withMetadata("traceparent", "00-1");
    ChatMessage message = Messages.user("hello");
    CompleteUnaryRequest request =
        CompleteUnaryRequest.newBuilder()
            .setInput(CompletionInput.newBuilder().addMessages(message))
            .build();
    try (FakeRouter router = FakeRouter.inProcess(says());
        PointsmanClient client = router.client()) {
      assertEquals(message, client.completeUnary(request, options).getMessage());
      assertEquals("00-1", header(router, "traceparent"));
      assertTrue(router.deadlines.take().timeRemaining(SECONDS) > 120);
    }
  }

  @Test
  void theContextEndsACallToo() throws Exception {
    try (FakeRouter router = FakeRouter.inProcess(holdsAfter());
        PointsmanClient client = router.client();
        Context.CancellableContext context = Context.current().withCancellation()) {
      context.cancel(null);
      PointsmanException failure =
          context
              .wrap(
                  () ->
                      assertThrows(
                          PointsmanException.class,
                          () -> client.route(RouteRequest.getDefaultInstance())))
              .call();
      assertEquals(Status.Code.CANCELLED, failure.code());
    }
  }

  @Test
  void aStreamReadToItsEndIsAnAnswer() throws Exception {
    try (FakeRouter router = FakeRouter.inProcess(says(text("a"), text("b"), finish()));
        PointsmanClient client = router.client();
        CompleteStream events = client.complete(REQUEST)) {
      List<CompleteResponse> read = new ArrayList<>();
      events.forEach(read::add);

      assertEquals(List.of(text("a"), text("b"), finish()), read);
      assertEquals("ab", events.answer().text());
      assertTrue(events.answer().isComplete());
      assertThrows(IllegalStateException.class, events::iterator);
    }
  }

  @Test
  void leavingTheLoopCancelsTheCall() throws Exception {
    try (FakeRouter router = FakeRouter.inProcess(holdsAfter(text("a")));
        PointsmanClient client = router.client()) {
      try (CompleteStream events = client.complete(REQUEST)) {
        for (CompleteResponse event : events) {
          assertEquals(text("a"), event);
          break;
        }
      }
      router.cancelled.get();
    }
  }

  @Test
  void cancellingWakesWhoeverReads() throws Exception {
    try (FakeRouter router = FakeRouter.inProcess(holdsAfter(text("a")));
        PointsmanClient client = router.client();
        CompleteStream events = client.complete(REQUEST)) {
      Iterator<CompleteResponse> reading = events.iterator();
      reading.next();
      Thread other = new Thread(events::cancel);
      other.start();

      PointsmanException failure = assertThrows(PointsmanException.class, reading::hasNext);

      assertEquals(Status.Code.CANCELLED, failure.code());
      assertEquals("a", events.answer().text());
      assertFalse(events.answer().isComplete());
      router.cancelled.get();
      other.join();
    }
  }

  @Test
  void anInterruptionCancelsTheCallAndIsKept() throws Exception {
    try (FakeRouter router = FakeRouter.inProcess(holdsAfter(text("a")));
        PointsmanClient client = router.client();
        CompleteStream events = client.complete(REQUEST)) {
      Iterator<CompleteResponse> reading = events.iterator();
      reading.next();
      Thread.currentThread().interrupt();

      PointsmanException failure = assertThrows(PointsmanException.class, reading::hasNext);

      assertTrue(Thread.interrupted());
      assertEquals(Status.Code.CANCELLED, failure.code());
      router.cancelled.get();
    }
  }

  @Test
  @SuppressWarnings("try") // To close is what is tested.
  void closingTheClientEndsWhatRuns() throws Exception {
    try (FakeRouter router = FakeRouter.onLoopback(holdsAfter(text("a")));
        PointsmanClient client = router.client();
        CompleteStream events = client.complete(REQUEST)) {
      Iterator<CompleteResponse> reading = events.iterator();
      reading.next();
      client.close();

      assertThrows(PointsmanException.class, reading::hasNext);
      router.cancelled.get();
    }
  }

  @Test
  @SuppressWarnings("try") // To close is what is tested.
  void noThreadIsLeftAfterClosing() throws Exception {
    try (FakeRouter router = FakeRouter.onLoopback(says(text("a"), finish()))) {
      Set<Thread> before = Thread.getAllStackTraces().keySet();
      Set<Thread> during;
      try (PointsmanClient client = router.client();
          CompleteStream events = client.complete(REQUEST)) {
        events.forEach(event -> {});
        during = new HashSet<>(Thread.getAllStackTraces().keySet());
      }
      router.close();
      during.removeAll(before);
      // gRPC shares its threads among channels, and ends them a second after the last is closed.
      for (Thread thread : during) {
        thread.join(SECONDS.toMillis(20));
        assertFalse(thread.isAlive(), () -> thread + " still runs");
      }
    }
  }

  @Test
  void waitingNeedsNoThreadOfThePool() throws Exception {
    try (FakeRouter router = FakeRouter.onLoopback(says(text("a"), finish()));
        PointsmanClient client =
            router.client(
                PointsmanClient.builder(router.target())
                    .configure(channel -> channel.executor(task -> {})));
        CompleteStream events = client.complete(REQUEST)) {
      events.forEach(event -> {});

      assertTrue(events.answer().isComplete());
    }
  }

  @Test
  void aDirectExecutorWillDo() throws Exception {
    try (FakeRouter router = FakeRouter.onLoopback(says(text("a"), finish()));
        PointsmanClient client =
            router.client(
                PointsmanClient.builder(router.target())
                    .configure(channel -> channel.directExecutor()));
        CompleteStream events = client.complete(REQUEST)) {
      events.forEach(event -> {});

      assertTrue(events.answer().isComplete());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {100, 4096, 12_000})
  void detailsSurviveHoweverLargeTheyAre(int size) throws Exception {
    ErrorInfo info =
        ErrorInfo.newBuilder()
            .setDomain("pointsman.v1")
            .setReason("NO_CANDIDATE")
            .putMetadata("why", "x".repeat(size))
            .build();
    com.google.rpc.Status status =
        com.google.rpc.Status.newBuilder()
            .setCode(Status.Code.FAILED_PRECONDITION.value())
            .setMessage("ü".repeat(200))
            .addDetails(Any.pack(info))
            .build();
    try (FakeRouter router =
            FakeRouter.onLoopback(fails(StatusProto.toStatusRuntimeException(status)));
        PointsmanClient client = router.client();
        CompleteStream events = client.complete(REQUEST)) {
      PointsmanException failure =
          assertThrows(PointsmanException.class, () -> events.forEach(event -> {}));

      assertEquals("NO_CANDIDATE", failure.reason());
      assertEquals("x".repeat(size), failure.metadata().get("why"));
      assertEquals("ü".repeat(200), failure.description());
    }
  }

  @Test
  void aDecisionThatTheServerHadNoTimeForIsTriedThreeTimes() throws Exception {
    try (FakeRouter router = FakeRouter.onLoopback(says());
        PointsmanClient client = router.client()) {
      router.unavailable = Status.UNAVAILABLE.asException();

      assertThrows(PointsmanException.class, () -> client.route(RouteRequest.getDefaultInstance()));
      assertEquals(3, router.headers.size());
    }
  }

  @Test
  void theServerMayForbidThat() throws Exception {
    Metadata never = new Metadata();
    never.put(Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER), "-1");
    try (FakeRouter router = FakeRouter.onLoopback(says());
        PointsmanClient client = router.client()) {
      router.unavailable = Status.UNAVAILABLE.asException(never);

      assertThrows(PointsmanException.class, () -> client.route(RouteRequest.getDefaultInstance()));
      assertEquals(1, router.headers.size());
    }
  }

  @Test
  void anAnswerThatMayHaveBeenPaidForIsNotTriedAgain() throws Exception {
    try (FakeRouter router = FakeRouter.onLoopback(fails(Status.UNAVAILABLE.asException()));
        PointsmanClient client = router.client();
        CompleteStream events = client.complete(REQUEST)) {
      router.unavailable = Status.UNAVAILABLE.asException();

      assertThrows(PointsmanException.class, () -> events.forEach(event -> {}));
      assertEquals(1, router.headers.size());
      assertThrows(
          PointsmanException.class,
          () -> client.completeUnary(CompleteUnaryRequest.getDefaultInstance()));
      assertEquals(2, router.headers.size());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "router.example:443",
        "127.evil.example:80",
        "127.0.0.1.evil.example:80",
        "localhost.evil.example:80",
        "dns:///10.0.0.1:50051"
      })
  void aKeyDoesNotGoOverTheNetworkInPlaintext(String target) {
    PointsmanClient.Builder builder = PointsmanClient.builder(target).plaintext().apiKey("pk-1");

    IllegalStateException refusal = assertThrows(IllegalStateException.class, builder::build);

    assertTrue(refusal.getMessage().contains(target));
    assertFalse(refusal.getMessage().contains("pk-1"));
    assertDoesNotThrow(() -> builder.keyInTheClear().build().close());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "127.0.0.1:50051",
        "localhost:50051",
        "[::1]:50051",
        "dns:///localhost:50051",
        "localhost"
      })
  void aKeyMayStayOnThisMachine(String target) {
    assertDoesNotThrow(
        () -> PointsmanClient.builder(target).plaintext().apiKey("pk-1").build().close());
  }

  @Test
  void credentialsAreNotIgnoredInSilence() {
    PointsmanClient.Builder builder =
        PointsmanClient.builder("localhost:1")
            .plaintext()
            .credentials(InsecureChannelCredentials.create());

    assertThrows(IllegalStateException.class, builder::build);
  }

  @Test
  void aCallHasMoreThanNoTime() {
    assertThrows(
        IllegalArgumentException.class, () -> RequestOptions.DEFAULTS.withTimeout(Duration.ZERO));
  }

  private static String header(FakeRouter router, String name) throws InterruptedException {
    return router.headers.take().get(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER));
  }
}
