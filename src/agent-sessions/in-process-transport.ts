import type { AgentChannel, AgentConnection, AgentHello, AgentTransport } from "../agent-protocol/connection.ts";
import type { Clock } from "../lib/clock.ts";

export type Direction = "to-agent" | "from-agent";

/** What a network does to its traffic. The simulator injects its faults here. */
export type InProcessNetwork = {
  /** `refused`: as if nobody listens. `silent`: as if nothing passes through; neither end ever hears from the other. */
  connect?(channel: AgentChannel, hello: AgentHello): "taken" | "refused" | "silent";
  /**
   * The delays in milliseconds after which a message arrives: none if it is lost, two if it is duplicated. 0 is the next turn.
   */
  message?(direction: Direction, channel: AgentChannel, hello: AgentHello, message: object): readonly number[];
  /** False: the other end does not learn of the close in this direction. */
  close?(direction: Direction, channel: AgentChannel, hello: AgentHello): boolean;
};

/** The control-plane end. `AgentSessions` is one. */
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
    const carriesClose = (direction: Direction) => () => network?.close?.(direction, channel, hello) !== false;
    const agent = new End(clock, carry("from-agent"), carriesClose("from-agent"));
    const server = new End(clock, carry("to-agent"), carriesClose("to-agent"));
    agent.join(server);
    server.join(agent);
    const wire = { channel, hello, agent, server };
    this.#wires.add(wire);
    const forget = (): void => {
      if (!agent.open && !server.open) this.#wires.delete(wire);
    };
    agent.onGone(forget);
    server.onGone(forget);
    clock.defer(() => {
      const verdict = agent.open ? (network?.connect?.(channel, hello) ?? "taken") : "refused";
      if (verdict === "taken") {
        accept(channel, hello, server, { simulated });
        return;
      }
      server.open = false;
      if (verdict === "refused") agent.lose(1006, "connection refused");
      forget();
    });
    return agent;
  }

  /** Breaks the connections that `chosen` picks without informing either end: those of `ends` see code 1006. */
  cut(
    chosen: (hello: AgentHello, channel: AgentChannel) => boolean,
    ends: readonly ("agent" | "server")[] = bothEnds,
  ): void {
    for (const wire of [...this.#wires]) {
      if (!chosen(wire.hello, wire.channel)) continue;
      for (const end of ends) wire[end].lose(1006, "connection lost");
    }
  }
}

const nextTurn: readonly number[] = [0];
const bothEnds = ["agent", "server"] as const;

/** One end of a connection. */
class End implements AgentConnection {
  readonly #clock: Clock;
  readonly #carry: (message: object, arrive: () => void) => void;
  readonly #carriesClose: () => boolean;
  #other: End | null = null;
  #message: (message: unknown) => void = () => {};
  #close: (code: number, reason: string) => void = () => {};
  #gone: () => void = () => {};
  open = true;

  constructor(clock: Clock, carry: (message: object, arrive: () => void) => void, carriesClose: () => boolean) {
    this.#clock = clock;
    this.#carry = carry;
    this.#carriesClose = carriesClose;
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
    if (!this.#carriesClose()) return;
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
