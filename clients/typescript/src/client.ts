/** A connection to a Pointsman server. */

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type {
  DescMessage,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { Client as GrpcClient, Metadata } from "@grpc/grpc-js";

import { cancelSoon } from "./cancel.js";
import { channelCredentials, channelOptions, type DialOptions } from "./channel.js";
import { cancelled, errorFromStatus } from "./errors.js";
import {
  RouterService,
  type CompleteRequestSchema,
  type CompleteUnaryRequestSchema,
  type CompleteUnaryResponse,
  type RouteRequestSchema,
  type RouteResponse,
} from "./gen/pointsman/v1/router_service_pb.js";
import { CompleteStream } from "./stream.js";

const DEFAULT_TIMEOUT_MS = 120_000;

export interface CallOptions {
  /** Aborting it cancels the call, upstream too. */
  signal?: AbortSignal;
  /** The deadline, in milliseconds from now; the server knows of it. Default: that of the client. */
  timeoutMs?: number;
  /** Sent along, such as `traceparent` or `x-request-id`. */
  metadata?: Readonly<Record<string, string>>;
}

/**
 * A client for `target`, such as `router.example:443`; it connects with the first call. TLS unless told otherwise.
 *
 *     const client = dial("localhost:50051", { plaintext: true });
 *
 * @throws TypeError where the options contradict each other, or would send the key unencrypted to another machine.
 */
export function dial(target: string, options: DialOptions = {}): Client {
  return new Client(target, options);
}

/** Every call fails with a PointsmanError. One client serves any number of calls at once; make one, and keep it. */
export class Client implements Disposable {
  readonly #grpc: GrpcClient;
  readonly #apiKey: string;
  readonly #timeoutMs: number;

  constructor(target: string, options: DialOptions = {}) {
    this.#apiKey = options.apiKey ?? "";
    this.#timeoutMs = checkedTimeout(options.defaultTimeoutMs ?? DEFAULT_TIMEOUT_MS);
    this.#grpc = new GrpcClient(target, channelCredentials(target, options), channelOptions(target, options));
  }

  /** A decision, and nothing is run. */
  route(request: MessageInitShape<typeof RouteRequestSchema>, options?: CallOptions): Promise<RouteResponse> {
    return this.unary(RouterService.method.route, request, options);
  }

  /** Routes, runs and streams. The call begins at once; the stream has to be read, or cancelled. */
  complete(
    request: MessageInitShape<typeof CompleteRequestSchema>,
    options: CallOptions = {},
  ): CompleteStream {
    const { path, serialize, deserialize, message } = wired(RouterService.method.complete, request);
    const { metadata, deadline } = this.#prepare(options);
    const call = this.#grpc.makeServerStreamRequest(path, serialize, deserialize, message, metadata, {
      deadline,
    });
    return new CompleteStream(call, options.signal);
  }

  /** The same, in one message. */
  completeUnary(
    request: MessageInitShape<typeof CompleteUnaryRequestSchema>,
    options?: CallOptions,
  ): Promise<CompleteUnaryResponse> {
    return this.unary(RouterService.method.completeUnary, request, options);
  }

  /** Any other method with one answer, such as `AdminService.method.listModels`. */
  async unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    options: CallOptions = {},
  ): Promise<MessageShape<O>> {
    const { path, serialize, deserialize, message } = wired(method, request);
    const { metadata, deadline } = this.#prepare(options);
    const { signal } = options;
    return new Promise((resolve, reject) => {
      const call = this.#grpc.makeUnaryRequest(
        path,
        serialize,
        deserialize,
        message,
        metadata,
        { deadline },
        (error, answer) => {
          signal?.removeEventListener("abort", abort);
          if (!error) resolve(answer as MessageShape<O>);
          else reject(signal?.aborted ? cancelled(signal.reason) : errorFromStatus(error));
        },
      );
      const abort = (): void => {
        cancelSoon(call);
      };
      signal?.addEventListener("abort", abort, { once: true });
    });
  }

  /** Takes no more calls, and ends the connection once those that are running have ended. */
  close(): void {
    this.#grpc.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #prepare({ signal, timeoutMs = this.#timeoutMs, metadata = {} }: CallOptions): Prepared {
    if (signal?.aborted) {
      throw cancelled(signal.reason);
    }
    const sent = new Metadata();
    if (this.#apiKey) {
      sent.set("authorization", `Bearer ${this.#apiKey}`);
    }
    for (const [name, value] of Object.entries(metadata)) {
      sent.set(name, value);
    }
    return { metadata: sent, deadline: Date.now() + checkedTimeout(timeoutMs) };
  }
}

interface Prepared {
  metadata: Metadata;
  deadline: number;
}

interface Wired<I extends DescMessage, O extends DescMessage> {
  path: string;
  serialize: (message: MessageShape<I>) => Buffer;
  deserialize: (bytes: Uint8Array) => MessageShape<O>;
  message: MessageShape<I>;
}

/** What grpc-js wants to know of a call. */
function wired<I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O> | DescMethodServerStreaming<I, O>,
  request: MessageInitShape<I>,
): Wired<I, O> {
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    serialize: (message) => Buffer.from(toBinary(method.input, message)),
    deserialize: (bytes) => fromBinary(method.output, bytes),
    message: create(method.input, request),
  };
}

function checkedTimeout(milliseconds: number): number {
  if (!(milliseconds > 0 && milliseconds < Infinity)) {
    throw new RangeError(`a timeout is a number of milliseconds above 0, not ${milliseconds}`);
  }
  return milliseconds;
}
