import { type AccountInput, countedClusters, type ResolvePurpose } from "../ecs/account-input.ts";
import { AccountMachine } from "../ecs/account-machine.ts";
import type { Place } from "../ecs/arn.ts";
import type { Caller, EffectiveSettings, Given, MachineConfiguration } from "../ecs/call.ts";
import type { AgentReport, ClusterInput } from "../ecs/cluster-input.ts";
import { ClusterMachine } from "../ecs/cluster-machine.ts";
import type { ClusterState } from "../ecs/cluster-state.ts";
import type { Cluster, ClusterCounts } from "../ecs/clusters/cluster.ts";
import type { AgentStanding } from "../ecs/container-instances/agent-standing.ts";
import type { AccountEffect, ClusterEffect } from "../ecs/effect.ts";
import { type FargateUse, nothingOnFargate } from "../ecs/fargate/fargate-use.ts";
import { refuse } from "../ecs/refusals.ts";
import { taggedResource } from "../ecs/tags/tag.ts";
import type { TaskDefinition } from "../ecs/task-definitions/task-definition.ts";
import { must } from "../lib/assert.ts";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import type { Store, StoredEvent } from "../store/store.ts";
import type { Answer } from "./append-group.ts";
import { callByHistoryArns } from "./call-by-history-arns.ts";
import { accountPartition, type ClusterPlace, clusterPartition, isPlace, parsePartition } from "./cluster-place.ts";
import { deleteCluster, finishDeleteCluster } from "./delete-cluster.ts";
import { type AgentEndpoints, discoverPollEndpoint } from "./discover-poll-endpoint.ts";
import type { AppendObserver } from "./group-commit.ts";
import type { Log } from "./log.ts";
import { type AnswerLong, LongAnswers } from "./long-answers.ts";
import { MachineRunner, type RunnerStatus } from "./machine-runner.ts";
import { MachineSet } from "./machine-set.ts";
import { type AnyRoutedOperation, type OperationRoute, type RoutedOperation, routeOf } from "./operation-routes.ts";
import { readWholeEvents } from "./read-whole-events.ts";
import { type StatusCounts, statusCounts } from "./status-counts.ts";
import { type TakeTurn, Turns } from "./turns.ts";

export type ControlPlaneOptions = {
  /** Stays open; its owner closes it after the control plane. */
  readonly store: Store;
  readonly clock: Clock;
  /** Chance for the machine of a partition. */
  readonly randomFor: (partition: string) => Random;
  readonly configuration: MachineConfiguration;
  /** Where agents connect; `host` is how the caller reached this process, when that is known. */
  readonly endpoints: (host: string | null) => AgentEndpoints;
  readonly log: Log;
  readonly observe?: AppendObserver;
  /** Milliseconds with fractions, to measure work with. By default the clock, for which work in virtual time takes none. */
  readonly stopwatch?: () => number;
};

/** A call of the API: parsed, its caller known. */
export type ControlPlaneCall = Place & {
  readonly operation: AnyRoutedOperation;
  readonly request: object;
  readonly caller: Caller;
  /** Name and port under which the caller reached this process, if it came over a network. */
  readonly host?: string | null;
};

/** What requests say about where they belong. */
type RoutingMembers = { readonly cluster?: string; readonly taskDefinition?: string; readonly resourceArn?: string };

/** All machines of this process: brings each call to the machines that answer it, and effects to those who listen. */
export class ControlPlane {
  readonly #options: ControlPlaneOptions;
  /** Everything that holds the event loop for somebody takes its turn here. */
  readonly turns: Turns;
  readonly #accounts: MachineSet<AccountInput, AccountEffect>;
  readonly #clusters: MachineSet<ClusterInput, ClusterEffect>;
  /** The machine in each cluster's runner, for figures that need no durability. */
  readonly #clusterMachines = new Map<string, ClusterMachine>();
  readonly #longAnswers: LongAnswers;
  #isOpen = false;
  readonly #effectListeners: ((place: ClusterPlace, effect: ClusterEffect) => void)[] = [];
  readonly #loadListeners: ((place: ClusterPlace) => void)[] = [];

  constructor(options: ControlPlaneOptions) {
    this.#options = options;
    this.turns = new Turns({ clock: options.clock, stopwatch: options.stopwatch ?? (() => options.clock.now()) });
    this.#longAnswers = new LongAnswers(this.turns);
    this.#accounts = new MachineSet((partition) => this.#accountRunner(partition));
    this.#clusters = new MachineSet((partition) => this.#clusterRunner(partition));
  }

  /** Loads every machine that the store knows and finishes what a crash cut in two. Rejects when the store fails. */
  async open(): Promise<void> {
    const { store } = this.#options;
    try {
      const partitions = (await store.partitions("")).filter((partition) => parsePartition(partition) !== null);
      for (const partition of partitions) {
        if (parsePartition(partition)?.type === "account") await this.#accounts.load(partition);
        else await this.#clusters.load(partition);
      }
      this.#isOpen = true;
      for (const machine of this.#clusterMachines.values()) await this.#finishDeleteCluster(machine.state);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Takes no more calls; resolves when everything that was taken is durable or lost. */
  async close(): Promise<void> {
    await Promise.all([this.#accounts.close(), this.#clusters.close()]);
  }

  /**
   * Answers a call in API shape, once everything that the answer shows is durable. Rejects with the operation's Refusal
   * or with one of the errors of `runner-errors.ts`; with OverloadError when too many calls of the account are under way.
   */
  call(call: ControlPlaneCall): Promise<object> {
    return this.turns.call(call.account, clusterOfCall(call), () => this.#route(call));
  }

  /** Makes the cluster `default` of a place when there is none. */
  async createDefaultCluster(place: Place): Promise<Cluster> {
    const account = this.#accounts.obtain(accountPartition(place));
    return (await account.submit({ type: "create-default-cluster" })) as Cluster;
  }

  /**
   * Tells a cluster what an agent's session has to say; resolves when the cluster has taken it durably. Reports of one
   * cluster are taken in the order of these calls. Rejects with ClusterNotFoundException for a cluster without a machine.
   */
  async report(place: ClusterPlace, report: AgentReport): Promise<void> {
    const cluster = this.#clusters.get(clusterPartition(place));
    if (cluster === undefined) refuse("ClusterNotFoundException", "Cluster not found.");
    await new Promise<unknown>((resolve) => {
      this.turns.take(place.account, place.cluster, () => resolve(cluster.submit({ type: "agent-report", report })));
    });
  }

  /** Whether an agent may connect for an instance as `caller`; `no-cluster` when there is no such cluster either. */
  async agentStanding(place: ClusterPlace, instanceId: string, caller: Caller): Promise<AgentStanding | "no-cluster"> {
    const cluster = this.#clusters.get(clusterPartition(place));
    const input = { type: "agent-standing", instanceId, caller } as const;
    const standing = cluster === undefined ? "unknown" : await cluster.submit(input);
    if (standing !== "unknown") return standing as AgentStanding;
    const account = this.#accounts.obtain(accountPartition(place));
    const answer = await account.answer({ type: "resolve-cluster", reference: place.cluster });
    return answer.ok ? "unknown" : "no-cluster";
  }

  /** `listener` gets the effects of every cluster once their steps are durable, those of one cluster in order. */
  onEffect(listener: (place: ClusterPlace, effect: ClusterEffect) => void): void {
    this.#effectListeners.push(listener);
  }

  /**
   * `listener` is told whenever a cluster was loaded, also within the life of this process after a fault: the cluster
   * then waits for a new report of every agent that is connected, and takes those that stay away for disconnected.
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

  /** How every machine is, for health and metrics. */
  status(): readonly (RunnerStatus & { readonly partition: string })[] {
    return [...this.#accounts.statuses(), ...this.#clusters.statuses()];
  }

  /** For metrics: may be ahead of what is durable. */
  describeCounts(): StatusCounts {
    return statusCounts([...this.#clusterMachines.values()].map(({ state }) => state));
  }

  #route(call: ControlPlaneCall): Promise<object> {
    if (!isPlace(call)) refuse("InvalidParameterException", "The account id or region is invalid.");
    const route: OperationRoute = routeOf(call.operation);
    const { cluster, resourceArn, taskDefinition } = call.request as RoutingMembers;
    switch (route.scope) {
      case "account":
        return this.#callAccount(call);
      case "cluster": {
        const { resolvesTaskDefinition = false, purpose = "task" } = route;
        const resolves = resolvesTaskDefinition === "if-named" ? taskDefinition !== undefined : resolvesTaskDefinition;
        return this.#callCluster(call, cluster, resolves ? purpose : null);
      }
      case "by-arn": {
        const resource = taggedResource(call, resourceArn);
        const isOfAccount = resource.type === "cluster" || resource.type === "task-definition";
        if (isOfAccount || resource.type === "capacity-provider") return this.#callAccount(call);
        return this.#callCluster(call, resource.cluster, null);
      }
      case "by-history-arns":
        return callByHistoryArns(call, (name, request) => this.#callCluster({ ...call, request }, name, null));
      case "own":
        return call.operation === "DeleteCluster" ? this.#deleteCluster(call, cluster) : this.#discover(call);
    }
  }

  async #callAccount(call: ControlPlaneCall): Promise<object> {
    const { operation, request, caller } = call;
    const account = this.#accounts.obtain(accountPartition(call));
    const counted = countedClusters(operation, request);
    const counts = counted.length === 0 ? noClusters : await this.#counts(call, counted);
    const answer = this.turns.work(call.account, "", () =>
      account.answer({ type: "call", operation, request, caller, counts }),
    );
    return replyOf(answer instanceof Promise ? await answer : answer) as object;
  }

  async #counts(
    place: Place,
    references: readonly (string | undefined)[],
  ): Promise<ReadonlyMap<string, ClusterCounts>> {
    const account = this.#accounts.obtain(accountPartition(place));
    const names = (await account.submit({ type: "cluster-names", references })) as string[];
    const counts = new Map<string, ClusterCounts>();
    for (const name of names) {
      const cluster = this.#clusters.get(clusterPartition({ ...place, cluster: name }));
      if (cluster === undefined) continue;
      const count = this.turns.work(place.account, name, () => cluster.submit({ type: "count" }));
      counts.set(name, (await count) as ClusterCounts);
    }
    return counts;
  }

  /** Reads cost no promise beyond the one returned as long as nothing waits for the store. */
  async #callCluster(
    call: ControlPlaneCall,
    reference: string | undefined,
    definitionFor: ResolvePurpose | null,
  ): Promise<object> {
    const { operation, request, caller } = call;
    const account = this.#accounts.obtain(accountPartition(call));

    // AWS: an unknown cluster is reported before an unknown task definition.
    let answer = account.answer({ type: "resolve-cluster", reference });
    const cluster = replyOf(answer instanceof Promise ? await answer : answer) as Cluster;
    let taskDefinition: TaskDefinition | null = null;
    if (definitionFor !== null) {
      const { taskDefinition: named } = request as RoutingMembers;
      answer = account.answer({ type: "resolve-task-definition", reference: named, purpose: definitionFor });
      taskDefinition = replyOf(answer instanceof Promise ? await answer : answer) as TaskDefinition;
    }
    answer = account.answer({ type: "effective-settings", principalArn: caller.principalArn });
    const settings = replyOf(answer instanceof Promise ? await answer : answer) as EffectiveSettings;

    const given: Given = {
      caller,
      cluster,
      settings,
      taskDefinition,
      ...(operation === "RunTask" ? { fargateElsewhere: this.#fargateElsewhere(call, cluster.name) } : {}),
    };
    // What was waited for may have ended for thousands at once.
    answer = this.turns.work(call.account, cluster.name, () =>
      this.#clusterOf(call, cluster.name).answer({ type: "call", operation, request, given }),
    );
    return replyOf(answer instanceof Promise ? await answer : answer) as object;
  }

  /** What the place's other clusters hold of the quota for Fargate. They run on meanwhile, so that the quota may be passed by a call or two. */
  #fargateElsewhere(place: Place, cluster: string): FargateUse {
    let { FARGATE, FARGATE_SPOT } = nothingOnFargate;
    for (const { state } of this.#clusterMachines.values()) {
      const isHere = state.place.account === place.account && state.place.region === place.region;
      if (!isHere || state.name === cluster) continue;
      FARGATE += state.fargateBook.use.FARGATE;
      FARGATE_SPOT += state.fargateBook.use.FARGATE_SPOT;
    }
    return { FARGATE, FARGATE_SPOT };
  }

  async #deleteCluster(place: Place, reference: string | undefined): Promise<object> {
    const account = this.#accounts.obtain(accountPartition(place));
    return deleteCluster(account, (name) => this.#clusterOf(place, name), reference, this.#options.clock);
  }

  /** Tells the account when the cluster, as it was loaded, is closed and the account may not know. Never rejects. */
  async #finishDeleteCluster({ place, name, closed }: ClusterState): Promise<void> {
    const { log } = this.#options;
    const incarnation = closed.get("closed")?.incarnation;
    const account = this.#accounts.get(accountPartition(place));
    if (incarnation === undefined || account === undefined) return;
    const fields = { partition: clusterPartition({ ...place, cluster: name }), incarnation };
    try {
      const wasUnknown = await finishDeleteCluster(account, name, incarnation, this.#options.clock);
      if (wasUnknown) log("info", fields, "A DeleteCluster that was cut in two is finished");
    } catch (error) {
      log("error", { ...fields, err: error }, "A DeleteCluster that was cut in two could not be finished");
    }
  }

  #discover(call: ControlPlaneCall): Promise<object> {
    const ask = (operation: RoutedOperation, request: object) => this.#route({ ...call, operation, request });
    return discoverPollEndpoint(call.request, ask, this.#options.endpoints(call.host ?? null));
  }

  #clusterOf({ account, region }: Place, cluster: string): MachineRunner<ClusterInput, ClusterEffect> {
    return this.#clusters.obtain(clusterPartition({ account, region, cluster }));
  }

  /** Asks every cluster of the place; when one cannot answer, the account asks again later. */
  async #reviewDeletedRevisions(place: Place, arns: readonly string[]): Promise<void> {
    const unused = new Set(arns);
    for (const [partition, cluster] of this.#clusters.entries()) {
      if (!partition.startsWith(clusterPartition({ ...place, cluster: "" }))) continue;
      for (const arn of (await cluster.submit({ type: "revisions-in-use", arns })) as string[]) unused.delete(arn);
    }
    if (unused.size === 0) return;
    await this.#accounts.obtain(accountPartition(place)).submit({ type: "revisions-unused", arns: [...unused] });
  }

  #accountRunner(partition: string): MachineRunner<AccountInput, AccountEffect> {
    const { configuration, log } = this.#options;
    const { place } = must(parsePartition(partition), "the place of an account machine");
    return new MachineRunner({
      ...this.#runnerOptions(partition),
      create: () => new AccountMachine(place, configuration),
      timerInput: { type: "timer" },
      afterLoad: null,
      onEffect: (effect) => {
        this.#reviewDeletedRevisions(place, effect.arns).catch((error: unknown) => {
          log("warn", { partition, err: error }, "Deleted task definitions could not be reviewed");
        });
      },
    });
  }

  #clusterRunner(partition: string): MachineRunner<ClusterInput, ClusterEffect> {
    const { configuration } = this.#options;
    const place = must(parsePartition(partition), "the place of a cluster machine").place as ClusterPlace;
    const { account, region, cluster } = place;
    return new MachineRunner({
      ...this.#runnerOptions(partition),
      create: () => {
        const machine = new ClusterMachine({ account, region }, cluster, configuration);
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
        if (this.#isOpen && machine !== undefined) void this.#finishDeleteCluster(machine.state);
        for (const listener of this.#loadListeners) listener(place);
      },
    });
  }

  #runnerOptions(partition: string) {
    const { store, clock, randomFor, log, observe } = this.#options;
    const { account, cluster } = { cluster: "", ...must(parsePartition(partition), "the place of a machine").place };
    const takeTurn: TakeTurn = (run, place) => this.turns.take(account, cluster, run, place);
    const { stopwatch } = this.turns;
    const answerLong: AnswerLong = (slices, isWanted) => this.#longAnswers.add(account, cluster, slices, isWanted);
    return { partition, store, clock, random: randomFor(partition), log, observe, takeTurn, stopwatch, answerLong };
  }
}

/** Which cluster a call names, as it is written: good enough to tell the clusters of an account apart. */
function clusterOfCall({ operation, request }: ControlPlaneCall): string {
  if (routeOf(operation).scope !== "cluster") return "";
  const { cluster = "default" } = request as RoutingMembers;
  return cluster.slice(cluster.lastIndexOf("/") + 1);
}

const noClusters: ReadonlyMap<string, ClusterCounts> = new Map();

function replyOf(answer: Answer): unknown {
  if (!answer.ok) throw answer.refusal;
  return answer.value;
}
