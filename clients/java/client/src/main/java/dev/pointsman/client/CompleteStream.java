package dev.pointsman.client;

import dev.pointsman.v1.CompleteResponse;
import io.grpc.Context;
import io.grpc.StatusRuntimeException;
import java.util.Iterator;

/**
 * The events of one call, to be read once, by one thread, as they come.
 *
 * <p>Close it: that cancels a call that still runs, and with it what the provider is doing. One
 * that is neither read nor closed goes on until its deadline.
 */
public final class CompleteStream implements Iterable<CompleteResponse>, AutoCloseable {

  private final Iterator<CompleteResponse> events;
  private final Context.CancellableContext context;
  private final Answer answer = new Answer();
  private boolean iterated;

  CompleteStream(Iterator<CompleteResponse> events, Context.CancellableContext context) {
    this.events = events;
    this.context = context;
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
    context.cancel(null);
  }

  /** Ends the call, where it has not ended yet. */
  @Override
  public void close() {
    cancel();
  }

  private final class Events implements Iterator<CompleteResponse> {

    @Override
    public boolean hasNext() {
      try {
        if (events.hasNext()) {
          return true;
        }
      } catch (StatusRuntimeException e) {
        // Of a context that has not ended, its parent keeps hold.
        cancel();
        throw PointsmanException.from(e);
      }
      cancel();
      answer.end();
      return false;
    }

    @Override
    public CompleteResponse next() {
      try {
        CompleteResponse event = events.next();
        answer.feed(event);
        return event;
      } catch (StatusRuntimeException e) {
        cancel();
        throw PointsmanException.from(e);
      }
    }
  }
}
