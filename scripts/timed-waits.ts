/**
 * Where tests and benchmarks use real time. A test waits for a state (`tests/until.ts`), because a time is too short on a busy machine and
 * wasted on any other. The exceptions below say what else they need the time for.
 */
import { isTest, type Sources } from "./sources.ts";

/** What starts a real timer. `setImmediate` is not one: it waits for nothing but its turn. */
const timer =
  /(?<![.\w])(?:setTimeout|setInterval|sleep)\(|\bAbortSignal\.timeout\(|\bAtomics\.wait\(|\bscheduler\.wait\(/g;

export type TimedWait = { readonly uses: number; readonly why: string };

/** The files that may, with how often, and why. */
export const timedWaits: Readonly<Record<string, TimedWait>> = {
  "tests/until.ts": { uses: 1, why: "the pause between two looks at a state" },
  "tests/agent-client.ts": { uses: 1, why: "the deadline of a message" },
  "tests/agent-process.ts": { uses: 2, why: "the deadlines of a line and of the end" },
  "tests/berth-process.ts": { uses: 1, why: "the deadline of a start" },
  "tests/fuzz/raw-connection.ts": { uses: 1, why: "the deadline of an answer" },
  "tests/fuzz/raw-sockets.test.ts": { uses: 1, why: "the pace of a client that dribbles" },
  "tests/crash/kill-run.ts": { uses: 2, why: "the random moment of a kill, which is what the test varies" },
  "tests/pages/compose.test.ts": { uses: 1, why: "in the program of a container, which asks until there is an answer" },
  "tests/soak/main.ts": { uses: 1, why: "a line of progress each minute" },
  "tests/conformance/unread-log.test.ts": {
    uses: 1,
    why: "the deadline of a call, in case the server waits for its reader",
  },
  "tests/docker/task-endpoints.test.ts": { uses: 1, why: "the deadline of a call to an address that may be gone" },
  "tests/tidy.test.ts": { uses: 4, why: "planted for the test of this list" },
  "src/lib/steady-clock.test.ts": { uses: 2, why: "the machine sleeps, in a made-up clock" },
  "scripts/test.test.ts": { uses: 1, why: "in a planted test that never ends" },
  "bench/agent-sessions.ts": {
    uses: 3,
    why: "the period over which cost is measured, and the pause between two looks",
  },
  "bench/attacks/bystander.ts": { uses: 2, why: "the pace of the calls, and their deadline" },
  "bench/attacks/held-sockets.ts": { uses: 3, why: "the pace of the attack" },
  "bench/attacks/memory.ts": { uses: 2, why: "the pace of the attack, and the pause between two looks" },
  "bench/attacks/run-attack.ts": { uses: 4, why: "the periods before, during and after an attack" },
  "bench/checkout-server.ts": { uses: 2, why: "the deadlines of a start and of an end" },
  "bench/dear-calls.ts": { uses: 1, why: "the pause between two looks" },
  "bench/fairness.ts": { uses: 1, why: "the pause between two looks" },
  "bench/log-flood.ts": { uses: 1, why: "throttled clients wait before they try again" },
  "bench/run-task-to-running.ts": { uses: 1, why: "the pause between two looks" },
  "bench/service-bench.ts": {
    uses: 3,
    why: "the period over which cost is measured, the pace of calls, and the pause between two looks",
  },
  "bench/services.ts": { uses: 2, why: "the rest before cost is measured" },
  "bench/small-calls.ts": { uses: 1, why: "the pace of the calls" },
  "bench/start-up.ts": { uses: 1, why: "the pause between two attempts to connect" },
};

/** Every timer of tests and benchmarks that the list does not allow, and every entry of it that is out of date. A line each. */
export function timedWaitViolations(sources: Sources, allowed: Readonly<Record<string, TimedWait>>): string[] {
  const found: string[] = [];
  for (const [file, text] of sources) {
    if (!isTest(file) && !file.startsWith("bench/")) continue;
    const uses = text.match(timer)?.length ?? 0;
    const expected = allowed[file]?.uses ?? 0;
    if (uses > expected) found.push(`${file}: ${uses} timers, ${expected} of them allowed; wait for a state instead`);
    if (uses < expected) found.push(`${file}: ${uses} timers; scripts/timed-waits.ts says ${expected}`);
  }
  for (const file of Object.keys(allowed)) if (!sources.has(file)) found.push(`${file}: there is no such file`);
  return found;
}
