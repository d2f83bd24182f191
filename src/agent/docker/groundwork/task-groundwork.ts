import type { PayloadContainer } from "../../../agent-protocol/to-agent/payload-container.ts";
import type { TaskSurroundings } from "../../container-runtime.ts";

/** Where the containers of a prepared task go. Absent members are Docker's default or the payload's value. */
export type GroundworkPlace = {
  readonly cgroupParent?: string;
  readonly networkMode?: string;
  readonly pidMode?: string;
  readonly ipcMode?: string;
};

/** What is made on the host for a task as a whole: its limits, and the namespaces that its containers share. */
export interface TaskGroundwork {
  /** Prepares the task, or finds it prepared. Rejects with an Error whose message is the task's reason. */
  prepare(taskArn: string, task: TaskSurroundings, specs: readonly PayloadContainer[]): Promise<void>;
  /** For a container of a task that was prepared by this process or an earlier one. */
  placeOf(taskArn: string, task: TaskSurroundings): GroundworkPlace;
  /** All containers have stopped: releases the address. Never rejects. */
  release(taskArn: string, task: TaskSurroundings): Promise<void>;
  /** The containers are removed: deletes the rest. Never rejects. */
  clean(taskArn: string, task: TaskSurroundings): Promise<void>;
}
