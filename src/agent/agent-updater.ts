import type { FromAgent } from "../agent-protocol/from-agent.ts";
import type { PerformUpdateMessage } from "../agent-protocol/to-agent/perform-update.ts";
import type { StageUpdateMessage } from "../agent-protocol/to-agent/stage-update.ts";
import { acknowledgement, refusal } from "./acknowledgement.ts";

/** Carries out StageUpdate and PerformUpdate on a host. */
export interface AgentUpdater {
  /** Fetches a version. Returns its number, or why it is not available. */
  stage(
    location: string,
    signature: string,
  ): Promise<{ readonly ok: true; readonly version: string } | { readonly ok: false; readonly reason: string }>;
}

/** Fetches nothing: the location names the version. */
export const simulatedUpdater: AgentUpdater = {
  stage(location) {
    const version = /(\d+\.\d+\.\d+)/.exec(location)?.[1];
    return Promise.resolve(
      version === undefined
        ? { ok: false, reason: `Unable to download: no version in ${location}` }
        : { ok: true, version },
    );
  },
};

/** The two steps of UpdateContainerAgent on a host. */
export class SelfUpdate {
  readonly #updater: AgentUpdater | null;
  readonly #reply: (message: FromAgent) => void;
  readonly #change: (version: string) => void;
  #staged: string | null = null;

  /** `change` restarts the agent with another version. If `updater` is null, updates are disabled. */
  constructor(updater: AgentUpdater | null, reply: (message: FromAgent) => void, change: (version: string) => void) {
    this.#updater = updater;
    this.#reply = reply;
    this.#change = change;
  }

  async stage({ message }: StageUpdateMessage): Promise<void> {
    const { location, signature } = message.updateInfo ?? {};
    if (this.#updater === null) this.#reply(refusal(message, "Updates are disabled"));
    else if (!location || !signature) this.#reply(refusal(message, "Invalid update: no location or no signature"));
    else {
      const staged = await this.#updater.stage(location, signature);
      if (staged.ok) this.#staged = staged.version;
      this.#reply(staged.ok ? acknowledgement(message) : refusal(message, staged.reason));
    }
  }

  perform({ message }: PerformUpdateMessage): void {
    if (this.#updater === null) this.#reply(refusal(message, "Updates are disabled"));
    else if (this.#staged === null) this.#reply(refusal(message, "Cannot perform update; update not downloaded"));
    else {
      const version = this.#staged;
      this.#staged = null;
      this.#reply(acknowledgement(message));
      this.#change(version);
    }
  }
}
