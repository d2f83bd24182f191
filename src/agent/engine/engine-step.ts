import type { PayloadTask } from "../../agent-protocol/to-agent/payload.ts";
import type { RuntimeCommand, RuntimeEvent, RuntimeHealth } from "../container-runtime.ts";
import type { HostResources } from "./engine-resources.ts";
import type { StateChange } from "./engine-state.ts";

/** The inputs of the task engine. */
export type EngineInput =
  | { readonly type: "payload"; readonly tasks: readonly PayloadTask[]; readonly sequence: number | null }
  | {
      readonly type: "manifest";
      readonly messageId: string;
      readonly timeline: number;
      readonly tasks: readonly { readonly taskArn: string; readonly desiredStatus: string }[];
    }
  | { readonly type: "stop-confirmed"; readonly messageId: string; readonly taskArns: readonly string[] }
  | { readonly type: "attach"; readonly taskArn: string; readonly attachmentArns: readonly string[] }
  | { readonly type: "runtime"; readonly event: RuntimeEvent }
  /** The control plane has accepted (or permanently refused) the task's last report. */
  | { readonly type: "settled"; readonly taskArn: string }
  | { readonly type: "timer" }
  /** The first input after a restart from a snapshot. */
  | { readonly type: "recovered" };

export type EngineOutput =
  | { readonly type: "run"; readonly command: RuntimeCommand }
  /** Those of one task must arrive in order. */
  | { readonly type: "submit"; readonly change: StateChange }
  /** Acknowledge the message of this input. Without this output the message was not accepted. */
  | { readonly type: "acknowledge" }
  | { readonly type: "stop-candidates"; readonly messageId: string; readonly taskArns: readonly string[] }
  | { readonly type: "health-changed"; readonly taskArn: string };

export type EngineOptions = {
  /** Between SIGTERM and SIGKILL, if the container does not say. */
  readonly stopTimeoutMs: number;
  /** How long a STOPPED task is remembered. Until then its ARN cannot start a new task. */
  readonly taskCleanupMs: number;
  /** How long container changes wait to be reported together if the task itself does not change. */
  readonly containerChangeDelayMs: number;
  /** What tasks are booked against. A task that does not fit waits. Null: no accounting. */
  readonly resources: HostResources | null;
};

/** AWS: as the official agent does (it reports changes of single containers after 10 to 30 s). For real hosts. */
export const officialEngineDefaults: EngineOptions = {
  stopTimeoutMs: 30_000,
  taskCleanupMs: 10_800_000,
  containerChangeDelayMs: 20_000,
  resources: null,
};

/**
 * For simulated hosts.
 * DIFFERS: the official agent remembers a stopped task for three hours and reports changes of single containers after 10 to 30 s; the agents of Berth's simulated hosts take one hour and one second, so that rehearsals are quick.
 */
export const engineDefaults: EngineOptions = {
  ...officialEngineDefaults,
  taskCleanupMs: 3_600_000,
  containerChangeDelayMs: 1_000,
};

export type TaskHealth = {
  readonly taskArn: string;
  readonly family: string;
  readonly version: string;
  readonly containers: readonly { readonly name: string; readonly status: RuntimeHealth; readonly since: number }[];
};
