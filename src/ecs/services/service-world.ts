/* Test support: a small world whose agents do what they are told, so that services can be watched through their lives. */
// biome-ignore lint/style/noRestrictedImports: test support; nothing but tests imports it.
import assert from "node:assert/strict";
import { must } from "../../lib/assert.ts";
import type { Deployment } from "../documents/deployment.ts";
import type { DeploymentProgress } from "../documents/deployment-progress.ts";
import { type Rollout, targetOf } from "../documents/rollout.ts";
import { type Service, serviceNameOf } from "../documents/service.ts";
import type { ServiceCondition } from "../documents/service-condition.ts";
import { holdsResources, type Task } from "../documents/task.ts";
import type { TaskDefinition } from "../documents/task-definition.ts";
import { isAgentConnected } from "../fargate/hosts-for-tasks.ts";
import { aDefinition, SmallWorld } from "../small-world.ts";
import { conditionOf, progressOf, rolloutOf } from "../state/service-documents.ts";

/** What a container does, by the last part of its image; any other runs until it is stopped. */
export const images = {
  /** Never starts. */
  failing: "berth/cannot-start",
  /** Waits for something that never comes, and stops when it is told to. */
  stuck: "berth/stuck",
  /** Runs, and fails its health check. */
  unhealthy: "berth/unhealthy",
  /** Runs, and passes its health check. */
  healthy: "berth/healthy",
} as const;

const healthCheck = { command: ["CMD-SHELL", "true"] };

export class ServiceWorld extends SmallWorld {
  /** Task definitions, as `family:revision`, whose tasks do not start any more, whatever their image. */
  readonly failing = new Set<string>();
  /** Called after each step that `play` takes. */
  watch: () => void = () => {};

  /** CreateService for `web` unless told otherwise; gives its document. */
  aService(request: object = {}, definition: TaskDefinition = aDefinition()): Service {
    const full = { serviceName: "web", taskDefinition: definition.arn, ...request };
    this.call("CreateService", full, definition);
    return this.service(full.serviceName);
  }

  service(name = "web"): Service {
    return must(this.state.services.get(name), `the service ${name}`);
  }

  rollout(name = "web"): Rollout {
    return rolloutOf(this.state, name);
  }

  /** The deployment that a service is brought to, with what its tasks have shown. */
  target(name = "web"): Deployment & DeploymentProgress {
    const target = targetOf(this.rollout(name));
    return { ...target, ...progressOf(this.state, name, target.id) };
  }

  condition(name = "web"): ServiceCondition {
    return conditionOf(this.state, name);
  }

  updateService(request: object, definition: TaskDefinition | null = null): Service {
    const full = { service: "web", ...request };
    const named = definition === null ? {} : { taskDefinition: definition.arn };
    this.call("UpdateService", { ...full, ...named }, definition);
    return this.service(full.service);
  }

  /** The tasks of a service that are not STOPPED. */
  tasksOf(name = "web"): Task[] {
    return [...this.state.tasks.values()].filter((task) => serviceNameOf(task) === name && holdsResources(task));
  }

  running(name = "web"): Task[] {
    return this.tasksOf(name).filter(
      ({ lastStatus, desiredStatus }) => lastStatus === "RUNNING" && desiredStatus === "RUNNING",
    );
  }

  /** The texts of a service's events, oldest first, with ids taken out. */
  told(name = "web"): string[] {
    return this.state.serviceIndex
      .eventKeysOf(name)
      .map((key) => plain(this.state.serviceEvents.get(key)?.message ?? ""));
  }

  /**
   * Lets time pass in steps of a second, with agents that start and stop what they are told to. Gives how much of it has
   * passed; `until` ends it early.
   */
  play(milliseconds: number, until: () => boolean = () => false): number {
    const endsAt = this.now + milliseconds;
    const startedAt = this.now;
    while (this.now < endsAt && !until()) {
      this.advanceClock(Math.min(1_000, endsAt - this.now));
      for (const task of [...this.state.tasks.values()]) this.#agentOf(task);
      this.watch();
    }
    return this.now - startedAt;
  }

  /** Plays until the service is steady; fails when it is not in the given time. */
  untilSteady(name = "web", milliseconds = 600_000): void {
    this.play(2_000);
    this.play(milliseconds, () => this.condition(name).steadySince !== null);
    assert.notEqual(this.condition(name).steadySince, null, `${name} is steady: ${this.told(name).join("\n")}`);
  }

  /** Plays until the target of its rollout is in this state. */
  untilRollout(state: string, name = "web", milliseconds = 3_600_000): void {
    const rollout = () => this.target(name).rolloutState;
    this.play(milliseconds, () => rollout() === state);
    assert.equal(rollout(), state, this.told(name).join("\n"));
  }

  #agentOf({ id }: Task): void {
    const task = this.task(id);
    if (task.instanceId === null || !isAgentConnected(this.state, task.instanceId)) return;
    const image = task.containers[0]?.image ?? "";
    if (task.lastStatus === "PENDING" || task.lastStatus === "ACTIVATING") {
      if (image === images.stuck && task.desiredStatus === "RUNNING") return;
      const definition = task.taskDefinitionArn.slice(task.taskDefinitionArn.lastIndexOf("/") + 1);
      const fails = image === images.failing || this.failing.has(definition);
      const starts = task.desiredStatus === "RUNNING" && !fails;
      this.report(id, starts ? "RUNNING" : "STOPPED");
      if (starts) this.#check(this.task(id), image);
    } else if (task.lastStatus === "STOPPING") {
      this.report(id, "STOPPED");
    }
  }

  #check({ instanceId, arn, containers }: Task, image: string): void {
    if (image !== images.healthy && image !== images.unhealthy) return;
    const healthStatus = image === images.healthy ? "HEALTHY" : "UNHEALTHY";
    const reported = containers.map(({ name }) => ({ name, healthStatus }) as const);
    const tasks = [{ taskArn: arn, containers: reported }];
    this.agent({ type: "task-health", instanceId: must(instanceId, "the instance of a task"), tasks });
  }
}

/** A definition `web:<revision>` whose only container runs `image`; the two that are checked have a health check. */
export function withImage(image: string, revision = 1): TaskDefinition {
  const checked = image === images.healthy || image === images.unhealthy ? { healthCheck } : {};
  return aDefinition({ revision, containers: [{ image, ...checked }] });
}

/** A text in which ids are letters, the same for the same id. */
export function plain(message: string): string {
  return message.replace(/ecs-svc\/\d{19}/g, "ecs-svc/D").replace(/\b[0-9a-f]{32}\b/g, "ID");
}
