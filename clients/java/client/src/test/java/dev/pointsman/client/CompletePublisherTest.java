package dev.pointsman.client;

import static dev.pointsman.client.FakeRouter.fails;
import static dev.pointsman.client.FakeRouter.finish;
import static dev.pointsman.client.FakeRouter.holdsAfter;
import static dev.pointsman.client.FakeRouter.says;
import static dev.pointsman.client.FakeRouter.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pointsman.v1.CompleteRequest;
import dev.pointsman.v1.CompleteResponse;
import io.grpc.Status;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class CompletePublisherTest {

  /** Keeps every signal: an event, an exception, or "complete". */
  private static final class Recorder implements Flow.Subscriber<CompleteResponse> {

    final BlockingQueue<Object> signals = new LinkedBlockingQueue<>();
    private final Consumer<Flow.Subscription> first;
    Flow.Subscription subscription;

    Recorder(Consumer<Flow.Subscription> first) {
      this.first = first;
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      this.subscription = subscription;
      first.accept(subscription);
    }

    @Override
    public void onNext(CompleteResponse event) {
      signals.add(event);
    }

    @Override
    public void onError(Throwable failure) {
      signals.add(failure);
    }

    @Override
    public void onComplete() {
      signals.add("complete");
    }
  }

  @Test
  void noMoreComesThanWasAskedFor() throws Exception {
    try (FakeRouter router = FakeRouter.onLoopback(says(text("a"), text("b"), finish()));
        PointsmanClient client = router.client()) {
      Recorder recorder = subscribe(client, subscription -> {});
      // It began, with nothing asked for: what it says lies at this end of the connection.
      router.headers.take();

      recorder.subscription.request(1);
      assertEquals(text("a"), recorder.signals.take());
      assertNull(recorder.signals.poll());

      recorder.subscription.request(Long.MAX_VALUE);
      assertEquals(text("b"), recorder.signals.take());
      assertEquals(finish(), recorder.signals.take());
      assertEquals("complete", recorder.signals.take());
    }
  }

  @Test
  void whatIsAskedForAtTheSubscriptionComes() throws Exception {
    try (FakeRouter router = FakeRouter.inProcess(says(text("a"), finish()));
        PointsmanClient client =
            router.client(
                PointsmanClient.builder("").configure(channel -> channel.directExecutor()))) {
      Recorder recorder = subscribe(client, subscription -> subscription.request(2));

      assertEquals(text("a"), recorder.signals.take());
      assertEquals(finish(), recorder.signals.take());
      assertEquals("complete", recorder.signals.take());
    }
  }

  @Test
  @SuppressWarnings("try") // To close is what is tested.
  void cancellingEndsTheCallWithoutAnotherSignal() throws Exception {
    try (FakeRouter router = FakeRouter.onLoopback(holdsAfter(text("a")));
        PointsmanClient client = router.client()) {
      Recorder recorder = subscribe(client, subscription -> subscription.request(5));
      assertEquals(text("a"), recorder.signals.take());

      recorder.subscription.cancel();
      recorder.subscription.cancel();
      recorder.subscription.request(1);

      router.cancelled.get();
      client.close();
      assertTrue(recorder.signals.isEmpty());
    }
  }

  @Test
  void aCallThatNobodyWantsDoesNotBegin() throws Exception {
    try (FakeRouter router = FakeRouter.inProcess(says(finish()));
        PointsmanClient client = router.client()) {
      Recorder recorder = subscribe(client, Flow.Subscription::cancel);

      assertTrue(recorder.signals.isEmpty());
      assertTrue(router.headers.isEmpty());
    }
  }

  @Test
  void failuresAreTyped() throws Exception {
    try (FakeRouter router = FakeRouter.inProcess(fails(Status.NOT_FOUND.asException()));
        PointsmanClient client = router.client()) {
      Recorder recorder = subscribe(client, subscription -> subscription.request(1));

      PointsmanException failure =
          assertInstanceOf(PointsmanException.class, recorder.signals.take());
      assertEquals(Status.Code.NOT_FOUND, failure.code());
    }
  }

  @Test
  void toAskForNothingIsAnError() throws Exception {
    try (FakeRouter router = FakeRouter.inProcess(holdsAfter(text("a")));
        PointsmanClient client = router.client()) {
      Recorder early = subscribe(client, subscription -> subscription.request(0));
      assertInstanceOf(IllegalArgumentException.class, early.signals.take());

      Recorder late = subscribe(client, subscription -> subscription.request(1));
      assertEquals(text("a"), late.signals.take());
      late.subscription.request(-1);
      assertInstanceOf(IllegalArgumentException.class, late.signals.take());
      router.cancelled.get();
    }
  }

  @Test
  void aSecondSubscriberIsRefused() throws Exception {
    try (FakeRouter router = FakeRouter.inProcess(says(finish()));
        PointsmanClient client = router.client()) {
      Flow.Publisher<CompleteResponse> publisher =
          client.publish(CompleteRequest.getDefaultInstance());
      publisher.subscribe(new Recorder(subscription -> subscription.request(1)));
      Recorder second = new Recorder(subscription -> subscription.request(1));
      publisher.subscribe(second);

      assertInstanceOf(IllegalStateException.class, second.signals.take());
      router.headers.take();
      assertTrue(router.headers.isEmpty());
    }
  }

  private static Recorder subscribe(PointsmanClient client, Consumer<Flow.Subscription> first) {
    Recorder recorder = new Recorder(first);
    client.publish(CompleteRequest.getDefaultInstance()).subscribe(recorder);
    return recorder;
  }
}
