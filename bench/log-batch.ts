import { type BenchKey, signedRequest } from "./signed-request.ts";

export const logGroupName = "bench";

/** A line as a web server writes it, about 120 characters. */
const line = (n: number): string =>
  `INFO request id=${((n * 2_654_435_761) >>> 0).toString(16)} path=/api/v1/orders/${n % 977} status=${n % 7 === 0 ? 500 : 200} took=${n % 331}ms user=u${n % 31} region=eu-west-1`;

/** A request of PutLogEvents with `count` events of now. */
export function batchOf(logStreamName: string, count: number): object {
  const timestamp = Date.now();
  const logEvents = Array.from({ length: count }, (_, n) => ({ timestamp, message: line(n) }));
  return { logGroupName, logStreamName, logEvents };
}

/** A signed call of CloudWatch Logs. */
export const signedLogs = (port: number, operation: string, body: object, key: BenchKey): Promise<Buffer> =>
  signedRequest(port, `Logs_20140328.${operation}`, body, key, { service: "logs" });
