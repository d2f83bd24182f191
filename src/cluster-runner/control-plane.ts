import type { MachineConfiguration } from "../ecs/state/call.ts";
import type { HostEffect } from "../ecs/state/effect.ts";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import type { Store, StoredEvent } from "../store/store.ts";
import { ApiCalls, type ControlPlaneCall, clusterOfCall } from "./api-calls.ts";
import type { AgentEndpoints } from "./discover-poll-endpoint.ts";
import type { AppendObserver } from "./group-commit.ts";
import type { Log } from "./log.ts";
import type { RunnerStatus } from "./machine-runner.ts";
import { type ClusterPlace, clusterPartition } from "./partitions/cluster-place.ts";
import { LocalPartitions } from "./partitions/local-partitions.ts";
import type { RoomLimits } from "./partitions/machine-room.ts";
import { readWholeEvents } from "./read-whole-events.ts";
import { type StatusCounts, statusCounts } from "./status-counts.ts";
import type { AccountPlace, AccountSubmission, ClusterSubmission, Submit } from "./submit.ts";
import { replyOf } from "./submit.ts";
import { Turns } from "./turns/turns.ts";

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
  /** Others than the usual limits of machines in memory, for tests. */
  readonly rooms?: { readonly accounts?: RoomLimits; readonly clusters?: RoomLimits };
  /** What is to be used for all submissions in place of this process's own `submit`. By default that itself. */
  readonly relay?: (local: Submit) => Submit;
};

/** The control plane in this process: answers calls, takes what agents report, and passes effects to those who listen. */
export class ControlPlane {
  readonly #options: ControlPlaneOptions;
  /** Everything that holds the event loop for somebody takes its turn here. */
  readonly turns: Turns;
  readonly #partitions: LocalPartitions;
  readonly #apiCalls: ApiCalls;
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
    this.#apiCalls = new ApiCalls({ submit: this.#partitions.submit, clock, log, endpoints });
  }

  /**
   * Loads every machine in which something lives, and finishes what a crash cut in two; the others are loaded when somebody asks, or when
   * something is due in them. Rejects when the store fails.
   */
  async open(): Promise<void> {
    try {
      await this.#partitions.open();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Takes no more calls; resolves when everything that was taken is durable or lost. */
  async close(): Promise<void> {
    await this.#partitions.close();
  }

  /**
   * Answers a call in API shape, once everything that the answer shows is durable. Rejects with the operation's Refusal
   * or with one of the errors of `runner-errors.ts`; with OverloadError when too many calls of the account are under way.
   */
  call(call: ControlPlaneCall): Promise<object> {
    return this.turns.call(call.account, clusterOfCall(call), () => this.#apiCalls.answer(call));
  }

  /**
   * Gives the machine of an account or cluster an input, and its reply when that is durable. Rejects with the Refusal of a step that
   * refuses, or with one of the errors of `runner-errors.ts`. Reports of one cluster are taken in the order of these calls; they are refused
   * with ClusterNotFoundException if nothing of the cluster is stored.
   */
  submit(place: ClusterPlace, input: ClusterSubmission): Promise<unknown>;
  submit(place: AccountPlace, input: AccountSubmission): Promise<unknown>;
  async submit(place: ClusterPlace | AccountPlace, input: ClusterSubmission | AccountSubmission): Promise<unknown> {
    const { submit } = this.#partitions;
    return replyOf(await submit(place as ClusterPlace, input as ClusterSubmission));
  }

  /** `listener` gets the effects of every cluster once their steps are durable, those of one cluster in order. */
  onEffect(listener: (place: ClusterPlace, effect: HostEffect) => void): void {
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
    return this.#partitions.statuses();
  }

  /** For metrics: may be ahead of what is durable. */
  describeCounts(): StatusCounts {
    return statusCounts(this.#partitions.clusterStates());
  }
}
