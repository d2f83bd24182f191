import type { Place } from "../ecs/arn.ts";
import type { Cluster, ClusterCounts } from "../ecs/documents/cluster.ts";
import { taggedResource } from "../ecs/documents/tag.ts";
import type { TaskDefinition } from "../ecs/documents/task-definition.ts";
import { type AnsweredName, rowOf, type SeveralMachinesName } from "../ecs/machine/operations.ts";
import { refuse } from "../ecs/refusals.ts";
import type { Caller, EffectiveSettings, Given } from "../ecs/state/call.ts";
import type { GivenToCluster } from "../ecs/state/operation-row.ts";
import { callByHistoryArns } from "./call-by-history-arns.ts";
import { type AgentEndpoints, discoverPollEndpoint } from "./discover-poll-endpoint.ts";
import { isPlace } from "./partitions/cluster-place.ts";
import { Deletion, type DeletionOptions } from "./partitions/delete-cluster.ts";
import { type AccountSubmission, replyOf } from "./submit.ts";

/** An API call: parsed, with its caller known. */
export type ControlPlaneCall = Place & {
  readonly operation: AnsweredName;
  readonly request: object;
  readonly caller: Caller;
  /** Name and port by which the caller reached this process, if it came over a network. */
  readonly host?: string | null;
};

export type ApiCallsOptions = DeletionOptions & {
  /** Where agents connect; `host` is the name by which the caller reached this process, if known. */
  readonly endpoints: (host: string | null) => AgentEndpoints;
};

/** The members of a request that decide where it belongs. */
type RoutingMembers = { readonly cluster?: string; readonly taskDefinition?: string; readonly resourceArn?: string };

type Counts = readonly (readonly [cluster: string, counts: ClusterCounts])[];

/** Answers API calls. By its row, each goes to the machines that answer it, with what they need from other machines. */
export class ApiCalls {
  readonly #options: ApiCallsOptions;
  /** The operations that need several machines. */
  readonly #fromSeveral: Readonly<Record<SeveralMachinesName, (call: ControlPlaneCall) => Promise<object>>> = {
    DeleteCluster: (call) => new Deletion(this.#options, call).delete((call.request as RoutingMembers).cluster),
    DiscoverPollEndpoint: (call) => this.#discover(call),
  };

  constructor(options: ApiCallsOptions) {
    this.#options = options;
  }

  /** Resolves with the reply, once everything that it shows is durable. Rejects with the operation's Refusal or an error from `runner-errors.ts`. */
  answer(call: ControlPlaneCall): Promise<object> {
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
    const counts = counted.length === 0 ? [] : await this.#counts(call, counted);
    const outcome = this.#options.submit(placeOf(call), { type: "call", operation, request, caller, counts });
    return replyOf(outcome instanceof Promise ? await outcome : outcome) as object;
  }

  async #counts(call: Place, references: readonly (string | undefined)[]): Promise<Counts> {
    const { submit } = this.#options;
    const place = placeOf(call);
    const input = { type: "cluster-names", references: references.map((each) => each ?? null) } as const;
    const names = (await this.#ask(place, input)) as string[];
    const counts: [string, ClusterCounts][] = [];
    for (const cluster of names) {
      const outcome = submit({ ...place, cluster }, { type: "count" });
      counts.push([cluster, replyOf(outcome instanceof Promise ? await outcome : outcome) as ClusterCounts]);
    }
    return counts;
  }

  /** Reads create no promise except the returned one, as long as nothing waits for the store. */
  async #callCluster(call: ControlPlaneCall, reference: string | undefined, needs: GivenToCluster): Promise<object> {
    const { submit } = this.#options;
    const { operation, request, caller } = call;
    const place = placeOf(call);

    // AWS: an unknown cluster is reported before an unknown task definition.
    let outcome = submit(place, { type: "resolve-cluster", reference });
    const cluster = replyOf(outcome instanceof Promise ? await outcome : outcome) as Cluster;
    let taskDefinition: TaskDefinition | null = null;
    const { taskDefinition: named } = request as RoutingMembers;
    const wanted = needs.taskDefinition;
    if (wanted !== undefined && (wanted.when === "always" || named !== undefined)) {
      outcome = submit(place, { type: "resolve-task-definition", reference: named, purpose: wanted.purpose });
      taskDefinition = replyOf(outcome instanceof Promise ? await outcome : outcome) as TaskDefinition;
    }
    let settings: EffectiveSettings | undefined;
    if (needs.settings === true) {
      outcome = submit(place, { type: "effective-settings", principalArn: caller.principalArn });
      settings = replyOf(outcome instanceof Promise ? await outcome : outcome) as EffectiveSettings;
    }

    const given: Given = { caller, cluster, taskDefinition, ...(settings === undefined ? {} : { settings }) };
    outcome = submit({ ...place, cluster: cluster.name }, { type: "call", operation, request, given });
    return replyOf(outcome instanceof Promise ? await outcome : outcome) as object;
  }

  async #ask(place: Place, input: AccountSubmission): Promise<unknown> {
    return replyOf(await this.#options.submit(placeOf(place), input));
  }

  #discover(call: ControlPlaneCall): Promise<object> {
    const ask = (operation: AnsweredName, request: object) => this.answer({ ...call, operation, request });
    return discoverPollEndpoint(call.request, ask, this.#options.endpoints(call.host ?? null));
  }
}

/** The cluster that a call names, as written: precise enough to distinguish the clusters of an account. */
export function clusterOfCall({ operation, request }: ControlPlaneCall): string {
  if (rowOf(operation).machine !== "cluster") return "";
  const { cluster = "default" } = request as RoutingMembers;
  return cluster.slice(cluster.lastIndexOf("/") + 1);
}

const placeOf = ({ account, region }: Place): Place => ({ account, region });
