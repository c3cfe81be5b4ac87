// OpenAI's own Node client at the HTTP door: another base URL and key, and nothing else.

import assert from "node:assert/strict";
import test from "node:test";
import OpenAI from "openai";

const client = new OpenAI({ baseURL: process.env.POINTSMAN_BASE_URL, apiKey: process.env.POINTSMAN_KEY, maxRetries: 0 });
const messages = [{ role: "user", content: "Explain how tides work, in some sentences." }];
const weather = [{ role: "user", content: "Weather in Paris and Rome?" }];
const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"], additionalProperties: false };
const tools = [{ type: "function", function: { name: "get_weather", parameters, strict: true } }];

test("a stream says what the whole completion says", async () => {
  const whole = await client.chat.completions.create({ model: "mini", messages });
  const stream = client.chat.completions.stream({ model: "mini", messages, stream_options: { include_usage: true } });
  let text = "";
  stream.on("content", (delta) => (text += delta));
  const streamed = await stream.finalChatCompletion();
  assert.equal(text, whole.choices[0].message.content);
  assert.equal(streamed.choices[0].message.content, text);
  assert.deepEqual(streamed.usage, whole.usage);
  assert.equal(whole._request_id, whole.id.replace("chatcmpl-", ""));
});

test("parallel tools and their results", async () => {
  const called = (await client.chat.completions.stream({ model: "mini", messages: weather, tools }).finalChatCompletion()).choices[0];
  assert.equal(called.finish_reason, "tool_calls");
  const calls = called.message.tool_calls;
  assert.deepEqual(calls.map((call) => JSON.parse(call.function.arguments).city), ["Paris", "Rome"]);
  const results = calls.map((call) => ({ role: "tool", tool_call_id: call.id, content: "9 degrees" }));
  const answer = await client.chat.completions.create({ model: "mini", messages: [...weather, called.message, ...results], tools });
  assert.match(answer.choices[0].message.content, /^The tool answered: 9 degrees/);
});

test("structured output is parsed", async () => {
  const schema = { type: "object", properties: { name: { type: "string" } }, required: ["name"], additionalProperties: false };
  const completion = await client.chat.completions.parse({
    model: "mini",
    messages,
    response_format: { type: "json_schema", json_schema: { name: "place", schema, strict: true } },
  });
  assert.equal(typeof completion.choices[0].message.parsed.name, "string");
});

test("models are listed", async () => {
  const names = [];
  for await (const model of client.models.list()) names.push(model.id);
  assert.ok(names.includes("pointsman/auto") && names.includes("mini"));
});

test("errors are typed", async () => {
  const asking = (more) => client.chat.completions.create({ model: "mini", messages, ...more });
  await assert.rejects(asking({ n: 2 }), (error) => error instanceof OpenAI.BadRequestError && error.param === "n");
  await assert.rejects(asking({ model: "nope" }), (error) => error instanceof OpenAI.NotFoundError && error.code === "model_not_found");
  const nobody = new OpenAI({ baseURL: process.env.POINTSMAN_BASE_URL, apiKey: "nobody's", maxRetries: 0 });
  await assert.rejects(nobody.models.list(), OpenAI.AuthenticationError);
});

test("a caller who stops reading ends the stream", async () => {
  const stream = await client.chat.completions.create({ model: "mini", messages, stream: true });
  for await (const chunk of stream) {
    assert.ok(chunk.id);
    break;
  }
});
