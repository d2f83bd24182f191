import type { Place } from "../ecs/arn.ts";
import { type FargateProvider, type FargateUse, fargateProviders } from "../ecs/documents/fargate-use.ts";
import type { FargateGrant } from "../ecs/state/account-input.ts";
import type { FargateStanding } from "../ecs/state/cluster-input.ts";
import type { Log } from "../lib/log-events.ts";
import { type ClusterPlace, clusterPartition, placeName } from "./partitions/cluster-place.ts";
import { MachineClosedError } from "./runner-errors.ts";
import { replyOf, type Submit } from "./submit.ts";

/** LIMIT: rounds of asking the account and fetching what other clusters can spare; the second is exact unless others start tasks meanwhile. */
const roundsMax = 8;

type Exchange = { readonly standing: FargateStanding; readonly grant: FargateGrant };

/** Carries questions about the Fargate quota, and their answers, between clusters and their account. The machines decide. */
export class FargateReservations {
  readonly #submit: Submit;
  readonly #log: Log;
  readonly #begun = Promise.withResolvers<void>();
  /** The last exchange in progress for each cluster, by partition. A cluster has one at a time. */
  readonly #last = new Map<string, Promise<unknown>>();
  /** How many reservations are being made for a cluster, or are made and not used yet, by partition. */
  readonly #reserving = new Map<string, number>();
  /** Clusters that are about to report that they use less, by `ACCOUNT/REGION`. */
  readonly #releases = new Map<string, Map<string, Promise<void>>>();

  constructor(submit: Submit, log: Log) {
    this.#submit = submit;
    this.#log = log;
  }

  /**
   * Gets a cluster a reservation of `wanted` in all, then calls `use` with the quotas of which the account has no more. Before that, the other
   * clusters give back what they neither use nor are about to use. Rejects with the machines' errors.
   */
  async reserve<T>(
    place: ClusterPlace,
    wanted: FargateUse,
    use: (noMoreOf: readonly FargateProvider[]) => T | Promise<T>,
  ): Promise<T> {
    const partition = clusterPartition(place);
    this.#reserving.set(partition, (this.#reserving.get(partition) ?? 0) + 1);
    try {
      return await use(await this.#reserve(place, wanted));
    } finally {
      const left = (this.#reserving.get(partition) ?? 1) - 1;
      if (left === 0) this.#reserving.delete(partition);
      else this.#reserving.set(partition, left);
    }
  }

  async #reserve(place: ClusterPlace, wanted: FargateUse): Promise<readonly FargateProvider[]> {
    await this.#begun.promise;
    for (let round = 1; ; round++) {
      const { grant } = await this.#alone(place, () => this.#exchange(place, { returnsSpare: false, wanted }));
      const lacking = fargateProviders.filter((provider) => grant.reserved[provider] < wanted[provider]);
      const releases = [...(this.#releases.get(placeName(place))?.values() ?? [])];
      // The cluster knew an older revision, and learned the newest one with this answer.
      const isOutdated = !grant.isCurrent;
      const isExact = grant.othersWithSpare.length === 0 && releases.length === 0 && !isOutdated;
      if (lacking.length === 0 || isExact || round === roundsMax) return lacking;
      const { account, region } = place;
      // Two clusters that take from each other what they are about to use would never finish.
      const idle = grant.othersWithSpare
        .map((cluster) => ({ account, region, cluster }))
        .filter((other) => !this.#reserving.has(clusterPartition(other)));
      if (idle.length === 0 && releases.length === 0 && !isOutdated) return lacking;
      const fetched = idle.map((other) => this.#returnSpare(other, false));
      await Promise.allSettled([...fetched, ...releases]);
    }
  }

  /** All clusters that use Fargate have reported it since the process started: allows reservations. */
  begin(): void {
    this.#begun.resolve();
  }

  /** Informs the account soon about what a cluster uses. Never rejects: after a failure, the next cluster that lacks quota asks. */
  release(place: ClusterPlace): Promise<void> {
    const account = placeName(place);
    let ofAccount = this.#releases.get(account);
    if (ofAccount === undefined) {
      ofAccount = new Map();
      this.#releases.set(account, ofAccount);
    }
    const releases = ofAccount;
    const { cluster } = place;
    // The waiting one reports what the cluster uses when its turn comes.
    const waiting = releases.get(cluster);
    if (waiting !== undefined) return waiting;
    const end = () => {
      releases.delete(cluster);
      if (releases.size === 0) this.#releases.delete(account);
    };
    const released = this.#alone(place, () => {
      end();
      return this.#returnSpare(place, true, true);
    });
    const ended = released.catch((error: unknown) => {
      end();
      if (error instanceof MachineClosedError) return;
      this.#log("fargate-release-failed", { partition: clusterPartition(place), err: error });
    });
    releases.set(cluster, ended);
    return ended;
  }

  /** Makes a cluster give back what it doesn't use; `ahead` lets the account leave it a batch. */
  async #returnSpare(place: ClusterPlace, ahead: boolean, isAlone = false): Promise<void> {
    const give = async (): Promise<void> => {
      const first = await this.#exchange(place, { returnsSpare: true, wanted: null, ahead });
      // A reservation that the cluster didn't know could not become smaller.
      if (first.standing.revision !== null && first.grant.isCurrent) return;
      await this.#exchange(place, { returnsSpare: true, wanted: null, ahead, revision: first.grant.revision });
    };
    await (isAlone ? give() : this.#alone(place, give));
  }

  /** Asks the cluster for its standing, asks the account for a reservation, and gives that to the cluster. */
  async #exchange(
    place: ClusterPlace,
    asked: {
      readonly returnsSpare: boolean;
      /** Null: what the cluster uses. */
      readonly wanted: FargateUse | null;
      readonly ahead?: boolean;
      /** For a cluster that isn't in memory, and so doesn't know its revision. */
      readonly revision?: number;
    },
  ): Promise<Exchange> {
    const { returnsSpare } = asked;
    const submit = this.#submit;
    const standing = replyOf(await submit(place, { type: "fargate-standing", returnsSpare })) as FargateStanding;
    const { use, reserved } = standing;
    const most = (provider: FargateProvider) => Math.max(reserved[provider], asked.wanted?.[provider] ?? 0);
    const request = {
      cluster: place.cluster,
      revision: standing.revision ?? asked.revision ?? null,
      use,
      wanted: { FARGATE: most("FARGATE"), FARGATE_SPOT: most("FARGATE_SPOT") },
      ahead: asked.ahead ?? true,
    };
    const grant = replyOf(await submit(accountOf(place), { type: "reserve-fargate", request })) as FargateGrant;
    const { incarnation, revision } = grant;
    replyOf(await submit(place, { type: "fargate-reserved", incarnation, revision, reserved: grant.reserved }));
    return { standing, grant };
  }

  /** Runs `run` when the cluster's exchanges in progress have ended. */
  #alone<T>(place: ClusterPlace, run: () => Promise<T>): Promise<T> {
    const partition = clusterPartition(place);
    const done = (this.#last.get(partition) ?? Promise.resolve()).then(run, run);
    this.#last.set(partition, done);
    const forget = () => {
      if (this.#last.get(partition) === done) this.#last.delete(partition);
    };
    done.then(forget, forget);
    return done;
  }
}

const accountOf = ({ account, region }: ClusterPlace): Place => ({ account, region });
