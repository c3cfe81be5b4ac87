/** The events of one Complete call. */

import type { ClientReadableStream, ServiceError } from "@grpc/grpc-js";

import { Answer } from "./answer.js";
import { cancelSoon } from "./cancel.js";
import { cancelled, errorFromStatus } from "./errors.js";
import type { CompleteResponse } from "./gen/pointsman/v1/router_service_pb.js";

/**
 * An async iterable that can be read once. Leaving the loop early cancels the call, and so does the signal, after which
 * a reader gets a PointsmanError CANCELLED. `answer` grows with what was read, and is complete only after a loop that
 * ran to its end.
 *
 *     for await (const { event } of client.complete(request)) {
 *       if (event.case === "textDelta") process.stdout.write(event.value.text);
 *     }
 */
export class CompleteStream implements AsyncIterableIterator<CompleteResponse>, AsyncDisposable {
  readonly answer = new Answer();

  readonly #call: ClientReadableStream<CompleteResponse>;
  readonly #messages: AsyncIterator<CompleteResponse>;
  readonly #signal: AbortSignal | undefined;
  readonly #abort = (): void => {
    cancelSoon(this.#call);
  };
  #over = false;

  constructor(call: ClientReadableStream<CompleteResponse>, signal?: AbortSignal) {
    this.#call = call;
    // Whoever reads is told of a failure; where nobody reads, nobody needs to know.
    call.on("error", () => undefined);
    this.#messages = call[Symbol.asyncIterator]() as AsyncIterator<CompleteResponse>;
    this.#signal = signal;
    signal?.addEventListener("abort", this.#abort, { once: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<CompleteResponse, undefined>> {
    if (this.#over) {
      return DONE;
    }
    let result: IteratorResult<CompleteResponse, undefined>;
    try {
      // What had arrived before the abort must not hide it.
      this.#signal?.throwIfAborted();
      result = await this.#messages.next();
    } catch (cause) {
      this.cancel();
      throw this.#signal?.aborted ? cancelled(this.#signal.reason) : errorFromStatus(cause as ServiceError);
    }
    if (result.done) {
      this.#finish();
      this.answer.end();
    } else {
      this.answer.add(result.value);
    }
    return result;
  }

  return(): Promise<IteratorResult<CompleteResponse, undefined>> {
    this.cancel();
    return Promise.resolve(DONE);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.cancel();
    return Promise.resolve();
  }

  /** Ends the call where it is not over yet; there is no more to read afterwards. */
  cancel(): void {
    this.#finish();
    cancelSoon(this.#call);
  }

  #finish(): void {
    this.#over = true;
    this.#signal?.removeEventListener("abort", this.#abort);
  }
}

const DONE = { done: true, value: undefined } as const;
