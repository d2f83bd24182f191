import type { EcsEvent } from "../../ecs/events/event.ts";
import type { DurableState, Kept } from "../durable-state.ts";

/** A call as a checker sees it. */
export type Call = {
  readonly id: number;
  readonly operation: string;
  readonly request: Readonly<Record<string, unknown>>;
  /** The cluster that the request names, or `default`, as far as its caller knows. */
  readonly cluster: string;
  readonly startedAt: number;
};

/** How a call ended for its caller. `lost`: no answer came, so it may have taken effect or not. */
export type Outcome =
  | { readonly type: "reply"; readonly reply: Readonly<Record<string, unknown>> }
  | { readonly type: "refused"; readonly code: string; readonly message: string }
  | { readonly type: "lost"; readonly reason: string };

/** The instances, tasks and again instances of one cluster, as three consecutive calls described them. */
export type Snapshot = {
  readonly cluster: string;
  readonly instancesBefore: readonly Readonly<Record<string, unknown>>[];
  readonly tasks: readonly Readonly<Record<string, unknown>>[];
  readonly instancesAfter: readonly Readonly<Record<string, unknown>>[];
};

/** A container start, as the simulated runtime of a host sees it. */
export type ContainerStart = {
  readonly host: string;
  readonly taskArn: string;
  readonly name: string;
  readonly runtimeId: string;
};

/** True for events about a service and its deployments, which have no version. */
export const isOfService = ({ detailType }: EcsEvent): boolean =>
  detailType === "ECS Service Action" || detailType === "ECS Deployment State Change";

/** Reports that a rule is broken, and how. */
export type Violate = (rule: string, problem: string) => void;

/** One family of rules that always hold. Each method receives one kind of event. */
export interface Checker {
  /** An append reached the disk. `state` already contains it, but its events are not yet recorded as the newest. */
  kept?(kept: Kept, state: DurableState): void;
  callStarted?(call: Call, state: DurableState): void;
  callEnded?(call: Call, outcome: Outcome, state: DurableState): void;
  snapshot?(snapshot: Snapshot, state: DurableState): void;
  containerStarted?(start: ContainerStart, state: DurableState): void;
  /** The control plane has sent a message to the agent of an instance, which may or may not arrive. */
  sentToAgent?(containerInstanceArn: string, message: object): void;
  /** The control plane has died, and a new one is about to read the disk. */
  crashed?(state: DurableState): void;
  /** Called occasionally, and at the end, for what is too expensive to check after every append. */
  audit?(state: DurableState, now: number): void;
}
