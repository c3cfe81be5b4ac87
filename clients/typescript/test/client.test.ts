import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { test } from "node:test";

import { create } from "@bufbuild/protobuf";
import { Metadata, status } from "@grpc/grpc-js";
import {
  CompleteUnaryResponseSchema,
  PointsmanError,
  RouteResponseSchema,
  RoutingFailureSchema,
  user,
  type CompleteStream,
} from "pointsman-client";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "pointsman-client/google-rpc";

import {
  event,
  failure,
  FINISH,
  gone,
  packed,
  serving,
  text,
  type CompleteCall,
  type Router,
} from "./server.js";

const HELLO = { input: { messages: [user("Hello")] } };

const ROUTED: Router["route"] = (_, answer) => {
  answer(null, create(RouteResponseSchema));
};

/** A server that says so many words and no more; `ended` is of the call's end. */
function talking(words: number): { complete: (call: CompleteCall) => void; ended: Promise<void> } {
  let end: (value: Promise<void>) => void;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const complete = (call: CompleteCall): void => {
    end(gone(call));
    for (let word = 1; word <= words; word++) call.write(text(`${word} `, { seq: word }));
  };
  return { complete, ended };
}

async function failed(promise: Promise<unknown>): Promise<PointsmanError> {
  const error: unknown = await promise.then(
    () => assert.fail("it should have failed"),
    (thrown: unknown) => thrown,
  );
  assert(error instanceof PointsmanError);
  return error;
}

async function read(stream: CompleteStream, events: number): Promise<void> {
  for (let count = 0; count < events; count++) await stream.next();
}

test("route and completeUnary bring one message", async () => {
  await using served = await serving({
    route: ({ request }, answer) => {
      answer(null, create(RouteResponseSchema, { decision: { model: request.hints?.task ?? "" } }));
    },
    completeUnary: (_, answer) => {
      answer(
        null,
        create(CompleteUnaryResponseSchema, {
          message: { parts: [{ content: { case: "text", value: "Yes" } }] },
        }),
      );
    },
  });
  const { decision } = await served.client.route({ ...HELLO, hints: { task: "simple" } });
  assert.equal(decision?.model, "simple");
  const { message } = await served.client.completeUnary(HELLO);
  assert.equal(message?.parts[0]?.content.value, "Yes");
});

test("a stream is read to its end", async () => {
  await using served = await serving({
    complete: (call) => {
      call.write(event({ case: "decision", value: { model: "nano" } }));
      call.write(text("Yes."));
      call.write(FINISH);
      call.end();
    },
  });
  const stream = served.client.complete(HELLO);
  const seen = [];
  for await (const response of stream) seen.push(response.event.case);
  assert.deepEqual(seen, ["decision", "textDelta", "finish"]);
  assert.deepEqual([stream.answer.text, stream.answer.complete], ["Yes.", true]);
  assert.equal((await stream.next()).done, true);
});

test("leaving the loop cancels the call", async () => {
  const { complete, ended } = talking(3);
  await using served = await serving({ complete });
  const stream = served.client.complete(HELLO);
  for await (const response of stream) if (response.seq === 2) break;
  await ended;
  assert.deepEqual([stream.answer.text, stream.answer.complete], ["1 2 ", false]);
});

test("so does an exception in the loop, and the end of `await using`", async () => {
  for (const leave of [
    async (stream: CompleteStream) => {
      for await (const response of stream) if (response.seq === 2) throw new Error("mine");
    },
    async (started: CompleteStream) => {
      await using stream = started;
      await read(stream, 1);
      throw new Error("mine");
    },
  ]) {
    const { complete, ended } = talking(3);
    await using served = await serving({ complete });
    await assert.rejects(leave(served.client.complete(HELLO)), /mine/);
    await ended;
  }
});

test("aborting the signal cancels the call, and its reader is told", async () => {
  const { complete, ended } = talking(5);
  await using served = await serving({ complete });
  const abort = new AbortController();
  const stream = served.client.complete(HELLO, { signal: abort.signal });
  await read(stream, 2);
  abort.abort(new Error("changed my mind"));
  const error = await failed(stream.next());
  assert.deepEqual(
    [error.code, error.reason, (error.cause as Error).message],
    ["CANCELLED", "", "changed my mind"],
  );
  await ended;
  assert.deepEqual([stream.answer.text, (await stream.next()).done], ["1 2 ", true]);
});

test("a call that is cancelled as soon as it is made ends at the server too", async () => {
  for (const cancel of [
    (abort: AbortController) => {
      abort.abort();
    },
    (_: AbortController, stream: CompleteStream) => stream.return(),
  ]) {
    const { complete, ended } = talking(0);
    await using served = await serving({ complete, route: ROUTED });
    await served.client.route(HELLO);
    const abort = new AbortController();
    void cancel(abort, served.client.complete(HELLO, { signal: abort.signal }));
    await ended;
  }
});

test("aborting wakes a reader who waits", async () => {
  const { complete, ended } = talking(1);
  await using served = await serving({ complete });
  const abort = new AbortController();
  const stream = served.client.complete(HELLO, { signal: abort.signal });
  await read(stream, 1);
  const waiting = failed(stream.next());
  await setImmediate();
  abort.abort();
  assert.equal((await waiting).code, "CANCELLED");
  await ended;
});

test("a signal that was aborted before makes no call", async () => {
  await using served = await serving({});
  const signal = AbortSignal.abort();
  assert.throws(() => served.client.complete(HELLO, { signal }), { code: "CANCELLED" });
  assert.equal((await failed(served.client.route(HELLO, { signal }))).code, "CANCELLED");
});

test("aborting cancels calls with one answer too", async () => {
  const abort = new AbortController();
  await using served = await serving({
    route: () => {
      abort.abort();
    },
  });
  assert.equal((await failed(served.client.route(HELLO, { signal: abort.signal }))).code, "CANCELLED");
});

test("a stream that nobody reads fails in silence", async () => {
  await using served = await serving({
    complete: (call) => call.emit("error", { code: status.NOT_FOUND, details: "nobody" }),
  });
  const stream = served.client.complete(HELLO);
  const error = await failed(stream.next());
  assert.equal(error.code, "NOT_FOUND");
  served.client.complete(HELLO);
  await failed(served.client.complete(HELLO).next());
});

test("calls have a deadline, the client's own where none is given", async () => {
  const given: number[] = [];
  await using served = await serving(
    {
      route: (call, answer) => {
        given.push(Number(call.getDeadline()) - Date.now());
        answer(null, create(RouteResponseSchema));
      },
    },
    { defaultTimeoutMs: 50_000 },
  );
  await served.client.route(HELLO);
  await served.client.route(HELLO, { timeoutMs: 9_000 });
  const [own = 0, callers = 0] = given;
  assert(own > 9_000 && own <= 50_000, `${own}`);
  assert(callers > 0 && callers <= 9_000, `${callers}`);
  await assert.rejects(served.client.route(HELLO, { timeoutMs: 0 }), RangeError);
});

test("a deadline that passes is an error like any other", async () => {
  const { complete } = talking(1);
  await using served = await serving({ complete });
  const stream = served.client.complete(HELLO, { timeoutMs: 100 });
  const reading = async (): Promise<void> => {
    for await (const response of stream) assert(response.seq > 0);
  };
  assert.equal((await failed(reading())).code, "DEADLINE_EXCEEDED");
  assert.equal(stream.answer.complete, false);
});

test("an error has reason, values, delay, violations and what was tried", async () => {
  const details = [
    packed(ErrorInfoSchema, {
      domain: "pointsman.v1",
      reason: "STREAM_INTERRUPTED",
      metadata: { model: "nano" },
    }),
    packed(RetryInfoSchema, { retryDelay: { seconds: 1n, nanos: 500_000_000 } }),
    packed(BadRequestSchema, { fieldViolations: [{ field: "hints.task", description: "there is none" }] }),
    packed(RoutingFailureSchema, { decisionId: "d", outputStarted: true, totalNanoUsd: 2n ** 60n }),
  ];
  await using served = await serving({
    complete: (call) => {
      call.write(text("Ye"));
      call.emit("error", failure("ABORTED", "the provider broke off", ...details));
    },
  });
  const stream = served.client.complete(HELLO);
  await read(stream, 1);
  const error = await failed(stream.next());
  const { code, message, reason, metadata, retryDelayMs, outputStarted, violations, routing } = error;
  assert.deepEqual(
    { code, message, reason, metadata: { ...metadata }, retryDelayMs, outputStarted, violations },
    {
      code: "ABORTED",
      message: "the provider broke off",
      reason: "STREAM_INTERRUPTED",
      metadata: { model: "nano" },
      retryDelayMs: 1500,
      outputStarted: true,
      violations: [{ field: "hints.task", description: "there is none" }],
    },
  );
  assert.equal(routing?.totalNanoUsd, 2n ** 60n);
  assert.equal(error.details.length, 4);
  assert.deepEqual([stream.answer.text, stream.answer.complete], ["Ye", false]);
});

test("an error that is somebody else's, or broken, has no reason", async () => {
  const foreign = packed(ErrorInfoSchema, { domain: "proxy.example", reason: "NOPE" });
  const broken = packed(ErrorInfoSchema, {});
  broken.value = new Uint8Array([0xff]);
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from([0xff]));
  const answers = [
    failure("NOT_FOUND", "no", foreign),
    failure("NOT_FOUND", "no", broken),
    { code: status.NOT_FOUND, details: "no", metadata },
  ];
  for (const answer of answers) {
    await using served = await serving({
      route: (_, reply) => {
        reply(answer);
      },
    });
    const { code, message, reason, outputStarted, retryDelayMs } = await failed(served.client.route(HELLO));
    assert.deepEqual(
      [code, message, reason, outputStarted, retryDelayMs],
      ["NOT_FOUND", "no", "", undefined, undefined],
    );
  }
});

test("UNAVAILABLE is tried again for decisions, not for answers that may have been paid for", async () => {
  let calls = 0;
  await using served = await serving({
    route: (_, answer) => {
      calls += 1;
      if (calls < 3) answer({ code: status.UNAVAILABLE, details: "busy" });
      else answer(null, create(RouteResponseSchema));
    },
    complete: (call) => {
      calls += 1;
      call.emit("error", failure("UNAVAILABLE", "the connection broke"));
    },
    completeUnary: (_, answer) => {
      calls += 1;
      answer(failure("UNAVAILABLE", "the connection broke"));
    },
  });
  await served.client.route(HELLO);
  assert.equal(calls, 3);
  assert.equal((await failed(served.client.complete(HELLO).next())).code, "UNAVAILABLE");
  assert.equal(calls, 4);
  assert.equal((await failed(served.client.completeUnary(HELLO))).code, "UNAVAILABLE");
  assert.equal(calls, 5);
});

test("metadata and the key go along with each call", async () => {
  const seen: Metadata[] = [];
  await using served = await serving(
    {
      route: (call, answer) => {
        seen.push(call.metadata);
        answer(null, create(RouteResponseSchema));
      },
    },
    { apiKey: "pk-1" },
  );
  await served.client.route(HELLO, { metadata: { "x-request-id": "r-1" } });
  assert.deepEqual([seen[0]?.get("authorization"), seen[0]?.get("x-request-id")], [["Bearer pk-1"], ["r-1"]]);
});

test("messages above 4 MiB arrive", async () => {
  const long = "x".repeat(5 * 1024 * 1024);
  await using served = await serving({
    complete: (call) => {
      call.write(text(long));
      call.end();
    },
  });
  const stream = served.client.complete(HELLO);
  for await (const response of stream) assert(response.event.case === "textDelta");
  assert.equal(stream.answer.text.length, long.length);
});
