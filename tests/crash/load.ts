import { ECS } from "@aws-sdk/client-ecs";
import { must } from "../../src/lib/assert.ts";
import type { RandomStream } from "../../src/lib/random.ts";
import type { Ledger } from "./ledger.ts";

/** Names that refused calls would have created. None may ever be seen. */
export const refusedName = "refused";

export type LoadWorld = {
  readonly ledger: Ledger;
  /** A container instance that stays, for tags and attributes. */
  readonly instance: string;
  readonly taskDefinition: string;
};

/** LIMIT: each instance gets a simulated host with its own agent. */
const instancesMax = 40;

export function crashClient(endpoint: string): ECS {
  return new ECS({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "000000000000", secretAccessKey: "any" },
    // The SDK must not silently repeat a call that the kill cuts off.
    maxAttempts: 1,
  });
}

/** Calls one operation at a time until the connection breaks. Throws for an answer that no call should get. */
export async function callUntilCut(ecs: ECS, worker: string, world: LoadWorld, random: RandomStream): Promise<void> {
  for (let i = 0; ; i++) {
    const call = drawCall(ecs, `${worker}-${i}`, worker.split("-").at(-1) ?? worker, world, random);
    try {
      await call();
      world.ledger.noteAnswer();
    } catch (error) {
      if (isCut(error)) return;
      throw error;
    }
  }
}

/** No answer came: a socket error, or an answer that was cut off. Errors of the API carry their status. */
function isCut(error: unknown): boolean {
  const { $response, $metadata } = error as { $response?: object; $metadata?: { httpStatusCode?: number } };
  return $response === undefined && $metadata?.httpStatusCode === undefined;
}

function drawCall(
  ecs: ECS,
  unique: string,
  client: string,
  world: LoadWorld,
  random: RandomStream,
): () => Promise<void> {
  const draw = random.below(100);
  if (draw < 35) return () => run(ecs, unique, world, 1 + random.below(3));
  if (draw < 60) return () => stop(ecs, world.ledger, random);
  if (draw < 68) return () => createCluster(ecs, unique, world.ledger);
  if (draw < 75) return () => registerTaskDefinition(ecs, client, world.ledger);
  if (draw < 80) return () => register(ecs, world.ledger);
  if (draw < 84) return () => deregister(ecs, world.ledger, random);
  if (draw < 89) return () => tag(ecs, client, unique, world);
  if (draw < 94) return () => putAttribute(ecs, client, unique, world);
  return () => refused(ecs, random.below(5), world);
}

async function run(ecs: ECS, token: string, { ledger, taskDefinition }: LoadWorld, count: number): Promise<void> {
  const request = { cluster: ledger.cluster, taskDefinition, count };
  const entry = { request, arns: null as readonly string[] | null };
  ledger.runs.set(token, entry);
  const { tasks = [], failures = [] } = await ecs.runTask({ ...request, clientToken: token, startedBy: token });
  if (tasks.length !== count || failures.length > 0) {
    throw new Error(`${count} tasks asked for, ${tasks.length} placed: ${JSON.stringify(failures)}`);
  }
  entry.arns = tasks.map(({ taskArn }) => must(taskArn, "the ARN of a task"));
  ledger.addTasks(entry.arns);
}

async function stop(ecs: ECS, ledger: Ledger, random: RandomStream): Promise<void> {
  const running = [...ledger.tasks.values()].filter((task) => task.stop === "none");
  const task = running[random.below(running.length)];
  if (task === undefined) return;
  task.stop = "asked";
  await ecs.stopTask({ cluster: ledger.cluster, task: task.arn });
  task.stop = "acknowledged";
}

async function createCluster(ecs: ECS, clusterName: string, ledger: Ledger): Promise<void> {
  await ecs.createCluster({ clusterName, tags: [{ key: "by", value: clusterName }] });
  ledger.clusters.push(clusterName);
}

async function registerTaskDefinition(ecs: ECS, client: string, ledger: Ledger): Promise<void> {
  const { taskDefinition } = await ecs.registerTaskDefinition({
    family: `of-${client}`,
    containerDefinitions: [{ name: "main", image: "nginx", memory: 6 }],
  });
  ledger.definitions.push(must(taskDefinition?.taskDefinitionArn, "the ARN of a task definition"));
}

async function register(ecs: ECS, ledger: Ledger): Promise<void> {
  const registered = [...ledger.instances.values()].filter(({ deregistration }) => deregistration === "none");
  if (registered.length >= instancesMax) return;
  const { containerInstance } = await ecs.registerContainerInstance({
    cluster: "spare",
    totalResources: [{ name: "CPU", type: "INTEGER", integerValue: 7 }],
  });
  const arn = must(containerInstance?.containerInstanceArn, "the ARN of an instance");
  ledger.instances.set(arn, { arn, deregistration: "none" });
}

async function deregister(ecs: ECS, ledger: Ledger, random: RandomStream): Promise<void> {
  const registered = [...ledger.instances.values()].filter(({ deregistration }) => deregistration === "none");
  const instance = registered[random.below(registered.length)];
  if (instance === undefined) return;
  instance.deregistration = "asked";
  await ecs.deregisterContainerInstance({ cluster: "spare", containerInstance: instance.arn });
  instance.deregistration = "acknowledged";
}

async function tag(ecs: ECS, client: string, value: string, { ledger, instance }: LoadWorld): Promise<void> {
  const write = ledger.lastWrite(ledger.tags, `tag-${client}`);
  write.underWay = value;
  await ecs.tagResource({ resourceArn: instance, tags: [{ key: `tag-${client}`, value }] });
  Object.assign(write, { acknowledged: value, underWay: null });
}

async function putAttribute(ecs: ECS, client: string, value: string, { ledger, instance }: LoadWorld): Promise<void> {
  const write = ledger.lastWrite(ledger.attributes, `attribute-${client}`);
  write.underWay = value;
  await ecs.putAttributes({
    cluster: ledger.cluster,
    attributes: [{ name: `attribute-${client}`, value, targetType: "container-instance", targetId: instance }],
  });
  Object.assign(write, { acknowledged: value, underWay: null });
}

async function refused(ecs: ECS, kind: number, world: LoadWorld): Promise<void> {
  const { ledger, instance, taskDefinition } = world;
  const cluster = ledger.cluster;
  const badTags = [{ key: "aws:refused", value: refusedName }];
  const calls: readonly (() => Promise<unknown>)[] = [
    () => ecs.createCluster({ clusterName: refusedName, tags: badTags }),
    () => ecs.runTask({ cluster, taskDefinition, startedBy: refusedName, count: 2, tags: badTags }),
    () =>
      ecs.registerTaskDefinition({
        family: refusedName,
        containerDefinitions: [{ name: "main", image: "nginx", memory: 6 }],
        tags: badTags,
      }),
    () => ecs.tagResource({ resourceArn: instance, tags: [{ key: refusedName, value: "x" }, ...badTags] }),
    () =>
      ecs.putAttributes({
        cluster,
        attributes: [instance, "nobody"].map((targetId) => ({
          name: refusedName,
          targetType: "container-instance" as const,
          targetId,
        })),
      }),
  ];
  try {
    await calls[kind]?.();
  } catch (error) {
    if (isCut(error)) throw error;
    const { name, message } = error as Error;
    const expected = kind === 4 ? "TargetNotFoundException" : "InvalidParameterException";
    if (name !== expected) throw new Error(`A call is to be refused with ${expected}: ${message}`, { cause: error });
    ledger.refused += 1;
    return;
  }
  throw new Error(`A call that is to be refused (${kind}) was answered.`);
}
