import type { Direction } from "../../agent-sessions/in-process-transport.ts";
import type { Draw } from "../draw.ts";

/**
 * A time in which nothing gets through between some hosts and the control plane, in one or both directions: neither on sockets
 * nor in API calls.
 */
export type NetworkCut = {
  readonly blocked: readonly Direction[];
  readonly forMs: number;
  /** About how many of a hundred hosts it affects. */
  readonly ofHosts: number;
};

/** What a cut does to one connection that is open when it begins. Null: this end never notices. */
export type CutConnection = {
  readonly agentHearsAfterMs: number | null;
  readonly serverHearsAfterMs: number | null;
  /**
   * What was sent meanwhile is kept, as TCP does while it retransmits, and arrives when the cut is over. Otherwise it is lost.
   */
  readonly keeps: boolean;
  /**
   * After the cut, an end that sends on a connection that the other end has left gets a reset. Otherwise it gets nothing, as
   * behind a firewall.
   */
  readonly resets: boolean;
};

/** LIMIT: five minutes exceeds every time-out of agent and control plane; the short ones end within some of them. */
const usualCutMs = 300_000;

export function drawNetworkCut(draw: Draw): NetworkCut {
  return {
    blocked: draw.pick([["to-agent", "from-agent"], ["to-agent", "from-agent"], ["to-agent"], ["from-agent"]]),
    forMs: draw.weighted([
      [6, usualCutMs + draw.between(-5_000, 5_000)],
      [2, draw.between(1_000, 30_000)],
      [3, draw.between(30_000, 180_000)],
      [1, draw.between(300_000, 900_000)],
    ]),
    ofHosts: draw.pick([100, 100, 60, 30]),
  };
}

export function drawCutConnection(draw: Draw): CutConnection {
  const [agentHears, serverHears, keeps] = draw.weighted<readonly [boolean, boolean, boolean]>([
    [3, [true, true, false]],
    [3, [true, false, false]],
    [3, [false, true, false]],
    [4, [false, false, false]],
    [4, [false, false, true]],
  ]);
  const afterMs = (hears: boolean): number | null => (hears ? draw.between(0, 60_000) : null);
  return {
    agentHearsAfterMs: afterMs(agentHears),
    serverHearsAfterMs: afterMs(serverHears),
    keeps,
    resets: draw.chance(0.5),
  };
}
