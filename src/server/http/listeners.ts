/** The listening sockets of the HTTP port. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { Server as TlsServer } from "node:tls";
import type { FastifyInstance } from "fastify";

/**
 * LIMIT: Node takes one new connection of a listening socket each time the event loop looks for input, so the port has several: this
 * many are taken at a look. More would make a look longer for those who are connected already.
 */
const listeningSockets = 8;
/**
 * LIMIT: connections that wait to be taken: the two sockets of thousands of agents, which all come back at once. Who finds no room
 * waits for seconds before the next attempt. The system may allow fewer (net.core.somaxconn).
 */
const backlog = 16_384;

export type Listening = {
  readonly port: number;
  /** Stops listening on the sockets that are not the server's own; resolves when no connection of theirs is open. */
  readonly close: () => Promise<void>;
};

type Address = { readonly host: string; readonly port: number };

/**
 * Has `http` listen on `host` and `port`; 0 is any port that is free. Where the system cannot share a port among sockets (as on macOS)
 * there is only one. Rejects with the system's error when the address cannot be listened on.
 */
export async function listenOn(http: FastifyInstance, { host, port }: Address): Promise<Listening> {
  // A socket that shares its port joins those of another process of the same user, which nobody wants: this one does not share.
  if (port !== 0) await closed(await listening(createServer(), { host, port }));
  // Fastify hands on what it does not know.
  const shared = { host, port, backlog, reusePort: true };
  try {
    await http.listen(shared);
  } catch (error) {
    if (!cannotShare(error)) throw error;
    await http.listen({ host, port, backlog });
    return { port: portOf(http), close: () => Promise.resolve() };
  }
  const all: Server[] = [];
  try {
    while (all.length < listeningSockets - 1) all.push(await another(http, host));
  } catch (error) {
    await Promise.all(all.map(closed));
    throw error;
  }
  return { port: portOf(http), close: async () => void (await Promise.all(all.map(closed))) };
}

/** Another listening socket of the port of `http`, whose connections are handed to it. */
function another(http: FastifyInstance, host: string): Promise<Server> {
  // As node:http and node:https have it for the sockets that they take themselves.
  const server = createServer({ allowHalfOpen: !(http.server instanceof TlsServer), noDelay: true });
  server.on("connection", (socket: Socket) => http.server.emit("connection", socket));
  return listening(server, { host, port: portOf(http), backlog, reusePort: true });
}

async function listening(
  server: Server,
  address: Address & { readonly backlog?: number; readonly reusePort?: boolean },
): Promise<Server> {
  server.listen(address);
  await once(server, "listening");
  return server;
}

const closed = (server: Server): Promise<void> => new Promise((done) => server.close(() => done()));

const portOf = (http: FastifyInstance): number => (http.server.address() as AddressInfo).port;

const cannotShare = (error: unknown): boolean =>
  error instanceof Error && "code" in error && ["ENOTSUP", "ENOSYS", "ENOPROTOOPT"].includes(String(error.code));
