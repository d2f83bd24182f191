import type { MachineConfiguration } from "../ecs/state/call.ts";
import type { HostEffect } from "../ecs/state/effect.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log-events.ts";
import type { Random } from "../lib/random.ts";
import type { ServicePorts } from "../service-machine/service-ports.ts";
import type { ServiceRulebook } from "../service-machine/service-rulebook.ts";
import type { Store, StoredEvent } from "../store/store.ts";
import { ApiCalls, type ControlPlaneCall, clusterOfCall } from "./api-calls.ts";
import type { AgentEndpoints } from "./discover-poll-endpoint.ts";
import type { AppendObserver } from "./group-commit.ts";
import type { RunnerStatus } from "./machine-runner.ts";
import { type ClusterPlace, clusterPartition } from "./partitions/cluster-place.ts";
import { LocalPartitions } from "./partitions/local-partitions.ts";
import type { RoomLimits } from "./partitions/machine-room.ts";
import { readWholeEvents } from "./read-whole-events.ts";
import type { ServiceCall, ServiceMachines } from "./service-machines.ts";
import { type StatusCounts, statusCounts } from "./status-counts.ts";
import type { AccountPlace, AccountSubmission, ClusterSubmission, Submit } from "./submit.ts";
import { replyOf } from "./submit.ts";
import { Turns } from "./turns/turns.ts";

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
  /** Wraps this process's own `submit`; everything then submits through the result. By default nothing is wrapped. */
  readonly relay?: (local: Submit) => Submit;
};

/** The control plane in this process: answers calls, accepts agents' reports, and passes effects to their listeners. */
export class ControlPlane {
  readonly #options: ControlPlaneOptions;
  /** Everything that occupies the event loop for a caller takes its turn here. */
  readonly turns: Turns;
  readonly #partitions: LocalPartitions;
  readonly #apiCalls: ApiCalls;
  /** What accounts have of services other than ECS. */
  readonly services: ServiceMachines;
  readonly #effectListeners: ((place: ClusterPlace, effect: HostEffect) => void)[] = [];
  readonly #loadListeners: ((place: ClusterPlace) => void)[] = [];

  constructor(options: ControlPlaneOptions) {
    this.#options = options;
    const { clock, log, endpoints } = options;
    this.turns = new Turns({ clock, stopwatch: options.stopwatch ?? (() => clock.now()) });
    this.#partitions = new LocalPartitions({
      ...options,
      turns: this.turns,
      relay: options.relay ?? ((local) => local),
      onEffect: (place, effect) => {
        for (const listener of this.#effectListeners) listener(place, effect);
      },
      onLoaded: (place) => {
        for (const listener of this.#loadListeners) listener(place);
      },
    });
    this.services = this.#partitions.services;
    this.#apiCalls = new ApiCalls({ submit: this.#partitions.submit, clock, log, endpoints });
  }

  /**
   * Loads every machine in which something lives, and finishes what a crash interrupted. The others are loaded when somebody calls them, or
   * when something is due in them. Rejects if the store fails.
   */
  async open(): Promise<void> {
    try {
      await this.#partitions.open();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Accepts no more calls; resolves when everything accepted is durable or lost. */
  async close(): Promise<void> {
    await this.#partitions.close();
  }

  /**
   * Answers a call in API shape, once everything that the answer shows is durable. Rejects with the operation's Refusal or an error from
   * `runner-errors.ts`; with OverloadError if too many of the account's calls are in progress.
   */
  call(call: ControlPlaneCall): Promise<object> {
    return this.turns.call(call.account, clusterOfCall(call), () => this.#apiCalls.answer(call));
  }

  /** As `call`, of a service other than ECS. */
  callService(call: ServiceCall): Promise<object> {
    return this.turns.call(call.account, "", () => this.services.call(call));
  }

  /**
   * Gives the machine of an account or cluster an input; resolves with its reply once that is durable. Rejects with the step's Refusal or
   * an error from `runner-errors.ts`. A cluster takes its reports in the order of these calls, and refuses them with
   * ClusterNotFoundException if nothing of it is stored.
   */
  submit(place: ClusterPlace, input: ClusterSubmission): Promise<unknown>;
  submit(place: AccountPlace, input: AccountSubmission): Promise<unknown>;
  async submit(place: ClusterPlace | AccountPlace, input: ClusterSubmission | AccountSubmission): Promise<unknown> {
    const { submit } = this.#partitions;
    return replyOf(await submit(place as ClusterPlace, input as ClusterSubmission));
  }

  /** `listener` gets the effects of every cluster once their steps are durable, in order for each cluster. */
  onEffect(listener: (place: ClusterPlace, effect: HostEffect) => void): void {
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
    return this.#partitions.statuses();
  }

  /** For metrics: may be ahead of what is durable. */
  describeCounts(): StatusCounts {
    return statusCounts(this.#partitions.clusterStates());
  }
}
