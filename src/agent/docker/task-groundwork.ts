import type { PayloadContainer } from "../../agent-protocol/to-agent/payload-container.ts";
import type { TaskSurroundings } from "../container-runtime.ts";

/** Where the containers of a prepared task go; what is absent is Docker's default or what the payload says. */
export type GroundworkPlace = {
  readonly cgroupParent?: string;
  readonly networkMode?: string;
  readonly pidMode?: string;
  readonly ipcMode?: string;
};

/** What is made on the host for a task as a whole: its limits, and the namespaces that its containers share. */
export interface TaskGroundwork {
  /** Makes it, or finds it made. Rejects with an Error whose message is the reason of the task. */
  prepare(taskArn: string, task: TaskSurroundings, specs: readonly PayloadContainer[]): Promise<void>;
  /** For a container of a task that was prepared, in this process or an earlier one. */
  placeOf(taskArn: string, task: TaskSurroundings): GroundworkPlace;
  /** All containers have stopped: gives the address back. Never rejects. */
  release(taskArn: string, task: TaskSurroundings): Promise<void>;
  /** The containers are removed: takes the rest away. Never rejects. */
  clean(taskArn: string, task: TaskSurroundings): Promise<void>;
}
