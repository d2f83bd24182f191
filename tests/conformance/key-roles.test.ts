/** Keys of every role against every operation, over HTTP: what a role may not do is denied with AWS's text and has no effect. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ApiError } from "../../src/agent/remote/api-error.ts";
import { SignedApi } from "../../src/agent/remote/signed-api.ts";
import type { AnsweredName } from "../../src/ecs/machine/operations.ts";
import { seededRandom } from "../../src/lib/random.ts";
import { systemClock } from "../../src/lib/system-clock.ts";
import { operationNamed } from "../../src/wire/services.ts";
import type { Credentials } from "../agent-client.ts";
import { type LikelyRequests, likelyRequests } from "../fuzz/likely-requests.ts";
import { AgentWorld, account, region } from "./agent-world.ts";

const clusterArn = `arn:aws:ecs:${region}:${account}:cluster/default`;
const apis: SignedApi[] = [];
let world: AgentWorld;
let requests: LikelyRequests;
let operations: readonly AnsweredName[];
let instance: string;
let task: string;

before(async () => {
  world = await AgentWorld.start();
  instance = await world.register();
  await world.open("acs", instance);
  task = await world.startTask(instance);
  await world.ecs.registerTaskDefinition({
    family: "fuzz",
    containerDefinitions: [{ name: "main", image: "busybox", memory: 16 }],
  });
  requests = likelyRequests({ cluster: "default", instance, task, taskDefinition: "fuzz" });
  operations = Object.keys(requests) as AnsweredName[];
});
after(async () => {
  for (const api of apis) api.close();
  await world.end();
});

type Call = (operation: AnsweredName, request?: object) => Promise<object>;

/** Calls with a key, including Berth's own operations. */
function callerWith(credentials: Credentials): Call {
  const random = seededRandom("key-roles").stream("calls");
  const options = { endpoint: world.server.url, region, agentVersion: null, clock: systemClock, random, trust: null };
  const api = new SignedApi({ ...options, credentials: { sessionToken: null, ...credentials } });
  apis.push(api);
  return (operation, request = requests[operation] ?? {}) =>
    api.call(operation, request, operationNamed(operation).service.targetPrefix);
}

/** The error of a call; null when it was answered. */
const errorOf = (answer: Promise<object>): Promise<ApiError | null> =>
  answer.then(
    () => null,
    (error: unknown) => {
      assert.ok(error instanceof ApiError, String(error));
      return error;
    },
  );

/** Makes every call of `denied`, and checks that each is denied and that nothing came of them. */
async function denyAll(call: Call, user: string, denied: readonly AnsweredName[]): Promise<void> {
  const before = await state();
  for (const operation of denied) {
    const error = await errorOf(call(operation));
    assert.deepEqual([error?.code, error?.status], ["AccessDeniedException", 403], `${operation}: ${error?.message}`);
    const action = operationNamed(operation).action.name;
    const text = new RegExp(
      `^User: arn:aws:iam::${account}:user/${user} is not authorized to perform: ${action} on resource: \\S+ because no identity-based policy allows the ${action} action$`,
    );
    assert.match(error?.message ?? "", text);
  }
  assert.deepEqual(await state(), before);
}

/** The contents of the account, in short. */
async function state(): Promise<unknown> {
  const { ecs } = world;
  const [clusters, instances, tasks, definitions, services, settings, described, tags] = await Promise.all([
    ecs.describeClusters({ include: ["SETTINGS", "TAGS"] }),
    ecs.listContainerInstances({}),
    ecs.listTasks({}),
    ecs.listTaskDefinitions({}),
    ecs.listServices({}),
    ecs.listAccountSettings({}),
    ecs.describeContainerInstances({ containerInstances: [instance], include: ["TAGS"] }),
    ecs.describeTasks({ tasks: [task], include: ["TAGS"] }),
  ]);
  return [
    clusters.clusters,
    instances.containerInstanceArns,
    tasks.taskArns,
    definitions.taskDefinitionArns,
    services.serviceArns,
    settings.settings,
    described.containerInstances,
    tags.tasks,
  ];
}

const reads = (operation: string): boolean => /^(Describe|List|Get|Explain|Plan|Discover)/.test(operation);

describe("a key", () => {
  test("of a reader sees everything and changes nothing", async () => {
    const call = callerWith(await world.createKey({ role: "read-only" }));
    await denyAll(
      call,
      "read-only",
      operations.filter((operation) => !reads(operation)),
    );
    for (const operation of operations.filter(reads)) {
      assert.notEqual((await errorOf(call(operation)))?.code, "AccessDeniedException", operation);
    }
  });

  test("of an agent may do only what agents do, and not for other keys' instances", async () => {
    const call = callerWith(await world.createKey({ role: "agent" }));
    const answered: readonly AnsweredName[] = ["DiscoverPollEndpoint", "RegisterContainerInstance"];
    // Of an attachment that is unknown an agent may say what it likes.
    const acknowledged: readonly AnsweredName[] = ["SubmitAttachmentStateChanges"];
    await denyAll(
      call,
      "agent",
      operations.filter((operation) => ![...answered, ...acknowledged].includes(operation)),
    );
    for (const operation of answered) assert.equal(await errorOf(call(operation)), null, operation);
  });

  test("of an operator may not change the account, delete a cluster or speak for agents", async () => {
    const call = callerWith(await world.createKey({ role: "operator" }));
    const denied: readonly AnsweredName[] = [
      "DeleteAccountSetting",
      "DeleteCluster",
      "PutAccountSetting",
      "PutAccountSettingDefault",
      "SubmitAttachmentStateChanges",
      "SubmitContainerStateChange",
      "SubmitTaskStateChange",
    ];
    await denyAll(call, "operator", denied);
  });

  test("that is bound to other clusters may do nothing here, nor in the account, whatever its role", async () => {
    await world.ecs.createCluster({ clusterName: "mine" });
    for (const role of ["admin", "operator", "read-only", "agent"] as const) {
      const call = callerWith(await world.createKey({ role, clusters: ["mine", "other-one"] }));
      await denyAll(call, role, operations);
    }
  });

  test("that is bound may work in its own cluster, with what the account has", async () => {
    const call = callerWith(await world.createKey({ role: "operator", clusters: ["mine"] }));
    const cluster = "mine";
    await call("RegisterContainerInstance", { cluster, totalResources: [] });
    await call("RunTask", { cluster, taskDefinition: "fuzz" });
    await call("CreateService", { cluster, serviceName: "web", taskDefinition: "fuzz", desiredCount: 0 });
    await call("DescribeClusters", { clusters: [cluster, clusterArn.replace("default", cluster)] });
    await call("UpdateClusterSettings", { cluster, settings: [{ name: "containerInsights", value: "disabled" }] });
    const reaching: readonly (readonly [AnsweredName, object])[] = [
      ["DescribeClusters", { clusters: [cluster, "default"] }],
      ["DescribeClusters", { clusters: [cluster, ""] }],
      ["DescribeTasks", { cluster, tasks: [task] }],
      ["StopTask", { cluster, task }],
      ["StartTask", { cluster, taskDefinition: "fuzz", containerInstances: [instance] }],
      ["DescribeServices", { cluster, services: ["web", clusterArn.replace("cluster/", "service/").concat("/web")] }],
      ["ListTagsForResource", { resourceArn: instance }],
      ["PutAttributes", { cluster, attributes: [{ name: "a", value: "b", targetId: instance }] }],
      ["RegisterContainerInstance", { cluster, containerInstanceArn: instance }],
      ["ListClusters", {}],
      ["DescribeTaskDefinition", { taskDefinition: "fuzz" }],
    ];
    for (const [operation, request] of reaching) {
      assert.equal((await errorOf(call(operation, request)))?.code, "AccessDeniedException", JSON.stringify(request));
    }
  });

  test("of an admin may do everything, and so may keys from before roles existed", async () => {
    const call = callerWith(await world.createKey());
    const last: readonly AnsweredName[] = ["DeleteCluster"];
    for (const operation of [...operations.filter((each) => !last.includes(each)), ...last]) {
      assert.notEqual((await errorOf(call(operation)))?.code, "AccessDeniedException", operation);
    }
  });
});
