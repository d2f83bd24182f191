import assert from "node:assert/strict";
import { test } from "node:test";
import { type ContainerInstance, ECS } from "@aws-sdk/client-ecs";
import type { RunningServer } from "../server.ts";
import { anyCredentials, smallSimulation, startSmallServer } from "../small-server.ts";

const resources = (cpu: number) => [
  { name: "CPU", type: "INTEGER", integerValue: cpu },
  { name: "MEMORY", type: "INTEGER", integerValue: 512 },
  { name: "PORTS", type: "STRINGSET", stringSetValue: [] },
  { name: "PORTS_UDP", type: "STRINGSET", stringSetValue: [] },
];

class Adoption implements AsyncDisposable {
  readonly server: RunningServer;
  readonly ecs: ECS;

  static async start(adopt = true): Promise<Adoption> {
    const server = await startSmallServer({ simulation: { ...smallSimulation, adopt } });
    return new Adoption(server);
  }

  private constructor(server: RunningServer) {
    this.server = server;
    this.ecs = new ECS({ endpoint: server.url, region: "us-east-1", credentials: anyCredentials, maxAttempts: 1 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.ecs.destroy();
    await this.server.close();
  }

  async register(more: Parameters<ECS["registerContainerInstance"]>[0] = {}): Promise<string> {
    const { containerInstance } = await this.ecs.registerContainerInstance({ totalResources: resources(512), ...more });
    return containerInstance?.containerInstanceArn ?? "";
  }

  async describe(arn: string): Promise<ContainerInstance & { of(name: string): string | null | undefined }> {
    const { containerInstances = [] } = await this.ecs.describeContainerInstances({ containerInstances: [arn] });
    const instance = containerInstances[0] ?? {};
    const found = (name: string) => instance.attributes?.find((attribute) => attribute.name === name);
    return { ...instance, of: (name) => (found(name) === undefined ? undefined : (found(name)?.value ?? null)) };
  }
}

const capability = "ecs.capability.container-ordering";

test("an adopted instance takes tasks that need what a host can do", async () => {
  await using world = await Adoption.start();
  const arn = await world.register();
  await world.ecs.registerTaskDefinition({
    family: "demanding",
    taskRoleArn: "arn:aws:iam::000000000000:role/task",
    containerDefinitions: [
      {
        name: "main",
        image: "nginx",
        memory: 64,
        stopTimeout: 5,
        healthCheck: { command: ["CMD", "true"] },
        logConfiguration: { logDriver: "json-file" },
      },
    ],
  });
  const started = await world.ecs.startTask({ taskDefinition: "demanding", containerInstances: [arn] });
  assert.deepEqual(started.failures, []);
  assert.equal((await world.describe(arn)).of(capability), null);
});

test("what the caller registered stays", async () => {
  await using world = await Adoption.start();
  const versionInfo = { agentVersion: "1.80.0", agentHash: "abcdef", dockerVersion: "DockerVersion: 20.10.1" };
  const arn = await world.register({
    versionInfo,
    attributes: [
      { name: "rack", value: "r1" },
      { name: "ecs.cpu-architecture", value: "arm64" },
      { name: "ecs.ami-id", value: "ami-mine" },
      { name: "ecs.capability.made-up" },
    ],
    tags: [{ key: "team", value: "a" }],
  });
  const found = await world.describe(arn);
  assert.deepEqual({ ...found.versionInfo }, versionInfo);
  assert.deepEqual(
    ["rack", "ecs.cpu-architecture", "ecs.ami-id", "ecs.capability.made-up", capability].map((name) => found.of(name)),
    ["r1", "arm64", "ami-mine", null, null],
  );
  const names = (found.attributes ?? []).map(({ name }) => name);
  assert.equal(new Set(names).size, names.length, "each attribute once");
  assert.equal(found.registeredResources?.find(({ name }) => name === "CPU")?.integerValue, 512);
});

test("registering an instance again removes no attribute of its host, adopted or in the fleet", async () => {
  await using world = await Adoption.start();
  for (const containerInstanceArn of [await world.register(), ...(world.server.hosts?.instances() ?? [])]) {
    const before = await world.describe(containerInstanceArn);
    await world.register({ containerInstanceArn, totalResources: resources(600) });
    const after = await world.describe(containerInstanceArn);
    assert.equal(after.of(capability), null);
    assert.equal(after.registeredResources?.find(({ name }) => name === "CPU")?.integerValue, 600);
    // The AMI comes from the identity document, which this call lacked.
    const kept = (before.attributes ?? []).filter(({ name }) => name !== "ecs.ami-id");
    for (const { name = "", value } of kept) assert.equal(after.of(name), value ?? null, name);
    assert.ok((after.version ?? 0) > (before.version ?? 0));
  }
});

test("an external instance gets nothing that only EC2 has", async () => {
  await using world = await Adoption.start();
  const found = await world.describe(await world.register({ attributes: [{ name: "ecs.capability.external" }] }));
  assert.deepEqual(
    [found.of("ecs.capability.task-eni"), found.of("ecs.subnet-id"), found.of(capability)],
    [undefined, undefined, null],
  );
});

test("without adoption an instance has only what was registered", async () => {
  await using world = await Adoption.start(false);
  assert.equal((await world.describe(await world.register())).of(capability), undefined);
});
