import type { ContainerInstance } from "../../ecs/documents/container-instance.ts";
import type { Task } from "../../ecs/documents/task.ts";
import type { DurableState, Kept } from "../durable-state.ts";
import { type Call, type Checker, isOfService, type Outcome, type Violate } from "./checker.ts";

const rule = "versions rise by one with each event, the sequence has no gap, and answers agree with the log";

/** Versions and sequences: in the log itself, in the log and the documents, in the log and the answers. */
export class VersionsChecker implements Checker {
  readonly #violate: Violate;
  /** Per ARN, the newest version in the log, and the newest one that everybody can see. */
  readonly #newest = new Map<string, number>();
  readonly #visible = new Map<string, number>();
  /** Per partition, versions of appends that the disk kept but reported as failed. They count once somebody sees them. */
  readonly #unconfirmed = new Map<string, Map<string, number>>();
  /** Per Describe call under way, the newest visible versions when it began. */
  readonly #atStart = new Map<number, ReadonlyMap<string, number>>();

  constructor(violate: Violate) {
    this.#violate = violate;
  }

  kept({ partition, documents, events, isConfirmed }: Kept): void {
    // The next append comes only after the partition has been read again.
    for (const [arn, version] of this.#unconfirmed.get(partition.name) ?? []) this.#visible.set(arn, version);
    const unconfirmed = new Map<string, number>();
    this.#unconfirmed.set(partition.name, unconfirmed);
    let sequence = partition.lastSequence;
    for (const event of events) {
      if (event.sequence !== sequence + 1) {
        this.#violate(rule, `${partition.name}: event ${event.sequence} follows ${sequence}`);
      }
      sequence = event.sequence;
      // AWS: events of services and their deployments have no version.
      if (isOfService(event)) continue;
      const arn = event.resources[0] ?? "";
      const before = this.#newest.get(arn) ?? 0;
      if (event.detail.version !== before + 1) {
        this.#violate(rule, `${arn}: version ${event.detail.version} follows ${before}`);
      }
      this.#newest.set(arn, event.detail.version as number);
      (isConfirmed ? this.#visible : unconfirmed).set(arn, event.detail.version as number);
    }
    for (const { kind, after } of documents) {
      if (after === null || (kind !== "task" && kind !== "container-instance")) continue;
      const { arn, version } = after as Task | ContainerInstance;
      const newest = this.#newest.get(arn) ?? 0;
      if (version !== newest) this.#violate(rule, `${arn} has version ${version}, its newest event ${newest}`);
    }
  }

  callStarted(call: Call): void {
    if (described(call.operation) === null) return;
    const asked = (call.request.tasks ?? call.request.containerInstances ?? []) as readonly string[];
    const ids = new Set(asked.map((reference) => reference.slice(reference.lastIndexOf("/") + 1)));
    const versions = new Map<string, number>();
    for (const [arn, version] of this.#visible) {
      if (ids.has(arn.slice(arn.lastIndexOf("/") + 1))) versions.set(arn, version);
    }
    this.#atStart.set(call.id, versions);
  }

  callEnded(call: Call, outcome: Outcome, _state: DurableState): void {
    const nouns = described(call.operation);
    const atStart = this.#atStart.get(call.id);
    this.#atStart.delete(call.id);
    if (nouns === null || atStart === undefined || outcome.type !== "reply") return;
    for (const shown of outcome.reply[nouns] as readonly Readonly<Record<string, unknown>>[]) {
      const arn = (shown.taskArn ?? shown.containerInstanceArn) as string;
      const version = shown.version as number;
      const [least, most] = [atStart.get(arn) ?? 0, this.#newest.get(arn) ?? 0];
      if (version < least || version > most) {
        this.#violate(rule, `${arn} is described with version ${version} while the log holds ${least} to ${most}`);
      }
      this.#visible.set(arn, Math.max(version, this.#visible.get(arn) ?? 0));
    }
  }
}

function described(operation: string): "tasks" | "containerInstances" | null {
  if (operation === "DescribeTasks") return "tasks";
  return operation === "DescribeContainerInstances" ? "containerInstances" : null;
}
