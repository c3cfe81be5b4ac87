/** A gRPC server in this process that says what a test wants said. */

import { once } from "node:events";

import {
  create,
  fromBinary,
  toBinary,
  type DescMessage,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { anyPack, type Any } from "@bufbuild/protobuf/wkt";
import {
  Metadata,
  Server,
  ServerCredentials,
  status as Status,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceDefinition,
  type StatusObject,
  type sendUnaryData,
} from "@grpc/grpc-js";
import {
  CompleteResponseSchema,
  dial,
  FinishReason,
  RouterService,
  type Client,
  type Code,
  type CompleteRequest,
  type CompleteResponse,
  type CompleteUnaryRequest,
  type CompleteUnaryResponse,
  type DialOptions,
  type RouteRequest,
  type RouteResponse,
} from "pointsman-client";
import { StatusSchema } from "pointsman-client/google-rpc";

export type CompleteCall = ServerWritableStream<CompleteRequest, CompleteResponse>;
type Unary<I, O> = (call: ServerUnaryCall<I, O>, answer: sendUnaryData<O>) => void;

export interface Router {
  route?: Unary<RouteRequest, RouteResponse>;
  complete?: (call: CompleteCall) => void;
  completeUnary?: Unary<CompleteUnaryRequest, CompleteUnaryResponse>;
}

export interface Served extends AsyncDisposable {
  readonly client: Client;
  readonly address: string;
}

/** The server, and a client of it. */
export async function serving(router: Router, options: DialOptions = {}): Promise<Served> {
  const server = new Server();
  server.addService(definition(), { ...router });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
  const address = `127.0.0.1:${port}`;
  const client = dial(address, { plaintext: true, ...options });
  const dispose = (): Promise<void> => {
    client.close();
    server.forceShutdown();
    return Promise.resolve();
  };
  return { client, address, [Symbol.asyncDispose]: dispose };
}

function definition(): ServiceDefinition {
  const methods = RouterService.methods.map((method) => [
    method.localName,
    {
      path: `/${RouterService.typeName}/${method.name}`,
      requestStream: false,
      responseStream: method.methodKind === "server_streaming",
      ...{ requestSerialize: writer(method.input), requestDeserialize: reader(method.input) },
      ...{ responseSerialize: writer(method.output), responseDeserialize: reader(method.output) },
    },
  ]);
  return Object.fromEntries(methods) as ServiceDefinition;
}

function writer<T extends DescMessage>(schema: T): (message: MessageShape<T>) => Buffer {
  return (message) => Buffer.from(toBinary(schema, message));
}

function reader<T extends DescMessage>(schema: T): (bytes: Uint8Array) => MessageShape<T> {
  return (bytes) => fromBinary(schema, bytes);
}

type Event = NonNullable<MessageInitShape<typeof CompleteResponseSchema>["event"]>;
type Where = Omit<MessageInitShape<typeof CompleteResponseSchema>, "event" | "$typeName">;

export function event(said: Event, where: Where = {}): CompleteResponse {
  return create(CompleteResponseSchema, { generation: 1, ...where, event: said });
}

export function text(said: string, where: Where = {}): CompleteResponse {
  return event({ case: "textDelta", value: { text: said } }, where);
}

export const FINISH = event({ case: "finish", value: { reason: FinishReason.STOP } });

/** What `details` say is packed as the server does it. */
export function failure(
  code: Exclude<Code, "OK">,
  message: string,
  ...details: Any[]
): Partial<StatusObject> & { details: string } {
  const metadata = new Metadata();
  const packed = toBinary(StatusSchema, create(StatusSchema, { code: Status[code], message, details }));
  metadata.set("grpc-status-details-bin", Buffer.from(packed));
  return { code: Status[code], details: message, metadata };
}

export function packed<T extends DescMessage>(schema: T, fields: MessageInitShape<T>): Any {
  return anyPack(schema, create(schema, fields));
}

/** Once the caller is known to be gone. */
export async function gone(call: CompleteCall): Promise<void> {
  if (!call.cancelled) await once(call, "cancelled");
}
