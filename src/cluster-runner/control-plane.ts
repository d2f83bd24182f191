import type { AgentStanding } from "../ecs/agents/agent-standing.ts";
import type { Place } from "../ecs/arn.ts";
import type { Cluster, ClusterCounts } from "../ecs/documents/cluster.ts";
import { taggedResource } from "../ecs/documents/tag.ts";
import type { TaskDefinition } from "../ecs/documents/task-definition.ts";
import { AccountMachine } from "../ecs/machine/account-machine.ts";
import { ClusterMachine } from "../ecs/machine/cluster-machine.ts";
import { type AnsweredName, rowOf, type SeveralMachinesName } from "../ecs/machine/operations.ts";
import { refuse } from "../ecs/refusals.ts";
import type { AccountInput, ClusterStanding } from "../ecs/state/account-input.ts";
import type { Caller, EffectiveSettings, Given, MachineConfiguration } from "../ecs/state/call.ts";
import type { AgentReport, ClusterInput } from "../ecs/state/cluster-input.ts";
import type { AccountEffect, ClusterEffect } from "../ecs/state/effect.ts";
import type { GivenToCluster } from "../ecs/state/operation-row.ts";
import { must } from "../lib/assert.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log-events.ts";
import type { Random } from "../lib/random.ts";
import type { ServicePorts } from "../service-machine/service-ports.ts";
import type { ServiceRulebook } from "../service-machine/service-rulebook.ts";
import type { Store, StoredEvent } from "../store/store.ts";
import type { Answer } from "./append-group.ts";
import { callByHistoryArns } from "./call-by-history-arns.ts";
import { type AgentEndpoints, discoverPollEndpoint } from "./discover-poll-endpoint.ts";
import { FargateQuotas } from "./fargate-quotas.ts";
import type { AppendObserver } from "./group-commit.ts";
import { type AnswerLong, LongAnswers } from "./long-answers.ts";
import { MachineRunner, type RunnerStatus } from "./machine-runner.ts";
import {
  accountPartition,
  type ClusterPlace,
  clusterPartition,
  isPlace,
  parsePartition,
  placeName,
} from "./partitions/cluster-place.ts";
import { DeletedClusters } from "./partitions/deleted-clusters.ts";
import { accountRoom, clusterRoom, type RoomLimits } from "./partitions/machine-room.ts";
import { PartitionDirectory } from "./partitions/partition-directory.ts";
import { readWholeEvents } from "./read-whole-events.ts";
import { type ServiceCall, ServiceMachines } from "./service-machines.ts";
import { type StatusCounts, statusCounts } from "./status-counts.ts";
import { type TakeTurn, Turns } from "./turns/turns.ts";

export type ControlPlaneOptions = {
  /** Stays open; its owner closes it after the control plane. */
  readonly store: Store;
  readonly clock: Clock;
  /** Randomness for the machine of a partition. */
  readonly randomFor: (partition: string) => Random;
  readonly configuration: MachineConfiguration;
  /** Where agents connect; `host` is the name by which the caller reached this process, if known. */
  readonly endpoints: (host: string | null) => AgentEndpoints;
  readonly log: Log;
  readonly observe?: AppendObserver;
  /** Milliseconds with fractions, to measure work. By default the clock; in virtual time, work then takes none. */
  readonly stopwatch?: () => number;
  /** Other limits for machines in memory, for tests. */
  readonly rooms?: { readonly accounts?: RoomLimits; readonly clusters?: RoomLimits };
  /** The services other than ECS, and what they need from outside; absent for none. */
  readonly services?: { readonly rulebooks: readonly ServiceRulebook[]; readonly ports: ServicePorts };
};

/** An API call: parsed, with its caller known. */
export type ControlPlaneCall = Place & {
  readonly operation: AnsweredName;
  readonly request: object;
  readonly caller: Caller;
  /** Name and port by which the caller reached this process, if it came over a network. */
  readonly host?: string | null;
};

/** The members of a request that decide where it belongs. */
type RoutingMembers = { readonly cluster?: string; readonly taskDefinition?: string; readonly resourceArn?: string };

/** All machines of this process. Takes each call to the machines that answer it, and effects to their listeners. */
export class ControlPlane {
  readonly #options: ControlPlaneOptions;
  /** Everything that occupies the event loop for a caller takes its turn here. */
  readonly turns: Turns;
  readonly #accounts: PartitionDirectory<AccountInput, AccountEffect>;
  readonly #clusters: PartitionDirectory<ClusterInput, ClusterEffect>;
  /** Each cluster's machine, for metrics that need no durability. */
  readonly #clusterMachines = new Map<string, ClusterMachine>();
  /** What accounts have of services other than ECS. */
  readonly services: ServiceMachines;
  readonly #fargateQuotas: FargateQuotas;
  readonly #longAnswers: LongAnswers;
  readonly #deleted: DeletedClusters;
  /** The operations that need several machines. */
  readonly #fromSeveral: Readonly<Record<SeveralMachinesName, (call: ControlPlaneCall) => Promise<object>>> = {
    DeleteCluster: (call) => this.#deleted.delete(call, (call.request as RoutingMembers).cluster),
    DiscoverPollEndpoint: (call) => this.#discover(call),
  };
  /** Work for machines that were just loaded, until `open` has waited for it. */
  #afterLoads: Promise<void>[] | null = [];
  readonly #effectListeners: ((place: ClusterPlace, effect: ClusterEffect) => void)[] = [];
  readonly #loadListeners: ((place: ClusterPlace) => void)[] = [];

  constructor(options: ControlPlaneOptions) {
    this.#options = options;
    const { clock, log, randomFor } = options;
    this.turns = new Turns({ clock, stopwatch: options.stopwatch ?? (() => clock.now()) });
    this.#longAnswers = new LongAnswers(this.turns);
    this.#fargateQuotas = new FargateQuotas(clock, (partition) => this.#tellFargateFreed(partition));
    this.#accounts = new PartitionDirectory({
      clock,
      log,
      randomFor,
      room: options.rooms?.accounts ?? accountRoom,
      create: (partition) => this.#accountMachine(partition),
      runner: (partition, random) => this.#accountRunner(partition, random),
    });
    this.#clusters = new PartitionDirectory({
      clock,
      log,
      randomFor,
      room: options.rooms?.clusters ?? clusterRoom,
      create: (partition) => this.#clusterMachine(partition),
      runner: (partition, random) => this.#clusterRunner(partition, random),
      onClosed: (partition) => {
        this.#clusterMachines.delete(partition);
        this.#fargateQuotas.closed(partition);
      },
    });
    this.services = new ServiceMachines({
      ...{ clock, log, randomFor, turns: this.turns },
      ...(options.services ?? { rulebooks: [], ports: null }),
      runnerOptions: (partition, random) => this.#runnerOptions(partition, random),
    });
    this.#deleted = new DeletedClusters({
      clock,
      log,
      accounts: this.#accounts,
      clusters: this.#clusters,
      stateOf: (partition) => this.#clusterMachines.get(partition)?.state ?? null,
    });
  }

  /**
   * Loads every machine in which something lives, and finishes what a crash interrupted. The others are loaded when somebody calls them, or
   * when something is due in them. Rejects if the store fails.
   */
  async open(): Promise<void> {
    const { store } = this.#options;
    try {
      const partitions = await store.partitions("");
      const ofType = (type: "account" | "cluster" | "service") =>
        partitions.filter(({ name }) => parsePartition(name)?.type === type);
      this.#accounts.list(ofType("account"));
      this.#clusters.list(ofType("cluster"));
      const settled = async (): Promise<void> => void (await Promise.all(this.#afterLoads?.splice(0) ?? []));
      await this.#accounts.openNeeded(settled);
      await this.#clusters.openNeeded(settled);
      await this.services.open(ofType("service"));
      this.#fargateQuotas.areLoaded();
      this.#afterLoads = null;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Accepts no more calls; resolves when everything accepted is durable or lost. */
  async close(): Promise<void> {
    await Promise.all([this.#accounts.close(), this.#clusters.close(), this.services.close()]);
  }

  /**
   * Answers a call in API shape, once everything that the answer shows is durable. Rejects with the operation's Refusal or an error from
   * `runner-errors.ts`; with OverloadError if too many of the account's calls are in progress.
   */
  call(call: ControlPlaneCall): Promise<object> {
    return this.turns.call(call.account, clusterOfCall(call), () => this.#route(call));
  }

  /** As `call`, of a service other than ECS. */
  callService(call: ServiceCall): Promise<object> {
    return this.turns.call(call.account, "", () => this.services.call(call));
  }

  /** Makes the cluster `default` of a place when there is none. */
  async createDefaultCluster(place: Place): Promise<Cluster> {
    return (await this.#accounts.submit(accountPartition(place), { type: "create-default-cluster" })) as Cluster;
  }

  /**
   * Gives a cluster a report from an agent's session; resolves when the cluster has taken it durably. A cluster takes its reports in the
   * order of these calls. Rejects with ClusterNotFoundException for a cluster without a machine.
   */
  async report(place: ClusterPlace, report: AgentReport): Promise<void> {
    const partition = clusterPartition(place);
    if (!this.#clusters.has(partition)) refuse("ClusterNotFoundException", "Cluster not found.");
    const input = { type: "agent-report", report } as const;
    await new Promise<unknown>((resolve) => {
      this.turns.take(place.account, place.cluster, () => resolve(this.#clusters.submit(partition, input)));
    });
  }

  /** Whether an agent may connect for an instance as `caller`; `no-cluster` if the cluster doesn't exist either. */
  async agentStanding(place: ClusterPlace, instanceId: string, caller: Caller): Promise<AgentStanding | "no-cluster"> {
    const asked = { type: "agent-standing", instanceId, caller } as const;
    const standing = await this.#clusters.submit(clusterPartition(place), asked);
    if (standing !== "unknown") return standing as AgentStanding;
    const input = { type: "resolve-cluster", reference: place.cluster } as const;
    const answer = await this.#accounts.answer(accountPartition(place), input);
    return answer.ok ? "unknown" : "no-cluster";
  }

  /** `listener` gets the effects of every cluster once their steps are durable, in order for each cluster. */
  onEffect(listener: (place: ClusterPlace, effect: ClusterEffect) => void): void {
    this.#effectListeners.push(listener);
  }

  /**
   * Calls `listener` whenever a cluster was loaded, including reloads after a fault. The cluster then expects a new report from every
   * connected agent, and marks agents that stay away as disconnected.
   */
  onLoaded(listener: (place: ClusterPlace) => void): void {
    this.#loadListeners.push(listener);
  }

  /** Durable events of a cluster with a sequence above `after`, in order, at most `limit`. */
  async readEvents(place: ClusterPlace, after: number, limit: number): Promise<StoredEvent[]> {
    const { store, clock } = this.#options;
    const giveWay = () => new Promise<void>((resolve) => clock.defer(resolve));
    return readWholeEvents(store, clusterPartition(place), after, limit, giveWay);
  }

  /** The status of every machine, for health and metrics. */
  status(): readonly (RunnerStatus & { readonly partition: string })[] {
    return [...this.#accounts.statuses(), ...this.#clusters.statuses(), ...this.services.statuses()];
  }

  /** For metrics: may be ahead of what is durable. */
  describeCounts(): StatusCounts {
    return statusCounts([...this.#clusterMachines.values()].map(({ state }) => state));
  }

  #route(call: ControlPlaneCall): Promise<object> {
    if (!isPlace(call)) refuse("InvalidParameterException", "The account id or region is invalid.");
    const row = rowOf(call.operation);
    const { cluster, resourceArn } = call.request as RoutingMembers;
    switch (row.machine) {
      case "account":
        return this.#callAccount(call, row.counts?.(call.request as never) ?? []);
      case "cluster":
        return this.#callCluster(call, cluster, row.given ?? {});
      case "by-arn": {
        const resource = taggedResource(call, resourceArn);
        const isOfAccount = resource.type === "cluster" || resource.type === "task-definition";
        if (isOfAccount || resource.type === "capacity-provider") return this.#callAccount(call, []);
        return this.#callCluster(call, resource.cluster, {});
      }
      case "by-history-arns":
        return callByHistoryArns(call, row, call.request, (name, request) =>
          this.#callCluster({ ...call, request }, name, {}),
        );
      case "several":
        return this.#fromSeveral[call.operation as SeveralMachinesName](call);
    }
  }

  async #callAccount(call: ControlPlaneCall, counted: readonly (string | undefined)[]): Promise<object> {
    const { operation, request, caller } = call;
    const counts = counted.length === 0 ? noClusters : await this.#counts(call, counted);
    const input = { type: "call", operation, request, caller, counts } as const;
    const answer = this.turns.work(call.account, "", () => this.#accounts.answer(accountPartition(call), input));
    return replyOf(answer instanceof Promise ? await answer : answer) as object;
  }

  /** Counts the clusters in memory: nothing that counts lives in the others. */
  async #counts(
    place: Place,
    references: readonly (string | undefined)[],
  ): Promise<ReadonlyMap<string, ClusterCounts>> {
    const names = (await this.#accounts.submit(accountPartition(place), {
      type: "cluster-names",
      references,
    })) as string[];
    const counts = new Map<string, ClusterCounts>();
    for (const name of names) {
      const partition = clusterPartition({ ...place, cluster: name });
      if (!this.#clusterMachines.has(partition)) continue;
      const count = this.turns.work(place.account, name, () => this.#clusters.submit(partition, { type: "count" }));
      counts.set(name, (await count) as ClusterCounts);
    }
    return counts;
  }

  /** Reads create no promise except the returned one, as long as nothing waits for the store. */
  async #callCluster(call: ControlPlaneCall, reference: string | undefined, needs: GivenToCluster): Promise<object> {
    const { operation, request, caller } = call;
    const account = accountPartition(call);

    // AWS: an unknown cluster is reported before an unknown task definition.
    let answer = this.#accounts.answer(account, { type: "resolve-cluster", reference });
    const cluster = replyOf(answer instanceof Promise ? await answer : answer) as Cluster;
    let taskDefinition: TaskDefinition | null = null;
    const { taskDefinition: named } = request as RoutingMembers;
    const wanted = needs.taskDefinition;
    if (wanted !== undefined && (wanted.when === "always" || named !== undefined)) {
      const input = { type: "resolve-task-definition", reference: named, purpose: wanted.purpose } as const;
      answer = this.#accounts.answer(account, input);
      taskDefinition = replyOf(answer instanceof Promise ? await answer : answer) as TaskDefinition;
    }
    let settings: EffectiveSettings | undefined;
    if (needs.settings === true) {
      answer = this.#accounts.answer(account, { type: "effective-settings", principalArn: caller.principalArn });
      settings = replyOf(answer instanceof Promise ? await answer : answer) as EffectiveSettings;
    }

    const given: Given = {
      caller,
      cluster,
      taskDefinition,
      ...(settings === undefined ? {} : { settings }),
    };
    const partition = clusterPartition({ account: call.account, region: call.region, cluster: cluster.name });
    const confirm = () => this.#confirm(account, cluster);
    const input = { type: "call", operation, request, given } as const;
    // Thousands of calls may have waited for the same thing and continue at once.
    answer = this.turns.work(call.account, cluster.name, () => this.#clusters.answer(partition, input, confirm));
    return replyOf(answer instanceof Promise ? await answer : answer) as object;
  }

  /** Runs before a machine is created for `cluster`: since it was resolved, the cluster may have been deleted and its machine forgotten. */
  async #confirm(account: string, { name, incarnation }: Cluster): Promise<void> {
    const standing = await this.#accounts.submit(account, { type: "cluster-standing", name });
    const now = standing as ClusterStanding | null;
    if (now?.status !== "ACTIVE" || now.incarnation !== incarnation) {
      refuse("ClusterNotFoundException", "The referenced cluster was inactive.");
    }
  }

  #discover(call: ControlPlaneCall): Promise<object> {
    const ask = (operation: AnsweredName, request: object) => this.#route({ ...call, operation, request });
    return discoverPollEndpoint(call.request, ask, this.#options.endpoints(call.host ?? null));
  }

  /** Asks every cluster of the place that may use one of the revisions. If a cluster can't answer, the account asks again later. */
  async #reviewDeletedRevisions(place: Place, arns: readonly string[]): Promise<void> {
    const unused = new Set(arns);
    for (const partition of [...this.#clusters.openedAt(placeName(place))]) {
      const used = (await this.#clusters.submit(partition, { type: "revisions-in-use", arns })) as string[];
      for (const arn of used) unused.delete(arn);
    }
    if (unused.size === 0) return;
    await this.#accounts.submit(accountPartition(place), { type: "revisions-unused", arns: [...unused] });
  }

  async #doForAccount(place: Place, effect: AccountEffect): Promise<void> {
    switch (effect.type) {
      case "review-deleted-revisions":
        return this.#reviewDeletedRevisions(place, effect.arns);
      case "forget-clusters":
        for (const name of effect.names) await this.#deleted.forgetCluster(place, name);
        return;
      case "emptied":
        return this.#deleted.forgetAccount(place);
    }
  }

  /** A service that still finds no room waits again. Each also retries after a minute, so a lost call does no harm. */
  #tellFargateFreed(partition: string): void {
    const { account, cluster } = must(parsePartition(partition), "a cluster's place").place as ClusterPlace;
    this.turns.take(account, cluster, () => {
      this.#clusters.submit(partition, { type: "fargate-freed" }).catch((error: unknown) => {
        this.#options.log("fargate-wake-failed", { partition, err: error });
      });
    });
  }

  #accountMachine(partition: string): AccountMachine {
    const { place } = must(parsePartition(partition), "the place of an account machine");
    return new AccountMachine(place, this.#options.configuration);
  }

  #accountRunner(partition: string, random: Random): MachineRunner<AccountInput, AccountEffect> {
    const { log } = this.#options;
    const { place } = must(parsePartition(partition), "the place of an account machine");
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
    const { account, region, cluster } = must(parsePartition(partition), "a cluster's place").place as ClusterPlace;
    const elsewhere = () => this.#fargateQuotas.elsewhere(partition);
    return new ClusterMachine({ account, region }, cluster, this.#options.configuration, elsewhere);
  }

  #clusterRunner(partition: string, random: Random): MachineRunner<ClusterInput, ClusterEffect> {
    const place = must(parsePartition(partition), "the place of a cluster machine").place as ClusterPlace;
    return new MachineRunner({
      ...this.#runnerOptions(partition, random),
      create: () => {
        const machine = this.#clusterMachine(partition);
        this.#clusterMachines.set(partition, machine);
        return machine;
      },
      timerInput: { type: "timer" },
      afterLoad: { type: "recovered" },
      onEffect: (effect) => {
        for (const listener of this.#effectListeners) listener(place, effect);
      },
      onLoaded: () => {
        const machine = this.#clusterMachines.get(partition);
        if (machine !== undefined) {
          this.#fargateQuotas.loaded(partition, machine.state);
          this.#afterLoad(this.#deleted.settle(machine.state));
        }
        for (const listener of this.#loadListeners) listener(place);
      },
    });
  }

  #afterLoad(done: Promise<void>): void {
    this.#afterLoads?.push(done);
  }

  #runnerOptions(partition: string, random: Random) {
    const { store, clock, log, observe } = this.#options;
    const { account, cluster } = { cluster: "", ...must(parsePartition(partition), "the place of a machine").place };
    const takeTurn: TakeTurn = (run, urgent) => this.turns.take(account, cluster, run, urgent);
    const { stopwatch } = this.turns;
    const answerLong: AnswerLong = (slices, isWanted) => this.#longAnswers.add(account, cluster, slices, isWanted);
    return { partition, store, clock, random, log, observe, takeTurn, stopwatch, answerLong };
  }
}

/** The cluster that a call names, as written: precise enough to distinguish the clusters of an account. */
function clusterOfCall({ operation, request }: ControlPlaneCall): string {
  if (rowOf(operation).machine !== "cluster") return "";
  const { cluster = "default" } = request as RoutingMembers;
  return cluster.slice(cluster.lastIndexOf("/") + 1);
}

const noClusters: ReadonlyMap<string, ClusterCounts> = new Map();

function replyOf(answer: Answer): unknown {
  if (!answer.ok) throw answer.refusal;
  return answer.value;
}
