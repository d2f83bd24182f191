import type { Place } from "../arn.ts";
import { accountSettingKind } from "../documents/account-setting.ts";
import { capacityProviderKind } from "../documents/capacity-provider.ts";
import { type Cluster, clusterKind } from "../documents/cluster.ts";
import { fargateReservationKind } from "../documents/fargate-reservation.ts";
import { removedClustersKind } from "../documents/removed-clusters.ts";
import { taskDefinitionKind } from "../documents/task-definition.ts";
import { taskDefinitionFamilyKind } from "../documents/task-definition-family.ts";
import { FargateReservations } from "../indexes/fargate-book.ts";
import { RevisionIndex } from "../indexes/revision-index.ts";
import { limits } from "../limits.ts";
import { OldestFirst } from "../oldest-first.ts";
import { SortedKeys } from "../sorted-keys.ts";
import { DueDocuments } from "../tables/due-documents.ts";
import { type DocumentChange, Journal } from "../tables/journal.ts";
import { JournaledQueue, JournaledValue } from "../tables/journaled.ts";
import { Tables } from "../tables/tables.ts";
import { ecsTimeline, type Timeline } from "../timeline.ts";
import type { EffectiveSettings, MachineConfiguration } from "./call.ts";

/** Everything outside clusters: documents in tables, and their indexes. */
export class AccountState {
  readonly journal = new Journal();
  readonly tables = new Tables(this.journal);
  readonly clusters = this.tables.of(clusterKind);
  readonly removedClusters = this.tables.of(removedClustersKind);
  readonly taskDefinitions = this.tables.of(taskDefinitionKind);
  readonly families = this.tables.of(taskDefinitionFamilyKind);
  readonly settings = this.tables.of(accountSettingKind);
  readonly capacityProviders = this.tables.of(capacityProviderKind);
  readonly fargateReservations = this.tables.of(fargateReservationKind);

  readonly activeClusterNames = new SortedKeys();
  activeClusters = 0;
  readonly inactiveClusters = new OldestFirst();
  readonly inactiveProviders = new OldestFirst();
  readonly revisions = new RevisionIndex();
  /** Settings in force, cached by caller; any change of a setting clears it. */
  readonly effectiveSettings = new Map<string, EffectiveSettings>();
  readonly fargateReserved = new FargateReservations();
  /** Clusters that got less on Fargate than they wanted; not durable, as their services also ask again by themselves. */
  readonly fargateWaiting = new JournaledQueue(this.journal);
  readonly due: DueDocuments;
  /** When the last review of revisions being deleted was requested. Not durable, because repeating a review does no harm. */
  readonly lastReviewAt = new JournaledValue(this.journal, 0);

  readonly place: Place;
  readonly configuration: MachineConfiguration;
  readonly timeline: Timeline;

  constructor(place: Place, configuration: MachineConfiguration) {
    this.place = place;
    this.configuration = configuration;
    this.timeline = configuration.timeline ?? ecsTimeline;
    this.due = new DueDocuments(this.tables.all, this.journal, this.timeline);
    this.clusters.onChange((name, before, after) => this.#indexCluster(name, before, after));
    this.capacityProviders.onChange((name, before, after) =>
      this.inactiveProviders.onChange(name, before?.deletedAt ?? null, after?.deletedAt ?? null),
    );
    this.fargateReservations.onChange((name, before, after) => this.fargateReserved.onChange(name, before, after));
    this.settings.onChange(() => this.effectiveSettings.clear());
    this.taskDefinitions.onChange((_, before, after) => this.revisions.onChange(before, after));
  }

  /** True if nothing is left except the numbers of what was removed. */
  get isEmpty(): boolean {
    return this.tables.all.every(({ kind, size }) => size === 0 || kind.name === removedClustersKind.name);
  }

  /** The earliest time at which something is due, or null. */
  nextDueAt(): number | null {
    const removal = this.due.nextAt();
    const review = this.reviewDueAt();
    return removal === null ? review : review === null ? removal : Math.min(removal, review);
  }

  /** When the next review of revisions being deleted is due, or null if there are none. */
  reviewDueAt(): number | null {
    return this.revisions.deleted.size === 0 ? null : this.lastReviewAt.get() + limits.deletedRevisionsReviewMs;
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
  }
}
