package dev.pointsman.client;

import static java.util.Objects.requireNonNull;

import dev.pointsman.v1.CompleteRequest;
import dev.pointsman.v1.CompleteResponse;
import dev.pointsman.v1.RouterServiceGrpc;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;

/** One call, for one subscriber, whose demand is the demand for messages of the call. */
final class CompletePublisher implements Flow.Publisher<CompleteResponse> {

  private final Channel channel;
  private final CompleteRequest request;
  private final RequestOptions options;
  private final AtomicBoolean subscribed = new AtomicBoolean();

  CompletePublisher(Channel channel, CompleteRequest request, RequestOptions options) {
    this.channel = channel;
    this.request = request;
    this.options = options;
  }

  @Override
  public void subscribe(Flow.Subscriber<? super CompleteResponse> subscriber) {
    requireNonNull(subscriber, "subscriber");
    if (!subscribed.compareAndSet(false, true)) {
      subscriber.onSubscribe(Refused.INSTANCE);
      // A second call would be paid for a second time; whoever wants that can say so.
      subscriber.onError(
          new IllegalStateException("the call has its subscriber: publish() the request again"));
      return;
    }
    new Subscription(subscriber, call()).begin(request, options.headers());
  }

  private ClientCall<CompleteRequest, CompleteResponse> call() {
    return channel.newCall(
        RouterServiceGrpc.getCompleteMethod(), options.apply(CallOptions.DEFAULT));
  }

  private enum Refused implements Flow.Subscription {
    INSTANCE;

    @Override
    public void request(long n) {}

    @Override
    public void cancel() {}
  }

  private static final class Subscription extends ClientCall.Listener<CompleteResponse>
      implements Flow.Subscription {

    private final Flow.Subscriber<? super CompleteResponse> subscriber;
    private final ClientCall<CompleteRequest, CompleteResponse> call;

    // Guarded by this. Neither side is ever called under the lock: both may call back.
    private boolean begun;
    private long askedBefore;
    private boolean over;
    private IllegalArgumentException misuse;

    Subscription(
        Flow.Subscriber<? super CompleteResponse> subscriber,
        ClientCall<CompleteRequest, CompleteResponse> call) {
      this.subscriber = subscriber;
      this.call = call;
    }

    void begin(CompleteRequest request, Metadata headers) {
      // First, so that no other signal can overtake it.
      subscriber.onSubscribe(this);
      if (isStopped()) {
        end(Status.CANCELLED, new Metadata());
        return;
      }
      call.start(this, headers);
      call.sendMessage(request);
      call.halfClose();
      long asked;
      synchronized (this) {
        begun = true;
        asked = askedBefore;
      }
      if (isStopped()) {
        stop();
      } else if (asked > 0) {
        ask(asked);
      }
    }

    @Override
    public void request(long n) {
      synchronized (this) {
        if (n <= 0) {
          misuse = new IllegalArgumentException("requested " + n + " events: ask for at least 1");
        } else if (!begun) {
          askedBefore = askedBefore + n < 0 ? Long.MAX_VALUE : askedBefore + n;
        }
        if (!begun) {
          return;
        }
      }
      if (n > 0) {
        ask(n);
      } else {
        stop();
      }
    }

    @Override
    public void cancel() {
      synchronized (this) {
        over = true;
        if (!begun) {
          return;
        }
      }
      stop();
    }

    @Override
    public void onMessage(CompleteResponse event) {
      if (!isStopped()) {
        subscriber.onNext(event);
      }
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      end(status, trailers);
    }

    private void end(Status status, Metadata trailers) {
      IllegalArgumentException refusal;
      synchronized (this) {
        if (over) {
          return;
        }
        over = true;
        refusal = misuse;
      }
      if (refusal != null) {
        subscriber.onError(refusal);
      } else if (status.isOk()) {
        subscriber.onComplete();
      } else {
        subscriber.onError(PointsmanException.from(status.asRuntimeException(trailers)));
      }
    }

    private synchronized boolean isStopped() {
      return over || misuse != null;
    }

    private void ask(long n) {
      call.request((int) Math.min(n, Integer.MAX_VALUE));
    }

    private void stop() {
      call.cancel("cancelled by the subscriber", null);
    }
  }
}
