import type { EngineChanges, EngineSnapshot, StateChange } from "./engine/engine-state.ts";

/** The format of what is written now. A state with another format comes from another version of Berth. */
export const stateFormat = 2;

/** What an agent needs back after its process restarts. */
export type AgentState = {
  readonly format: number;
  readonly containerInstanceArn: string;
  readonly agentVersion: string;
  readonly engine: EngineSnapshot;
  /** Reports that the control plane has not accepted yet, in order. */
  readonly submissions: readonly StateChange[];
};

/** How a state's lists differ from the state last given to a disk. */
export type StateChanges = EngineChanges & {
  /** New reports. They never change. */
  readonly reports: ReadonlySet<StateChange>;
  /** Reports that were accepted. */
  readonly taken: ReadonlySet<StateChange>;
};

/** Where an agent keeps its state. */
export interface AgentDisk {
  /** The state of the last completed `save`, or null if there was none. */
  load(): Promise<AgentState | null>;
  /**
   * Must serialise `state` before it returns, because the agent keeps changing it. The agent calls it again only after the
   * previous call has settled. The state's lists (tasks, past tasks, submissions) are built when read: a disk that stores their
   * members separately writes `changes` and reads no list.
   */
  save(state: AgentState, changes: StateChanges): Promise<void>;
}

/** A disk that lasts as long as the process. The simulator passes it from one life of an agent to the next. */
export class MemoryDisk implements AgentDisk {
  #text: string | null = null;

  load(): Promise<AgentState | null> {
    return Promise.resolve(this.#text === null ? null : (JSON.parse(this.#text) as AgentState));
  }

  save(state: AgentState): Promise<void> {
    this.#text = JSON.stringify(state);
    return Promise.resolve();
  }
}
