import type { EcsEvent } from "../../ecs/events/event.ts";
import type { DurableState, Kept } from "../durable-state.ts";

/** A call as a checker sees it. */
export type Call = {
  readonly id: number;
  readonly operation: string;
  readonly request: Readonly<Record<string, unknown>>;
  /** The cluster that the request names, or `default`, as far as its caller can tell. */
  readonly cluster: string;
  readonly startedAt: number;
};

/** How a call ended for its caller. `lost`: no answer came, so it may have happened or not. */
export type Outcome =
  | { readonly type: "reply"; readonly reply: Readonly<Record<string, unknown>> }
  | { readonly type: "refused"; readonly code: string; readonly message: string }
  | { readonly type: "lost"; readonly reason: string };

/** Instances before, tasks, instances after, of one cluster, as three calls in a row described them. */
export type Snapshot = {
  readonly cluster: string;
  readonly instancesBefore: readonly Readonly<Record<string, unknown>>[];
  readonly tasks: readonly Readonly<Record<string, unknown>>[];
  readonly instancesAfter: readonly Readonly<Record<string, unknown>>[];
};

/** A container as the simulated runtime of a host sees it start. */
export type ContainerStart = {
  readonly host: string;
  readonly taskArn: string;
  readonly name: string;
  readonly runtimeId: string;
};

/** True for events about a service and its deployments, which have no version. */
export const isOfService = ({ detailType }: EcsEvent): boolean =>
  detailType === "ECS Service Action" || detailType === "ECS Deployment State Change";

/** Says that a rule is broken, and how. */
export type Violate = (rule: string, problem: string) => void;

/** One family of rules that hold at every moment. Each method is told of one kind of thing that happens. */
export interface Checker {
  /** An append reached the disk; `state` holds it already, its events are not yet noted as the newest. */
  kept?(kept: Kept, state: DurableState): void;
  callStarted?(call: Call, state: DurableState): void;
  callEnded?(call: Call, outcome: Outcome, state: DurableState): void;
  snapshot?(snapshot: Snapshot, state: DurableState): void;
  containerStarted?(start: ContainerStart, state: DurableState): void;
  /** The control plane has sent a message to the agent of an instance; whether it arrives is another matter. */
  sentToAgent?(containerInstanceArn: string, message: object): void;
  /** The control plane has died, and a new one is about to read the disk. */
  crashed?(state: DurableState): void;
  /** Now and then, and at the end: for what is too dear to look at after every append. */
  audit?(state: DurableState, now: number): void;
}
