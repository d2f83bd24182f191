import {
  type ECS,
  type Service,
  type ServiceDeployment,
  waitUntilServicesInactive,
  waitUntilServicesStable,
} from "@aws-sdk/client-ecs";
import { must } from "../lib/assert.ts";
import { expectThat, type Steps, until } from "./tour-steps.ts";

/** The service that all steps about services use. */
export const serviceName = "web";
/**
 * LIMIT: two tasks for each of three zones: with a number that does not divide evenly, rebalancing would move tasks during other
 * steps.
 */
export const desiredCount = 6;

export async function describeService(ecs: ECS, name = serviceName): Promise<Service> {
  return must((await ecs.describeServices({ services: [name] })).services?.[0], `the service ${name}`);
}

export async function describeServiceDeployment(ecs: ECS, arn: string): Promise<ServiceDeployment> {
  const { serviceDeployments } = await ecs.describeServiceDeployments({ serviceDeploymentArns: [arn] });
  return must(serviceDeployments?.[0], "the service deployment");
}

/** LIMIT: as for every change of the tour. */
const waiting = { maxWaitTime: 30, minDelay: 0.05, maxDelay: 0.1 };

/** AWS's own waiters, polling more often than they do for AWS. */
export const untilStable = async (client: ECS, name = serviceName): Promise<void> =>
  void (await waitUntilServicesStable({ client, ...waiting } as Waiter, { services: [name] }));
export const untilInactive = async (client: ECS, name: string): Promise<void> =>
  void (await waitUntilServicesInactive({ client, ...waiting } as Waiter, { services: [name] }));
type Waiter = Parameters<typeof waitUntilServicesStable>[0];

/** Waits until the only deployment is that of `taskDefinition`, and returns the fewest tasks that were RUNNING meanwhile. */
export async function untilRolledOut(ecs: ECS, taskDefinition: string): Promise<number> {
  let fewest = Number.POSITIVE_INFINITY;
  await until(
    "the end of the deployment",
    () => describeService(ecs),
    ({ deployments = [], runningCount = 0 }) => {
      fewest = Math.min(fewest, runningCount);
      const [only] = deployments;
      return deployments.length === 1 && only?.taskDefinition === taskDefinition && only.rolloutState === "COMPLETED";
    },
  );
  expectThat("tasks RUNNING", fewest >= desiredCount, fewest);
  return fewest;
}

/** ARNs of the service's tasks whose desired status is RUNNING. */
export async function tasksOf(ecs: ECS): Promise<string[]> {
  return ((await ecs.listTasks({ serviceName })).taskArns ?? []).sort();
}

export const countEvents = async (ecs: ECS, name = serviceName): Promise<number> =>
  (await describeService(ecs, name)).events?.length ?? 0;

/** Shows the service's events except the `known` oldest, once one of them matches `last`. */
export async function showEvents(
  steps: Steps,
  ecs: ECS,
  known: number,
  last: RegExp,
  name = serviceName,
): Promise<void> {
  const messages = await until(
    `an event ${last}`,
    async () => ((await describeService(ecs, name)).events ?? []).map(({ message = "" }) => message).reverse(),
    (all) => all.slice(known).some((message) => last.test(message)),
  );
  for (const message of messages.slice(known)) steps.show(wrapped(withShortIds(message)));
}

/** Shortens the ids of tasks and instances so that a person can compare them. */
const withShortIds = (text: string): string => text.replaceAll(/\b([0-9a-f]{8})[0-9a-f]{24}\b/g, "$1");

/** LIMIT: with its prefix, such a line still fits in a terminal of usual width. */
const lineCharacters = 110;

/** The text in lines that fit in a terminal. */
export function wrapped(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(/ (?![0-9a-f]{8}\))/)) {
    const longer = `${lines.at(-1) ?? ""} ${word}`;
    if (lines.length > 0 && longer.length <= lineCharacters) lines[lines.length - 1] = longer;
    else lines.push(lines.length === 0 ? word : `    ${word}`);
  }
  return lines;
}
