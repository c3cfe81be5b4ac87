import assert from "node:assert/strict";
import { test } from "node:test";

import { dial } from "pointsman-client";

const HERE = [
  "localhost:1",
  "127.0.0.1:1",
  "127.1.2.3:1",
  "[::1]:1",
  "dns:///localhost:1",
  "ipv4:127.0.0.1:1",
  "unix:/run/p",
];
const ELSEWHERE = [
  "router.example:1",
  "localhost.example:1",
  "127.0.0.1.example:1",
  "dns:///10.0.0.1:1",
  "127.0.0.1:1,10.0.0.1:1",
];

test("a key travels over plaintext to this machine only", () => {
  for (const target of HERE) dial(target, { plaintext: true, apiKey: "k" }).close();
  for (const target of ELSEWHERE) {
    assert.throws(() => dial(target, { plaintext: true, apiKey: "k" }), /allowPlaintextKey/);
    dial(target, { plaintext: true, apiKey: "k", allowPlaintextKey: true }).close();
    dial(target, { plaintext: true }).close();
    dial(target, { apiKey: "k" }).close();
  }
});

test("options that contradict each other, or mean nothing, are refused", () => {
  assert.throws(() => dial("localhost:1", { plaintext: true, tls: {} }), /exclude each other/);
  assert.throws(() => dial("localhost:1", { defaultTimeoutMs: NaN }), RangeError);
});
