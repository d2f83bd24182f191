import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type AnsweredName, answeredNames } from "../../ecs/machine/operations.ts";
import { operationNamed } from "../../wire/services.ts";
import type { Shape } from "../../wire/shapes.ts";
import { requestResources } from "./request-resources.ts";

const place = { account: "123456789012", region: "us-east-1" };
const prefix = "arn:aws:ecs:us-east-1:123456789012:";
const resourcesOf = (name: AnsweredName, request: object) =>
  requestResources(operationNamed(name).row.resources, request, place);

/** Members whose name says that they hold a resource of ECS, or an ARN of whatever. */
const namesResource =
  /^(?:.*(?:Arns?|ARN)|clusters?|clusterName|tasks?|taskDefinitions?|services?|serviceName|containerInstances?|containerInstanceArn|capacityProviders?|targetId|familyPrefix|namespace|role)$/;
/** Members of these names that hold a resource in some operations, and something else in most. */
const namesResourceIn: Readonly<Record<string, readonly string[]>> = {
  CreateCapacityProvider: ["name"],
  UpdateCapacityProvider: ["name"],
  RegisterTaskDefinition: ["family"],
  ListTasks: ["family"],
};

/** The paths of all texts in a request that can name a resource. */
function namingPaths(operation: AnsweredName): string[] {
  const found: string[] = [];
  const walk = (shape: Shape, path: string, seen: readonly Shape[]): void => {
    if (shape.kind === "list") walk(shape.member, `${path}[]`, seen);
    if (shape.kind === "structure" && !seen.includes(shape)) {
      for (const [name, member] of shape.members)
        walk(member, path === "" ? name : `${path}.${name}`, [...seen, shape]);
      return;
    }
    if (shape.kind !== "string") return;
    const name = path.slice(path.lastIndexOf(".") + 1).replace("[]", "");
    if (namesResource.test(name) || namesResourceIn[operation]?.includes(path)) found.push(path);
  };
  walk(operationNamed(operation).shapes.input, "", []);
  return found;
}

describe("the row of what requests name", () => {
  for (const operation of answeredNames) {
    test(`${operation}: has every member that can name a resource, and no other`, () => {
      const { members } = operationNamed(operation).row.resources;
      assert.deepEqual(Object.keys(members).sort(), namingPaths(operation).sort());
    });
  }
});

/** The clusters of what a request names, in order; null for what is of none. */
const clustersOf = (operation: AnsweredName, request: object): (string | null)[] =>
  resourcesOf(operation, request)
    .filter(({ onlyUsed }) => !onlyUsed)
    .map(({ cluster }) => cluster);

describe("what a request names", () => {
  test("is the cluster `default` without a cluster, with an empty one, and in a list too", () => {
    assert.deepEqual(clustersOf("ListTasks", {}), ["default"]);
    assert.deepEqual(clustersOf("ListTasks", { cluster: "" }), ["default"]);
    assert.deepEqual(clustersOf("DescribeClusters", {}), ["default"]);
    assert.deepEqual(clustersOf("DescribeClusters", { clusters: ["a", ""] }), ["a", "default"]);
    assert.deepEqual(clustersOf("CreateCluster", {}), ["default"]);
    assert.deepEqual(clustersOf("CreateCluster", { clusterName: "a" }), ["a"]);
  });

  test("is a cluster by name and by ARN, and nothing here by the ARN of something or somewhere else", () => {
    assert.deepEqual(clustersOf("ListTasks", { cluster: `${prefix}cluster/a` }), ["a"]);
    for (const cluster of [
      `${prefix}task/a/1`,
      `${prefix}cluster/a/b`,
      `${prefix.replace("us-east-1", "us-east-2")}cluster/a`,
      `${prefix.replace("123456789012", "210987654321")}cluster/a`,
      "arn:aws:s3:::a",
    ]) {
      assert.deepEqual(clustersOf("ListTasks", { cluster }), [null], cluster);
    }
  });

  test("is, for an id or a short ARN, of the cluster of the call, and for a long ARN of its own", () => {
    const request = { cluster: "a", tasks: ["1", `${prefix}task/2`, `${prefix}task/b/3`, `${prefix}task/a/4`] };
    assert.deepEqual(
      resourcesOf("DescribeTasks", request).map(({ arn }) => arn),
      ["cluster/a", "task/a/1", "task/a/2", "task/b/3", "task/a/4"].map((each) => `${prefix}${each}`),
    );
    assert.deepEqual(clustersOf("DescribeTasks", request), ["a", "a", "a", "b", "a"]);
  });

  test("hides in lists of structures too", () => {
    const targetId = `${prefix}container-instance/b/1`;
    assert.deepEqual(clustersOf("PutAttributes", { cluster: "a", attributes: [{ targetId }] }), ["a", "b"]);
    const attachmentArn = `${prefix}attachment/b/1`;
    const submission = { cluster: "a", attachments: [{ attachmentArn }] };
    assert.deepEqual(clustersOf("SubmitAttachmentStateChanges", submission), ["a", "b"]);
    assert.deepEqual(clustersOf("SubmitTaskStateChange", { ...submission, task: "1" }), ["a", "a", "b"]);
  });

  test("is of the account for task definitions and capacity providers, unless they are only used", () => {
    assert.deepEqual(clustersOf("DescribeTaskDefinition", { taskDefinition: "web" }), [null]);
    const strategy = [{ capacityProvider: "p" }];
    assert.deepEqual(
      clustersOf("RunTask", { cluster: "a", taskDefinition: "web", capacityProviderStrategy: strategy }),
      ["a"],
    );
    assert.deepEqual(clustersOf("DescribeCapacityProviders", { capacityProviders: ["p"], cluster: "a" }), ["a", null]);
    assert.deepEqual(clustersOf("ListTagsForResource", { resourceArn: `${prefix}task-definition/web:1` }), [null]);
  });

  test("comes from ARNs alone where there is nothing else", () => {
    const arn = (cluster: string) => `${prefix}service-deployment/${cluster}/web/1`;
    const request = { serviceDeploymentArns: [arn("a"), arn("b"), "x"] };
    assert.deepEqual(clustersOf("DescribeServiceDeployments", request), ["a", "b", null]);
    assert.deepEqual(clustersOf("TagResource", { resourceArn: `${prefix}cluster/a` }), ["a"]);
    assert.deepEqual(clustersOf("TagResource", { resourceArn: `${prefix}task/1` }), [null]);
  });

  test("is the account as a whole when it names nothing", () => {
    for (const operation of ["ListClusters", "ListTaskDefinitions", "ListAccountSettings", "TagResource"] as const) {
      assert.deepEqual(clustersOf(operation, {}), [null]);
    }
  });

  test("is shown in one spelling, and cut", () => {
    const [cluster] = resourcesOf("ListTasks", { cluster: `arn:aws-odd:ecs:us-east-1:${place.account}:cluster/a` });
    assert.equal(cluster?.arn, `${prefix}cluster/a`);
    const [long] = resourcesOf("ListTasks", { cluster: "x".repeat(200_000) });
    assert.equal(long?.arn.length, 1_024);
  });
});
