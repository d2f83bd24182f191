import assert from "node:assert/strict";
import { until } from "../../until.ts";
import {
  agentUserAgent,
  arnPrefix,
  define,
  describeInstance,
  expectRefused,
  idOf,
  register,
  resources,
  runOne,
  untilTask,
} from "../world.ts";
import { answers, type Cases, nobody, refuses, refusesBadPages, refusesOtherClusters } from "./given.ts";

const many = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i}`.padStart(32, "0"));

export const containerInstanceCases: Cases = {
  answers: [
    answers("RegisterContainerInstance", "the answer describes the instance", async (given) => {
      const { ecs, cluster } = given;
      const attributes = [
        { name: "stack", value: "blue" },
        { name: "ecs.capability.task-eni" },
        { name: "ecs.instance-type", value: "c5.large" },
      ];
      const { containerInstance } = await ecs.registerContainerInstance({
        cluster,
        totalResources: [...resources(512, 1_024), { name: "LICENCES", type: "INTEGER", integerValue: 3 }],
        attributes,
        platformDevices: [{ id: "GPU-1", type: "GPU" }],
        tags: [{ key: "team", value: "a" }],
      });
      assert.match(
        containerInstance?.containerInstanceArn ?? "",
        /^arn:aws:ecs:.*:container-instance\/given\/[0-9a-f]{32}$/,
      );
      assert.deepEqual([containerInstance?.status, containerInstance?.runningTasksCount], ["ACTIVE", 0]);
      assert.ok(containerInstance?.registeredAt instanceof Date);
      const echoed = new Map(containerInstance?.attributes?.map(({ name = "", value }) => [name, value]));
      for (const attribute of attributes) {
        assert.ok(echoed.has(attribute.name), attribute.name);
        assert.equal(echoed.get(attribute.name), attribute.value);
      }
      assert.deepEqual(containerInstance?.remainingResources, containerInstance?.registeredResources);
      const names = containerInstance?.registeredResources?.map(({ name }) => name);
      assert.deepEqual(names, ["CPU", "MEMORY", "PORTS", "PORTS_UDP", "LICENCES", "GPU"]);
      const [cpu] = containerInstance?.registeredResources ?? [];
      assert.deepEqual(cpu, { name: "CPU", type: "INTEGER", doubleValue: 0, longValue: 0, integerValue: 512 });
      const described = await describeInstance(ecs, cluster, containerInstance?.containerInstanceArn ?? "");
      assert.deepEqual(described.tags, [{ key: "team", value: "a" }]);
      assert.deepEqual(described.registeredAt, containerInstance?.registeredAt);
      await ecs.deregisterContainerInstance({ cluster, containerInstance: described.containerInstanceArn });
    }),
    answers("RegisterContainerInstance", "a repeated client token registers nothing twice", async (given) => {
      const agent = given.client({ userAgent: agentUserAgent, extraMembers: { clientToken: "conformance-1" } });
      const first = await register(agent, given.cluster);
      assert.equal(await register(agent, given.cluster), first);
      await agent.deregisterContainerInstance({ cluster: given.cluster, containerInstance: first });
      assert.notEqual(await register(agent, given.emptyCluster), first);
      const { containerInstanceArns = [] } = await agent.listContainerInstances({ cluster: given.emptyCluster });
      const [containerInstance] = containerInstanceArns;
      await agent.deregisterContainerInstance({ cluster: given.emptyCluster, containerInstance });
    }),
    answers("RegisterContainerInstance", "registering again keeps ARN, time and custom attributes", async (given) => {
      const { cluster } = given;
      const agent = given.client({ userAgent: agentUserAgent });
      const containerInstanceArn = await register(agent, cluster);
      const target = { targetType: "container-instance", targetId: containerInstanceArn } as const;
      await agent.putAttributes({ cluster, attributes: [{ name: "rack", value: "7", ...target }] });
      const before = await describeInstance(agent, cluster, containerInstanceArn);
      const { containerInstance } = await agent.registerContainerInstance({
        cluster,
        containerInstanceArn,
        totalResources: resources(1_024, 2_048),
        attributes: [{ name: "ecs.capability.task-eni" }],
      });
      assert.equal(containerInstance?.containerInstanceArn, containerInstanceArn);
      assert.deepEqual(containerInstance?.registeredAt, before.registeredAt);
      const attributes = new Map(containerInstance?.attributes?.map(({ name, value }) => [name, value]));
      assert.equal(attributes.get("rack"), "7");
      assert.ok(attributes.has("ecs.capability.task-eni"));
      await agent.deregisterContainerInstance({ cluster, containerInstance: containerInstanceArn });
    }),
    answers("DeregisterContainerInstance", "INACTIVE, disconnected, described and never listed", async (given) => {
      const { ecs, cluster } = given;
      const arn = await register(ecs, cluster);
      const { containerInstance } = await ecs.deregisterContainerInstance({ cluster, containerInstance: idOf(arn) });
      assert.deepEqual([containerInstance?.status, containerInstance?.agentConnected], ["INACTIVE", false]);
      assert.equal((await describeInstance(ecs, cluster, arn)).status, "INACTIVE");
      const { containerInstanceArns = [] } = await ecs.listContainerInstances({ cluster });
      assert.ok(!containerInstanceArns.includes(arn));
    }),
    answers("DeregisterContainerInstance", "with force the tasks are removed from the books", async ({ ecs }) => {
      const cluster = "forced";
      await ecs.createCluster({ clusterName: cluster });
      const containerInstance = await register(ecs, cluster);
      const task = await runOne(ecs, cluster, await define(ecs, "forced"));
      await untilTask(ecs, cluster, task, "RUNNING");
      await ecs.deregisterContainerInstance({ cluster, containerInstance, force: true });
      const stopped = await untilTask(ecs, cluster, task, "STOPPED");
      assert.equal(stopped.stoppedReason, "Container instance deregistration forced by user");
      const { runningTasksCount, pendingTasksCount } = await describeInstance(ecs, cluster, containerInstance);
      assert.deepEqual([runningTasksCount, pendingTasksCount], [0, 0]);
    }),
    answers("DescribeContainerInstances", "each kind of reference; unknown ones are failures", async (given) => {
      const { ecs, cluster, instance } = given;
      const references = [instance, idOf(instance), `${arnPrefix}container-instance/${idOf(instance)}`];
      for (const reference of references) {
        const { containerInstances } = await ecs.describeContainerInstances({
          cluster,
          containerInstances: [reference],
        });
        assert.equal(containerInstances?.[0]?.containerInstanceArn, instance, reference);
      }
      const { failures } = await ecs.describeContainerInstances({ cluster, containerInstances: [nobody] });
      assert.deepEqual(failures, [{ arn: `${arnPrefix}container-instance/${cluster}/${nobody}`, reason: "MISSING" }]);
    }),
    answers("DescribeContainerInstances", "health only if requested, OK once the agent reported", async (given) => {
      const { ecs, cluster, instance } = given;
      const { containerInstances } = await ecs.describeContainerInstances({ cluster, containerInstances: [instance] });
      assert.equal(containerInstances?.[0]?.healthStatus, undefined);
      const { healthStatus } = await until(
        "health",
        () => describeInstance(ecs, cluster, instance),
        (found) => found.healthStatus?.overallStatus === "OK",
      );
      assert.deepEqual(
        healthStatus?.details?.map(({ type, status }) => [type, status]),
        [["CONTAINER_RUNTIME", "OK"]],
      );
      const { healthStatus: silent } = await describeInstance(ecs, cluster, given.silent);
      assert.equal(silent?.overallStatus, "INITIALIZING");
    }),
    answers(
      "DescribeContainerInstances",
      "what is used is missing from what remains",
      async ({ ecs, cluster, instance }) => {
        const {
          registeredResources = [],
          remainingResources = [],
          ...rest
        } = await describeInstance(ecs, cluster, instance);
        const amount = (from: typeof registeredResources, of: string) =>
          from.find(({ name }) => name === of)?.integerValue ?? Number.NaN;
        assert.equal(amount(registeredResources, "CPU") - amount(remainingResources, "CPU"), 64);
        assert.equal(amount(registeredResources, "MEMORY") - amount(remainingResources, "MEMORY"), 64);
        assert.deepEqual([rest.runningTasksCount, rest.pendingTasksCount, rest.agentConnected], [1, 0, true]);
        assert.ok((rest.versionInfo?.agentVersion ?? "") !== "");
      },
    ),
    answers("ListContainerInstances", "all but INACTIVE ones, or those of a status", async (given) => {
      const { ecs, cluster } = given;
      const { containerInstanceArns = [] } = await ecs.listContainerInstances({ cluster });
      assert.deepEqual(containerInstanceArns, [given.instance, given.spare, given.silent].sort());
      const draining = await ecs.listContainerInstances({ cluster, status: "DRAINING" });
      assert.deepEqual(draining.containerInstanceArns, []);
      const active = await ecs.listContainerInstances({ cluster, status: "ACTIVE" });
      assert.deepEqual(active.containerInstanceArns, containerInstanceArns);
    }),
    answers("UpdateContainerInstancesState", "DRAINING takes no new task, ACTIVE does again", async (given) => {
      const { ecs } = given;
      const cluster = "drained";
      await ecs.createCluster({ clusterName: cluster });
      const [first, second] = [await register(ecs, cluster), await register(ecs, cluster)];
      const { containerInstances, failures } = await ecs.updateContainerInstancesState({
        cluster,
        containerInstances: [idOf(first), nobody],
        status: "DRAINING",
      });
      assert.deepEqual(
        containerInstances?.map(({ status }) => status),
        ["DRAINING"],
      );
      assert.deepEqual(failures, [{ arn: `${arnPrefix}container-instance/${cluster}/${nobody}`, reason: "MISSING" }]);
      const { tasks = [] } = await ecs.runTask({ cluster, taskDefinition: given.definition, count: 5 });
      assert.deepEqual(
        tasks.map(({ containerInstanceArn }) => containerInstanceArn),
        Array(5).fill(second),
      );
      const draining = await ecs.listContainerInstances({ cluster, status: "DRAINING" });
      assert.deepEqual(draining.containerInstanceArns, [first]);
      await ecs.updateContainerInstancesState({ cluster, containerInstances: [first], status: "ACTIVE" });
      assert.equal((await describeInstance(ecs, cluster, first)).status, "ACTIVE");
    }),
    answers("UpdateContainerAgent", "PENDING, and finally UPDATED with the newest version", async ({ ecs }) => {
      const cluster = "agents";
      await ecs.createCluster({ clusterName: cluster });
      const containerInstance = await register(ecs, cluster);
      const answer = await ecs.updateContainerAgent({ cluster, containerInstance });
      assert.equal(answer.containerInstance?.agentUpdateStatus, "PENDING");
      const updated = await until(
        "the update",
        () => describeInstance(ecs, cluster, containerInstance),
        ({ agentUpdateStatus, versionInfo }) =>
          agentUpdateStatus === "UPDATED" && versionInfo?.agentVersion === "1.99.0",
      );
      assert.equal(updated.status, "ACTIVE");
      await expectRefused(ecs.updateContainerAgent({ cluster, containerInstance }), "NoUpdateAvailableException");
    }),
    answers("UpdateContainerAgent", "one at a time", async ({ ecs }) => {
      const cluster = "agents";
      await ecs.createCluster({ clusterName: cluster });
      const containerInstance = await register(ecs, cluster);
      const [first, second] = await Promise.allSettled([
        ecs.updateContainerAgent({ cluster, containerInstance }),
        ecs.updateContainerAgent({ cluster, containerInstance }),
      ]);
      const refused = [first, second].filter((outcome) => outcome.status === "rejected");
      assert.deepEqual(
        refused.map(({ reason }) => reason.name),
        ["UpdateInProgressException"],
      );
    }),
  ],
  refusals: [
    ...refusesOtherClusters("RegisterContainerInstance", () => ({})),
    refuses(
      "RegisterContainerInstance",
      "an ARN that is not registered",
      ({ cluster }) => ({ cluster, containerInstanceArn: `${arnPrefix}container-instance/${cluster}/${nobody}` }),
      "ClientException",
      `Referenced container instance ${nobody} not registered.`,
    ),
    refuses(
      "RegisterContainerInstance",
      "an INACTIVE instance",
      ({ cluster, inactiveInstance }) => ({ cluster, containerInstanceArn: inactiveInstance }),
      "ClientException",
      /^Container instance [0-9a-f]{32} is inactive\.$/,
    ),
    refuses(
      "RegisterContainerInstance",
      "another instance type",
      ({ cluster, spare }) => ({
        cluster,
        containerInstanceArn: spare,
        attributes: [{ name: "ecs.instance-type", value: "x9.other" }],
      }),
      "ClientException",
      /^Container instance type changes are not supported\./,
    ),
    refuses(
      "RegisterContainerInstance",
      "a resource of another type",
      ({ cluster }) => ({ cluster, totalResources: [{ name: "CPU", type: "STRINGSET", stringSetValue: [] }] }),
      "InvalidParameterException",
    ),
    refuses(
      "RegisterContainerInstance",
      "eleven custom attributes",
      ({ cluster }) => ({ cluster, attributes: many(11).map((name) => ({ name })) }),
      "InvalidParameterException",
    ),
    refuses(
      "RegisterContainerInstance",
      "an invalid identity document",
      ({ cluster }) => ({ cluster, instanceIdentityDocument: "{", instanceIdentityDocumentSignature: "x" }),
      "ClientException",
    ),
    ...refusesOtherClusters("DeregisterContainerInstance", ({ spare }) => ({ containerInstance: spare })),
    refuses(
      "DeregisterContainerInstance",
      "an instance with running tasks",
      ({ cluster, instance }) => ({ cluster, containerInstance: instance }),
      "InvalidParameterException",
      "Found running tasks on the instance.",
    ),
    refuses(
      "DeregisterContainerInstance",
      "an unknown instance",
      ({ cluster }) => ({ cluster, containerInstance: nobody, force: true }),
      "InvalidParameterException",
      `Referenced container instance ${nobody} not found.`,
    ),
    refuses(
      "DeregisterContainerInstance",
      "an instance of another cluster",
      ({ emptyCluster, spare }) => ({ cluster: emptyCluster, containerInstance: spare }),
      "InvalidParameterException",
    ),
    ...refusesOtherClusters("DescribeContainerInstances", ({ spare }) => ({ containerInstances: [spare] })),
    refuses(
      "DescribeContainerInstances",
      "101 instances",
      ({ cluster }) => ({ cluster, containerInstances: many(101) }),
      "InvalidParameterException",
      "instanceIds can have at most 100 items.",
    ),
    refuses(
      "DescribeContainerInstances",
      "none",
      ({ cluster }) => ({ cluster, containerInstances: [] }),
      "InvalidParameterException",
      "Container Instances cannot be empty.",
    ),
    ...refusesOtherClusters("ListContainerInstances", () => ({})),
    ...refusesBadPages("ListContainerInstances", ({ cluster }) => ({ cluster }), 100),
    refuses(
      "ListContainerInstances",
      "INACTIVE as a status",
      ({ cluster }) => ({ cluster, status: "INACTIVE" }),
      "InvalidParameterException",
    ),
    refuses(
      "ListContainerInstances",
      "a filter that is not in the query language",
      ({ cluster }) => ({ cluster, filter: "task:group == web and" }),
      "InvalidParameterException",
      /^Invalid filter expression: Expected .*, found the end \(character 22\)$/,
    ),
    ...refusesOtherClusters("UpdateContainerInstancesState", ({ spare }) => ({
      containerInstances: [spare],
      status: "ACTIVE",
    })),
    refuses(
      "UpdateContainerInstancesState",
      "11 instances",
      ({ cluster }) => ({ cluster, containerInstances: many(11), status: "DRAINING" }),
      "InvalidParameterException",
      "instanceIds can have at most 10 items.",
    ),
    refuses(
      "UpdateContainerInstancesState",
      "another status",
      ({ cluster, spare }) => ({ cluster, containerInstances: [spare], status: "INACTIVE" }),
      "InvalidParameterException",
      "Container instance status should be one of [ACTIVE, DRAINING]",
    ),
    ...refusesOtherClusters("UpdateContainerAgent", ({ spare }) => ({ containerInstance: spare })),
    refuses(
      "UpdateContainerAgent",
      "an instance whose agent never connected",
      ({ cluster, silent }) => ({ cluster, containerInstance: silent }),
      "MissingVersionException",
    ),
    refuses(
      "UpdateContainerAgent",
      "an unknown instance",
      ({ cluster }) => ({ cluster, containerInstance: nobody }),
      "InvalidParameterException",
      `Referenced container instance ${nobody} not found.`,
    ),
  ],
};
