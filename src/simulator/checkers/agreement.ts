import { statusReasonOf } from "../../ecs/container-instances/agent-update.ts";
import { containerInstanceKind } from "../../ecs/documents/container-instance.ts";
import type { Task } from "../../ecs/documents/task.ts";
import type { EcsEvent } from "../../ecs/events/event.ts";
import type { Kept } from "../durable-state.ts";
import { type Call, type Checker, isOfService, type Outcome, type Violate } from "./checker.ts";

const rule = "documents, events and answers say the same";

type Json = Readonly<Record<string, unknown>>;

const taskMembers = [
  "lastStatus",
  "desiredStatus",
  "stopCode",
  "stoppedReason",
  "group",
  "startedBy",
  "launchType",
] as const;
const containerMembers = ["name", "lastStatus", "exitCode", "reason", "runtimeId"] as const;
const instanceMembers = ["status", "statusReason", "agentConnected", "ec2InstanceId"] as const;

/** The event, the document and every answer that shows one version of a task or an instance agree. */
export class AgreementChecker implements Checker {
  readonly #violate: Violate;
  /** Per ARN, the content of each version's event, as text. */
  readonly #said = new Map<string, Map<number, string>>();

  constructor(violate: Violate) {
    this.#violate = violate;
  }

  kept({ partition, documents, events }: Kept): void {
    for (const event of events) if (!isOfService(event)) this.#note(event);
    for (const { kind, key, after } of documents) {
      if (after === null) continue;
      if (kind === "task") {
        const task = after as Task;
        this.#compare("the document", task.arn, task.version, summaryOfTask(task as unknown as Json));
      }
      const instance =
        kind === containerInstanceKind.name || kind === containerInstanceKind.apart.name
          ? partition.instance(key)
          : null;
      if (instance === null) continue;
      const attributes = [...instance.platformAttributes, ...instance.customAttributes];
      const statusReason = statusReasonOf(instance);
      const shown = { ...instance, statusReason, attributes, agentUpdateStatus: instance.agentUpdate?.status };
      this.#compare("the document", instance.arn, instance.version, summaryOfInstance(shown));
    }
  }

  callEnded({ operation }: Call, outcome: Outcome): void {
    if (outcome.type !== "reply") return;
    const { tasks, task, containerInstances, containerInstance } = outcome.reply;
    for (const shown of [tasks ?? [], task ?? []].flat() as Json[]) {
      this.#compare(operation, shown.taskArn as string, shown.version as number, summaryOfTask(shown));
    }
    for (const shown of [containerInstances ?? [], containerInstance ?? []].flat() as (Json | string)[]) {
      if (typeof shown === "string") continue;
      this.#compare(operation, shown.containerInstanceArn as string, shown.version as number, summaryOfInstance(shown));
    }
  }

  #note({ detailType, resources, detail }: EcsEvent): void {
    const arn = resources[0] ?? "";
    const summary = detailType === "ECS Task State Change" ? summaryOfTask(detail) : summaryOfInstance(detail);
    const versions = this.#said.get(arn);
    if (versions === undefined) this.#said.set(arn, new Map([[detail.version as number, summary]]));
    else versions.set(detail.version as number, summary);
  }

  #compare(who: string, arn: string, version: number, summary: string): void {
    const said = this.#said.get(arn)?.get(version);
    // Another checker makes sure that there is an event of this version.
    if (said !== undefined && said !== summary) {
      this.#violate(rule, `version ${version} of ${arn}: ${who} says ${summary}, the event ${said}`);
    }
  }
}

function summaryOfTask(task: Json): string {
  const containers = (task.containers as readonly Json[]).map((container) => [
    ...containerMembers.map((member) => container[member] ?? null),
    ((container.networkBindings ?? []) as readonly Json[]).map(({ hostPort, protocol }) => `${hostPort}/${protocol}`),
  ]);
  return JSON.stringify([...taskMembers.map((member) => task[member] ?? null), containers]);
}

function summaryOfInstance(instance: Json): string {
  const attributes = (instance.attributes as readonly Json[]).map(({ name, value }) => `${name}=${value ?? ""}`);
  const own = attributes.filter((attribute) => !/^(ecs|com\.amazonaws)\./.test(attribute));
  const members = instanceMembers.map((member) => instance[member] ?? null);
  return JSON.stringify([...members, instance.agentUpdateStatus ?? null, own, attributes.length]);
}
