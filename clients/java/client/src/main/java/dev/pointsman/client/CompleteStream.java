package dev.pointsman.client;

import dev.pointsman.v1.CompleteRequest;
import dev.pointsman.v1.CompleteResponse;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * The events of one call, to be read once, by one thread, as they come.
 *
 * <p>Close it: that cancels a call that still runs, and with it what the provider is doing. One
 * that is neither read nor closed goes on until its deadline.
 */
public final class CompleteStream implements Iterable<CompleteResponse>, AutoCloseable {

  private sealed interface Signal permits Event, End {}

  private record Event(CompleteResponse message) implements Signal {}

  private record End(Status status, Metadata trailers) implements Signal {}

  private final ClientCall<CompleteRequest, CompleteResponse> call;
  // Of one event that was asked for and the end, at most.
  private final BlockingQueue<Signal> signals = new LinkedBlockingQueue<>();
  private final Answer answer = new Answer();
  private boolean iterated;

  private CompleteStream(ClientCall<CompleteRequest, CompleteResponse> call) {
    this.call = call;
  }

  /** Begins the call, whose listener may run wherever it likes: it only passes on. */
  static CompleteStream begin(
      ClientCall<CompleteRequest, CompleteResponse> call,
      CompleteRequest request,
      Metadata headers) {
    CompleteStream stream = new CompleteStream(call);
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onMessage(CompleteResponse message) {
            stream.signals.add(new Event(message));
          }

          @Override
          public void onClose(Status status, Metadata trailers) {
            stream.signals.add(new End(status, trailers));
          }
        },
        headers);
    call.request(1);
    call.sendMessage(request);
    call.halfClose();
    return stream;
  }

  /**
   * The events. Its methods wait for the next one, and throw {@link PointsmanException} where the
   * call failed; after {@link #cancel}, or an interruption of the thread, with the code {@code
   * CANCELLED}.
   *
   * @throws IllegalStateException the second time: an event is read once
   */
  @Override
  public Iterator<CompleteResponse> iterator() {
    if (iterated) {
      throw new IllegalStateException("a stream can be iterated over once only");
    }
    iterated = true;
    return new Events();
  }

  /** What the events that were read add up to. */
  public Answer answer() {
    return answer;
  }

  /** Ends the call, from any thread; who reads is told. Of no effect once it has ended. */
  public void cancel() {
    call.cancel("cancelled by the caller", null);
  }

  /** Ends the call, where it has not ended yet. */
  @Override
  public void close() {
    cancel();
  }

  private final class Events implements Iterator<CompleteResponse> {

    private Signal latest;

    @Override
    public boolean hasNext() {
      if (latest == null) {
        latest = take();
      }
      if (!(latest instanceof End end)) {
        return true;
      }
      if (!end.status().isOk()) {
        throw PointsmanException.from(end.status().asRuntimeException(end.trailers()));
      }
      answer.end();
      return false;
    }

    @Override
    public CompleteResponse next() {
      if (!hasNext() || !(latest instanceof Event event)) {
        throw new NoSuchElementException("the stream has ended");
      }
      latest = null;
      call.request(1);
      answer.feed(event.message());
      return event.message();
    }

    private Signal take() {
      try {
        return signals.take();
      } catch (InterruptedException e) {
        cancel();
        Thread.currentThread().interrupt();
        return new End(
            Status.CANCELLED.withDescription("interrupted").withCause(e), new Metadata());
      }
    }
  }
}
