import assert from "node:assert/strict";
import { once } from "node:events";
import type { Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { must } from "../../lib/assert.ts";
import { systemClock } from "../../lib/system-clock.ts";
import { type EndpointLimits, endpointServer } from "./endpoint-server.ts";
import type { EndpointAnswer } from "./endpoint-sources.ts";

type Answer = (path: string) => Promise<EndpointAnswer>;

/** A server on loopback. Each address of 127.0.0.0/8 represents a container. */
class World {
  readonly port: number;
  readonly sockets: Socket[] = [];

  private constructor(server: Server) {
    this.port = (server.address() as AddressInfo).port;
  }

  static async open(t: TestContext, limits: Partial<EndpointLimits>, answer: Answer = ok): Promise<World> {
    const routes = { answer: (_method: string, path: string) => answer(path) };
    const server = endpointServer({ clock: systemClock, log: () => {}, routes, limits }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const world = new World(server);
    t.after(() => {
      for (const socket of world.sockets) socket.destroy();
      server.closeAllConnections();
      server.close();
    });
    return world;
  }

  /** A connection of `asker` that sends `text`. Resolves once it is open. */
  async connect(asker: string, text = ""): Promise<Socket> {
    const socket = connect({ host: "127.0.0.1", port: this.port, localAddress: asker });
    this.sockets.push(socket.on("error", () => {}).resume());
    await new Promise<void>((resolve) => socket.once("connect", resolve).once("close", () => resolve()));
    socket.write(text);
    return socket;
  }

  /** The status of the answer to a request of `asker`. Null if the connection ends without one. */
  async ask(asker: string, path = "/"): Promise<number | null> {
    const socket = await this.connect(asker, request(path));
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk;
    });
    await closed(socket);
    return text === "" ? null : Number(text.split(" ")[1]);
  }
}

const ok: Answer = () => Promise.resolve({ status: 200, body: {} });
const request = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`;
/** A reset also counts as an end. */
const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => (socket.closed ? resolve() : void socket.once("close", () => resolve())));

test("a container that opens as many connections as it can gets its share, and the others are answered", async (t) => {
  const world = await World.open(t, { connections: 64, connectionsPerAsker: 16, arrivalMs: 60_000 });
  const all = await Promise.all(Array.from({ length: 100 }, () => world.connect("127.0.0.2", "GET / HT")));
  await Promise.all(all.slice(16).map(closed));
  assert.equal(all.filter(({ closed: isClosed }) => !isClosed).length, 16);
  assert.equal(await world.ask("127.0.0.3"), 200);
  assert.equal(await world.ask("127.0.0.2"), null, "it already has its share");
});

test("a client's new connections replace its idle ones", async (t) => {
  const world = await World.open(t, { connectionsPerAsker: 4, arrivalMs: 60_000 });
  const kept = await Promise.all(Array.from({ length: 4 }, () => world.connect("127.0.0.2")));
  for (const socket of kept) {
    const answered = once(socket, "data");
    socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    await answered;
  }
  assert.equal(await world.ask("127.0.0.2"), 200);
  await closed(must(kept[0], "the oldest"));
});

test("when every connection is taken, those with the most make room for those with fewer", async (t) => {
  const world = await World.open(t, { connections: 32, connectionsPerAsker: 16, arrivalMs: 60_000 });
  const liars = ["127.0.0.2", "127.0.0.3", "127.0.0.4"];
  const held = await Promise.all(liars.flatMap((liar) => Array.from({ length: 16 }, () => world.connect(liar, "GE"))));
  assert.equal(await world.ask("127.0.0.9"), 200);
  // An asker with one connection per address fares no better.
  await Promise.all(Array.from({ length: 40 }, (_, index) => world.connect(`127.0.1.${index + 1}`, "GE")));
  assert.equal(await world.ask("127.0.0.9"), 200);
  await Promise.all(held.slice(0, 16).map(closed));
});

test("a request that does not arrive is cut, whether it stops in its head, in its body or before both", async (t) => {
  const world = await World.open(t, { arrivalMs: 200 });
  const slow = ["", "GET / HTTP/1.1\r\nho", "PUT / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nab"];
  await Promise.all(slow.map(async (text) => closed(await world.connect("127.0.0.2", text))));
  const idle = await world.connect("127.0.0.2", "GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  await closed(idle);
  assert.equal(await world.ask("127.0.0.2"), 200, "their places are free again");
});

test("requests that take Docker long are limited for each container and overall", async (t) => {
  const stuck = Promise.withResolvers<EndpointAnswer>();
  const asked: (() => void)[] = [];
  const answer: Answer = (path) => {
    if (path !== "/stats") return ok(path);
    asked.shift()?.();
    return stuck.promise;
  };
  const world = await World.open(t, { underWayPerAsker: 2, underWay: 3 }, answer);
  const isAsked = (): Promise<void> => new Promise((resolve) => asked.push(resolve));
  const waiting = [isAsked(), isAsked()];
  const first = [world.ask("127.0.0.2", "/stats"), world.ask("127.0.0.2", "/stats")];
  await Promise.all(waiting);
  assert.equal(await world.ask("127.0.0.2"), 429);
  assert.equal(await world.ask("127.0.0.3"), 200);
  const third = isAsked();
  first.push(world.ask("127.0.0.3", "/stats"));
  await third;
  assert.equal(await world.ask("127.0.0.4"), 429, "the limit of requests under way is reached");
  stuck.resolve({ status: 200, body: {} });
  assert.deepEqual(await Promise.all(first), [200, 200, 200]);
  assert.equal(await world.ask("127.0.0.4"), 200);
});

test("a request that is never answered ends with its connection", async (t) => {
  const world = await World.open(t, { silenceMs: 200 }, () => new Promise(() => {}));
  assert.equal(await world.ask("127.0.0.2"), null);
});
