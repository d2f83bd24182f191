import type { AgentChannel, AgentHello } from "../agent-protocol/connection.ts";
import {
  type ConnectionTaker,
  type Direction,
  type InProcessNetwork,
  InProcessTransport,
} from "../agent-sessions/in-process-transport.ts";
import type { Clock } from "../lib/clock.ts";
import type { Faults } from "./faults/faults.ts";

/** A cut of the host's network while it lasts. */
export type CutUnderWay = { readonly blocked: readonly Direction[]; readonly endsAt: number };

export type HostNetworkOptions = {
  readonly clock: Clock;
  readonly faults: Faults;
  /** What listens at the control plane now, or null if nothing does. */
  readonly listener: () => ConnectionTaker | null;
  readonly cut: () => CutUnderWay | null;
  /** The control plane has sent a message, which may or may not arrive. */
  readonly onSent: (hello: AgentHello, message: object) => void;
};

/** One connection, by the hello that opens it. */
type Wire = {
  readonly channel: AgentChannel;
  /** Directions in which something was lost: as on TCP, nothing after it arrives. */
  readonly lost: Set<Direction>;
  keeps: boolean;
  resets: boolean;
  /** One end has closed, and the other has not learned of it. */
  isLeft: boolean;
};

/** LIMIT: connections of one life that are remembered; older ones are closed at both ends. */
const wiresMax = 32;
/** AWS: how long the official agent waits for a connection. */
const dialTimeoutMs = 30_000;

/**
 * The sockets of one life of a host's agent. A lost message breaks its connection, as on TCP: nothing after it arrives, and some
 * time later both ends notice. In a cut each end may notice or not.
 */
export class HostNetwork implements InProcessNetwork {
  readonly transport: InProcessTransport;
  readonly #options: HostNetworkOptions;
  readonly #wires = new Map<AgentHello, Wire>();
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

  connect(channel: AgentChannel, hello: AgentHello): "taken" | "refused" | "silent" {
    const { clock, cut, listener, faults } = this.#options;
    this.#wires.delete(hello);
    this.#wireOf(channel, hello);
    this.#forgetOldest();
    if (this.#isGone) return "silent";
    if (cut() !== null) {
      clock.setTimer(dialTimeoutMs, () => this.#break(hello, ["agent"]));
      return "silent";
    }
    return listener() !== null && !faults.connection() ? "taken" : "refused";
  }

  message(direction: Direction, channel: AgentChannel, hello: AgentHello, message: object): readonly number[] {
    const { clock, cut, faults, onSent } = this.#options;
    if (direction === "to-agent") onSent(hello, message);
    const wire = this.#wireOf(channel, hello);
    if (this.#isGone || wire.lost.has(direction)) return [];
    const now = cut();
    if (now?.blocked.includes(direction) === true) {
      if (wire.keeps) return [now.endsAt - clock.now()];
      wire.lost.add(direction);
      return [];
    }
    if (wire.isLeft) {
      if (wire.resets) clock.defer(() => this.#break(hello, [direction === "to-agent" ? "server" : "agent"]));
      return [];
    }
    const fault = faults.message(direction, (message as { readonly type: string }).type);
    if (fault.type === "none") return [0];
    if (fault.type === "delay") return fault.delaysMs;
    wire.lost.add("to-agent").add("from-agent");
    clock.setTimer(fault.noticedAfterMs, () => this.#break(hello, ["agent", "server"]));
    return [];
  }

  close(direction: Direction, channel: AgentChannel, hello: AgentHello): boolean {
    const wire = this.#wireOf(channel, hello);
    const isHeard = !this.#isGone && !wire.lost.has(direction) && this.#carries(direction);
    wire.isLeft = !isHeard;
    return isHeard;
  }

  /** True if something that is sent in this direction arrives. */
  carries(direction: Direction): boolean {
    return !this.#isGone && this.#carries(direction);
  }

  /** A cut begins. Each open connection is affected in its own way. */
  cutBegins(): void {
    const { clock, faults } = this.#options;
    const newest = new Map([...this.#wires].map(([hello, wire]) => [wire.channel, [hello, wire] as const]));
    for (const [hello, wire] of newest.values()) {
      const { agentHearsAfterMs, serverHearsAfterMs, keeps, resets } = faults.cutConnection(wire.channel);
      wire.keeps = keeps;
      wire.resets = resets;
      if (agentHearsAfterMs !== null) clock.setTimer(agentHearsAfterMs, () => this.#break(hello, ["agent"]));
      if (serverHearsAfterMs !== null) clock.setTimer(serverHearsAfterMs, () => this.#break(hello, ["server"]));
    }
  }

  /** All connections break. Both ends notice at once. */
  break(): void {
    this.transport.cut(() => true);
  }

  /** The control plane has died. The agent notices once anything gets through to it. */
  controlPlaneDied(): void {
    this.transport.cut(() => true, this.#carries("to-agent") ? ["agent", "server"] : ["server"]);
  }

  /** The agent's process has died. The other end notices once anything gets through. */
  agentDied(): void {
    this.#isGone = true;
    this.transport.cut(() => true, this.#carries("from-agent") ? ["agent", "server"] : ["agent"]);
  }

  /** The host has silently gone: the other end notices when nothing comes any more. */
  vanish(): void {
    this.#isGone = true;
  }

  #carries(direction: Direction): boolean {
    return this.#options.cut()?.blocked.includes(direction) !== true;
  }

  #break(hello: AgentHello, ends: readonly ("agent" | "server")[]): void {
    this.transport.cut((candidate) => candidate === hello, ends);
  }

  #forgetOldest(): void {
    for (const hello of this.#wires.keys()) {
      if (this.#wires.size <= wiresMax) return;
      this.#wires.delete(hello);
    }
  }

  #wireOf(channel: AgentChannel, hello: AgentHello): Wire {
    const known = this.#wires.get(hello);
    if (known !== undefined) return known;
    const wire: Wire = { channel, lost: new Set(), keeps: false, resets: false, isLeft: false };
    this.#wires.set(hello, wire);
    return wire;
  }
}
