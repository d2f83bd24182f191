import type { Place } from "../ecs/arn.ts";
import { refuse } from "../ecs/refusals.ts";
import type { Caller } from "../ecs/state/call.ts";
import { must } from "../lib/assert.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log-events.ts";
import type { Random } from "../lib/random.ts";
import type { EcsFacts } from "../service-machine/ecs-facts.ts";
import { emptied, type ServiceInput, ServiceMachine } from "../service-machine/service-machine.ts";
import type { ServicePorts } from "../service-machine/service-ports.ts";
import type { ServiceRulebook } from "../service-machine/service-rulebook.ts";
import type { ServiceEffect } from "../service-machine/service-step.ts";
import type { ListedPartition } from "../store/store.ts";
import { MachineRunner, type MachineRunnerOptions, type RunnerStatus } from "./machine-runner.ts";
import { isPlace, parsePartition, type ServicePlace, servicePartition } from "./partitions/cluster-place.ts";
import { serviceRoom } from "./partitions/machine-room.ts";
import { PartitionDirectory } from "./partitions/partition-directory.ts";
import type { Turns } from "./turns/turns.ts";

/** A call of a service other than ECS: parsed, its caller known. */
export type ServiceCall = Place & {
  /** The name of its rulebook. */
  readonly service: string;
  readonly operation: string;
  readonly request: object;
  readonly caller: Caller;
  /** For an operation whose row says `needsEcs`. */
  readonly facts?: EcsFacts;
};

export type ServiceMachinesOptions = {
  readonly rulebooks: readonly ServiceRulebook[];
  /** null only without rulebooks. */
  readonly ports: ServicePorts | null;
  readonly clock: Clock;
  readonly log: Log;
  readonly randomFor: (purpose: string) => Random;
  readonly turns: Turns;
  /** What the runners of all partitions have in common. */
  readonly runnerOptions: (
    partition: string,
    random: Random,
  ) => Omit<MachineRunnerOptions<ServiceInput, ServiceEffect>, "create" | "timerInput" | "afterLoad" | "onEffect">;
};

/** The machines of all services other than ECS: one for each account, region and service that has something in it. */
export class ServiceMachines {
  readonly #options: ServiceMachinesOptions;
  readonly #rulebooks: ReadonlyMap<string, ServiceRulebook>;
  readonly #directory: PartitionDirectory<ServiceInput, ServiceEffect>;
  readonly #listeners: ((place: ServicePlace, effect: ServiceEffect) => void)[] = [];

  constructor(options: ServiceMachinesOptions) {
    const { clock, log, randomFor, rulebooks } = options;
    this.#options = options;
    this.#rulebooks = new Map(rulebooks.map((rulebook) => [rulebook.name, rulebook]));
    this.#directory = new PartitionDirectory({
      clock,
      log,
      randomFor,
      room: serviceRoom,
      create: (partition) => this.#machine(partition),
      runner: (partition, random) => this.#runner(partition, random),
    });
  }

  /** Loads the machines in which something is due; the others when somebody asks. Rejects when the store fails. */
  async open(partitions: readonly ListedPartition[]): Promise<void> {
    // Those of a service that this Berth doesn't have stay in the store as they are.
    this.#directory.list(partitions.filter(({ name }) => this.#rulebooks.has(servicePlaceOf(name).service)));
    await this.#directory.openNeeded(async () => {});
  }

  /** Takes no more calls; resolves when everything that was taken is durable or lost. */
  close(): Promise<void> {
    return this.#directory.close();
  }

  /**
   * Answers a call in API shape, once everything that the answer shows is durable. Rejects with the Refusal of its operation or with one of the
   * errors of `runner-errors.ts`.
   */
  async call({ account, region, service, operation, request, caller, facts }: ServiceCall): Promise<object> {
    if (!isPlace({ account, region })) refuse("InvalidParameterException", "The account id or region is invalid.");
    const partition = servicePartition({ account, region, service });
    const input = { type: "call", operation, request, caller, ...(facts !== undefined && { facts }) } as const;
    const answer = this.#options.turns.work(account, "", () => this.#directory.submit(partition, input));
    return (await answer) as object;
  }

  /** `listener` gets the effects of every machine once their steps are durable, those of one machine in order. */
  onEffect(listener: (place: ServicePlace, effect: ServiceEffect) => void): void {
    this.#listeners.push(listener);
  }

  /** How every machine in memory is, for health and metrics. */
  statuses(): (RunnerStatus & { readonly partition: string })[] {
    return this.#directory.statuses();
  }

  #machine(partition: string): ServiceMachine {
    const { account, region, service } = servicePlaceOf(partition);
    const rulebook = must(this.#rulebooks.get(service), `the service ${service}`);
    return new ServiceMachine(rulebook, { account, region }, must(this.#options.ports, "the ports of services"));
  }

  #runner(partition: string, random: Random): MachineRunner<ServiceInput, ServiceEffect> {
    return new MachineRunner({
      ...this.#options.runnerOptions(partition, random),
      create: () => this.#machine(partition),
      timerInput: { type: "timer" },
      afterLoad: null,
      onEffect: (effect) => this.#onEffect(partition, effect),
      // A crash may have come between the last deletion and this.
      onLoaded: () => this.#forgetIfEmpty(partition),
    });
  }

  #forgetIfEmpty(partition: string): void {
    this.#directory.forget(partition).catch((error: unknown) => {
      this.#options.log("empty-service-kept", { partition, err: error });
    });
  }

  #onEffect(partition: string, effect: ServiceEffect): void {
    if (effect === emptied) {
      this.#forgetIfEmpty(partition);
      return;
    }
    for (const listener of this.#listeners) listener(servicePlaceOf(partition), effect);
  }
}

function servicePlaceOf(partition: string): ServicePlace {
  const parsed = parsePartition(partition);
  return must(parsed?.type === "service" ? parsed.place : undefined, "the place of a service's machine");
}
