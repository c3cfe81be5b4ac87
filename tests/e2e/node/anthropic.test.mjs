// Anthropic's own client for Node at the HTTP door: another base URL and key, and nothing else.

import assert from "node:assert/strict";
import { test } from "node:test";

import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic({
  baseURL: process.env.POINTSMAN_BASE_URL,
  apiKey: process.env.POINTSMAN_KEY,
  maxRetries: 0,
});
const asked = [{ role: "user", content: "Explain how tides work – ja, in ein paar Sätzen 🌊." }];
const weather = [{ role: "user", content: "Weather in Paris and Rome?" }];
const city = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const tools = [{ name: "get_weather", input_schema: city }];
const thinking = { type: "enabled", budget_tokens: 1024 };

const textOf = (message) => message.content.map((block) => (block.type === "text" ? block.text : "")).join("");

// One model that is served over Anthropic's wire, and one over OpenAI's.
for (const model of ["claude", "gpt"]) {
  test(`${model}: a stream says what the whole message says`, async () => {
    const whole = await client.messages.create({ model, max_tokens: 1000, messages: asked });
    const stream = client.messages.stream({ model, max_tokens: 1000, messages: asked });
    let text = "";
    stream.on("text", (piece) => (text += piece));
    const streamed = await stream.finalMessage();
    assert.ok(text);
    assert.deepEqual([textOf(streamed), textOf(whole)], [text, text]);
    assert.deepEqual([whole.stop_reason, streamed.stop_reason], ["end_turn", "end_turn"]);
    assert.equal(streamed.usage.output_tokens, whole.usage.output_tokens);
  });

  test(`${model}: tools and thinking, and all of it goes back`, async () => {
    const request = { model, max_tokens: 3000, tools, thinking };
    const stream = client.messages.stream({ ...request, messages: weather });
    let inputs = "";
    stream.on("inputJson", (piece) => (inputs += piece));
    const called = await stream.finalMessage();
    const calls = called.content.filter((block) => block.type === "tool_use");
    assert.equal(called.content[0].type, "thinking");
    assert.deepEqual(calls.map((call) => call.input), [{ city: "Paris" }, { city: "Rome" }]);
    assert.equal(inputs.replaceAll(" ", ""), '{"city":"Paris"}{"city":"Rome"}');
    const results = calls.map((call) => ({ type: "tool_result", tool_use_id: call.id, content: "hail" }));
    const turns = [...weather, { role: "assistant", content: called.content }, { role: "user", content: results }];
    assert.match(textOf(await client.messages.create({ ...request, messages: turns })), /hail/);
  });

  test(`${model}: structured output`, async () => {
    const schema = { type: "object", properties: { n: { const: 7 } }, required: ["n"], additionalProperties: false };
    const format = { type: "json_schema", schema };
    const made = await client.messages.parse({
      model,
      max_tokens: 1000,
      messages: asked,
      output_config: { format: { ...format, parse: JSON.parse } },
    });
    assert.deepEqual(made.parsed_output, { n: 7 });
  });
}

test("tokens are counted and models listed", async () => {
  assert.ok((await client.messages.countTokens({ model: "claude", messages: asked })).input_tokens > 0);
  const names = [];
  for await (const one of client.models.list()) names.push(one.id);
  assert.ok(names.includes("claude") && names.includes("pointsman/auto"));
});

test("errors are of their kind", async () => {
  const fail = (more) => client.messages.create({ model: "claude", max_tokens: 100, messages: asked, ...more });
  await assert.rejects(fail({ model: "no-such-model" }), Anthropic.NotFoundError);
  await assert.rejects(fail({ max_tokens: 0 }), (error) => {
    assert.ok(error instanceof Anthropic.BadRequestError);
    assert.equal(error.error.error.details.error_code, "invalid_request");
    return true;
  });
  await assert.rejects(
    client.withOptions({ apiKey: "pm_wrong" }).messages.create({ model: "claude", max_tokens: 1, messages: asked }),
    Anthropic.AuthenticationError,
  );
});

test("a stream that is aborted", async () => {
  const stream = client.messages.stream({ model: "endless", max_tokens: 30000, messages: asked });
  stream.on("text", () => stream.abort());
  await assert.rejects(stream.done(), Anthropic.APIUserAbortError);
});
