/** The partitions that this process owns, today all of them: their machines, what these do to each other, and `submit`. */
import type { Place } from "../../ecs/arn.ts";
import type { Cluster } from "../../ecs/documents/cluster.ts";
import type { FargateProvider, FargateUse } from "../../ecs/documents/fargate-use.ts";
import { FargateShortage } from "../../ecs/fargate/use-fargate.ts";
import { AccountMachine } from "../../ecs/machine/account-machine.ts";
import { ClusterMachine } from "../../ecs/machine/cluster-machine.ts";
import { refuse } from "../../ecs/refusals.ts";
import type { AccountInput, ClusterStanding } from "../../ecs/state/account-input.ts";
import type { MachineConfiguration } from "../../ecs/state/call.ts";
import type { ClusterInput } from "../../ecs/state/cluster-input.ts";
import type { ClusterState } from "../../ecs/state/cluster-state.ts";
import type { AccountEffect, ClusterEffect, HostEffect } from "../../ecs/state/effect.ts";
import { must } from "../../lib/assert.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log-events.ts";
import type { Random } from "../../lib/random.ts";
import type { ServicePorts } from "../../service-machine/service-ports.ts";
import type { ServiceRulebook } from "../../service-machine/service-rulebook.ts";
import type { Store } from "../../store/store.ts";
import type { Answer } from "../append-group.ts";
import { FargateReservations } from "../fargate-reservations.ts";
import type { AppendObserver } from "../group-commit.ts";
import { type AnswerLong, LongAnswers } from "../long-answers.ts";
import { MachineRunner, type RunnerStatus } from "../machine-runner.ts";
import { MachineClosedError, NotDurableError, OverloadError } from "../runner-errors.ts";
import { ServiceMachines } from "../service-machines.ts";
import {
  type AccountPlace,
  type AccountSubmission,
  type ClusterSubmission,
  failedOutcomeOf,
  type Outcome,
  outcomeOf,
  replyOf,
  type Submit,
} from "../submit.ts";
import type { TakeTurn, Turns } from "../turns/turns.ts";
import { accountPartition, type ClusterPlace, clusterPartition, parsePartition } from "./cluster-place.ts";
import { DeletedClusters } from "./deleted-clusters.ts";
import { accountRoom, clusterRoom, type RoomLimits } from "./machine-room.ts";
import { PartitionDirectory } from "./partition-directory.ts";

export type LocalPartitionsOptions = {
  readonly store: Store;
  readonly clock: Clock;
  readonly randomFor: (partition: string) => Random;
  readonly configuration: MachineConfiguration;
  readonly log: Log;
  readonly observe?: AppendObserver;
  readonly rooms?: { readonly accounts?: RoomLimits; readonly clusters?: RoomLimits };
  /** As in ControlPlaneOptions. */
  readonly services?: { readonly rulebooks: readonly ServiceRulebook[]; readonly ports: ServicePorts };
  readonly turns: Turns;
  /** Wraps `local`, this process's own `submit`; everything submits through the result. A place for other processes. */
  readonly relay: (local: Submit) => Submit;
  readonly onEffect: (place: ClusterPlace, effect: HostEffect) => void;
  readonly onLoaded: (place: ClusterPlace) => void;
};

export class LocalPartitions {
  readonly #options: LocalPartitionsOptions;
  readonly submit: Submit;
  readonly #accounts: PartitionDirectory<AccountInput, AccountEffect>;
  readonly #clusters: PartitionDirectory<ClusterInput, ClusterEffect>;
  /** Each cluster's machine, for metrics that need no durability. */
  readonly #clusterMachines = new Map<string, ClusterMachine>();
  /** The machines of services other than ECS. Nothing is submitted to them from elsewhere. */
  readonly services: ServiceMachines;
  readonly #fargateReservations: FargateReservations;
  readonly #longAnswers: LongAnswers;
  readonly #deleted: DeletedClusters;
  /** Work for machines that were just loaded, until `open` has waited for it. */
  #afterLoads: Promise<void>[] | null = [];

  constructor(options: LocalPartitionsOptions) {
    this.#options = options;
    const { clock, log, randomFor, rooms, turns } = options;
    this.submit = options.relay(this.#submitHere);
    this.#longAnswers = new LongAnswers(turns);
    this.#fargateReservations = new FargateReservations(this.submit, log);
    this.#accounts = new PartitionDirectory({
      clock,
      log,
      randomFor,
      room: rooms?.accounts ?? accountRoom,
      create: (partition) => this.#accountMachine(partition),
      runner: (partition, random) => this.#accountRunner(partition, random),
    });
    this.#clusters = new PartitionDirectory({
      clock,
      log,
      randomFor,
      room: rooms?.clusters ?? clusterRoom,
      create: (partition) => this.#clusterMachine(partition),
      runner: (partition, random) => this.#clusterRunner(partition, random),
      onClosed: (partition) => void this.#clusterMachines.delete(partition),
    });
    this.services = new ServiceMachines({
      ...{ clock, log, randomFor, turns },
      ...(options.services ?? { rulebooks: [], ports: null }),
      runnerOptions: (partition, random) => this.#runnerOptions(partition, random),
    });
    this.#deleted = new DeletedClusters({
      clock,
      log,
      submit: this.submit,
      accounts: this.#accounts,
      clusters: this.#clusters,
      stateOf: (partition) => this.#clusterMachines.get(partition)?.state ?? null,
    });
  }

  /** Loads what is always needed, and finishes what a crash interrupted. Rejects if the store fails. */
  async open(): Promise<void> {
    const partitions = await this.#options.store.partitions("");
    const ofType = (type: "account" | "cluster" | "service") =>
      partitions.filter(({ name }) => parsePartition(name)?.type === type);
    this.#accounts.list(ofType("account"));
    this.#clusters.list(ofType("cluster"));
    const settled = async (): Promise<void> => void (await Promise.all(this.#afterLoads?.splice(0) ?? []));
    await this.#accounts.openNeeded(settled);
    await this.#clusters.openNeeded(settled);
    await this.services.open(ofType("service"));
    this.#fargateReservations.begin();
    this.#afterLoads = null;
  }

  /** Accepts no more inputs; resolves when everything accepted is durable or lost. */
  async close(): Promise<void> {
    await Promise.all([this.#accounts.close(), this.#clusters.close(), this.services.close()]);
  }

  statuses(): (RunnerStatus & { readonly partition: string })[] {
    return [...this.#accounts.statuses(), ...this.#clusters.statuses(), ...this.services.statuses()];
  }

  /** The states of the clusters in memory, which may be ahead of what is durable. */
  clusterStates(): ClusterState[] {
    return [...this.#clusterMachines.values()].map(({ state }) => state);
  }

  readonly #submitHere: Submit = (
    place: ClusterPlace | AccountPlace,
    input: ClusterSubmission | AccountSubmission,
  ): Outcome | Promise<Outcome> => {
    try {
      const answer =
        place.cluster === undefined
          ? this.#toAccount(place, input as AccountSubmission)
          : this.#toCluster(place, input as ClusterSubmission);
      const outcome = (given: Answer): Outcome | Promise<Outcome> => {
        const shortage = shortageOf(given);
        if (shortage === null) return outcomeOf(given);
        return this.#callWithFargate(place as ClusterPlace, input as ClusterCall, shortage).catch(failedOutcomeOf);
      };
      return answer instanceof Promise ? answer.then(outcome, failedOutcomeOf) : outcome(answer);
    } catch (error) {
      return failedOutcomeOf(error);
    }
  };

  #toAccount(place: AccountPlace, input: AccountSubmission): Answer | Promise<Answer> {
    const partition = accountPartition(place);
    switch (input.type) {
      case "forget":
        return this.#deleted.forgetAccount(place).then(() => done);
      case "put-away":
        this.#accounts.release(partition);
        return done;
      case "call":
        return this.#options.turns.work(place.account, "", () => this.#accounts.answer(partition, input));
      default:
        return this.#accounts.answer(partition, input);
    }
  }

  #toCluster(place: ClusterPlace, input: ClusterSubmission): Answer | Promise<Answer> {
    const { turns } = this.#options;
    const { account, cluster } = place;
    const partition = clusterPartition(place);
    const answer = () => this.#clusters.answer(partition, input as ClusterInput);
    switch (input.type) {
      case "forget":
        return this.#deleted.forgetCluster(place).then(() => done);
      case "put-away":
        this.#clusters.release(partition);
        return done;
      case "call":
        return this.#call(place, input);
      case "count":
      case "revisions-in-use":
        // Nothing that counts lives in a machine that isn't loaded, so it isn't loaded to say so.
        if (!this.#clusterMachines.has(partition)) return this.#clusters.answerEmpty(partition, input);
        return turns.work(account, cluster, answer);
      case "fargate-standing":
        if (!this.#clusterMachines.has(partition)) return this.#clusters.answerEmpty(partition, input);
        // Until it is reloaded, everything reserved for it counts as used.
        if (!this.#clusters.isRunning(partition)) throw new NotDurableError(`${partition} is being loaded`);
        return answer();
      case "fargate-reserved":
      case "fargate-answered":
        return this.#clusterMachines.has(partition) ? answer() : done;
      case "close":
      case "account-knows":
        // Nothing was ever written in it, so there is no machine to close, and creating one would ask the account first.
        return this.#clusters.has(partition) ? answer() : done;
      case "agent-report":
        if (!this.#clusters.has(partition)) refuse("ClusterNotFoundException", "Cluster not found.");
        return this.#inOrder(place, answer);
      case "fargate-freed":
        return this.#inOrder(place, answer);
      case "agent-standing":
      case "instance-addresses":
        return answer();
    }
  }

  /** In the order of these calls for each cluster, so never within other work. */
  #inOrder({ account, cluster }: ClusterPlace, answer: () => Answer | Promise<Answer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#options.turns.take(account, cluster, () => {
        try {
          resolve(answer());
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  /** Runs before a machine is created for `cluster`: since it was resolved, the cluster may have been deleted and its machine forgotten. */
  async #confirm({ account, region }: Place, { name, incarnation }: Cluster): Promise<void> {
    const standing = replyOf(await this.submit({ account, region }, { type: "cluster-standing", name }));
    const now = standing as ClusterStanding | null;
    if (now?.status !== "ACTIVE" || now.incarnation !== incarnation) {
      refuse("ClusterNotFoundException", "The referenced cluster was inactive.");
    }
  }

  async #doForAccount(place: Place, effect: AccountEffect): Promise<void> {
    switch (effect.type) {
      case "review-deleted-revisions":
        return this.#reviewDeletedRevisions(place, effect);
      case "forget-clusters":
        for (const cluster of effect.names) replyOf(await this.submit({ ...place, cluster }, { type: "forget" }));
        return;
      case "fargate-freed":
        // A service that still finds no room waits again. Services also retry after a minute, so a lost input does no harm.
        for (const cluster of effect.clusters) {
          replyOf(await this.submit({ ...place, cluster }, { type: "fargate-freed" }));
        }
        return;
      case "emptied":
        replyOf(await this.submit(place, { type: "forget" }));
    }
  }

  /** Asks the clusters which revisions they use. If a cluster can't answer, the account asks again later. */
  async #reviewDeletedRevisions(
    place: Place,
    { arns, clusters }: AccountEffect & { readonly type: "review-deleted-revisions" },
  ): Promise<void> {
    const unused = new Set(arns);
    for (const cluster of clusters) {
      const used = replyOf(await this.submit({ ...place, cluster }, { type: "revisions-in-use", arns })) as string[];
      for (const arn of used) unused.delete(arn);
    }
    if (unused.size === 0) return;
    replyOf(await this.submit(place, { type: "revisions-unused", arns: [...unused] }));
  }

  #doForCluster(place: ClusterPlace, effect: ClusterEffect): void {
    switch (effect.type) {
      case "reserve-fargate":
        void this.#reserveForServices(place, effect.wanted);
        return;
      case "release-fargate":
        void this.#fargateReservations.release(place);
        return;
      default:
        this.#options.onEffect(place, effect);
    }
  }

  /** Never rejects: without an answer, services look again by themselves. */
  async #reserveForServices(place: ClusterPlace, wanted: FargateUse): Promise<void> {
    const { log } = this.#options;
    const fields = { partition: clusterPartition(place) };
    const answer = async (noMoreOf: readonly FargateProvider[] | null): Promise<void> =>
      void replyOf(await this.submit(place, { type: "fargate-answered", noMoreOf }));
    try {
      await this.#fargateReservations.reserve(place, wanted, answer);
    } catch (error) {
      if (error instanceof MachineClosedError) return;
      log("fargate-reservation-failed", { ...fields, err: error });
      // If this fails too, the cluster is reloaded and asks again.
      await answer(null).catch(() => {});
    }
  }

  /** Answers a call that needs more on Fargate than its cluster has reserved; `shortage` is that of the first attempt. */
  async #callWithFargate(place: ClusterPlace, input: ClusterCall, shortage: FargateShortage): Promise<Outcome> {
    for (let attempt = 1, { wanted } = shortage; attempt <= fargateAttemptsMax; attempt++) {
      const answer = await this.#fargateReservations.reserve(place, wanted, (noMoreFargate) =>
        this.#call(place, { ...input, given: { ...input.given, noMoreFargate } }),
      );
      const again = shortageOf(answer);
      if (again === null) return outcomeOf(answer);
      wanted = again.wanted;
    }
    throw new OverloadError(
      `${clusterPartition(place)}: others took the quota for Fargate ${fargateAttemptsMax} times`,
    );
  }

  #call(place: ClusterPlace, input: ClusterCall): Answer | Promise<Answer> {
    const partition = clusterPartition(place);
    const confirm = () => this.#confirm(place, input.given.cluster);
    // Thousands of calls may have waited for the same thing and continue at once.
    return this.#options.turns.work(place.account, place.cluster, () =>
      this.#clusters.answer(partition, input, confirm),
    );
  }

  #accountMachine(partition: string): AccountMachine {
    return new AccountMachine(accountPlaceOf(partition), this.#options.configuration);
  }

  #accountRunner(partition: string, random: Random): MachineRunner<AccountInput, AccountEffect> {
    const { log } = this.#options;
    const place = accountPlaceOf(partition);
    return new MachineRunner({
      ...this.#runnerOptions(partition, random),
      create: () => this.#accountMachine(partition),
      timerInput: { type: "timer" },
      afterLoad: null,
      onEffect: (effect) => {
        this.#doForAccount(place, effect).catch((error: unknown) => {
          log("account-effect-failed", { partition, err: error, effect: effect.type });
        });
      },
      // A crash may have come between the last deletion and this.
      onLoaded: () => this.#afterLoad(this.#deleted.forgetAccount(place)),
    });
  }

  #clusterMachine(partition: string): ClusterMachine {
    const { account, region, cluster } = clusterPlaceOf(partition);
    return new ClusterMachine({ account, region }, cluster, this.#options.configuration);
  }

  #clusterRunner(partition: string, random: Random): MachineRunner<ClusterInput, ClusterEffect> {
    const place = clusterPlaceOf(partition);
    return new MachineRunner({
      ...this.#runnerOptions(partition, random),
      create: () => {
        const machine = this.#clusterMachine(partition);
        this.#clusterMachines.set(partition, machine);
        return machine;
      },
      timerInput: { type: "timer" },
      afterLoad: { type: "recovered" },
      onEffect: (effect) => this.#doForCluster(place, effect),
      onLoaded: () => {
        const machine = this.#clusterMachines.get(partition);
        if (machine !== undefined) {
          this.#afterLoad(this.#deleted.settle(machine.state));
          // The account may have reserved more than the cluster uses, or nothing if a Berth without reservations wrote this.
          const { use } = machine.state.fargateBook;
          if (use.FARGATE + use.FARGATE_SPOT > 0) this.#afterLoad(this.#fargateReservations.release(place));
        }
        this.#options.onLoaded(place);
      },
    });
  }

  #afterLoad(done: Promise<void>): void {
    this.#afterLoads?.push(done);
  }

  #runnerOptions(partition: string, random: Random) {
    const { store, clock, log, observe, turns } = this.#options;
    const { account, cluster } = { cluster: "", ...must(parsePartition(partition), "the place of a machine").place };
    const takeTurn: TakeTurn = (run, urgent) => turns.take(account, cluster, run, urgent);
    const answerLong: AnswerLong = (slices, isWanted) => this.#longAnswers.add(account, cluster, slices, isWanted);
    return { partition, store, clock, random, log, observe, takeTurn, stopwatch: turns.stopwatch, answerLong };
  }
}

/** LIMIT: each further attempt means that another call has just taken what was reserved for this one. */
const fargateAttemptsMax = 32;

type ClusterCall = ClusterInput & { readonly type: "call" };

const shortageOf = (answer: Answer): FargateShortage | null =>
  !answer.ok && answer.refusal instanceof FargateShortage ? answer.refusal : null;

const done: Answer = { ok: true, value: null };

const accountPlaceOf = (partition: string): Place => must(parsePartition(partition), "the place of an account").place;

function clusterPlaceOf(partition: string): ClusterPlace {
  return must(parsePartition(partition), "the place of a cluster").place as ClusterPlace;
}
