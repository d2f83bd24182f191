import type { Place } from "../ecs/arn.ts";
import { type FargateProvider, type FargateUse, fargateProviders } from "../ecs/documents/fargate-use.ts";
import type { FargateGrant } from "../ecs/state/account-input.ts";
import type { FargateStanding } from "../ecs/state/cluster-input.ts";
import type { Log } from "./log.ts";
import { type ClusterPlace, clusterPartition, placeName } from "./partitions/cluster-place.ts";
import { MachineClosedError } from "./runner-errors.ts";
import { replyOf, type Submit } from "./submit.ts";

/** LIMIT: rounds of asking the account and fetching what others have to spare; the second is exact unless others start tasks meanwhile. */
const roundsMax = 8;

type Exchange = { readonly standing: FargateStanding; readonly grant: FargateGrant };

/** Brings clusters and their account together about the quota for Fargate. The machines decide; this only carries what they say. */
export class FargateReservations {
  readonly #submit: Submit;
  readonly #log: Log;
  readonly #begun = Promise.withResolvers<void>();
  /** What is under way for each cluster, by partition: one exchange at a time. */
  readonly #last = new Map<string, Promise<unknown>>();
  /** How many reservations are being made for a cluster, or have been made and not used yet, by partition. */
  readonly #reserving = new Map<string, number>();
  /** Clusters that are about to say that they use less, by `ACCOUNT/REGION`. */
  readonly #releases = new Map<string, Map<string, Promise<void>>>();

  constructor(submit: Submit, log: Log) {
    this.#submit = submit;
    this.#log = log;
  }

  /**
   * Gives a cluster a reservation of `wanted` in all, and then calls `use`. It gets the quotas of which the account has no more, although all
   * others have given back what they neither use nor are about to use. Rejects with what the machines reject with.
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
      const isExact = grant.othersWithSpare.length === 0 && releases.length === 0;
      if (lacking.length === 0 || isExact || round === roundsMax) return lacking;
      const { account, region } = place;
      // Two that take from each other what they are about to use would never end.
      const idle = grant.othersWithSpare
        .map((cluster) => ({ account, region, cluster }))
        .filter((other) => !this.#reserving.has(clusterPartition(other)));
      if (idle.length === 0 && releases.length === 0) return lacking;
      const fetched = idle.map((other) => this.#returnSpare(other, false));
      await Promise.allSettled([...fetched, ...releases]);
    }
  }

  /** All clusters that use Fargate have said so since the process started: reservations can be made. */
  begin(): void {
    this.#begun.resolve();
  }

  /** Lets the account know, soon, what a cluster uses. Never rejects: what fails is found out when somebody lacks it. */
  release(place: ClusterPlace): Promise<void> {
    const account = placeName(place);
    let ofAccount = this.#releases.get(account);
    if (ofAccount === undefined) {
      ofAccount = new Map();
      this.#releases.set(account, ofAccount);
    }
    const releases = ofAccount;
    const { cluster } = place;
    // The one that waits says what the cluster uses when its turn comes.
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
      this.#log("warn", { partition: clusterPartition(place), err: error }, "A cluster could not release a quota");
    });
    releases.set(cluster, ended);
    return ended;
  }

  /** Makes a cluster give back what it does not use; `ahead` lets the account leave it a batch. */
  async #returnSpare(place: ClusterPlace, ahead: boolean, isAlone = false): Promise<void> {
    const give = async (): Promise<void> => {
      const first = await this.#exchange(place, { returnsSpare: true, wanted: null, ahead });
      // A reservation that the cluster did not know could not become smaller.
      if (first.standing.revision !== null && first.grant.isCurrent) return;
      await this.#exchange(place, { returnsSpare: true, wanted: null, ahead, revision: first.grant.revision });
    };
    await (isAlone ? give() : this.#alone(place, give));
  }

  /** Asks the cluster how it stands, the account for a reservation, and tells the cluster. */
  async #exchange(
    place: ClusterPlace,
    asked: {
      readonly returnsSpare: boolean;
      /** Null for what the cluster uses. */
      readonly wanted: FargateUse | null;
      readonly ahead?: boolean;
      /** Of a cluster that is not in memory, and so knows of none. */
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
    const { revision } = grant;
    replyOf(await submit(place, { type: "fargate-reserved", revision, reserved: grant.reserved }));
    return { standing, grant };
  }

  /** Runs `run` when whatever is under way for the cluster has ended. */
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
