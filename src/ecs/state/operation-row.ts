/**
 * The row of an API operation: which machine answers it, what the handler gets, and everything that higher layers need to know about it.
 * Rows are next to the handlers, one file per noun (`tasks/task-operations.ts`); `machine/operations.ts` puts them together.
 */
import type { RefusalCode } from "../refusals.ts";
import type { AccountGiven, ResolvePurpose } from "./account-input.ts";
import type { AccountStep } from "./account-step.ts";
import type { Given, GivenSettings } from "./call.ts";
import type { ClusterStep } from "./cluster-step.ts";
import type { NamedResources, ResourceType } from "./named-resources.ts";

/** An operation in a cluster: reads and changes the state through the step, and returns the reply in API shape or refuses. */
export type ClusterOperation = (step: ClusterStep, request: never, given: Given) => object;

/** An operation of the account. `wire` has parsed the request with the operation's shape. */
export type AccountOperation = (step: AccountStep, request: never, given: AccountGiven) => object;

/**
 * What a call can do: `read` changes nothing, `operate` changes what runs, `administer` changes the account as a whole, `speak` reports for
 * a container instance.
 */
export type AccessLevel = "read" | "operate" | "administer" | "speak";

/** What a handler in a cluster gets in addition to the caller and the cluster: facts that other machines own. */
export type GivenToCluster = {
  /** The task definition that the request names. With `always`, a request that names none is refused. */
  readonly taskDefinition?: { readonly when: "always" | "named"; readonly purpose: ResolvePurpose };
  /** The caller's settings in force. A handler that takes `GivenSettings` must set this in its row. */
  readonly settings?: true;
};

type Facts = {
  /** Every member of the request that can name a resource. */
  readonly resources: NamedResources;
  readonly level: AccessLevel;
  /** The types of resources that an agent key may name in it; absent if agents may not call it. */
  readonly agents?: readonly ResourceType[];
  /** The same for a task's credentials, which may only name the task itself and its cluster. */
  readonly tasks?: readonly ResourceType[];
  /** The errors it declares in addition to those of every operation. */
  readonly errors: readonly RefusalCode[];
  /** The error for a value beyond `wire`'s limits; InvalidParameterException if absent. */
  readonly beyondLimits?: RefusalCode;
  /** Texts that real clients send although the API model doesn't have them, by member, and what they are for. */
  readonly undocumented?: Readonly<Record<string, string>>;
  /** The reply has a container instance. If no agent made the call, `berth dev` gives the instance a simulated host. */
  readonly registersInstance?: true;
  /** What Berth doesn't do, in sentences for docs/compatibility.md; absent if the operation is complete. */
  readonly missing?: string;
  /** What it does, for docs/berth-api.md; only for operations that ECS doesn't have. */
  readonly about?: string;
};

/** Answered by the machine of the cluster in the request. */
export type ClusterRow = Facts & { readonly machine: "cluster" } & (
    | { readonly handler: ClusterOperation; readonly given?: GivenToCluster }
    | {
        readonly handler: (step: ClusterStep, request: never, given: GivenSettings) => object;
        readonly given: GivenToCluster & { readonly settings: true };
      }
  );

/** Answered by the machine of the account. */
export type AccountRow = Facts & {
  readonly machine: "account";
  readonly handler: AccountOperation;
  /** The clusters that the reply shows with counts, as the request names them; absent if it shows none. */
  readonly counts?: (request: never) => readonly (string | undefined)[];
};

/** Answered by the machine that owns the ARN in the request. */
export type ByArnRow = Facts & {
  readonly machine: "by-arn";
  readonly handlers: { readonly account: AccountOperation; readonly cluster: ClusterOperation };
};

/** Service deployments and service revisions. Their ARNs name their cluster. */
export type HistoryType = "service-deployment" | "service-revision";

/** Where a request has ARNs, possibly of several clusters. Each cluster answers for its own. */
export type SeveralHistoryArns = {
  readonly member: string;
  readonly type: HistoryType;
  readonly max: number;
  /** The member of the reply with what was found; the rest is in `failures`. */
  readonly listed: string;
};

/** Where a request has one ARN, and the refusal if it names nothing. */
export type OneHistoryArn = {
  readonly member: string;
  readonly type: HistoryType;
  readonly unknown: { readonly code: RefusalCode; readonly text: string };
};

/** Answered by the clusters that own the service deployments or service revisions with the ARNs in the request. */
export type ByHistoryArnsRow = Facts & {
  readonly machine: "by-history-arns";
  readonly handler: ClusterOperation;
  readonly arns: SeveralHistoryArns | OneHistoryArn;
};

/** Answered from several machines, in order. This takes promises, so the handler is in `cluster-runner/api-calls.ts`. */
export type SeveralRow = Facts & { readonly machine: "several" };

/** Berth supports it, in full or in part. */
export type AnsweredRow = ClusterRow | AccountRow | ByArnRow | ByHistoryArnsRow | SeveralRow;

/** No machine answers it: a call gets an error that says so. */
export type AbsentRow = { readonly machine: null; readonly errors: readonly RefusalCode[]; readonly about?: string };

export type OperationRow = AnsweredRow | AbsentRow;

/** Rows by operation name. */
export type OperationRows = Readonly<Record<string, OperationRow>>;
