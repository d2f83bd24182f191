import assert from "node:assert/strict";
import type { CreateServiceCommandInput, Service } from "@aws-sdk/client-ecs";
import { must } from "../../../src/lib/assert.ts";
import { until } from "../../until.ts";
import { arnPrefix } from "../world.ts";
import { answers, type Cases, type Given, refuses, refusesBadPages, refusesOtherClusters } from "./given.ts";

const notFound = "Service not found.";

async function describe({ ecs, cluster }: Given, service: string): Promise<Service> {
  const { services, failures } = await ecs.describeServices({ cluster, services: [service], include: ["TAGS"] });
  assert.deepEqual(failures, []);
  return must(services?.[0], "the service");
}

/** Creates a service of one task, and deletes it after `use`. */
async function withService(
  given: Given,
  request: Partial<CreateServiceCommandInput> & { readonly serviceName: string },
  use: (service: Service) => Promise<void>,
): Promise<void> {
  const { ecs, cluster, definition } = given;
  const { service } = await ecs.createService({ cluster, taskDefinition: definition, desiredCount: 1, ...request });
  await use(must(service, "the service"));
  // One that was deleted meanwhile may be gone by now.
  const { status } = await describe(given, request.serviceName);
  if (status === "ACTIVE") await ecs.deleteService({ cluster, service: request.serviceName, force: true });
  const look = () => describe(given, request.serviceName);
  await until("an INACTIVE service", look, ({ status }) => status === "INACTIVE");
}

const runs = (given: Given, service: string, count = 1): Promise<Service> =>
  until(
    "a service that runs",
    () => describe(given, service),
    ({ runningCount, pendingCount }) => runningCount === count && pendingCount === 0,
  );

const deploymentOf = (service: Service): string =>
  must(service.currentServiceDeployment, "the ARN of the service deployment");

/** A CreateService that is refused with InvalidParameterException. */
const refusesCreate = (says: string, more: object, text: string | RegExp | null = null) =>
  refuses(
    "CreateService",
    says,
    ({ cluster, definition }) => ({
      cluster,
      serviceName: "refused",
      taskDefinition: definition,
      desiredCount: 1,
      ...more,
    }),
    "InvalidParameterException",
    text,
  );

export const serviceCases: Cases = {
  answers: [
    answers("CreateService", "its task is started, reported, and belongs to it", async (given) => {
      const { ecs, cluster, definition } = given;
      await withService(given, { serviceName: "made", tags: [{ key: "team", value: "a" }] }, async (made) => {
        assert.equal(made.serviceArn, `${arnPrefix}service/given/made`);
        assert.deepEqual([made.status, made.launchType, made.taskDefinition], ["ACTIVE", "EC2", definition]);
        const shown = await runs(given, "made");
        assert.deepEqual(shown.tags, [{ key: "team", value: "a" }]);
        assert.match(
          shown.events?.[0]?.message ?? "",
          /^\(service made\) has started 1 tasks: \(task [0-9a-f]{32}\)\.$/,
        );
        const { taskArns = [] } = await ecs.listTasks({ cluster, serviceName: "made" });
        const { tasks } = await ecs.describeTasks({ cluster, tasks: taskArns });
        assert.deepEqual(
          [tasks?.[0]?.group, tasks?.[0]?.startedBy, tasks?.[0]?.lastStatus],
          ["service:made", shown.deployments?.[0]?.id, "RUNNING"],
        );
        const request = { cluster, serviceName: "made", taskDefinition: definition, desiredCount: 1 };
        const again = await ecs.createService({ ...request, tags: [{ key: "team", value: "a" }] });
        assert.equal(again.service?.deployments?.[0]?.id, made.deployments?.[0]?.id);
      });
    }),
    answers("DescribeServices", "services by name and ARN; unknown ones are failures", async (given) => {
      const { ecs, cluster } = given;
      await withService(given, { serviceName: "shown", desiredCount: 0 }, async ({ serviceArn = "" }) => {
        const { services = [], failures } = await ecs.describeServices({ cluster, services: [serviceArn, "no-such"] });
        assert.deepEqual([services[0]?.serviceName, services[0]?.tags], ["shown", []]);
        assert.deepEqual(failures, [{ arn: `${arnPrefix}service/given/no-such`, reason: "MISSING" }]);
      });
    }),
    answers("UpdateService", "it is scaled, and moved to another revision", async (given) => {
      const { ecs, cluster } = given;
      await withService(given, { serviceName: "updated" }, async ({ deployments }) => {
        await ecs.updateService({ cluster, service: "updated", desiredCount: 2 });
        const scaled = await runs(given, "updated", 2);
        assert.equal(scaled.deployments?.[0]?.id, deployments?.[0]?.id);
        const { service } = await ecs.updateService({ cluster, service: "updated", forceNewDeployment: true });
        assert.deepEqual(
          service?.deployments?.map(({ status }) => status),
          ["PRIMARY", "ACTIVE"],
        );
      });
    }),
    answers("DeleteService", "without tasks it is soon INACTIVE, and its name is free", async (given) => {
      for (let time = 0; time < 2; time++) {
        await withService(given, { serviceName: "deleted", desiredCount: 0 }, async () => {
          const { service } = await given.ecs.deleteService({ cluster: given.cluster, service: "deleted" });
          assert.equal(service?.status, "DRAINING");
        });
        await given.ecs.describeServices({ cluster: given.cluster, services: ["deleted"] });
      }
    }),
    answers("ListServices", "the ARNs of the ACTIVE ones", async (given) => {
      const { ecs, cluster } = given;
      await withService(given, { serviceName: "listed", desiredCount: 0 }, async ({ serviceArn = "" }) => {
        const { serviceArns } = await ecs.listServices({ cluster, schedulingStrategy: "REPLICA", launchType: "EC2" });
        assert.deepEqual(serviceArns, [serviceArn]);
        const { clusters } = await ecs.describeClusters({ clusters: [cluster], include: ["STATISTICS"] });
        const active = clusters?.[0]?.statistics?.find(({ name }) => name === "activeEC2ServiceCount");
        assert.deepEqual([clusters?.[0]?.activeServicesCount, active?.value], [1, "1"]);
      });
      assert.deepEqual((await ecs.listServices({ cluster })).serviceArns, []);
    }),
    answers("ListServiceDeployments", "those of the service, newest first", async (given) => {
      const { ecs, cluster } = given;
      await withService(given, { serviceName: "deployed", desiredCount: 0 }, async (first) => {
        const { service } = await ecs.updateService({ cluster, service: "deployed", forceNewDeployment: true });
        const { serviceDeployments } = await ecs.listServiceDeployments({ cluster, service: "deployed" });
        const arns = serviceDeployments?.map(({ serviceDeploymentArn }) => serviceDeploymentArn);
        assert.deepEqual(arns?.toSorted(), [deploymentOf(first), deploymentOf(must(service, "it"))].toSorted());
        const before = await ecs.listServiceDeployments({
          cluster,
          service: "deployed",
          createdAt: { before: new Date(must(first.createdAt, "when").getTime() - 60_000) },
        });
        assert.deepEqual(before.serviceDeployments, []);
      });
    }),
    answers("DescribeServiceDeployments", "those of several clusters in one call", async (given) => {
      const { ecs, emptyCluster, definition } = given;
      const elsewhere = await ecs.createService({
        cluster: emptyCluster,
        serviceName: "shown",
        taskDefinition: definition,
        desiredCount: 0,
      });
      await withService(given, { serviceName: "shown", desiredCount: 0 }, async (shown) => {
        const arns = [deploymentOf(shown), deploymentOf(must(elsewhere.service, "it"))];
        const none = arns.map((arn) => arn.replace(/[^/]*$/, "none"));
        const nowhere = must(arns[0], "an ARN").replace("/given/", "/never-was/");
        const missing = [...none, nowhere];
        const { serviceDeployments, failures } = await ecs.describeServiceDeployments({
          serviceDeploymentArns: [...arns, ...missing],
        });
        const found = serviceDeployments?.map(({ serviceDeploymentArn }) => serviceDeploymentArn);
        assert.deepEqual(found?.toSorted(), arns.toSorted());
        assert.deepEqual(failures?.map(({ arn }) => arn).toSorted(), missing.toSorted());
        assert.ok(failures?.every(({ reason }) => reason === "MISSING"));
      });
      await ecs.deleteService({ cluster: emptyCluster, service: "shown" });
    }),
    answers("DescribeServiceRevisions", "what the tasks of a service are started from", async (given) => {
      await withService(given, { serviceName: "revised", desiredCount: 0 }, async ({ currentServiceRevisions }) => {
        const arn = must(currentServiceRevisions?.[0]?.arn, "the ARN of the revision");
        const { serviceRevisions, failures } = await given.ecs.describeServiceRevisions({ serviceRevisionArns: [arn] });
        assert.deepEqual([serviceRevisions?.[0]?.taskDefinition, failures], [given.definition, []]);
        assert.deepEqual(serviceRevisions?.[0]?.containerImages, [{ containerName: "main", image: "nginx" }]);
      });
    }),
    answers("StopServiceDeployment", "a rollout without a predecessor is stopped", async (given) => {
      await withService(given, { serviceName: "stopped" }, async (service) => {
        const serviceDeploymentArn = deploymentOf(service);
        const reply = await given.ecs.stopServiceDeployment({ serviceDeploymentArn });
        assert.equal(reply.serviceDeploymentArn, serviceDeploymentArn);
        const look = async () => {
          const { serviceDeployments } = await given.ecs.describeServiceDeployments({
            serviceDeploymentArns: [serviceDeploymentArn],
          });
          return must(serviceDeployments?.[0], "the service deployment");
        };
        const { statusReason } = await until("a stop", look, ({ status }) => status === "STOPPED");
        assert.equal(statusReason, "No rollback candidate was found to run the rollback.");
      });
    }),
  ],
  refusals: [
    ...refusesOtherClusters("CreateService", ({ definition }) => ({
      serviceName: "refused",
      taskDefinition: definition,
      desiredCount: 1,
    })),
    refusesCreate("no name", { serviceName: "" }),
    refusesCreate("no count", { desiredCount: undefined }),
    refusesCreate("a count above the limit", { desiredCount: 1_000_000 }, "Desired count exceeds limit."),
    refusesCreate("an unknown launch type", { launchType: "MOON" }),
    refusesCreate("impossible percentages", {
      deploymentConfiguration: { minimumHealthyPercent: 100, maximumPercent: 50 },
    }),
    refusesCreate("a role", { role: "ecs" }, "A role was passed, but no load balancers were present."),
    refuses(
      "CreateService",
      "an unknown task definition",
      ({ cluster }) => ({ cluster, serviceName: "refused", taskDefinition: "no-such", desiredCount: 1 }),
      "ClientException",
      "TaskDefinition not found.",
    ),
    refuses(
      "CreateService",
      "load balancers",
      ({ cluster, definition }) => ({
        cluster,
        serviceName: "refused",
        taskDefinition: definition,
        desiredCount: 1,
        loadBalancers: [{ containerName: "main", containerPort: 80 }],
      }),
      "UnsupportedFeatureException",
      /leave loadBalancers out/,
    ),
    refuses(
      "UpdateService",
      "a deregistered task definition",
      ({ cluster, inactiveDefinition }) => ({ cluster, service: "web", taskDefinition: inactiveDefinition }),
      "ClientException",
      "TaskDefinition is inactive",
    ),
    ...refusesOtherClusters("UpdateService", () => ({ service: "web" })),
    ...refusesOtherClusters("DeleteService", () => ({ service: "web" })),
    ...refusesOtherClusters("DescribeServices", () => ({ services: ["web"] })),
    ...refusesOtherClusters("ListServices", () => ({})),
    ...refusesOtherClusters("ListServiceDeployments", () => ({ service: "web" })),
    ...(["UpdateService", "DeleteService", "ListServiceDeployments"] as const).map((operation) =>
      refuses(
        operation,
        "an unknown service",
        ({ cluster }) => ({ cluster, service: "no-such" }),
        "ServiceNotFoundException",
        notFound,
      ),
    ),
    refuses(
      "DeleteService",
      "one that is INACTIVE",
      ({ cluster }) => ({ cluster, service: "deleted" }),
      "ServiceNotFoundException",
      notFound,
    ),
    refuses(
      "UpdateService",
      "one that is INACTIVE",
      ({ cluster }) => ({ cluster, service: "deleted", desiredCount: 1 }),
      "ServiceNotActiveException",
      "Service was not ACTIVE.",
    ),
    refuses(
      "DescribeServices",
      "more than 10 names",
      ({ cluster }) => ({ cluster, services: Array<string>(11).fill("web") }),
      "InvalidParameterException",
      "service names can have at most 10 items.",
    ),
    refuses("DescribeServices", "no names", ({ cluster }) => ({ cluster, services: [] }), "InvalidParameterException"),
    ...refusesBadPages("ListServices", ({ cluster }) => ({ cluster }), 100),
    refuses(
      "ListServicesByNamespace",
      "every namespace, because there are none",
      () => ({ namespace: "internal" }),
      "NamespaceNotFoundException",
    ),
    refuses("ListServicesByNamespace", "no namespace", () => ({ namespace: "" }), "InvalidParameterException"),
    refuses(
      "DescribeServiceDeployments",
      "something that is not such an ARN",
      () => ({ serviceDeploymentArns: [`${arnPrefix}service/given/web`] }),
      "InvalidParameterException",
    ),
    refuses(
      "DescribeServiceDeployments",
      "more than 20",
      () => ({ serviceDeploymentArns: Array<string>(21).fill(`${arnPrefix}service-deployment/given/web/x`) }),
      "InvalidParameterException",
    ),
    refuses(
      "DescribeServiceRevisions",
      "no ARNs",
      () => ({ serviceRevisionArns: [] }),
      "InvalidParameterException",
      "serviceRevisionArns can not be empty.",
    ),
    ...["given", "never-was"].map((cluster) =>
      refuses(
        "StopServiceDeployment",
        `an unknown one in the cluster ${cluster}`,
        () => ({ serviceDeploymentArn: `${arnPrefix}service-deployment/${cluster}/web/NCWGC2ZR-taawPAYrIaU5` }),
        "ServiceDeploymentNotFoundException",
        "Service deployment not found.",
      ),
    ),
    refuses("StopServiceDeployment", "no ARN", () => ({ serviceDeploymentArn: "" }), "InvalidParameterException"),
  ],
};
