/** Pointsman over its simulator, and the UI example before it: real processes on free ports. */

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const REPOSITORY = fileURLToPath(new URL("../../../../", import.meta.url));
const UI = fileURLToPath(new URL("../examples/ui-backend/main.js", import.meta.url));

export const POINTSMAN = process.env["POINTSMAN"] ?? join(REPOSITORY, ".venv/bin/pointsman");
export const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

/** What is not on this machine; "" where all is there. */
export function absent(): string {
  const found = [CHROMIUM, POINTSMAN].filter((file) => !existsSync(file));
  return found.length ? `there is no ${found.join(", no ")}` : "";
}

/** A call as the simulator logs it. */
export interface SimCall {
  readonly provider: string;
  readonly ending: string;
}

export class Site implements AsyncDisposable {
  readonly #processes: Process[] = [];
  simulator = "";
  page = "";

  private constructor(private readonly directory: string) {}

  static async start(): Promise<Site> {
    const site = new Site(await mkdtemp(join(tmpdir(), "pointsman-ui-")));
    try {
      await site.#start();
      return site;
    } catch (error) {
      await site[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #start(): Promise<void> {
    const pace = ["--ttft-median", "0.05", "--slow-share", "0", "--token-interval", "0.01"];
    const simulator = this.#run(POINTSMAN, "sim", "--port", "0", ...pace);
    this.simulator = await simulator.says(/simulator at (http:\/\/[^/]+)/);
    const config = ["--config", join(REPOSITORY, "examples/pointsman.yaml"), "--simulated", this.simulator];
    const doors = ["--grpc", "127.0.0.1:0", "--http", "off", "--ledger", join(this.directory, "ledger.db")];
    const target = await this.#run(POINTSMAN, "serve", ...config, ...doors).says(/ready: grpc ([^,\s]+)/);
    this.page = await this.#run(process.execPath, UI, "--port", "0", "--target", target).says(
      /ready: ([^,]+)/,
    );
  }

  /** What the UI example has printed. */
  get log(): string {
    return this.#processes.at(-1)?.output ?? "";
  }

  async active(): Promise<number> {
    const answer = await fetch(`${this.simulator}/sim/active`);
    return ((await answer.json()) as { count: number }).count;
  }

  async calls(): Promise<SimCall[]> {
    const answer = await fetch(`${this.simulator}/sim/log`);
    return (await answer.json()) as SimCall[];
  }

  /** Faults of the simulator by provider; none named are none. */
  async faults(faults: Readonly<Record<string, string>>): Promise<void> {
    await fetch(`${this.simulator}/sim/faults`, { method: "PUT", body: JSON.stringify(faults) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of this.#processes.reverse()) await process.stop();
    await rm(this.directory, { recursive: true });
  }

  #run(command: string, ...args: string[]): Process {
    const started = new Process(spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] }));
    this.#processes.push(started);
    return started;
  }
}

class Process {
  output = "";
  readonly #exited: Promise<unknown>;

  constructor(private readonly child: ChildProcess) {
    this.#exited = once(child, "exit");
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.output += text;
        child.emit("said");
      });
    }
  }

  /** The first group of `pattern`, once it was printed. */
  async says(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = pattern.exec(this.output)?.[1];
      if (found !== undefined) return found;
      if (this.child.exitCode !== null) throw new Error(`it ended:\n${this.output}`);
      await Promise.race([once(this.child, "said"), this.#exited]);
    }
  }

  async stop(): Promise<void> {
    this.child.kill();
    await this.#exited;
  }
}
