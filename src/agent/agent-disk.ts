import type { EngineChanges, EngineSnapshot, StateChange } from "./engine/engine-state.ts";

/** Of what is written now; a state of another format is of another version of Berth. */
export const stateFormat = 2;

/** What an agent must find again after a restart of its process. */
export type AgentState = {
  readonly format: number;
  readonly containerInstanceArn: string;
  readonly agentVersion: string;
  readonly engine: EngineSnapshot;
  /** Reports that the control plane has not taken yet, in order. */
  readonly submissions: readonly StateChange[];
};

/** What of a state's lists differs from the last state that was given to a disk. */
export type StateChanges = EngineChanges & {
  /** Reports that are new; they never change. */
  readonly reports: ReadonlySet<StateChange>;
  /** Reports that were taken. */
  readonly taken: ReadonlySet<StateChange>;
};

/** Where an agent keeps its state. */
export interface AgentDisk {
  /** The state of the last `save` that was over, or null when there was none. */
  load(): Promise<AgentState | null>;
  /**
   * Must make text of `state` before it returns, since the agent goes on changing it. Called again only when it has settled.
   * The lists of the state (tasks, past tasks, submissions) are made when they are read: a disk that keeps each of their members
   * by itself writes `changes` and reads no list.
   */
  save(state: AgentState, changes: StateChanges): Promise<void>;
}

/** A disk that lasts as long as the process; the simulator hands it from one life of an agent to the next. */
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
