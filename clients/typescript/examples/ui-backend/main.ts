/** Serves the page on this machine, for a Pointsman server. README.md says how. */

import type { AddressInfo } from "node:net";
import process from "node:process";
import { parseArgs } from "node:util";

import { dial } from "pointsman-client";

import { uiServer } from "./server.js";

const USAGE = `usage: node build/examples/ui-backend/main.js [--target HOST:PORT] [--tls] [--port PORT]

  --target  where Pointsman's gRPC door is (127.0.0.1:50051)
  --tls     speak TLS with it, as every server but one on this machine wants
  --port    where the page is served, on 127.0.0.1 (8088; 0: any that is free)

An API key is taken from POINTSMAN_API_KEY; it never reaches the browser.`;

const { values } = parseArgs({
  options: {
    target: { type: "string", default: "127.0.0.1:50051" },
    tls: { type: "boolean", default: false },
    port: { type: "string", default: "8088" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit();
}

const client = dial(values.target, {
  plaintext: !values.tls,
  apiKey: process.env["POINTSMAN_API_KEY"] ?? "",
});
const server = uiServer(client, { log: console.log });
// Loopback only: whoever reaches this page spends your money.
server.listen(Number(values.port), "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  console.log(`ready: http://127.0.0.1:${port}, asking Pointsman at ${values.target}`);
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    // Answers that are under way are cancelled, as if their browsers had gone.
    server.close(() => {
      client.close();
    });
    server.closeAllConnections();
  });
}
