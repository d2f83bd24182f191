/** One data directory and its servers, each ended by a signal under load. After each start we check what was acknowledged. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import type { ECS } from "@aws-sdk/client-ecs";
import { must } from "../../src/lib/assert.ts";
import { type RandomStream, seededRandom } from "../../src/lib/random.ts";
import { type BerthProcess, berthMain, startBerth } from "../berth-process.ts";
import { AcknowledgedCheck } from "./acknowledged.ts";
import { KeptState } from "./kept-state.ts";
import { Ledger } from "./ledger.ts";
import { callUntilCut, crashClient, type LoadWorld } from "./load.ts";

export type KillRunOptions = { readonly seed: string; readonly dataDir: string };

export type Started = { readonly server: BerthProcess; readonly ecs: ECS; readonly tookMs: number };

const workers = 8;
/** One in this many kills comes while the server is starting. */
const killedAtStartEvery = 5;
const large = [
  { name: "CPU", type: "INTEGER", integerValue: 1_000_000 },
  { name: "MEMORY", type: "INTEGER", integerValue: 10_000_000 },
] as const;

export class KillRun {
  readonly flags: readonly string[];
  readonly ledger = new Ledger();
  readonly kept: KeptState;
  readonly #seed: string;
  readonly #random: RandomStream;
  readonly #check = new AcknowledgedCheck();
  #berth: BerthProcess | null = null;
  #world: LoadWorld | null = null;
  #kills = 0;

  constructor({ seed, dataDir }: KillRunOptions) {
    this.#seed = seed;
    this.#random = seededRandom(seed).stream("crash");
    this.flags = ["--data-dir", dataDir, "--instances", "2", "--runtime", "simulated", "--log-level", "error"];
    this.kept = new KeptState(dataDir);
  }

  /** Starts a server. One that a failed test left behind would hold the directory, and is killed first. */
  async start(): Promise<Started> {
    await this.end();
    const startedAt = performance.now();
    const server = await startBerth("dev", this.flags);
    this.#berth = server;
    const tookMs = performance.now() - startedAt;
    const ecs = crashClient(server.listening.url);
    this.#world ??= await furnish(ecs, this.ledger);
    return { server, ecs, tookMs };
  }

  /**
   * Starts a server, asserts that what was acknowledged since the last start is there, and kills it under load. Returns how long
   * the start took.
   */
  async kill(): Promise<number> {
    const number = this.#kills++;
    const { server, ecs, tookMs } = await this.start();
    await this.expectAcknowledged(ecs, true);
    await this.endUnderLoad(server, ecs, `k${number}`, "SIGKILL");
    this.kept.expectWhole();
    if (number % killedAtStartEvery === killedAtStartEvery - 1) await this.#killWhileStarting();
    return tookMs;
  }

  /** Asserts that the server has everything that was ever acknowledged, or with `onlyNew` since the last time. */
  expectAcknowledged(ecs: ECS, onlyNew: boolean): Promise<void> {
    const world = must(this.#world, "the world of the load");
    return this.#check.expectAll(ecs, world, this.#random, onlyNew);
  }

  /**
   * Starts the workers, waits for some answers, and ends the server by `signal` under load. Returns its exit code and how long
   * the end took.
   */
  async endUnderLoad(
    server: BerthProcess,
    ecs: ECS,
    name: string,
    signal: "SIGKILL" | "SIGTERM",
  ): Promise<{ readonly code: number | null; readonly tookMs: number }> {
    const world = must(this.#world, "the world of the load");
    const calls = Array.from({ length: workers }, (_, i) =>
      callUntilCut(ecs, `${name}-w${i}`, world, seededRandom(`${this.#seed}/${name}`).stream(String(i))),
    );
    const all = Promise.all(calls);
    // A number of answers and not a time, because a busy machine answers later. Then a moment more, for a point between two
    // answers. A worker that gets an answer that it should not get ends the test at once.
    const answers = this.ledger.untilAnswered(this.ledger.answered + 1 + this.#random.below(300));
    await Promise.race([all, answers.then(() => setTimeout(this.#random.below(20)))]);
    const startedAt = performance.now();
    const code = await server.end(signal);
    const tookMs = performance.now() - startedAt;
    await all;
    ecs.destroy();
    assert.equal(server.complaints(), "", "the server has nothing to complain of");
    return { code, tookMs };
  }

  /** Kills the running server, if there is one. */
  async end(): Promise<void> {
    await this.#berth?.end("SIGKILL");
  }

  /** A server that dies before it listens also changes nothing. */
  async #killWhileStarting(): Promise<void> {
    const child = spawn(process.execPath, [berthMain, "dev", "--port", "0", ...this.flags], { stdio: "ignore" });
    await setTimeout(100 + this.#random.below(500));
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await exit;
    this.kept.expectWhole();
  }
}

/** What the load needs: two clusters, two large container instances, a task definition. */
async function furnish(ecs: ECS, ledger: Ledger): Promise<LoadWorld> {
  await ecs.createCluster({ clusterName: ledger.cluster });
  await ecs.createCluster({ clusterName: "spare" });
  const arns: string[] = [];
  for (let i = 0; i < 2; i++) {
    const { containerInstance } = await ecs.registerContainerInstance({
      cluster: ledger.cluster,
      totalResources: [...large],
    });
    arns.push(must(containerInstance?.containerInstanceArn, "the ARN of an instance"));
  }
  const { taskDefinition } = await ecs.registerTaskDefinition({
    family: "crash",
    containerDefinitions: [{ name: "main", image: "nginx", cpu: 3, memory: 7 }],
  });
  return {
    ledger,
    instance: must(arns[0], "an instance"),
    taskDefinition: must(taskDefinition?.taskDefinitionArn, "the task definition"),
  };
}
