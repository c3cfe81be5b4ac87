import assert from "node:assert/strict";
import { test } from "node:test";

import { create, fromBinary } from "@bufbuild/protobuf";
import { Answer, CompleteResponseSchema, ContentPartSchema, ResetReason, Role } from "pointsman-client";

import { event, FINISH, text } from "./server.js";

test("deltas are put together by part, in the order of their index", () => {
  const answer = new Answer();
  answer.add(text("there", { partIndex: 1 }));
  answer.add(text("Hello ", { partIndex: 0 }));
  answer.add(text("!", { partIndex: 1 }));
  assert.equal(answer.text, "Hello there!");
});

test("tool calls interleave", () => {
  const answer = new Answer();
  answer.add(
    event({ case: "toolCallDelta", value: { id: "a", name: "weather", argumentsJsonFragment: '{"ci' } }),
  );
  answer.add(
    event(
      { case: "toolCallDelta", value: { id: "b", name: "time", argumentsJsonFragment: "{}" } },
      { partIndex: 1 },
    ),
  );
  answer.add(event({ case: "toolCallDelta", value: { argumentsJsonFragment: 'ty": "Bern"}' } }));
  const calls = answer.toolCalls.map(({ id, name, argumentsJson }) => [id, name, argumentsJson]);
  assert.deepEqual(calls, [
    ["a", "weather", '{"city": "Bern"}'],
    ["b", "time", "{}"],
  ]);
});

test("a reset drops what was said, and keeps what was told about it", () => {
  const answer = new Answer();
  answer.add(event({ case: "decision", value: { model: "nano" } }));
  answer.add(event({ case: "reasoningDelta", value: { text: "Hm." } }));
  answer.add(text("wrong", { partIndex: 1 }));
  answer.add(event({ case: "reset", value: { reason: ResetReason.FAILOVER } }, { generation: 2 }));
  assert.deepEqual([answer.text, answer.reasoning, answer.generation], ["", "", 2]);
  answer.add(text("right", { generation: 2 }));
  assert.equal(answer.text, "right");
  assert.equal(answer.decision?.model, "nano");
  assert.equal(answer.resets.length, 1);
});

test("the message goes back as it came, provider state included", () => {
  const state = { provider: "openai", data: new Uint8Array([0, 255]) };
  const answer = new Answer();
  answer.add(event({ case: "reasoningDelta", value: { text: "", providerState: state } }));
  answer.add(text("Yes.", { partIndex: 1 }));
  const message = answer.message();
  assert.equal(message.role, Role.ASSISTANT);
  const expected = [
    create(ContentPartSchema, { content: { case: "reasoning", value: { text: "" } }, providerState: state }),
    create(ContentPartSchema, { content: { case: "text", value: "Yes." } }),
  ];
  assert.deepEqual(message.parts, expected);
});

test("an answer is complete with a finish and the call's good end", () => {
  const answer = new Answer();
  answer.add(text("Yes."));
  answer.end();
  assert.equal(answer.complete, false);
  answer.add(FINISH);
  assert.equal(answer.complete, true);
  const broken = new Answer();
  broken.add(FINISH);
  assert.equal(broken.complete, false);
});

test("what a newer server says is skipped, or kept as a number", () => {
  const unknownMember = fromBinary(CompleteResponseSchema, new Uint8Array([8, 1, 16, 1, 0xa2, 0x06, 0]));
  const newNotice = fromBinary(CompleteResponseSchema, new Uint8Array([8, 2, 16, 1, 0x3a, 2, 8, 77]));
  const answer = new Answer();
  answer.add(unknownMember);
  answer.add(newNotice);
  assert.deepEqual([answer.generation, answer.text, answer.notices[0]?.kind], [1, "", 77]);
});
