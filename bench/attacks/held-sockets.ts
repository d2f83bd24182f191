/** Sockets that are opened and held: they send something that is not a whole request, and perhaps a little more occasionally. */
import { connect, type Socket } from "node:net";
import type { UnderWay } from "./attack.ts";

export type HeldSocketsOptions = {
  readonly port: number;
  readonly count: number;
  /** The addresses that they come from, in turn. */
  readonly sources: readonly string[];
  /** What each sends at once. Empty for nothing. */
  readonly opening: Uint8Array | string;
  /** What each sends every second from then on. */
  readonly drip?: Uint8Array | string;
};

/**
 * LIMIT: an attacker reopens what was closed, at most this many sockets each 100 ms, so that the bench is not busy with nothing
 * else.
 */
const openedAtOnce = 200;
const tickMs = 100;
const dripMs = 1_000;

/** Opens `count` sockets and reopens those that the server closes. Resolves when all were opened once. */
export async function holdSockets(options: HeldSocketsOptions): Promise<UnderWay> {
  const held = new Set<Socket>();
  let opened = 0;
  const open = (): void => {
    const localAddress = options.sources[opened % options.sources.length] as string;
    opened += 1;
    const socket = connect({ host: "127.0.0.1", port: options.port, localAddress });
    held.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => held.delete(socket));
    socket.on("data", () => {});
    if (options.opening.length > 0) socket.write(options.opening);
  };
  const fill = (): void => {
    for (let i = 0; i < openedAtOnce && held.size < options.count; i++) open();
  };
  const ticker = setInterval(fill, tickMs);
  const { drip } = options;
  const dripper = setInterval(() => {
    if (drip === undefined) return;
    for (const socket of held) if (!socket.connecting && socket.writable) socket.write(drip);
  }, dripMs);
  while (opened < options.count) {
    fill();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return {
    async stop() {
      clearInterval(ticker);
      clearInterval(dripper);
      for (const socket of held) socket.destroy();
    },
    measured: () => ({ "sockets held": held.size, "sockets opened": opened }),
  };
}
