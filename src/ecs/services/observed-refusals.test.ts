import assert from "node:assert/strict";
import { test } from "node:test";
import { SmallAccount } from "../small-account.ts";
import { aCluster, aDefinition, fargateDefinition, inSubnet } from "../small-world.ts";

/** Calls that users saw refused on AWS in 2026, each with the text that they saw. */
const web = { serviceName: "web", desiredCount: 1 };
const onFargate = { launchType: "FARGATE", ...inSubnet };
const spread = { type: "spread", field: "instanceId" };

const services: readonly (readonly [object, string])[] = [
  [
    { deploymentConfiguration: { maximumPercent: 100, minimumHealthyPercent: 100 } },
    "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.",
  ],
  [
    { ...onFargate, placementConstraints: [{ type: "distinctInstance" }] },
    "Placement constraints are not supported with FARGATE launch type.",
  ],
  [
    { ...onFargate, placementStrategy: [{ type: "random" }] },
    "Placement strategies are not supported with FARGATE launch type.",
  ],
  [{ serviceName: "a b" }, "ServiceName must match ^[a-zA-Z0-9\\-_]{1,255}$, but was a b"],
  [
    { launchType: "EC2", platformVersion: "1.4.0" },
    "The platform version must be null when specifying an EC2 launch type.",
  ],
  [{ placementStrategy: [{ type: "binpack", field: "instanceId" }] }, "binpack field 'instanceId' is invalid."],
  [{ placementStrategy: [{ type: "random", field: "cpu" }] }, "random field should not be specified."],
  [{ placementStrategy: Array.from({ length: 6 }, () => spread) }, "Maximum number of strategies is 5."],
  [
    {
      ...inSubnet,
      capacityProviderStrategy: [
        { capacityProvider: "FARGATE", weight: 1, base: 1 },
        { capacityProvider: "FARGATE_SPOT", weight: 1, base: 1 },
      ],
    },
    "There are multiple capacity providers in the specified capacity provider strategy with a base value greater than zero. Only one capacity provider can have a base value greater than zero. Specify a valid capacity provider strategy and try again.",
  ],
  [
    { ...inSubnet, capacityProviderStrategy: [{ capacityProvider: "FARGATE", weight: 0 }] },
    "There are no capacity providers in the capacity provider strategy with a weight value greater than zero. Specify a weight value greater than zero for at least one capacity provider and try again.",
  ],
  [
    { launchType: "FARGATE", capacityProviderStrategy: [{ capacityProvider: "FARGATE", weight: 1 }] },
    "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.",
  ],
  [
    {
      schedulingStrategy: "DAEMON",
      desiredCount: undefined,
      deploymentConfiguration: { maximumPercent: 200, minimumHealthyPercent: 50 },
    },
    "The daemon scheduling strategy does not support values above 100 for maximumPercent on a deployment configuration. Change the maximumPercent value to 100, and try again",
  ],
  [
    { schedulingStrategy: "DAEMON", desiredCount: undefined, placementStrategy: [{ type: "random" }] },
    "The daemon scheduling strategy does not support placement strategies. Remove the placement strategy and try again",
  ],
  [
    { schedulingStrategy: "DAEMON", desiredCount: undefined, availabilityZoneRebalancing: "ENABLED" },
    "The service couldn't be created because Availability Zone Rebalancing does not support DAEMON as scheduling strategy. Update scheduling strategy and try again.",
  ],
  [{ deploymentConfiguration: { minimumHealthyPercent: 101 } }, "minimumHealthyPercent must be at most 100"],
  [{ deploymentConfiguration: { maximumPercent: 99 } }, "maximumPercent must be at least 100"],
];

for (const [request, text] of services) {
  test(`CreateService: ${text}`, () => {
    const world = aCluster().withInstances(1);
    world.cluster = { ...world.cluster, capacityProviders: ["FARGATE", "FARGATE_SPOT"] };
    const definition = JSON.stringify(request).includes("FARGATE") ? fargateDefinition() : aDefinition();
    world.refused("InvalidParameterException", text, "CreateService", { ...web, ...request }, definition);
  });
}

test("a service of older days with 100 and 100 is updated in everything else", () => {
  const world = aCluster().withInstances(1);
  world.call("CreateService", web, aDefinition());
  const before = world.state.services.get("web");
  assert.ok(before);
  const frozen = { ...before.deploymentConfiguration, maximumPercent: 100 };
  world.run((step) =>
    step.state.services.put("web", {
      ...before,
      deploymentConfiguration: frozen,
      availabilityZoneRebalancing: "DISABLED",
    }),
  );
  world.call("UpdateService", { service: "web", desiredCount: 2 });
  world.refused("InvalidParameterException", /cannot be 100/, "UpdateService", {
    service: "web",
    deploymentConfiguration: { minimumHealthyPercent: 100 },
  });
});

const twoBases = ["FARGATE", "FARGATE_SPOT"].map((capacityProvider) => ({ capacityProvider, base: 1, weight: 1 }));
const logging = (members: object) => ({ configuration: { executeCommandConfiguration: members } });
const clusters: readonly (readonly [object, string])[] = [
  [
    { capacityProviders: ["FARGATE", "FARGATE_SPOT"], defaultCapacityProviderStrategy: twoBases },
    "The specified capacity provider strategy contains multiple capacity providers with a base value defined. Only one capacity provider per strategy can have a base value defined.",
  ],
  [
    logging({ logging: "OVERRIDE" }),
    "A CloudWatch log group name or S3 bucket name must be specified when overriding the default log configuration.",
  ],
  [
    logging({ logging: "OVERRIDE", logConfiguration: { s3KeyPrefix: "p" } }),
    "A CloudWatch log group name or S3 bucket name must be specified when overriding the default log configuration.",
  ],
  [
    logging({ logging: "DEFAULT", logConfiguration: { s3BucketName: "b" } }),
    "You must set logging to 'OVERRIDE' when you supply a log configuration.",
  ],
  [{ clusterName: "a b" }, "ClusterName must match ^[a-zA-Z0-9\\-_]{1,255}$"],
];

for (const [request, text] of clusters) {
  test(`CreateCluster: ${text} ${JSON.stringify(request).slice(0, 80)}`, () => {
    const told = new SmallAccount().refusal("CreateCluster", { clusterName: "c", ...request });
    assert.equal(told, `InvalidParameterException: ${text}`);
  });
}
