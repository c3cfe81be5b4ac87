/** How a server is reached: the channel's credentials and options, and when a key may travel over it. */

import { credentials, type ChannelCredentials, type ChannelOptions } from "@grpc/grpc-js";

import { RouterService } from "./gen/pointsman/v1/router_service_pb.js";

/** PEM; what is left out is Node's own authorities, and no client certificate. */
export interface TlsOptions {
  ca?: string | Uint8Array;
  cert?: string | Uint8Array;
  key?: string | Uint8Array;
}

export interface DialOptions {
  /** Sent with every call as `authorization: Bearer`. Default: none. */
  apiKey?: string;
  /** A connection without TLS. Default: false. */
  plaintext?: boolean;
  /** Send `apiKey` over a plaintext connection to another machine too. Default: to loopback only. */
  allowPlaintextKey?: boolean;
  /** Default: TLS with Node's own authorities. */
  tls?: TlsOptions;
  /** The deadline of calls that are given none, in milliseconds. Default: 120,000. */
  defaultTimeoutMs?: number;
  /** Options of grpc-js, which win over ours. */
  channelOptions?: ChannelOptions;
}

/**
 * Decisions may be made again. Answers may have been paid for: to gRPC a connection that broke
 * looks as a server that had no time.
 */
const SERVICE_CONFIG = {
  methodConfig: [
    {
      name: [RouterService.method.route, RouterService.method.routeBatch].map((method) => ({
        service: RouterService.typeName,
        method: method.name,
      })),
      retryPolicy: {
        maxAttempts: 3,
        initialBackoff: "0.1s",
        maxBackoff: "2s",
        backoffMultiplier: 2,
        retryableStatusCodes: ["UNAVAILABLE"],
      },
    },
  ],
};

const OPTIONS: ChannelOptions = {
  "grpc.keepalive_time_ms": 30_000,
  "grpc.keepalive_timeout_ms": 10_000,
  "grpc.max_receive_message_length": 32 * 1024 * 1024,
  "grpc.service_config": JSON.stringify(SERVICE_CONFIG),
  // Ours is the one that holds, whatever DNS may offer.
  "grpc.service_config_disable_resolution": 1,
};

export function channelCredentials(target: string, options: DialOptions): ChannelCredentials {
  if (!options.plaintext) {
    const { ca, key, cert } = options.tls ?? {};
    return credentials.createSsl(pem(ca), pem(key), pem(cert));
  }
  if (options.tls) {
    throw new TypeError("plaintext and tls exclude each other: leave one out");
  }
  if (options.apiKey && !options.allowPlaintextKey && !isLoopback(target)) {
    throw new TypeError(
      `the API key would travel unencrypted to ${target}: leave out plaintext, or set allowPlaintextKey`,
    );
  }
  return credentials.createInsecure();
}

export function channelOptions(target: string, options: DialOptions): ChannelOptions {
  // A proxy from the environment is meant for elsewhere: no proxy reaches this machine's loopback.
  const proxied: ChannelOptions = isLoopback(target) ? { "grpc.enable_http_proxy": 0 } : {};
  return { ...OPTIONS, ...proxied, ...options.channelOptions };
}

/** Whether everything a target names is on this machine, as far as its text tells. */
function isLoopback(target: string): boolean {
  if (/^unix(-abstract)?:/.test(target)) {
    return true;
  }
  const addresses = target.replace(/^(dns|ipv4|ipv6):(\/\/[^/]*\/)?/, "").split(",");
  return addresses.every((address) => /^(localhost|127(\.\d{1,3}){3}|\[::1\]|::1)(:\d+)?$/.test(address));
}

function pem(text: string | Uint8Array | undefined): Buffer | null {
  return text === undefined ? null : Buffer.from(text);
}
