import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { must } from "../../lib/assert.ts";
import { aDefinition, awsvpcDefinition, fargateDefinition, inSubnet } from "../small-world.ts";
import { ServiceWorld } from "./service-world.ts";

type Shown = { readonly service: Record<string, unknown> & { readonly deployments: Record<string, unknown>[] } };

const arn = "arn:aws:ecs:eu-central-1:111122223333:";
const web = { serviceName: "web", taskDefinition: "web", desiredCount: 2 };
const invalid = "InvalidParameterException";
const aWorld = () => new ServiceWorld("create-service").withInstances(1);

test("CreateService: the service is ACTIVE with a PRIMARY deployment, and shown with ECS's defaults", () => {
  const world = aWorld();
  const { value, events } = world.call<Shown>("CreateService", web, aDefinition());
  const { deployments, currentServiceRevisions, currentServiceDeployment, ...service } = value.service;
  assert.deepEqual(service, {
    serviceArn: `${arn}service/lab/web`,
    serviceName: "web",
    clusterArn: `${arn}cluster/lab`,
    status: "ACTIVE",
    schedulingStrategy: "REPLICA",
    desiredCount: 2,
    runningCount: 0,
    pendingCount: 0,
    taskDefinition: aDefinition().arn,
    launchType: "EC2",
    capacityProviderStrategy: null,
    platformVersion: null,
    platformFamily: null,
    networkConfiguration: null,
    deploymentController: { type: "ECS" },
    deploymentConfiguration: {
      strategy: "ROLLING",
      minimumHealthyPercent: 100,
      maximumPercent: 200,
      deploymentCircuitBreaker: {
        enable: false,
        rollback: false,
        resetOnHealthyTask: true,
        thresholdConfiguration: { type: "BOUNDED_PERCENT", value: 50 },
      },
      alarms: { alarmNames: [], enable: false, rollback: false },
      bakeTimeInMinutes: 0,
      lifecycleHooks: [],
    },
    taskSets: [],
    events: [],
    loadBalancers: [],
    serviceRegistries: [],
    placementConstraints: [],
    placementStrategy: [],
    availabilityZoneRebalancing: "ENABLED",
    healthCheckGracePeriodSeconds: null,
    enableECSManagedTags: false,
    enableExecuteCommand: false,
    propagateTags: "NONE",
    resourceManagementType: "CUSTOMER",
    tags: [],
    createdAt: world.now,
    createdBy: "arn:aws:iam::111122223333:root",
  });
  const [deployment] = deployments;
  assert.match(String(deployment?.id), /^ecs-svc\/[1-9][0-9]{18}$/);
  assert.deepEqual(
    [deployment?.status, deployment?.rolloutState, deployment?.rolloutStateReason, deployment?.desiredCount],
    ["PRIMARY", "IN_PROGRESS", `ECS deployment ${deployment?.id} in progress.`, 2],
  );
  assert.match(String(currentServiceDeployment), /:service-deployment\/lab\/web\/[A-Za-z0-9_-]{21}$/);
  const [revision] = currentServiceRevisions as Record<string, unknown>[];
  assert.match(String(revision?.arn), /:service-revision\/lab\/web\/[1-9][0-9]{18}$/);
  assert.deepEqual([revision?.requestedTaskCount, revision?.runningTaskCount], [2, 0]);
  const [event] = events;
  assert.equal(event?.detailType, "ECS Deployment State Change");
  assert.deepEqual(
    [event?.detail.eventName, event?.detail.deploymentId, event?.detail.clusterArn],
    ["SERVICE_DEPLOYMENT_IN_PROGRESS", deployment?.id, undefined],
  );
  world.restart();
  assert.ok(world.state.revisions.has(aDefinition().arn), "tasks can be started without the account");
  world.play(3_000);
  assert.equal(world.running().length, 2);
});

test("CreateService again: equal parameters give the service, others are refused, also with a token", () => {
  const world = aWorld();
  const request = { ...web, clientToken: "one", tags: [{ key: "team", value: "a" }] };
  world.call("CreateService", request, aDefinition());
  const before = world.service();
  for (const again of [request, { ...request, launchType: "EC2" }, { ...request, clientToken: "two" }]) {
    const { value, events } = world.call<Shown>("CreateService", again, aDefinition());
    assert.deepEqual([value.service.serviceName, events, world.service()], ["web", [], before]);
  }
  const text = "Creation of service was not idempotent.";
  world.refused(invalid, text, "CreateService", request, aDefinition({ revision: 2 }));
  for (const other of [
    { desiredCount: 3 },
    { tags: [{ key: "team", value: "b" }] },
    { propagateTags: "SERVICE" },
    { deploymentConfiguration: { maximumPercent: 150 } },
    { placementStrategy: [{ type: "random" }] },
    { availabilityZoneRebalancing: "DISABLED" },
    { healthCheckGracePeriodSeconds: 5 },
    { launchType: "EXTERNAL" },
  ]) {
    world.refused(invalid, text, "CreateService", { ...request, ...other }, aDefinition());
  }
});

test("a DAEMON service has defaults and rules of its own", () => {
  const world = aWorld();
  const daemon = { serviceName: "logs", taskDefinition: "web", schedulingStrategy: "DAEMON" };
  const { service } = world.call<Shown>("CreateService", daemon, aDefinition()).value;
  const { minimumHealthyPercent, maximumPercent } = service.deploymentConfiguration as Record<string, unknown>;
  assert.deepEqual([minimumHealthyPercent, maximumPercent, service.availabilityZoneRebalancing], [0, 100, "DISABLED"]);
  assert.equal(world.call<Shown>("CreateService", daemon, aDefinition()).events.length, 0, "the count is not compared");
  const refusals: [object, string | RegExp][] = [
    [
      { desiredCount: 1 },
      "The daemon scheduling strategy does not support a desired count for services. Remove the desired count value and try again",
    ],
    [
      { deploymentConfiguration: { maximumPercent: 200 } },
      "The daemon scheduling strategy does not support values above 100 for maximumPercent on a deployment configuration. Change the maximumPercent value to 100, and try again",
    ],
    [{ placementStrategy: [{ type: "random" }] }, /does not support placement strategies/],
    [{ availabilityZoneRebalancing: "ENABLED" }, /does not support DAEMON as scheduling strategy/],
    [
      { capacityProviderStrategy: [{ capacityProvider: "FARGATE", weight: 1 }] },
      "Specifying a capacity provider strategy is not supported when you create a service using the DAEMON scheduling strategy.",
    ],
  ];
  world.cluster = { ...world.cluster, capacityProviders: ["FARGATE"] };
  for (const [more, text] of refusals) {
    world.refused(invalid, text, "CreateService", { ...daemon, serviceName: "other", ...more }, aDefinition());
  }
  const onFargate = { ...daemon, serviceName: "other", launchType: "FARGATE", ...inSubnet };
  world.refused(invalid, /does not support the FARGATE launch type/, "CreateService", onFargate, fargateDefinition());
});

describe("CreateService refuses", () => {
  const cases: [string, object, string, string | RegExp][] = [
    ["no name", { serviceName: undefined }, invalid, "serviceName can not be empty."],
    ["a bad name", { serviceName: "a b" }, invalid, "ServiceName must match ^[a-zA-Z0-9\\-_]{1,255}$, but was a b"],
    ["a long name", { serviceName: "a".repeat(256) }, invalid, /^ServiceName must match/],
    ["a long token", { clientToken: "t".repeat(37) }, invalid, /1 to 36 printable/],
    ["no count", { desiredCount: undefined }, invalid, "desiredCount can not be null."],
    ["a negative count", { desiredCount: -1 }, invalid, /0 or more/],
    ["too many tasks", { desiredCount: 100_001 }, invalid, "Desired count exceeds limit."],
    ["an unknown scheduling strategy", { schedulingStrategy: "CRON" }, invalid, /one of \[REPLICA,DAEMON\]/],
    ["an unknown launch type", { launchType: "MOON" }, invalid, "launch type should be one of [EC2,FARGATE,EXTERNAL]"],
    [
      "a launch type and a strategy",
      { launchType: "EC2", capacityProviderStrategy: [{ capacityProvider: "x", weight: 1 }] },
      invalid,
      "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.",
    ],
    ["a foreign provider", { capacityProviderStrategy: [{ capacityProvider: "x" }] }, invalid, /not associated/],
    [
      "what the definition cannot",
      { launchType: "FARGATE" },
      invalid,
      /Network Configuration must|launch_type FARGATE/,
    ],
    ["a platform version on EC2", { platformVersion: "1.4.0" }, invalid, /platform version must be null/],
    ["a network of its own", inSubnet, invalid, /Network Configuration is not valid for the given networkMode/],
    ["an unknown strategy", { placementStrategy: [{ type: "luck" }] }, invalid, /strategy type should be one of/],
    ["a memberOf of nothing", { placementConstraints: [{ type: "memberOf" }] }, invalid, /expression should not be/],
    ["an unknown rebalancing", { availabilityZoneRebalancing: "ON" }, invalid, /one of \[ENABLED,DISABLED\]/],
    ["a negative grace period", { healthCheckGracePeriodSeconds: -1 }, invalid, /between 0 and 2147483647/],
    ["an unknown propagation", { propagateTags: "CLUSTER" }, invalid, /TASK_DEFINITION,SERVICE,NONE/],
    ["a role", { role: "ecs" }, invalid, "A role was passed, but no load balancers were present."],
    ["an unknown controller", { deploymentController: { type: "ME" } }, invalid, /ECS,CODE_DEPLOY,EXTERNAL/],
  ];
  for (const [says, more, code, text] of cases) {
    test(says, () => void aWorld().refused(code, text, "CreateService", { ...web, ...more }, aDefinition()));
  }
  test("no task definition", () => {
    aWorld().refused(invalid, "TaskDefinition can not be blank.", "CreateService", web);
  });
  test("an awsvpc definition without subnets, and too many of them", () => {
    const world = aWorld();
    const text = "Network Configuration must be provided when networkMode 'awsvpc' is specified.";
    world.refused(invalid, text, "CreateService", web, awsvpcDefinition());
    const none = { ...web, networkConfiguration: { awsvpcConfiguration: { subnets: [] } } };
    world.refused(invalid, "subnets can not be empty.", "CreateService", none, awsvpcDefinition());
    const bad = { awsvpcConfiguration: { subnets: ["subnet-1"], assignPublicIp: "MAYBE" } };
    const request = { ...web, networkConfiguration: bad };
    world.refused(invalid, /assignPublicIp should be one of/, "CreateService", request, awsvpcDefinition());
  });
});

describe("impossible percentages are refused", () => {
  const cases: [object, RegExp][] = [
    [{ minimumHealthyPercent: -1 }, /minimumHealthyPercent must be a whole number/],
    [{ maximumPercent: -1 }, /maximumPercent must be a whole number/],
    [{ maximumPercent: 99.5 }, /maximumPercent must be a whole number/],
    [{ minimumHealthyPercent: 50, maximumPercent: 90 }, /maximumPercent must be at least 100/],
    [{ minimumHealthyPercent: 101, maximumPercent: 200 }, /^minimumHealthyPercent must be at most 100$/],
    [
      { minimumHealthyPercent: 100, maximumPercent: 100 },
      /^Both maximumPercent and minimumHealthyPercent cannot be 100 /,
    ],
    [{ maximumPercent: 100 }, /^Both maximumPercent and minimumHealthyPercent cannot be 100 /],
    [{ deploymentCircuitBreaker: { enable: true } }, /must have enable and rollback/],
    [threshold({ type: "LUCK", value: 1 }), /type should be one of/],
    [threshold({ type: "COUNT" }), /must have a value/],
    [threshold({ value: 0 }), /1 or more/],
  ];
  for (const [deploymentConfiguration, text] of cases) {
    test(JSON.stringify(deploymentConfiguration), () => {
      aWorld().refused(invalid, text, "CreateService", { ...web, deploymentConfiguration }, aDefinition());
    });
  }
  test("but 99 and 100, and 0 and 100, are not", () => {
    for (const minimumHealthyPercent of [0, 99]) {
      const deploymentConfiguration = { minimumHealthyPercent, maximumPercent: 100 };
      const service = aWorld().aService({ ...web, deploymentConfiguration });
      assert.deepEqual(service.availabilityZoneRebalancing, "DISABLED", "nothing could be moved");
    }
  });
  function threshold(thresholdConfiguration: object): object {
    return { deploymentCircuitBreaker: { enable: true, rollback: true, thresholdConfiguration } };
  }
});

describe("what Berth does not have is refused by its name", () => {
  const configuration = (more: object) => ({ deploymentConfiguration: more });
  const cases: [string, object][] = [
    ["loadBalancers", { loadBalancers: [{ containerName: "app", containerPort: 80 }] }],
    ["serviceRegistries", { serviceRegistries: [{ registryArn: "r" }] }],
    ["serviceConnectConfiguration", { serviceConnectConfiguration: { enabled: true } }],
    ["vpcLatticeConfigurations", { vpcLatticeConfigurations: [{}] }],
    ["volumeConfigurations", { volumeConfigurations: [{ name: "v" }] }],
    ["gatewayConnectors", { gatewayConnectors: [{}] }],
    ["monitoring", { monitoring: {} }],
    ["enableExecuteCommand", { enableExecuteCommand: true }],
    ["deploymentConfiguration.lifecycleHooks", configuration({ lifecycleHooks: [{}] })],
    ["deploymentConfiguration.bakeTimeInMinutes", configuration({ bakeTimeInMinutes: 5 })],
    ["deploymentConfiguration.linearConfiguration", configuration({ linearConfiguration: {} })],
    ["deploymentConfiguration.canaryConfiguration", configuration({ canaryConfiguration: {} })],
    ["deploymentConfiguration.earlySuccessCriteria", configuration({ earlySuccessCriteria: { enable: true } })],
    ["deploymentConfiguration.strategy", configuration({ strategy: "BLUE_GREEN" })],
    ["deploymentController.type", { deploymentController: { type: "EXTERNAL" } }],
  ];
  for (const [member, more] of cases) {
    test(member, () => {
      const world = aWorld();
      const text = new RegExp(`leave ${member.replaceAll(".", "\\.")} out\\.$`);
      world.refused("UnsupportedFeatureException", text, "CreateService", { ...web, ...more }, aDefinition());
      world.aService(web);
      world.refused("UnsupportedFeatureException", text, "UpdateService", { service: "web", ...more });
    });
  }
  test("and what asks for none of it is taken", () => {
    aWorld().aService({
      ...web,
      loadBalancers: [],
      serviceRegistries: [],
      volumeConfigurations: [],
      serviceConnectConfiguration: { enabled: false },
      enableExecuteCommand: false,
      deploymentController: { type: "ECS" },
      deploymentConfiguration: {
        strategy: "ROLLING",
        bakeTimeInMinutes: 0,
        lifecycleHooks: [],
        alarms: { enable: false, rollback: false, alarmNames: [] },
        earlySuccessCriteria: { enable: false },
      },
    });
  });
});

test("a strategy, and the cluster's default strategy, take the place of a launch type", () => {
  const world = aWorld();
  const defaultCapacityProviderStrategy = [{ capacityProvider: "FARGATE_SPOT", weight: 1, base: 0 }];
  const capacityProviders = ["FARGATE", "FARGATE_SPOT"];
  world.cluster = { ...world.cluster, capacityProviders, defaultCapacityProviderStrategy };
  const request = { ...web, ...inSubnet };
  const { service } = world.call<Shown>("CreateService", request, fargateDefinition()).value;
  assert.deepEqual(service.capacityProviderStrategy, defaultCapacityProviderStrategy);
  assert.deepEqual([service.launchType, service.platformVersion, service.platformFamily], [null, "1.4.0", "Linux"]);
  const awsvpcConfiguration = { subnets: ["subnet-1"], securityGroups: [], assignPublicIp: "DISABLED" };
  assert.deepEqual(service.networkConfiguration, { awsvpcConfiguration });
  const own = { ...request, serviceName: "own", capacityProviderStrategy: [{ capacityProvider: "FARGATE", base: 1 }] };
  world.refused(
    invalid,
    /no capacity providers .*with a weight value greater/,
    "CreateService",
    own,
    fargateDefinition(),
  );
  const random = { ...request, serviceName: "own", placementStrategy: [{ type: "random" }] };
  const text = "Placement strategies are not supported with FARGATE launch type.";
  world.refused(invalid, text, "CreateService", random, fargateDefinition());
});

describe("availabilityZoneRebalancing", () => {
  const zone = "attribute:ecs.availability-zone";
  const cases: [string, object, "ENABLED" | "DISABLED"][] = [
    ["spread over zones first", { placementStrategy: [{ type: "spread", field: zone }] }, "ENABLED"],
    ["another strategy first", { placementStrategy: [{ type: "random" }] }, "DISABLED"],
    ["the launch type EXTERNAL", { launchType: "EXTERNAL" }, "DISABLED"],
    [
      "a constraint on the zone",
      { placementConstraints: [{ type: "memberOf", expression: `${zone} == eu-central-1a` }] },
      "DISABLED",
    ],
    ["another constraint", { placementConstraints: [{ type: "distinctInstance" }] }, "ENABLED"],
  ];
  for (const [says, more, value] of cases) {
    test(`${says}: ${value} unless it is given`, () => {
      const world = aWorld();
      assert.equal(world.aService({ ...web, ...more }).availabilityZoneRebalancing, value);
      const asked = { ...web, serviceName: "asked", ...more, availabilityZoneRebalancing: "ENABLED" };
      if (value === "ENABLED") world.aService(asked);
      else world.refused(invalid, /rebalancing does not support/, "CreateService", asked, aDefinition());
    });
  }
});

test("a name that drains is taken; one that is INACTIVE is free, and begins without a past", () => {
  const world = aWorld();
  world.aService(web);
  world.untilSteady();
  world.call("DeleteService", { service: "web", force: true });
  const text = "Unable to Start a service that is still Draining.";
  world.refused(invalid, text, "CreateService", web, aDefinition());
  world.play(5_000);
  assert.equal(world.service().status, "INACTIVE");
  assert.ok(world.told().length > 0);
  world.aService({ ...web, desiredCount: 1 });
  assert.deepEqual([world.service().status, world.told()], ["ACTIVE", []]);
  assert.equal(world.state.serviceDeployments.size, 1);
  assert.equal(must(world.state.serviceRevisions.get(world.target().revisionId), "one").serviceName, "web");
  world.restart();
});
