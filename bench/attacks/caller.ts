/** Calls in order over a few kept connections, whatever the answers: refusals suit an attacker too. */
import { connect, type Socket } from "node:net";
import { onAnswers } from "../load.ts";

export type Calls = {
  /** Resolves when every request was sent and answered, or a connection broke. */
  readonly done: Promise<void>;
  readonly stop: () => void;
  /** Answers so far, by status. 0 means connections that broke. */
  readonly statuses: Map<number, number>;
};

export type CallsOptions = {
  readonly port: number;
  readonly source?: string;
  readonly connections: number;
  /** Makes the request with this number. Null if there are no more. Called when a connection is free. */
  readonly request: (at: number) => Promise<Buffer | null> | Buffer | null;
};

/** LIMIT: a broken connection is reopened, but not indefinitely if the server refuses all. */
const brokenMax = 1_000;

/** How a connection ended: with the last request, after an answer, or without one. */
type End = "done" | "answered" | "broken";

/** How many answers there were of each status, in the bench's output. */
export function answersByStatus({ statuses }: Pick<Calls, "statuses">): Record<string, number> {
  return Object.fromEntries([...statuses].sort().map(([status, n]) => [`answers ${status}`, n]));
}

/** Starts calling. */
export function callOn({ port, source, connections, request }: CallsOptions): Calls {
  const statuses = new Map<number, number>();
  const sockets = new Set<Socket>();
  let next = 0;
  let stopped = false;
  const count = (status: number): void => void statuses.set(status, (statuses.get(status) ?? 0) + 1);
  const callOver = (): Promise<End> =>
    new Promise((resolve) => {
      const localAddress = source === undefined ? {} : { localAddress: source };
      const socket = connect({ host: "127.0.0.1", port, noDelay: true, ...localAddress });
      sockets.add(socket);
      let end: End = "broken";
      const send = async (): Promise<void> => {
        const bytes = stopped ? null : await request(next++);
        if (bytes === null) {
          end = "done";
          socket.destroy();
        } else socket.write(bytes);
      };
      socket.on("connect", () => void send());
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        resolve(end);
      });
      onAnswers(socket, (status) => {
        count(status);
        end = "answered";
        void send();
      });
    });
  const callUntilDone = async (): Promise<void> => {
    while (!stopped) {
      const end = await callOver();
      if (end === "done") return;
      if (end === "broken") count(0);
      if ((statuses.get(0) ?? 0) > brokenMax) return;
    }
  };
  const done = Promise.all(Array.from({ length: connections }, callUntilDone)).then(() => {});
  const stop = (): void => {
    stopped = true;
    for (const socket of sockets) socket.destroy();
  };
  return { done, stop, statuses };
}

/** Makes the calls in turn and resolves with the bodies of their answers. Throws for an unsuccessful answer. */
export async function callAll(port: number, requests: readonly Buffer[]): Promise<unknown[]> {
  const bodies: unknown[] = [];
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  try {
    await new Promise<void>((resolve, reject) => {
      const send = (): void => {
        const request = requests[bodies.length];
        if (request === undefined) resolve();
        else socket.write(request);
      };
      socket.on("connect", send);
      socket.on("error", reject);
      socket.on("close", () => reject(new Error("the server closed the connection")));
      onAnswers(socket, (status, body) => {
        if (status !== 200) return reject(new Error(`answered ${status}: ${body.toString("utf8").slice(0, 300)}`));
        bodies.push(JSON.parse(body.toString("utf8") || "{}"));
        send();
      });
    });
    return bodies;
  } finally {
    socket.destroy();
  }
}
