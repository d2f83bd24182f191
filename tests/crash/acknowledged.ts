import assert from "node:assert/strict";
import type { ECS, Task } from "@aws-sdk/client-ecs";
import { must } from "../../src/lib/assert.ts";
import type { RandomStream } from "../../src/lib/random.ts";
import type { LastWrite, Ledger } from "./ledger.ts";
import { type LoadWorld, refusedName } from "./load.ts";

/** LIMIT: how many client tokens are retried after each start, in addition to those without an answer. */
const tokensTried = 12;

/** Where the last check of the ledger ended, so that each start checks only what is new, and the last one everything. */
export class AcknowledgedCheck {
  #clusters = 0;
  #definitions = 0;
  #seenTasks = new Set<string>();

  /** Asserts that the server has everything that was ever acknowledged, or with `onlyNew` since the last check. */
  async expectAll(ecs: ECS, world: LoadWorld, random: RandomStream, onlyNew: boolean): Promise<void> {
    const { ledger } = world;
    await repeatRuns(ecs, ledger, random);
    await this.#expectClusters(ecs, ledger, onlyNew ? this.#clusters : 0);
    await this.#expectDefinitions(ecs, ledger, onlyNew ? this.#definitions : 0);
    await this.#expectTasks(ecs, ledger, onlyNew);
    await expectInstances(ecs, ledger);
    await expectLastWrites(ecs, world);
    await expectNothingRefused(ecs, ledger);
  }

  async #expectClusters(ecs: ECS, ledger: Ledger, from: number): Promise<void> {
    for (const clusters of hundreds(ledger.clusters.slice(from))) {
      const { clusters: found = [], failures } = await ecs.describeClusters({ clusters, include: ["TAGS"] });
      assert.deepEqual(failures, []);
      for (const { clusterName, status, tags } of found) {
        assert.deepEqual([status, tags], ["ACTIVE", [{ key: "by", value: clusterName }]]);
      }
    }
    this.#clusters = ledger.clusters.length;
  }

  async #expectDefinitions(ecs: ECS, ledger: Ledger, from: number): Promise<void> {
    assert.equal(new Set(ledger.definitions).size, ledger.definitions.length, "each revision is given once");
    for (const taskDefinition of ledger.definitions.slice(from)) {
      const found = await ecs.describeTaskDefinition({ taskDefinition });
      assert.equal(found.taskDefinition?.taskDefinitionArn, taskDefinition);
    }
    this.#definitions = ledger.definitions.length;
  }

  async #expectTasks(ecs: ECS, ledger: Ledger, onlyNew: boolean): Promise<void> {
    const wanted = [...ledger.tasks.keys()].filter((arn) => !onlyNew || !this.#seenTasks.has(arn));
    for (const tasks of hundreds(wanted)) {
      const { tasks: found = [], failures } = await ecs.describeTasks({ cluster: ledger.cluster, tasks });
      assert.deepEqual(failures, []);
      for (const task of found) {
        const known = must(ledger.tasks.get(task.taskArn ?? ""), "the task in the ledger");
        if (known.stop === "acknowledged") assert.equal(task.desiredStatus, "STOPPED", known.arn);
        if (known.stop === "none") assert.equal(task.desiredStatus, "RUNNING", known.arn);
        // Now it is known whether the stop arrived.
        if (known.stop === "asked") known.stop = task.desiredStatus === "STOPPED" ? "acknowledged" : "none";
        assert.ok((task.version ?? 0) >= known.version, `${known.arn} went back to version ${task.version}`);
        known.version = task.version ?? 0;
        this.#seenTasks.add(known.arn);
      }
    }
  }
}

/** The same token gives the same tasks, and a call without an answer is made now, or was made once. */
async function repeatRuns(ecs: ECS, ledger: Ledger, random: RandomStream): Promise<void> {
  const tokens = [...ledger.runs.keys()];
  const unanswered = tokens.filter((token) => ledger.runs.get(token)?.arns === null);
  const some = Array.from({ length: Math.min(tokensTried, tokens.length) }, () => tokens[random.below(tokens.length)]);
  for (const token of new Set([...unanswered, ...some])) {
    const run = must(ledger.runs.get(token ?? ""), "the run of a token");
    const { tasks = [] } = await ecs.runTask({ ...run.request, clientToken: token, startedBy: token });
    const arns = tasks.map(({ taskArn }: Task) => must(taskArn, "the ARN of a task"));
    if (run.arns === null) ledger.addTasks(arns);
    else assert.deepEqual(arns.toSorted(), run.arns.toSorted(), `the tasks of token ${token}`);
    run.arns = arns;
    const all: string[] = [];
    for (const desiredStatus of ["RUNNING", "STOPPED"] as const) {
      const { taskArns = [] } = await ecs.listTasks({ cluster: ledger.cluster, startedBy: token, desiredStatus });
      all.push(...taskArns);
    }
    assert.deepEqual(all.toSorted(), arns.toSorted(), `all tasks of token ${token}`);
    assert.equal(arns.length, run.request.count);
  }
}

async function expectInstances(ecs: ECS, ledger: Ledger): Promise<void> {
  for (const containerInstances of hundreds([...ledger.instances.keys()])) {
    const { containerInstances: found = [], failures } = await ecs.describeContainerInstances({
      cluster: "spare",
      containerInstances,
    });
    assert.deepEqual(failures, []);
    for (const { containerInstanceArn = "", status } of found) {
      const known = must(ledger.instances.get(containerInstanceArn), "the instance in the ledger");
      if (known.deregistration === "acknowledged") assert.equal(status, "INACTIVE", known.arn);
      if (known.deregistration === "none") assert.equal(status, "ACTIVE", known.arn);
      if (known.deregistration === "asked") known.deregistration = status === "INACTIVE" ? "acknowledged" : "none";
    }
  }
}

async function expectLastWrites(ecs: ECS, { ledger, instance }: LoadWorld): Promise<void> {
  const { containerInstances } = await ecs.describeContainerInstances({
    cluster: ledger.cluster,
    containerInstances: [instance],
    include: ["TAGS"],
  });
  const [found] = containerInstances ?? [];
  const tags = new Map(found?.tags?.map(({ key = "", value = "" }) => [key, value]));
  const attributes = new Map(found?.attributes?.map(({ name = "", value = "" }) => [name, value]));
  assert.ok(!tags.has(refusedName) && !attributes.has(refusedName));
  for (const [key, write] of ledger.tags) expectLastWrite(key, write, tags.get(key) ?? null);
  for (const [key, write] of ledger.attributes) expectLastWrite(key, write, attributes.get(key) ?? null);
}

function expectLastWrite(key: string, write: LastWrite, found: string | null): void {
  assert.ok(found === write.acknowledged || (write.underWay !== null && found === write.underWay), `${key}: ${found}`);
  Object.assign(write, { acknowledged: found, underWay: null });
}

async function expectNothingRefused(ecs: ECS, { cluster }: Ledger): Promise<void> {
  const { failures } = await ecs.describeClusters({ clusters: [refusedName] });
  assert.equal(failures?.length, 1);
  for (const desiredStatus of ["RUNNING", "STOPPED"] as const) {
    const { taskArns } = await ecs.listTasks({ cluster, startedBy: refusedName, desiredStatus });
    assert.deepEqual(taskArns, []);
  }
  assert.deepEqual((await ecs.listTaskDefinitionFamilies({ familyPrefix: refusedName })).families, []);
}

function* hundreds(items: readonly string[]): Generator<string[]> {
  for (let start = 0; start < items.length; start += 100) yield items.slice(start, start + 100);
}
