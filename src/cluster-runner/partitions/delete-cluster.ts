/**
 * DeleteCluster takes two machines, in order: the cluster closes itself, then the account marks it INACTIVE. In between, calls into the
 * cluster find it gone; whoever notices that informs the account.
 */
import type { Place } from "../../ecs/arn.ts";
import type { Cluster } from "../../ecs/documents/cluster.ts";
import type { ClusterStanding } from "../../ecs/state/account-input.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log-events.ts";
import { NotDurableError } from "../runner-errors.ts";
import { type AccountSubmission, replyOf, type Submit } from "../submit.ts";
import { clusterPartition } from "./cluster-place.ts";

/**
 * LIMIT: if the store fails for more than about ten minutes, this isn't the only thing that has halted; the next start finishes the
 * deletion.
 */
const attemptsMax = 120;
const pauseMs = 5_000;

/** A cluster whose machine is closed under this incarnation. */
export type ClosedCluster = Pick<Cluster, "name" | "incarnation">;

/**
 * What the account knows about a closed cluster: it learned of it just now, it knew, the name belongs to a later cluster, or it doesn't
 * know the name.
 */
export type FoundStanding = "told-now" | "known" | "created-again" | "forgotten";

export type DeletionOptions = { readonly submit: Submit; readonly clock: Clock; readonly log: Log };

/** The deletions of clusters in one account and region. */
export class Deletion {
  readonly #options: DeletionOptions;
  readonly #place: Place;

  constructor(options: DeletionOptions, { account, region }: Place) {
    this.#options = options;
    this.#place = { account, region };
  }

  /** The reply of DeleteCluster. Rejects with the Refusal, or with the machines' errors. */
  async delete(reference: string | undefined): Promise<object> {
    const { name, incarnation } = (await this.#account({ type: "resolve-cluster", reference })) as Cluster;
    const cluster = { name, incarnation };
    replyOf(await this.#options.submit({ ...this.#place, cluster: name }, { type: "close", incarnation }));
    try {
      const reply = (await this.#account({ type: "cluster-closed", ...cluster })) as object;
      void this.#accountKnows(cluster, false);
      return reply;
    } catch (error) {
      if (error instanceof NotDurableError) this.#finishInTheEnd(cluster).catch(() => {});
      throw error;
    }
  }

  /** Informs the account about a closed cluster unless it knows. If the store fails, rejects and keeps trying. */
  async finish(cluster: ClosedCluster): Promise<FoundStanding> {
    try {
      return await this.#tellBoth(cluster);
    } catch (error) {
      if (error instanceof NotDurableError) this.#finishInTheEnd(cluster).catch(() => {});
      throw error;
    }
  }

  /** The store failed for a moment: retry until it is back, because nobody may call DeleteCluster again. */
  async #finishInTheEnd(cluster: ClosedCluster): Promise<void> {
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      try {
        await this.#tellBoth(cluster);
        return;
      } catch (error) {
        if (!(error instanceof NotDurableError)) throw error;
        await new Promise<void>((resolve) => this.#options.clock.setTimer(pauseMs, resolve));
      }
    }
  }

  async #tellBoth(cluster: ClosedCluster): Promise<FoundStanding> {
    const found = await this.#tellAccount(cluster);
    if (found !== "forgotten") await this.#accountKnows(cluster, found === "created-again");
    return found;
  }

  async #tellAccount({ name, incarnation }: ClosedCluster): Promise<FoundStanding> {
    const standing = (await this.#account({ type: "cluster-standing", name })) as ClusterStanding | null;
    if (standing === null) return "forgotten";
    if (standing.incarnation !== incarnation) return "created-again";
    if (standing.status !== "ACTIVE") return "known";
    await this.#account({ type: "cluster-closed", name, incarnation });
    return "told-now";
  }

  /**
   * Records in the cluster that the account knows of its deletion, and may have created it again since; then puts its machine away unless
   * it was. Never rejects. What fails is done at the next load.
   */
  async #accountKnows({ name, incarnation }: ClosedCluster, isCreatedAgain: boolean): Promise<void> {
    const { submit, log } = this.#options;
    const place = { ...this.#place, cluster: name };
    try {
      replyOf(await submit(place, { type: "account-knows", incarnation, isCreatedAgain }));
      // Whoever uses the later cluster needs the machine, and what it knows of its Fargate reservation.
      if (!isCreatedAgain) replyOf(await submit(place, { type: "put-away" }));
    } catch (error) {
      log("cluster-deletion-unrecorded", { partition: clusterPartition(place), err: error });
    }
  }

  async #account(input: AccountSubmission): Promise<unknown> {
    return replyOf(await this.#options.submit(this.#place, input));
  }
}
