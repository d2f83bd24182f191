import assert from "node:assert/strict";
import { arnPrefix, describeTask, expectRefused, idOf, register, runOne, untilTask } from "../world.ts";
import { answers, type Cases, type Given, nobody, refuses, refusesBadPages, refusesOtherClusters } from "./given.ts";

const subnets = { networkConfiguration: { awsvpcConfiguration: { subnets: ["subnet-1"] } } };

/** A RunTask that is refused with InvalidParameterException. */
const refusesRun = (says: string, more: (given: Given) => object, text: string | null = null) =>
  refuses(
    "RunTask",
    says,
    (given) => ({ cluster: given.cluster, taskDefinition: given.definition, ...more(given) }),
    "InvalidParameterException",
    text,
  );

/** What Berth lacks, and says so. */
const refusesUnsupported = (says: string, more: object) =>
  refuses(
    "RunTask",
    says,
    (given) => ({ cluster: given.cluster, taskDefinition: given.definition, ...more }),
    "UnsupportedFeatureException",
  );

export const taskCases: Cases = {
  answers: [
    answers("RunTask", "the task is placed, reported, and runs", async ({ ecs, cluster, definition }) => {
      const { tasks = [], failures } = await ecs.runTask({
        cluster,
        taskDefinition: "given",
        startedBy: "conformance",
        group: "batch",
        tags: [{ key: "team", value: "a" }],
        overrides: { containerOverrides: [{ name: "main", environment: [{ name: "A", value: "b" }] }] },
      });
      assert.deepEqual(failures, []);
      const [placed] = tasks;
      assert.match(placed?.taskArn ?? "", /^arn:aws:ecs:eu-west-1:123456789012:task\/given\/[0-9a-f]{32}$/);
      assert.deepEqual([placed?.lastStatus, placed?.desiredStatus, placed?.version], ["PENDING", "RUNNING", 1]);
      const task = await untilTask(ecs, cluster, placed?.taskArn ?? "", "RUNNING");
      assert.deepEqual(
        [task.taskDefinitionArn, task.startedBy, task.group, task.launchType, task.tags],
        [definition, "conformance", "batch", "EC2", [{ key: "team", value: "a" }]],
      );
      assert.deepEqual(task.overrides?.containerOverrides?.[0]?.environment, [{ name: "A", value: "b" }]);
      const order = [task.createdAt, task.pullStartedAt, task.pullStoppedAt, task.startedAt].map(Number);
      assert.deepEqual(
        order,
        order.toSorted((a, b) => a - b),
      );
      const [container] = task.containers ?? [];
      assert.deepEqual([container?.name, container?.lastStatus, container?.taskArn], ["main", "RUNNING", task.taskArn]);
      assert.ok(container?.runtimeId);
      await ecs.stopTask({ cluster, task: idOf(task.taskArn ?? "") });
    }),
    answers("RunTask", "where it does not fit, each reason names an instance", async (given) => {
      const { ecs, cluster } = given;
      const { tasks, failures = [] } = await ecs.runTask({
        cluster,
        taskDefinition: given.definition,
        overrides: { containerOverrides: [{ name: "main", cpu: 4_000 }] },
      });
      assert.deepEqual(tasks, []);
      const instances = new Map(failures.map(({ arn, reason }) => [reason, arn]));
      assert.deepEqual([...instances.keys()].sort(), ["AGENT", "RESOURCE:CPU"]);
      assert.equal(instances.get("AGENT"), given.silent);
      assert.ok([given.instance, given.spare].includes(instances.get("RESOURCE:CPU") ?? ""));
    }),
    answers(
      "RunTask",
      "a client token gives the same tasks again, and conflicts with other parameters",
      async (given) => {
        const { ecs, cluster, definition } = given;
        const request = { cluster, taskDefinition: definition, count: 2, clientToken: "conformance-token" };
        const first = await ecs.runTask(request);
        const again = await ecs.runTask(request);
        const arns = first.tasks?.map(({ taskArn = "" }) => taskArn) ?? [];
        assert.deepEqual(
          again.tasks?.map(({ taskArn }) => taskArn),
          arns,
        );
        const error = await expectRefused(ecs.runTask({ ...request, count: 1 }), "ConflictException");
        assert.deepEqual((error as { readonly resourceIds?: string[] }).resourceIds, arns);
        for (const task of arns) await ecs.stopTask({ cluster, task });
      },
    ),
    answers("StartTask", "on the named instances; unfit ones are failures", async (given) => {
      const { ecs, cluster, spare, silent } = given;
      const { tasks = [], failures = [] } = await ecs.startTask({
        cluster,
        taskDefinition: given.definition,
        containerInstances: [idOf(spare), silent, nobody],
        startedBy: "conformance",
      });
      assert.deepEqual(
        tasks.map(({ containerInstanceArn }) => containerInstanceArn),
        [spare],
      );
      assert.deepEqual(
        failures.map(({ reason }) => reason),
        ["AGENT", "MISSING"],
      );
      await ecs.stopTask({ cluster, task: tasks[0]?.taskArn });
    }),
    answers(
      "StopTask",
      "RUNNING to STOPPED, with code, reason and exit code; a repetition is not an error",
      async (given) => {
        const { ecs, cluster } = given;
        const task = await runOne(ecs, cluster, given.definition);
        await untilTask(ecs, cluster, task, "RUNNING");
        const answer = await ecs.stopTask({ cluster, task: idOf(task), reason: "enough" });
        assert.equal(answer.task?.desiredStatus, "STOPPED");
        const stopped = await untilTask(ecs, cluster, task, "STOPPED");
        assert.deepEqual([stopped.stopCode, stopped.stoppedReason], ["UserInitiated", "enough"]);
        const times = [stopped.stoppingAt, stopped.executionStoppedAt, stopped.stoppedAt].map(Number);
        assert.deepEqual(
          times,
          times.toSorted((a, b) => a - b),
        );
        assert.equal(typeof stopped.containers?.[0]?.exitCode, "number");
        assert.equal((await ecs.stopTask({ cluster, task })).task?.lastStatus, "STOPPED");
      },
    ),
    answers("DescribeTasks", "each kind of reference; unknown ones are failures", async ({ ecs, cluster, task }) => {
      for (const reference of [task, idOf(task), `${arnPrefix}task/${idOf(task)}`]) {
        const { tasks } = await ecs.describeTasks({ cluster, tasks: [reference] });
        assert.equal(tasks?.[0]?.taskArn, task, reference);
      }
      const { failures } = await ecs.describeTasks({ cluster, tasks: [nobody] });
      assert.deepEqual(failures, [{ arn: `${arnPrefix}task/${cluster}/${nobody}`, reason: "MISSING" }]);
    }),
    answers("ListTasks", "by each filter", async (given) => {
      const { ecs, definition } = given;
      const cluster = "task-lists";
      await ecs.createCluster({ clusterName: cluster });
      const [first, second] = [await register(ecs, cluster), await register(ecs, cluster)];
      const start = async (containerInstance: string, startedBy: string) => {
        const request = { cluster, taskDefinition: definition, containerInstances: [containerInstance], startedBy };
        return (await ecs.startTask(request)).tasks?.[0]?.taskArn ?? "";
      };
      const [a, b] = [await start(first, "anna"), await start(second, "bob")];
      await ecs.stopTask({ cluster, task: b });
      await untilTask(ecs, cluster, b, "STOPPED");
      const list = async (request: object) => (await ecs.listTasks({ cluster, ...request })).taskArns;
      assert.deepEqual(await list({}), [a]);
      assert.deepEqual(await list({ desiredStatus: "STOPPED" }), [b]);
      assert.deepEqual(await list({ desiredStatus: "PENDING" }), []);
      assert.deepEqual(await list({ containerInstance: first }), [a]);
      assert.deepEqual(await list({ containerInstance: idOf(second) }), []);
      assert.deepEqual(await list({ family: "given" }), [a]);
      assert.deepEqual(await list({ family: "nobody" }), []);
      assert.deepEqual(await list({ startedBy: "anna" }), [a]);
      assert.deepEqual(await list({ launchType: "FARGATE" }), []);
      assert.deepEqual(await list({ launchType: "EC2" }), [a]);
    }),
    answers("GetTaskProtection", "standalone tasks have none", async ({ ecs, cluster, task }) => {
      const { protectedTasks, failures } = await ecs.getTaskProtection({ cluster, tasks: [task, nobody] });
      assert.deepEqual(protectedTasks, []);
      assert.deepEqual(
        failures?.map(({ arn, reason }) => [arn, reason]),
        [
          [task, "TASK_NOT_VALID"],
          [`${arnPrefix}task/${cluster}/${nobody}`, "MISSING"],
        ],
      );
    }),
    answers("UpdateTaskProtection", "standalone tasks cannot be protected", async ({ ecs, cluster, task }) => {
      const { protectedTasks, failures } = await ecs.updateTaskProtection({
        cluster,
        tasks: [task],
        protectionEnabled: true,
        expiresInMinutes: 10,
      });
      assert.deepEqual(protectedTasks, []);
      assert.deepEqual(
        failures?.map(({ reason }) => reason),
        ["TASK_NOT_VALID"],
      );
    }),
    answers("DiscoverPollEndpoint", "where agents connect", async ({ ecs, cluster, instance, server }) => {
      const { endpoint, telemetryEndpoint } = await ecs.discoverPollEndpoint({ cluster, containerInstance: instance });
      assert.ok(endpoint?.startsWith(server.url), String(endpoint));
      assert.ok(telemetryEndpoint?.startsWith(server.url), String(telemetryEndpoint));
    }),
    answers("SubmitTaskStateChange", "the API shows what an agent reports about a task", async (given) => {
      const { ecs, cluster } = given;
      const task = await runOne(ecs, cluster, given.definition);
      await untilTask(ecs, cluster, task, "RUNNING");
      const { acknowledgment } = await ecs.submitTaskStateChange({
        cluster,
        task,
        status: "STOPPED",
        reason: "the host says so",
        executionStoppedAt: new Date(1_700_000_000_123),
        containers: [{ containerName: "main", status: "STOPPED", exitCode: 9 }],
      });
      assert.ok(acknowledgment);
      const stopped = await describeTask(ecs, cluster, task);
      assert.deepEqual([stopped.lastStatus, stopped.containers?.[0]?.exitCode], ["STOPPED", 9]);
      assert.equal(stopped.executionStoppedAt?.getTime(), 1_700_000_000_123);
      await ecs.submitTaskStateChange({ cluster, task, status: "RUNNING" });
      assert.equal((await describeTask(ecs, cluster, task)).version, stopped.version, "a late report changes nothing");
    }),
    answers("SubmitContainerStateChange", "of one container", async (given) => {
      const { ecs, cluster } = given;
      const task = await runOne(ecs, cluster, given.definition);
      await untilTask(ecs, cluster, task, "RUNNING");
      await ecs.submitContainerStateChange({
        cluster,
        task,
        containerName: "main",
        status: "STOPPED",
        exitCode: 4,
        reason: "it ended",
      });
      const { containers } = await describeTask(ecs, cluster, task);
      assert.deepEqual([containers?.[0]?.exitCode, containers?.[0]?.reason], [4, "it ended"]);
      await ecs.stopTask({ cluster, task });
    }),
    answers("SubmitAttachmentStateChanges", "an attachment that nobody waits for is acknowledged", async (given) => {
      const attachmentArn = `${arnPrefix}attachment/${given.cluster}/00000000-0000-4000-8000-000000000000`;
      const { acknowledgment } = await given.ecs.submitAttachmentStateChanges({
        cluster: given.cluster,
        attachments: [{ attachmentArn, status: "ATTACHED" }],
      });
      assert.ok(acknowledgment);
    }),
  ],
  refusals: [
    ...refusesOtherClusters("RunTask", ({ definition }) => ({ taskDefinition: definition })),
    refuses(
      "RunTask",
      "an unknown task definition",
      ({ cluster }) => ({ cluster, taskDefinition: "nobody" }),
      "ClientException",
      "TaskDefinition not found.",
    ),
    refusesRun(
      "a deregistered task definition",
      ({ inactiveDefinition }) => ({ taskDefinition: inactiveDefinition }),
      "TaskDefinition is inactive",
    ),
    refusesRun(
      "a cluster without container instances",
      ({ emptyCluster }) => ({ cluster: emptyCluster }),
      "No Container Instances were found in your cluster.",
    ),
    refusesRun(
      "awsvpc without its configuration",
      ({ awsvpcDefinition }) => ({ taskDefinition: awsvpcDefinition }),
      "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
    ),
    refusesRun(
      "a network configuration with another mode",
      () => subnets,
      "Network Configuration is not valid for the given networkMode of this task definition.",
    ),
    refusesRun(
      "no subnets",
      ({ awsvpcDefinition }) => ({
        taskDefinition: awsvpcDefinition,
        networkConfiguration: { awsvpcConfiguration: { subnets: [] } },
      }),
      "subnets can not be empty.",
    ),
    refusesRun(
      "overrides that are too long",
      () => ({
        overrides: { containerOverrides: [{ name: "main", environment: [{ name: "a", value: "x".repeat(8_192) }] }] },
      }),
      "Container Overrides length must be at most 8192",
    ),
    refusesRun(
      "an override of an unknown container",
      () => ({ overrides: { containerOverrides: [{ name: "other" }] } }),
      "Override for container named other is not a container in the TaskDefinition.",
    ),
    refusesRun(
      "a launch type and a strategy",
      () => ({ launchType: "EC2", capacityProviderStrategy: [{ capacityProvider: "x" }] }),
      "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.",
    ),
    refusesRun(
      "a launch type that the definition lacks",
      () => ({ launchType: "FARGATE" }),
      "Task definition does not support launch_type FARGATE.",
    ),
    refusesRun(
      "placement with Fargate",
      () => ({ launchType: "FARGATE", placementStrategy: [{ type: "random" }] }),
      "Placement strategies are not supported with FARGATE launch type.",
    ),
    refusesRun("none", () => ({ count: 0 })),
    refusesRun("eleven", () => ({ count: 11 })),
    refusesRun("a group of a service", () => ({ group: "service:web" })),
    refusesRun("a startedBy that is too long", () => ({ startedBy: "x".repeat(129) })),
    refusesRun("a client token that is too long", () => ({ clientToken: "x".repeat(65) })),
    refusesRun("a client token with invalid characters", () => ({ clientToken: "a b" })),
    refusesRun("a tag of AWS's own", () => ({ tags: [{ key: "aws:a", value: "b" }] })),
    refusesUnsupported("commands in containers", { enableExecuteCommand: true }),
    ...refusesOtherClusters("StartTask", (given) => ({
      taskDefinition: given.definition,
      containerInstances: [given.spare],
    })),
    refuses(
      "StartTask",
      "an unknown task definition",
      ({ cluster, spare }) => ({ cluster, taskDefinition: "nobody", containerInstances: [spare] }),
      "ClientException",
      "TaskDefinition not found.",
    ),
    refuses(
      "StartTask",
      "no instances",
      ({ cluster, definition }) => ({ cluster, taskDefinition: definition, containerInstances: [] }),
      "InvalidParameterException",
    ),
    refuses(
      "StartTask",
      "eleven instances",
      ({ cluster, definition, spare }) => ({
        cluster,
        taskDefinition: definition,
        containerInstances: Array(11).fill(spare),
      }),
      "InvalidParameterException",
    ),
    refuses(
      "StartTask",
      "a startedBy that is too long",
      ({ cluster, definition, spare }) => ({
        cluster,
        taskDefinition: definition,
        containerInstances: [spare],
        startedBy: "x".repeat(37),
      }),
      "InvalidParameterException",
    ),
    ...refusesOtherClusters("StopTask", ({ task }) => ({ task })),
    refuses(
      "StopTask",
      "an unknown task",
      ({ cluster }) => ({ cluster, task: nobody }),
      "InvalidParameterException",
      "The referenced task was not found.",
    ),
    ...refusesOtherClusters("DescribeTasks", ({ task }) => ({ tasks: [task] })),
    refuses(
      "DescribeTasks",
      "101 tasks",
      ({ cluster }) => ({ cluster, tasks: Array(101).fill(nobody) }),
      "InvalidParameterException",
      "taskIds can have at most 100 items.",
    ),
    refuses(
      "DescribeTasks",
      "none",
      ({ cluster }) => ({ cluster, tasks: [] }),
      "InvalidParameterException",
      "Tasks cannot be empty.",
    ),
    ...refusesOtherClusters("ListTasks", () => ({})),
    ...refusesBadPages("ListTasks", ({ cluster }) => ({ cluster }), 100),
    refuses(
      "ListTasks",
      "an unknown service",
      ({ cluster }) => ({ cluster, serviceName: "web" }),
      "ServiceNotFoundException",
      "Service not found.",
    ),
    refuses(
      "ListTasks",
      "startedBy with another filter",
      ({ cluster }) => ({ cluster, startedBy: "a", family: "b" }),
      "InvalidParameterException",
    ),
    refuses(
      "ListTasks",
      "an unknown desired status",
      ({ cluster }) => ({ cluster, desiredStatus: "GONE" }),
      "InvalidParameterException",
    ),
    refuses(
      "ListTasks",
      "an unknown container instance",
      ({ cluster }) => ({ cluster, containerInstance: nobody }),
      "InvalidParameterException",
    ),
    ...refusesOtherClusters("GetTaskProtection", ({ task }) => ({ tasks: [task] })),
    refuses("GetTaskProtection", "none", ({ cluster }) => ({ cluster, tasks: [] }), "InvalidParameterException"),
    ...refusesOtherClusters("UpdateTaskProtection", ({ task }) => ({ tasks: [task], protectionEnabled: false })),
    refuses(
      "UpdateTaskProtection",
      "eleven tasks",
      ({ cluster, task }) => ({ cluster, tasks: Array(11).fill(task), protectionEnabled: true }),
      "InvalidParameterException",
    ),
    refuses(
      "UpdateTaskProtection",
      "two days and a minute",
      ({ cluster, task }) => ({ cluster, tasks: [task], protectionEnabled: true, expiresInMinutes: 2_881 }),
      "InvalidParameterException",
    ),
    refuses(
      "DiscoverPollEndpoint",
      "a cluster that never existed",
      () => ({ cluster: "never-was" }),
      "ClientException",
      "Cluster not found.",
    ),
    refuses(
      "DiscoverPollEndpoint",
      "an unknown instance",
      ({ cluster }) => ({ cluster, containerInstance: nobody }),
      "InvalidParameterException",
    ),
    ...refusesOtherClusters("SubmitTaskStateChange", ({ task }) => ({ task, status: "RUNNING" })),
    refuses("SubmitTaskStateChange", "no task", ({ cluster }) => ({ cluster }), "InvalidParameterException"),
    ...refusesOtherClusters("SubmitContainerStateChange", ({ task }) => ({ task, containerName: "main" })),
    ...refusesOtherClusters("SubmitAttachmentStateChanges", () => ({
      attachments: [{ attachmentArn: "arn:aws:x", status: "ATTACHED" }],
    })),
    refuses(
      "SubmitAttachmentStateChanges",
      "none",
      ({ cluster }) => ({ cluster, attachments: [] }),
      "InvalidParameterException",
    ),
  ],
};
