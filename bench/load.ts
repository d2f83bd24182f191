import { connect, type Socket } from "node:net";

/** The result of a run of load. */
export type LoadResult = {
  readonly requests: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
};

/**
 * Repeatedly sends the prepared HTTP/1.1 `requests` (whole messages, head and body) over `connections` keep-alive connections,
 * each with one request under way, for `seconds`. Any answer except 200 ends the run with an error, because a figure about
 * refusals is useless.
 */
export async function load(
  port: number,
  requests: readonly Buffer[],
  options: { readonly connections: number; readonly seconds: number },
): Promise<LoadResult> {
  const latencies: number[] = [];
  let next = 0;
  const begin = performance.now();
  const end = begin + options.seconds * 1000;
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1");
      socket.setNoDelay(true);
      let sentAt = 0;
      const send = () => {
        sentAt = performance.now();
        if (sentAt >= end) {
          socket.end();
          resolve();
          return;
        }
        socket.write(requests[next++ % requests.length] as Buffer);
      };
      socket.on("connect", send);
      socket.on("error", reject);
      onAnswers(socket, (status, body) => {
        if (status !== 200) return reject(new Error(`answered ${status}: ${body.toString("utf8").slice(0, 300)}`));
        latencies.push(performance.now() - sentAt);
        send();
      });
    });
  await Promise.all(Array.from({ length: options.connections }, one));
  const seconds = (performance.now() - begin) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  return {
    requests: latencies.length,
    seconds,
    perSecond: latencies.length / seconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  };
}

/** Calls `answer` for each HTTP answer with a Content-Length that arrives on `socket`. */
export function onAnswers(socket: Socket, answer: (status: number, body: Buffer) => void): void {
  let received: Buffer = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    for (;;) {
      const headEnd = received.indexOf("\r\n\r\n");
      if (headEnd < 0) return;
      const head = received.toString("latin1", 0, headEnd);
      const length = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0);
      const total = headEnd + 4 + length;
      if (received.length < total) return;
      const body = received.subarray(headEnd + 4, total);
      received = received.subarray(total);
      answer(Number(head.slice(9, 12)), body);
    }
  });
}
