import type { AccountSetting } from "../../ecs/documents/account-setting.ts";
import type { Attribute } from "../../ecs/documents/attribute.ts";
import type { Service } from "../../ecs/documents/service.ts";
import type { Tag } from "../../ecs/documents/tag.ts";
import type { DurableState, Kept } from "../durable-state.ts";
import type { Call, Checker, Outcome, Violate } from "./checker.ts";
import { LastWrites } from "./last-writes.ts";
import { type Write, writesOf } from "./writes.ts";

const rule = "acknowledged writes are durable";

/** AWS: a stopped task and an INACTIVE container instance are described for an hour. */
const retentionMs = 3_600_000;
/** LIMIT: an expired document is removed by a timer step of its own, which may wait for a slow disk. */
const removalSlackMs = 60_000;

/**
 * What was answered is on the disk: at the moment of the answer, and from then on until another write or the end of the
 * retention. Judged by comparing requests and replies with the documents, so a crash at any point must not show.
 */
export class AcknowledgedChecker implements Checker {
  readonly #violate: Violate;
  readonly #writes = new LastWrites<string | null>();
  readonly #underWay = new Map<number, readonly Write[]>();
  /** ARNs of tasks and container instances that a reply has shown. */
  readonly #shown = new Set<string>();
  readonly #revisions = new Set<string>();

  constructor(violate: Violate) {
    this.#violate = violate;
  }

  /** What was written to a service was deleted with it, and the next service of its name starts without. */
  kept({ documents }: Kept): void {
    for (const { kind, before, after } of documents) {
      if (kind !== "service" || before === null) continue;
      const [former, service] = [before as Service, after as Service | null];
      if (service?.status !== "INACTIVE" && service?.createdAt === former.createdAt) continue;
      this.#writes.forgetAll((key) => key.split(" ")[1] === former.arn);
    }
  }

  callStarted(call: Call): void {
    const writes = writesOf(call);
    if (writes.length === 0) return;
    this.#underWay.set(call.id, writes);
    for (const { key } of writes) this.#writes.begin(key);
  }

  callEnded(call: Call, outcome: Outcome, state: DurableState): void {
    const writes = this.#underWay.get(call.id) ?? [];
    this.#underWay.delete(call.id);
    for (const { key, value } of writes) {
      if (outcome.type === "reply") this.#writes.acknowledged(key, value);
      else if (outcome.type === "refused") this.#writes.refused(key);
      else this.#writes.lost(key);
    }
    if (outcome.type !== "reply") return;
    this.#checkShown(call, outcome.reply, state);
    this.#checkEffect(call, outcome.reply, state);
    if (writes.length > 0) this.#checkKnown(state, new Set(writes.map(({ key }) => key)));
  }

  crashed(state: DurableState): void {
    this.#checkKnown(state, null);
  }

  audit(state: DurableState, now: number): void {
    this.#checkKnown(state, null);
    for (const arn of this.#shown) {
      if (state.document(arn) !== null) continue;
      this.#shown.delete(arn);
      const newest = state.newestEvent(arn);
      const detail = newest?.detail;
      const isOver = detail?.lastStatus === "STOPPED" || detail?.status === "INACTIVE";
      if (!isOver || now < (newest?.time ?? now) + retentionMs - removalSlackMs) {
        this.#violate(rule, `${arn} was shown and is gone; its newest event is ${JSON.stringify(detail ?? null)}`);
      }
    }
  }

  /** Every task and instance that a reply shows is on the disk, at least in that version. */
  #checkShown(call: Call, reply: Readonly<Record<string, unknown>>, state: DurableState): void {
    const lists = [reply.tasks, reply.containerInstances].filter((list) => Array.isArray(list)).flat();
    for (const shown of [...lists, reply.task, reply.containerInstance]) {
      // Some of Berth's own answers contain only names.
      if (shown === undefined || shown === null || typeof shown === "string") continue;
      const { taskArn, containerInstanceArn, version } = shown as Record<string, string>;
      const arn = taskArn ?? containerInstanceArn ?? "";
      this.#shown.add(arn);
      const newest = state.newestEvent(arn)?.detail.version as number | undefined;
      if (newest === undefined || Number(version) > newest) {
        this.#violate(rule, `${call.operation} showed ${arn} in version ${version}, durable is ${newest ?? "none"}`);
      }
    }
  }

  #checkEffect({ operation, request }: Call, reply: Readonly<Record<string, unknown>>, state: DurableState): void {
    if (operation === "StopTask") {
      const { taskArn } = reply.task as { taskArn: string };
      const desired = state.task(taskArn)?.desiredStatus ?? "STOPPED";
      if (desired !== "STOPPED") this.#violate(rule, `StopTask was answered, ${taskArn} is wanted ${desired}`);
    }
    if (operation === "DeregisterContainerInstance") {
      const { containerInstanceArn } = reply.containerInstance as { containerInstanceArn: string };
      const status = state.instance(containerInstanceArn)?.status ?? "INACTIVE";
      if (status !== "INACTIVE" && status !== "DEREGISTERING") {
        this.#violate(rule, `DeregisterContainerInstance was answered, ${containerInstanceArn} is ${status}`);
      }
    }
    if (operation === "RegisterTaskDefinition") {
      const { taskDefinitionArn } = reply.taskDefinition as { taskDefinitionArn: string };
      if (this.#revisions.has(taskDefinitionArn)) {
        this.#violate(rule, `RegisterTaskDefinition gave ${taskDefinitionArn} twice; ${JSON.stringify(request)}`);
      }
      this.#revisions.add(taskDefinitionArn);
      if (state.document(taskDefinitionArn) === null) this.#violate(rule, `${taskDefinitionArn} is not durable`);
    }
  }

  #checkKnown(state: DurableState, only: ReadonlySet<string> | null): void {
    for (const [key, value] of this.#writes.known()) {
      if (only !== null && !only.has(key)) continue;
      const found = readWrite(state, key);
      // The resource is gone, and with it what was written to it.
      if (found === undefined) this.#writes.forget(key);
      else if (found !== value) this.#violate(rule, `${key} was written as ${value}, durable is ${found}`);
    }
  }
}

/** What the disk has under the key of a write. Undefined if the resource is gone. */
function readWrite(state: DurableState, key: string): string | null | undefined {
  const [kind = "", arn = "", name = ""] = key.split(" ");
  if (kind === "setting") {
    const account = arn.split(":")[4];
    for (const [partition, documents] of state.partitions) {
      if (!partition.startsWith(`account/${account}/`)) continue;
      return (documents.get("account-setting", `${arn} ${name}`) as AccountSetting | null)?.value ?? null;
    }
    return null;
  }
  const document = state.document(arn) as Readonly<Record<string, unknown>> | null;
  if (document === null) return undefined;
  if (document.lastStatus === "STOPPED" || document.status === "INACTIVE" || document.status === "DEREGISTERING") {
    if (kind !== "status") return undefined;
  }
  if (kind === "tag") return (document.tags as readonly Tag[]).find((tag) => tag.key === name)?.value ?? null;
  if (kind === "attribute") {
    const found = (document.customAttributes as readonly Attribute[]).find((attribute) => attribute.name === name);
    return found?.value ?? null;
  }
  return document.status as string;
}
