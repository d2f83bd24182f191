import type { AgentChannel, AgentHello } from "../agent-protocol/connection.ts";
import {
  type ConnectionTaker,
  type Direction,
  type InProcessNetwork,
  InProcessTransport,
} from "../agent-sessions/in-process-transport.ts";
import type { Clock } from "../lib/clock.ts";
import type { Faults } from "./faults.ts";

export type HostNetworkOptions = {
  readonly clock: Clock;
  readonly faults: Faults;
  /** Whoever listens at the control plane now, or null when nobody does. */
  readonly listener: () => ConnectionTaker | null;
};

/**
 * The sockets of one life of a host's agent. A message that is lost takes its connection with it, as on TCP: nothing
 * after it arrives, and some time later both ends notice.
 */
export class HostNetwork implements InProcessNetwork {
  readonly transport: InProcessTransport;
  readonly #options: HostNetworkOptions;
  /** Channels whose connection is dead and has not been noticed so. */
  readonly #dead = new Set<AgentChannel>();
  readonly #connections = { acs: 0, tcs: 0 };
  #isGone = false;

  constructor(options: HostNetworkOptions) {
    const { clock, listener } = options;
    this.#options = options;
    this.transport = new InProcessTransport({
      clock,
      simulated: true,
      network: this,
      accept: (channel, hello, connection, kind) => listener()?.(channel, hello, connection, kind),
    });
  }

  connect(channel: AgentChannel): boolean {
    this.#dead.delete(channel);
    this.#connections[channel] += 1;
    return !this.#isGone && this.#options.listener() !== null && !this.#options.faults.connection();
  }

  message(direction: Direction, channel: AgentChannel, _hello: AgentHello, message: object): readonly number[] {
    if (this.#isGone || this.#dead.has(channel)) return [];
    const fault = this.#options.faults.message(direction, (message as { readonly type: string }).type);
    if (fault.type === "none") return [0];
    if (fault.type === "delay") return fault.delaysMs;
    this.#dead.add(channel);
    const connection = this.#connections[channel];
    this.#options.clock.setTimer(fault.noticedAfterMs, () => {
      if (this.#connections[channel] === connection) this.transport.cut((_, cut) => cut === channel);
    });
    return [];
  }

  /** Both ends notice at once that all connections are broken. */
  cut(): void {
    this.transport.cut(() => true);
  }

  /** The host is gone without a word: the other end notices when nothing comes any more. */
  vanish(): void {
    this.#isGone = true;
  }
}
