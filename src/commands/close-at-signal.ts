import type { OpenLog } from "../server/log/log.ts";
import type { RunningServer } from "../server/server.ts";

/** LIMIT: the least that process managers wait before they kill. */
const shutdownTimeoutMs = 5_000;

/** LIMIT: enough for a reader that is reading to get the last log lines. */
const flushMs = 500;

/**
 * Closes the server at SIGTERM or SIGINT and ends the process: with 0, or with 1 if that takes too long or fails. `lastWords`,
 * which must not reject, is called before the server closes and printed after. Null prints nothing.
 */
export function closeAtSignal(
  server: RunningServer,
  log: OpenLog,
  lastWords: (() => Promise<string>) | null = null,
): void {
  let isClosing = false;
  const close = (signal: NodeJS.Signals): void => {
    // Somebody in a hurry presses twice.
    if (isClosing) process.exit(1);
    isClosing = true;
    log.write("server-stopping", { signal });
    setTimeout(() => {
      log.write("server-stop-timeout", { shutdownTimeoutMs });
      process.exit(1);
    }, shutdownTimeoutMs).unref();
    const words = lastWords?.() ?? Promise.resolve("");
    void words
      .then(async (text) => {
        await server.close();
        process.stdout.write(text);
      })
      .then(
        () => 0,
        (error: unknown) => {
          log.write("server-stop-failed", { err: error });
          return 1;
        },
      )
      .then((exitCode) => log.flush(flushMs).then(() => process.exit(exitCode)));
  };
  process.on("SIGTERM", close);
  process.on("SIGINT", close);
}
