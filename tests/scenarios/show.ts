/** Reads through the API, for `show` and `plan-drain`: what a user would see at that moment. */
import type { Stage } from "./stage.ts";

type Shown = Readonly<Record<string, unknown>>;
type DescribedService = {
  readonly status: string;
  readonly desiredCount: number;
  readonly runningCount: number;
  readonly pendingCount: number;
  readonly deployments: readonly Shown[];
};

/** What the wire would leave out is null here. */
const isThere = <T>(value: T): value is NonNullable<T> => value !== null && value !== undefined;

const lastOf = (arn: unknown): string => String(arn).split("/").at(-1) ?? "";

/** The service, its deployments, and its service deployments with their outcome. */
export async function showService(stage: Stage, name: string): Promise<void> {
  const reply = await stage.call("DescribeServices", { services: [name] });
  const [service] = (reply as { services: readonly DescribedService[] }).services;
  if (service === undefined) return;
  const { status, desiredCount, runningCount, pendingCount, deployments } = service;
  stage.print(`  service ${name} ${status} desired ${desiredCount}, running ${runningCount}, pending ${pendingCount}`);
  for (const deployment of deployments) {
    const { id, taskDefinition, failedTasks, rolloutState, rolloutStateReason } = deployment;
    const counts = `desired ${deployment.desiredCount}, running ${deployment.runningCount}, pending ${deployment.pendingCount}, failed ${failedTasks}`;
    stage.print(
      `  ${id} ${deployment.status} ${lastOf(taskDefinition)} ${counts}, ${rolloutState} "${rolloutStateReason}"`,
    );
  }
  await showServiceDeployments(stage, name);
}

async function showServiceDeployments(stage: Stage, service: string): Promise<void> {
  const listed = await stage.call("ListServiceDeployments", { service });
  if (listed === null) return;
  const arns = (listed as { serviceDeployments: readonly { serviceDeploymentArn: string }[] }).serviceDeployments;
  if (arns.length === 0) return;
  const reply = await stage.call("DescribeServiceDeployments", {
    serviceDeploymentArns: arns.map(({ serviceDeploymentArn }) => serviceDeploymentArn),
  });
  for (const shown of (reply as { serviceDeployments: readonly Shown[] }).serviceDeployments) {
    const { serviceDeploymentArn, status, statusReason, deploymentCircuitBreaker, rollback } = shown;
    const breaker = deploymentCircuitBreaker as Shown | undefined;
    const parts = [`  ${serviceDeploymentArn} ${status}`];
    if (isThere(statusReason)) parts.push(`"${statusReason}"`);
    if (isThere(breaker)) {
      parts.push(`circuit breaker ${breaker.status} ${breaker.failureCount}/${breaker.threshold}`);
    }
    if (isThere(rollback)) {
      const { reason, serviceRevisionArn } = rollback as Shown;
      parts.push(`rolled back to ${serviceRevisionArn} "${reason}"`);
    }
    stage.print(parts.join(" "));
  }
}

/** Each container instance with its tasks. */
export async function showInstances(stage: Stage): Promise<void> {
  const { containerInstanceArns } = (await stage.call("ListContainerInstances", {})) as {
    containerInstanceArns: readonly string[];
  };
  if (containerInstanceArns.length === 0) return;
  const reply = await stage.call("DescribeContainerInstances", { containerInstances: containerInstanceArns });
  const lines = (reply as { containerInstances: readonly Shown[] }).containerInstances.map((instance) => {
    const { containerInstanceArn, status, agentConnected, runningTasksCount, pendingTasksCount } = instance;
    const agent = agentConnected === true ? "connected" : "disconnected";
    return `  ${stage.aliases.of(String(containerInstanceArn))} ${status} ${agent} running ${runningTasksCount}, pending ${pendingTasksCount}`;
  });
  for (const line of lines.sort()) stage.print(line);
}

/** How far a drain is, with what is left and what holds it up. */
export async function showDrain(stage: Stage, instance: string): Promise<void> {
  const reply = await stage.call("DescribeDrain", { containerInstances: [instance] });
  for (const drain of (reply as { drains: readonly Shown[] }).drains) {
    const { containerInstanceArn, status, tasksAtStart, tasksRemaining, finished } = drain;
    const of = !isThere(tasksAtStart) ? "" : ` of ${tasksAtStart}`;
    const end = finished === true ? ", finished" : "";
    stage.print(`  ${containerInstanceArn} ${status}: ${tasksRemaining}${of} tasks left${end}`);
    for (const task of drain.remaining as readonly Shown[]) {
      const { taskArn, lastStatus, reason, detail } = task;
      stage.print(`    ${taskArn} ${lastStatus}${isThere(reason) ? ` ${reason}: ${detail}` : ""}`);
    }
    for (const { taskArn, reason } of drain.blockers as readonly Shown[]) {
      stage.print(`    blocked by ${taskArn}: ${reason}`);
    }
  }
}

/** The outcome of a planned drain. */
export async function showPlan(stage: Stage, containerInstances: readonly string[]): Promise<void> {
  const plan = await stage.call("PlanDrain", { containerInstances });
  if (plan === null) return;
  const { moves, stops, blockers, stays, finishes } = plan as Readonly<Record<string, readonly Shown[]>>;
  for (const { taskArn, toContainerInstanceArn, startsFirst } of moves ?? []) {
    stage.print(
      `  ${taskArn} would move to ${toContainerInstanceArn}, ${startsFirst === true ? "start" : "stop"} first`,
    );
  }
  for (const { taskArn, reason, detail } of stops ?? []) stage.print(`  ${taskArn} would stop: ${reason}: ${detail}`);
  for (const { taskArn, reason, detail } of blockers ?? [])
    stage.print(`  ${taskArn} would block: ${reason}: ${detail}`);
  for (const { taskArn, reason } of stays ?? []) stage.print(`  ${taskArn} would stay: ${reason}`);
  stage.print(`  the drain would ${finishes ? "" : "not "}finish`);
}
