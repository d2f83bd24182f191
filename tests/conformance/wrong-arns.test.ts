/** Every member that takes an ARN, each with ARNs that are wrong in one way. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type AnsweredName, answeredNames, ecsOperations, rowOf } from "../../src/ecs/machine/operations.ts";
import { account, arnPrefix, expectRefused, region, startWorld, type World } from "./world.ts";

const id = "0123456789abcdef0123456789abcdef";

/** For each kind of thing, the end of an ARN of one in the cluster `default`. */
const kinds = {
  cluster: "cluster/default",
  service: "service/default/web",
  task: `task/default/${id}`,
  "container-instance": `container-instance/default/${id}`,
  "task-definition": "task-definition/web:1",
  "service-deployment": "service-deployment/default/web/abcdefghijklmnopqrstu",
  "service-revision": "service-revision/default/web/1234567890123456789",
  "capacity-provider": "capacity-provider/pool",
} as const;
type Kind = keyof typeof kinds;

/** Members that name something by ARN. The member's name decides if it means the same in every operation. */
const kindOfMember: Readonly<Record<string, Kind>> = {
  cluster: "cluster",
  "clusters[]": "cluster",
  service: "service",
  "services[]": "service",
  "ListTasks.serviceName": "service",
  task: "task",
  "tasks[]": "task",
  containerInstance: "container-instance",
  "containerInstances[]": "container-instance",
  containerInstanceArn: "container-instance",
  "attributes[].targetId": "container-instance",
  taskDefinition: "task-definition",
  "taskDefinitions[]": "task-definition",
  "serviceDeploymentArns[]": "service-deployment",
  serviceDeploymentArn: "service-deployment",
  "serviceRevisionArns[]": "service-revision",
};

/** Members that take only a name, or that are answered differently. */
const elsewhere = new Set([
  "CreateCluster.clusterName",
  "CreateService.serviceName",
  "RegisterTaskDefinition.family",
  "CreateCapacityProvider.name",
  // An agent re-registers with the ARN that it got. Its attributes name no target.
  "RegisterContainerInstance.attributes[].targetId",
  // Agents' reports of unknown things are acknowledged and forgotten.
  "SubmitTaskStateChange.task",
  "SubmitContainerStateChange.task",
  "SubmitTaskStateChange.attachments[].attachmentArn",
  "SubmitAttachmentStateChanges.attachments[].attachmentArn",
  // Only providers of managed instances belong to a cluster, and Berth has none.
  "CreateCapacityProvider.cluster",
  "DeleteCapacityProvider.cluster",
  "DescribeCapacityProviders.cluster",
  "UpdateCapacityProvider.cluster",
  // Below.
  "UpdateCapacityProvider.name",
]);

/** What else a call needs to come to its ARNs. */
const besides: Partial<Record<AnsweredName, object>> = {
  CreateService: { serviceName: "new", taskDefinition: "web", desiredCount: 0 },
  DeleteAttributes: { attributes: [{ name: "a", targetType: "container-instance", targetId: id }] },
  DescribeContainerInstances: { containerInstances: [id] },
  DescribeServices: { services: ["web"] },
  DescribeTasks: { tasks: [id] },
  GetTaskProtection: { tasks: [id] },
  ListAttributes: { targetType: "container-instance" },
  ListServiceDeployments: { service: "web" },
  PutAttributes: { attributes: [{ name: "a", targetType: "container-instance", targetId: id }] },
  PutClusterCapacityProviders: { capacityProviders: [], defaultCapacityProviderStrategy: [] },
  RunTask: { taskDefinition: "web" },
  StartTask: { taskDefinition: "web", containerInstances: [id] },
  UpdateClusterSettings: { settings: [{ name: "containerInsights", value: "enabled" }] },
  UpdateContainerInstancesState: { containerInstances: [id], status: "ACTIVE" },
  UpdateService: { service: "web" },
  UpdateTaskProtection: { tasks: [id], protectionEnabled: true },
};

type Wrong = readonly [arn: string, code: string, text: string];

/** The wrong ARNs for a member that needs `kind`, and AWS's answers. */
function wrongArns(kind: Kind): readonly Wrong[] {
  const invalid = "InvalidParameterException";
  const good = arnPrefix + kinds[kind];
  const other = kind === "task" ? "service" : "task";
  const cut = `arn:aws:ecs:${region}:${account}`;
  const arns: Wrong[] = [
    [arnPrefix + kinds[other], invalid, `Unsupported resource type: ${other}`],
    [`${arnPrefix}task-set/default/web/ecs-svc/1`, invalid, "Unsupported resource type: task-set"],
    [good.replace(region, "us-east-1"), invalid, "Invalid Region in ARN"],
    [good.replace(account, "999988887777"), invalid, `Identifier is for 999988887777. Your accountId is ${account}`],
    [good.replace("arn:aws:", "arn:aws-cn:"), invalid, "Invalid Partition in ARN"],
    [good.replace(":ecs:", ":s3:"), invalid, "Invalid identifier: Identifier is not an Amazon ECS ARN."],
    [`${good}/more`, invalid, "Invalid identifier: Unexpected number of separators"],
    [`${arnPrefix}${kind}`, invalid, "Invalid identifier: Unexpected number of separators"],
    [`${arnPrefix}${kind}/`, invalid, "Invalid identifier: Unexpected number of separators"],
    [
      cut,
      "ClientException",
      `com.amazon.arn.ARNSyntaxException: Fifth colon (namespace/relative-id delimiter) not found: ${cut}`,
    ],
  ];
  if (kind === "service" || kind === "task" || kind === "container-instance") {
    const text = "Invalid identifier: Identifier is for cluster other. Your cluster is default";
    arns.push([good.replace("/default/", "/other/"), invalid, text]);
  }
  if (kind.startsWith("service-")) {
    arns.push([`${arnPrefix}${kind}/abc`, invalid, "Invalid identifier: Unexpected number of separators"]);
  }
  return arns;
}

/** `request` with `text` at a path such as `attributes[].targetId`. */
function withMember(request: object, path: string, text: string): object {
  const [member = "", ...rest] = path.split(".");
  const name = member.replace("[]", "");
  const known: unknown = (request as Record<string, unknown>)[name];
  if (rest.length > 0) {
    const [first] = known as readonly object[];
    return { ...request, [name]: [withMember(first ?? {}, rest.join("."), text)] };
  }
  return { ...request, [name]: member.endsWith("[]") ? [text] : text };
}

let world: World;
before(async () => {
  world = await startWorld({ instances: 1 });
  await world.ecs.createCluster({ clusterName: "other" });
  await world.ecs.registerTaskDefinition({
    family: "web",
    containerDefinitions: [{ name: "app", image: "web:1", memory: 64 }],
  });
  await world.ecs.createService({ serviceName: "web", taskDefinition: "web", desiredCount: 0 });
});
after(() => world.close());

function send(operation: AnsweredName, request: object): Promise<object> {
  const name = operation.charAt(0).toLowerCase() + operation.slice(1);
  const client = world.ecs as unknown as Record<string, (request: object) => Promise<object>>;
  const method = client[name];
  assert.ok(method, operation);
  return method.call(world.ecs, request);
}

describe("an ARN of the wrong type, region, account, partition, service, shape or cluster is refused in", () => {
  const operations = answeredNames.filter((name) => Object.hasOwn(ecsOperations, name));
  const members = operations.flatMap((operation) =>
    Object.keys(rowOf(operation).resources.members).map((path) => ({ operation, path })),
  );
  for (const { operation, path } of members) {
    const kind = kindOfMember[`${operation}.${path}`] ?? kindOfMember[path];
    if (kind === undefined || elsewhere.has(`${operation}.${path}`)) continue;
    test(`${operation}: ${path}`, async () => {
      for (const [arn, code, text] of wrongArns(kind)) {
        const call = send(operation, withMember(besides[operation] ?? {}, path, arn));
        if (operation === "DeleteTaskDefinitions") {
          const { failures } = (await call) as { failures: object[] };
          assert.deepEqual(failures, [{ arn, reason: text }]);
        } else {
          await expectRefused(call, code, text);
        }
      }
    });
  }

  test("every member that names something of ECS has a row", () => {
    const outside =
      /role|targetGroup|registryArn|hookTarget|namespace|principal|fileSystem|accessPoint|provider|family|issuer/i;
    const missing = members.filter(({ operation, path }) => {
      const name = `${operation}.${path}`;
      const isListed = (kindOfMember[name] ?? kindOfMember[path]) !== undefined || elsewhere.has(name);
      return !isListed && path !== "resourceArn" && !outside.test(path);
    });
    assert.deepEqual(missing, []);
  });
});

test("an ARN that names no capacity provider here is unknown, whatever is wrong with it", async () => {
  const { ecs } = world;
  const unknown = "The specified capacity provider does not exist. Specify a valid name or ARN and try again.";
  for (const [arn] of wrongArns("capacity-provider")) {
    const { failures } = await ecs.describeCapacityProviders({ capacityProviders: [arn] });
    assert.deepEqual(failures, [{ arn, reason: "MISSING" }]);
    await expectRefused(ecs.deleteCapacityProvider({ capacityProvider: arn }), "ClientException", unknown);
    const change = { name: arn, autoScalingGroupProvider: {} };
    await expectRefused(ecs.updateCapacityProvider(change), "ClientException", unknown);
  }
});

test("tags are refused for every wrong ARN", async () => {
  const { ecs } = world;
  const wrong = wrongArns("service").filter(([arn]) => !/:task\/|\/other\//.test(arn));
  for (const [resourceArn] of wrong) {
    const invalid = ["InvalidParameterException", "The ARN provided is invalid."] as const;
    await expectRefused(ecs.tagResource({ resourceArn, tags: [{ key: "a", value: "b" }] }), ...invalid);
    await expectRefused(ecs.untagResource({ resourceArn, tagKeys: ["a"] }), ...invalid);
    await expectRefused(ecs.listTagsForResource({ resourceArn }), ...invalid);
  }
});
