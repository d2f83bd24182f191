/** The options of the instructions about services and tasks, with the AWS CLI's names. */
import { type Line, ScenarioError } from "./parse-scenario.ts";

type Request = Record<string, unknown>;
type Option = (value: string) => Request;

const networkConfiguration: Option = (subnet) => ({
  networkConfiguration: { awsvpcConfiguration: { subnets: [subnet] } },
});

/** `FARGATE:base=1:weight=2,FARGATE_SPOT:weight=3` in API shape. */
export const strategyOf = (value: string) =>
  value.split(",").map((item) => {
    const [capacityProvider, ...numbers] = item.split(":");
    const entries = numbers.map((number) => number.split("=")).map(([name, count]) => [name, Number(count)]);
    return { capacityProvider, ...Object.fromEntries(entries) };
  });

const shared: Readonly<Record<string, Option>> = {
  "launch-type": (launchType) => ({ launchType }),
  strategy: (value) => ({ capacityProviderStrategy: strategyOf(value) }),
  subnet: networkConfiguration,
  /** `distinctInstance`, or the expression of memberOf. */
  "placement-constraint": (value) => ({
    placementConstraints: [value === "distinctInstance" ? { type: value } : { type: "memberOf", expression: value }],
  }),
  /** `spread:attribute:ecs.availability-zone,binpack:memory` */
  "placement-strategy": (value) => ({
    placementStrategy: value.split(",").map((item) => {
      const at = item.indexOf(":");
      return at < 0 ? { type: item } : { type: item.slice(0, at), field: item.slice(at + 1) };
    }),
  }),
};

const ofTasks: Readonly<Record<string, Option>> = {
  ...shared,
  count: (value) => ({ count: Number(value) }),
};

const ofServices: Readonly<Record<string, Option>> = {
  ...shared,
  "task-definition": (taskDefinition) => ({ taskDefinition }),
  "desired-count": (value) => ({ desiredCount: Number(value) }),
  "minimum-healthy-percent": (value) => deployment({ minimumHealthyPercent: Number(value) }),
  "maximum-percent": (value) => deployment({ maximumPercent: Number(value) }),
  /** `rollback` or `no-rollback`. */
  "circuit-breaker": (value) =>
    deployment({ deploymentCircuitBreaker: { enable: true, rollback: value === "rollback" } }),
  "scheduling-strategy": (schedulingStrategy) => ({ schedulingStrategy }),
  "az-rebalancing": (availabilityZoneRebalancing) => ({ availabilityZoneRebalancing }),
  "force-new-deployment": (value) => ({ forceNewDeployment: value === "true" }),
};

const deployment = (deploymentConfiguration: Request): Request => ({ deploymentConfiguration });

/** The request members of the options of an instruction about a service. */
export const serviceRequest = (line: Line): Request => requestOf(line, ofServices);

/** The request members of the options of `run-task`. */
export const taskRequest = (line: Line): Request => requestOf(line, ofTasks);

function requestOf(line: Line, options: Readonly<Record<string, Option>>): Request {
  const request: Request = {};
  for (const [name, value] of line.options) {
    const option = options[name];
    if (option === undefined)
      throw new ScenarioError(line, `there is no option ${name}; there are ${Object.keys(options).join(", ")}`);
    for (const [member, given] of Object.entries(option(value))) {
      const known = request[member];
      request[member] = isObject(known) && isObject(given) ? { ...known, ...given } : given;
    }
  }
  return request;
}

const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);
