import type { AgentChannel, AgentConnection, AgentHello, AgentTransport } from "../agent-protocol/connection.ts";
import type { Clock } from "../lib/clock.ts";

export type Direction = "to-agent" | "from-agent";

/** What a network does to what passes through it; the simulator injects its faults here. */
export type InProcessNetwork = {
  /** False: the connection is refused, as when nobody listens. */
  connect?(channel: AgentChannel, hello: AgentHello): boolean;
  /** The delays in milliseconds after which a message arrives: none when it is lost, two when it is doubled. 0 is the next turn. */
  message?(direction: Direction, channel: AgentChannel, hello: AgentHello, message: object): readonly number[];
};

/** The control-plane end; `AgentSessions` is one. */
export type ConnectionTaker = (
  channel: AgentChannel,
  hello: AgentHello,
  connection: AgentConnection,
  kind: { readonly simulated: boolean },
) => void;

export type InProcessTransportOptions = {
  readonly clock: Clock;
  readonly accept: ConnectionTaker;
  /** True for simulated hosts, which a real agent may displace. */
  readonly simulated: boolean;
  readonly network?: InProcessNetwork;
};

type Wire = {
  readonly channel: AgentChannel;
  readonly hello: AgentHello;
  readonly agent: End;
  readonly server: End;
};

/** Connections between agents and control plane in one process. Everything arrives in a later turn, as on a network. */
export class InProcessTransport implements AgentTransport {
  readonly #options: InProcessTransportOptions;
  readonly #wires = new Set<Wire>();

  constructor(options: InProcessTransportOptions) {
    this.#options = options;
  }

  connect(channel: AgentChannel, hello: AgentHello): AgentConnection {
    const { clock, accept, simulated, network } = this.#options;
    const carry = (direction: Direction) => (message: object, arrive: () => void) => {
      const delays = network?.message?.(direction, channel, hello, message) ?? nextTurn;
      for (const delay of delays) {
        if (delay <= 0) clock.defer(arrive);
        else clock.setTimer(delay, arrive);
      }
    };
    const agent = new End(clock, carry("from-agent"));
    const server = new End(clock, carry("to-agent"));
    agent.join(server);
    server.join(agent);
    const wire = { channel, hello, agent, server };
    this.#wires.add(wire);
    agent.onGone(() => this.#wires.delete(wire));
    clock.defer(() => {
      if (!agent.open) return;
      if (network?.connect?.(channel, hello) === false) agent.lose(1006, "connection refused");
      else accept(channel, hello, server, { simulated });
    });
    return agent;
  }

  /** Breaks the connections that `chosen` picks, without a word to either end: both see code 1006. */
  cut(chosen: (hello: AgentHello, channel: AgentChannel) => boolean): void {
    for (const wire of [...this.#wires]) {
      if (!chosen(wire.hello, wire.channel)) continue;
      this.#wires.delete(wire);
      wire.agent.lose(1006, "connection lost");
      wire.server.lose(1006, "connection lost");
    }
  }
}

const nextTurn: readonly number[] = [0];

/** One end of a connection. */
class End implements AgentConnection {
  readonly #clock: Clock;
  readonly #carry: (message: object, arrive: () => void) => void;
  #other: End | null = null;
  #message: (message: unknown) => void = () => {};
  #close: (code: number, reason: string) => void = () => {};
  #gone: () => void = () => {};
  open = true;

  constructor(clock: Clock, carry: (message: object, arrive: () => void) => void) {
    this.#clock = clock;
    this.#carry = carry;
  }

  join(other: End): void {
    this.#other = other;
  }

  send(message: object): void {
    const other = this.#other;
    if (!this.open || other === null) return;
    this.#carry(message, () => other.#arrived(message));
  }

  close(code: number, reason: string): void {
    if (!this.open) return;
    this.open = false;
    this.#gone();
    const other = this.#other;
    // What was sent before the close arrives before it.
    this.#clock.defer(() => other?.lose(code, reason));
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#message = listener;
  }

  onClose(listener: (code: number, reason: string) => void): void {
    this.#close = listener;
  }

  /** For the transport: called once when this end closes or is closed. */
  onGone(listener: () => void): void {
    this.#gone = listener;
  }

  lose(code: number, reason: string): void {
    if (!this.open) return;
    this.open = false;
    this.#gone();
    this.#close(code, reason);
  }

  #arrived(message: object): void {
    if (this.open) this.#message(message);
  }
}
