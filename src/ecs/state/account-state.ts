import { Heap } from "../../lib/heap.ts";
import type { Place } from "../arn.ts";
import type { AccountSetting } from "../documents/account-setting.ts";
import type { CapacityProvider } from "../documents/capacity-provider.ts";
import type { Cluster } from "../documents/cluster.ts";
import type { TaskDefinition } from "../documents/task-definition.ts";
import { RevisionIndex } from "../indexes/revision-index.ts";
import { limits } from "../limits.ts";
import { OldestFirst } from "../oldest-first.ts";
import { SortedKeys } from "../sorted-keys.ts";
import { type DocumentChange, Journal, Table } from "../table.ts";
import { ecsTimeline, type Timeline } from "../timeline.ts";
import type { EffectiveSettings, MachineConfiguration } from "./call.ts";

/** A family (kind `task-definition-family`, key: its name) outlives its revisions, so that no number comes twice. */
export type TaskDefinitionFamily = { readonly family: string; readonly lastRevision: number };

/** The highest incarnation of any cluster whose document is gone (kind `removed-clusters`, key `removed`). */
export type RemovedClusters = { readonly highestIncarnation: number };

/** Something INACTIVE that is kept for a while. */
export type Removal = { readonly kind: "cluster" | "capacity-provider"; readonly name: string };

/** What belongs to no cluster: plain documents in tables, and indexes that follow from them. */
export class AccountState {
  readonly journal = new Journal();
  readonly clusters = new Table<Cluster>("cluster", this.journal);
  readonly removedClusters = new Table<RemovedClusters>("removed-clusters", this.journal);
  readonly taskDefinitions = new Table<TaskDefinition>("task-definition", this.journal);
  readonly families = new Table<TaskDefinitionFamily>("task-definition-family", this.journal);
  readonly settings = new Table<AccountSetting>("account-setting", this.journal);
  readonly capacityProviders = new Table<CapacityProvider>("capacity-provider", this.journal);

  readonly activeClusterNames = new SortedKeys();
  activeClusters = 0;
  readonly inactiveClusters = new OldestFirst();
  readonly inactiveProviders = new OldestFirst();
  readonly revisions = new RevisionIndex();
  /** What is in force for callers that asked, by principal; emptied by any change of a setting. */
  readonly effectiveSettings = new Map<string, EffectiveSettings>();
  readonly #removals = new Heap<Removal>();
  /** When the revisions being deleted were last put up for review; not durable, as a review may be doubled. */
  lastReviewAt = 0;

  readonly place: Place;
  readonly configuration: MachineConfiguration;
  readonly timeline: Timeline;

  constructor(place: Place, configuration: MachineConfiguration) {
    this.place = place;
    this.configuration = configuration;
    this.timeline = configuration.timeline ?? ecsTimeline;
    this.clusters.onChange((name, before, after) => this.#indexCluster(name, before, after));
    this.capacityProviders.onChange((name, before, after) => {
      this.inactiveProviders.onChange(name, before?.deletedAt ?? null, after?.deletedAt ?? null);
      this.#keepUntil("capacity-provider", name, after?.deletedAt ?? null);
    });
    this.settings.onChange(() => this.effectiveSettings.clear());
    this.taskDefinitions.onChange((_, before, after) => this.revisions.onChange(before, after));
  }

  get tables(): readonly Table<object>[] {
    const { clusters, removedClusters, taskDefinitions, families, settings, capacityProviders } = this;
    const tables = [clusters, removedClusters, taskDefinitions, families, settings, capacityProviders];
    return tables as unknown as Table<object>[];
  }

  /** True when nothing is left but the numbers of what was removed. */
  get isEmpty(): boolean {
    return this.tables.every((table) => table.size === 0 || table.kind === this.removedClusters.kind);
  }

  /** The earliest moment at which something is due, or null. */
  nextDueAt(): number | null {
    const removal = this.#removals.peekAt();
    const review = this.reviewDueAt();
    return removal === null ? review : review === null ? removal : Math.min(removal, review);
  }

  /** When the revisions being deleted are to be reviewed next, or null when there are none. */
  reviewDueAt(): number | null {
    return this.revisions.deleted.size === 0 ? null : this.lastReviewAt + limits.deletedRevisionsReviewMs;
  }

  /** What is kept no longer at `now`; some may have been created again meanwhile. */
  takeDueRemovals(now: number): Removal[] {
    const removals: Removal[] = [];
    for (let at = this.#removals.peekAt(); at !== null && at <= now; at = this.#removals.peekAt()) {
      removals.push(this.#removals.pop() as Removal);
    }
    return removals;
  }

  commit(): DocumentChange[] {
    return this.journal.commit();
  }

  rollback(): void {
    this.journal.rollback();
  }

  #indexCluster(name: string, before: Cluster | undefined, after: Cluster | undefined): void {
    const was = before?.status === "ACTIVE";
    const is = after?.status === "ACTIVE";
    if (was && !is) this.activeClusterNames.remove(name);
    if (!was && is) this.activeClusterNames.add(name);
    this.activeClusters += Number(is) - Number(was);
    this.inactiveClusters.onChange(name, before?.deletedAt ?? null, after?.deletedAt ?? null);
    this.#keepUntil("cluster", name, after?.deletedAt ?? null);
  }

  #keepUntil(kind: Removal["kind"], name: string, deletedAt: number | null): void {
    if (deletedAt !== null) this.#removals.push(deletedAt + this.timeline.inactiveClusterRetentionMs, { kind, name });
  }
}
