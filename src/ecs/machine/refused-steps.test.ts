/**
 * Goal: a step that is rolled back leaves nothing in documents, in indexes or in notes. Every input of a random life is first decided and
 * rolled back (`read`), and the whole state is compared; finally a twin that was never asked must have lived the same life.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type RandomStream, seededRandom } from "../../lib/random.ts";
import type { TaskDefinition } from "../documents/task-definition.ts";
import { Refusal } from "../refusals.ts";
import { images, ServiceWorld, withImage } from "../services/service-world.ts";
import { SmallAccount } from "../small-account.ts";
import { aDefinition, awsvpcDefinition, fargateDefinition, inSubnet } from "../small-world.ts";
import type { AccountInput } from "../state/account-input.ts";
import type { ClusterInput } from "../state/cluster-input.ts";
import { statePicture } from "../state-picture.ts";

const lives = 6;
const actsPerLife = 50;

/** A world that decides each input twice and rolls the first one back. */
class DoubtingWorld extends ServiceWorld {
  readonly #otherRandom = seededRandom("what is drawn in vain");
  /** What was rolled back although it would have changed something: types of inputs, and names of operations. */
  readonly takenBack = new Set<string>();

  override step(input: ClusterInput): ReturnType<ServiceWorld["step"]> {
    const name =
      input.type === "call" ? input.operation : input.type === "agent-report" ? input.report.type : input.type;
    const before = statePicture(this.state);
    if (this.machine.read(input, this.now, this.#otherRandom) === null) this.takenBack.add(name);
    assert.deepEqual(statePicture(this.state), before, `${name} left something`);
    return super.step(input);
  }
}

const definitions = [
  aDefinition({ containers: [{ portMappings: [{ containerPort: 80, hostPort: 8080 }] }] }),
  withImage(images.healthy, 2),
  withImage(images.failing, 3),
  awsvpcDefinition(),
  fargateDefinition(),
  aDefinition({ family: "large", containers: [{ cpu: 4_096 }] }),
];
const services = ["web", "api", "daemon"];

/** One act of the life, drawn from `draw` and from what exists. */
function act(world: ServiceWorld, draw: RandomStream): void {
  const definition = oneOf(draw, definitions);
  const drawn = oneOf(draw, draw.chance(0.4) ? taskCalls(world, draw, definition) : serviceCalls(draw, definition));
  const [operation, request] = draw.chance(0.3) ? oneOf(draw, instanceCalls(world, draw)) : drawn;
  if (draw.chance(0.6)) refusable(() => world.call(operation, request, definition));
  else refusable(oneOf(draw, happenings(world, draw)));
}

const oneOf = <T>(draw: RandomStream, from: readonly T[]): T => from[draw.below(from.length)] as T;
const inNetwork = ({ networkMode }: TaskDefinition): object => (networkMode === "awsvpc" ? inSubnet : {});
const instanceOf = ({ state }: ServiceWorld, draw: RandomStream): string => oneOf(draw, state.instanceIds.after(null));

type Call = readonly [operation: string, request: object];

function taskCalls(world: ServiceWorld, draw: RandomStream, definition: TaskDefinition): Call[] {
  const named = { taskDefinition: definition.arn, ...inNetwork(definition) };
  const task = oneOf(draw, [...world.state.taskIds.after(null), "0".repeat(32)]);
  const clientToken = oneOf(draw, ["a", "b", "c"]);
  return [
    ["RunTask", { ...named, count: 1 + draw.below(4), clientToken }],
    ["RunTask", { ...named, capacityProviderStrategy: [{ capacityProvider: "asg", weight: 1 }] }],
    ["StartTask", { ...named, containerInstances: [instanceOf(world, draw)] }],
    ["StopTask", { task }],
    ["ExplainPlacement", { ...named, count: 3 }],
    [
      "UpdateTaskProtection",
      { tasks: world.state.taskIds.after(null).slice(0, 10), protectionEnabled: draw.chance(0.7) },
    ],
    ["TagResource", { resourceArn: world.state.tasks.get(task)?.arn, tags: [{ key: "k", value: "v" }] }],
  ];
}

function serviceCalls(draw: RandomStream, definition: TaskDefinition): Call[] {
  const named = { taskDefinition: definition.arn, ...inNetwork(definition) };
  const service = oneOf(draw, services);
  const deploymentConfiguration = {
    minimumHealthyPercent: oneOf(draw, [0, 50, 100]),
    maximumPercent: 200,
    deploymentCircuitBreaker: { enable: true, rollback: true },
    alarms: { alarmNames: ["slow"], enable: draw.chance(0.5), rollback: true },
  };
  const availabilityZoneRebalancing = oneOf(draw, ["ENABLED", "DISABLED"]);
  const counted = { ...named, desiredCount: draw.below(5), availabilityZoneRebalancing, deploymentConfiguration };
  return [
    ["CreateService", { ...counted, serviceName: oneOf(draw, services.slice(0, 2)) }],
    ["CreateService", { ...named, serviceName: "daemon", schedulingStrategy: "DAEMON" }],
    ["UpdateService", { ...counted, service }],
    ["UpdateService", { service, desiredCount: draw.below(40) }],
    ["UpdateService", { service, forceNewDeployment: true }],
    ["DeleteService", { service, force: draw.chance(0.7) }],
    ["SetAlarmState", { alarmName: "slow", stateValue: oneOf(draw, ["OK", "ALARM"]) }],
  ];
}

function instanceCalls(world: ServiceWorld, draw: RandomStream): Call[] {
  const instance = instanceOf(world, draw);
  const containerInstances = [instance];
  const targetType = "container-instance";
  return [
    ["StartDrain", { containerInstances, deadlineSeconds: 1 + draw.below(100) }],
    ["CancelDrain", { containerInstances: world.state.instanceIds.after(null).slice(0, 10) }],
    ["PlanDrain", { containerInstances }],
    ["DeregisterContainerInstance", { containerInstance: instance, force: draw.chance(0.5) }],
    [
      "PutAttributes",
      { attributes: [{ name: "rack", value: oneOf(draw, ["1", "2"]), targetType, targetId: instance }] },
    ],
    ["PutLostAgentPolicy", { replaceAfterSeconds: oneOf(draw, [0, 60, 600]) }],
    ["UpdateContainerAgent", { containerInstance: instance }],
  ];
}

function happenings(world: ServiceWorld, draw: RandomStream): (() => unknown)[] {
  const version = { agentVersion: "1.90.0", agentHash: null, dockerVersion: null };
  const instanceId = instanceOf(world, draw);
  const [availabilityZone, capacityProviderName] = [oneOf(draw, ["a", "b"]), oneOf(draw, ["asg", null])];
  return [
    () => world.agent({ type: "agent-disconnected", instanceId }),
    () => world.agent({ type: "agent-connected", instanceId, isNewProcess: draw.chance(0.5), ...version }),
    () => world.step({ type: "recovered" }),
    () => world.step({ type: "close", incarnation: 1 }),
    () => world.play(1_000 * (1 + draw.below(10))),
    () => world.play(3_000),
    () => world.advanceClock(oneOf(draw, [1, 1_000, 61_000, 3_700_000])),
    () => world.withInstances(1, { availabilityZone, capacityProviderName }),
  ];
}

function refusable(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
}

/** The life of `world` from a seed, `actsPerLife` acts long. */
function lived<World extends ServiceWorld>(world: World, seed: string): World {
  const draw = seededRandom(seed).stream("life");
  world.cluster = { ...world.cluster, capacityProviders: ["asg", "FARGATE"] };
  for (const zone of ["a", "b"]) world.withInstances(2, { availabilityZone: zone, capacityProviderName: "asg" });
  for (let done = 0; done < actsPerLife; done++) {
    act(world, draw);
    // After DeleteCluster the cluster accepts no more calls; another one with its name does.
    const { incarnation } = world.state.closed.get("closed") ?? { incarnation: 0 };
    world.cluster = { ...world.cluster, incarnation: incarnation + 1 };
  }
  return world;
}

test("whatever a cluster's step does, nothing is left when it is rolled back", () => {
  const takenBack = new Set<string>();
  for (let life = 0; life < lives; life++) {
    const seed = `life ${life}`;
    const doubting = lived(new DoubtingWorld(seed), seed);
    const twin = lived(new ServiceWorld(seed), seed);
    assert.deepEqual(doubting.events, twin.events, "its twin lived the same life");
    assert.deepEqual(statePicture(doubting.state), statePicture(twin.state));
    for (const name of doubting.takenBack) takenBack.add(name);
  }
  const expected = [
    "RunTask",
    "StartTask",
    "StopTask",
    "CreateService",
    "UpdateService",
    "DeleteService",
    "StartDrain",
  ];
  expected.push("CancelDrain", "DeregisterContainerInstance", "PutAttributes", "PutLostAgentPolicy", "SetAlarmState");
  expected.push("UpdateTaskProtection", "TagResource", "SubmitTaskStateChange", "task-health", "agent-disconnected");
  expected.push("agent-connected", "timer");
  assert.deepEqual(
    expected.filter((name) => !takenBack.has(name)),
    [],
  );
});

/** As a `DoubtingWorld`. */
class DoubtingAccount extends SmallAccount {
  readonly takenBack = new Set<string>();

  override step(input: AccountInput): ReturnType<SmallAccount["step"]> {
    const name = input.type === "call" ? input.operation : input.type;
    const before = statePicture(this.machine.state);
    if (this.machine.read(input, this.now, seededRandom("any")) === null) this.takenBack.add(name);
    assert.deepEqual(statePicture(this.machine.state), before, `${name} left something`);
    return super.step(input);
  }
}

function accountAct(account: SmallAccount, draw: RandomStream): void {
  const name = oneOf(draw, ["a", "b"]);
  const revision = `${name}:${1 + draw.below(2)}`;
  const containerDefinitions = [{ name: "app", image: "i", memory: 16 }];
  const calls: readonly [string, object][] = [
    ["CreateCluster", { clusterName: name }],
    ["CreateCapacityProvider", { name, autoScalingGroupProvider: { autoScalingGroupArn: "group" } }],
    ["DeleteCapacityProvider", { capacityProvider: name }],
    ["PutClusterCapacityProviders", { cluster: name, capacityProviders: ["a"], defaultCapacityProviderStrategy: [] }],
    ["RegisterTaskDefinition", { family: name, containerDefinitions }],
    ["DeregisterTaskDefinition", { taskDefinition: revision }],
    ["DeleteTaskDefinitions", { taskDefinitions: [revision] }],
    ["PutAccountSetting", { name: "containerInsights", value: oneOf(draw, ["enabled", "disabled"]) }],
    ["DeleteAccountSetting", { name: "containerInsights" }],
    ["TagResource", { resourceArn: `${SmallAccount.arn}cluster/${name}`, tags: [{ key: "k", value: "v" }] }],
  ];
  const [operation, request] = oneOf(draw, calls);
  const isKnown = account.machine.state.clusters.has(name);
  const incarnation = 1 + draw.below(3);
  const others: readonly (() => unknown)[] = [
    () => account.ask({ type: "create-default-cluster" }),
    () => isKnown && account.ask({ type: "cluster-closed", name, incarnation }),
    () => account.ask({ type: "revisions-unused", arns: [`${SmallAccount.arn}task-definition/${revision}`] }),
    () => account.ask({ type: "effective-settings", principalArn: account.principalArn }),
    () => {
      account.now += oneOf(draw, [1_000, 100_000_000]);
      account.ask({ type: "timer" });
    },
  ];
  refusable(draw.chance(0.7) ? () => account.call(operation, request) : oneOf(draw, others));
}

test("whatever an account's step does, nothing is left when it is rolled back", () => {
  const takenBack = new Set<string>();
  for (let life = 0; life < lives; life++) {
    const account = new DoubtingAccount();
    const twin = new SmallAccount();
    for (const each of [account, twin]) {
      const draw = seededRandom(`life ${life}`).stream("life");
      for (let done = 0; done < 2 * actsPerLife; done++) accountAct(each, draw);
    }
    assert.deepEqual(account.stored, twin.stored, "its twin lived the same life");
    assert.deepEqual(statePicture(account.machine.state), statePicture(twin.machine.state));
    for (const name of account.takenBack) takenBack.add(name);
  }
  const expected = ["CreateCluster", "cluster-closed", "create-default-cluster", "timer", "revisions-unused"];
  expected.push("CreateCapacityProvider", "DeleteCapacityProvider", "RegisterTaskDefinition", "PutAccountSetting");
  expected.push("DeregisterTaskDefinition", "DeleteTaskDefinitions", "DeleteAccountSetting", "TagResource");
  assert.deepEqual(
    expected.filter((name) => !takenBack.has(name)),
    [],
  );
});
