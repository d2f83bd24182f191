import { uptime } from "node:os";
import { SteadyClock } from "./steady-clock.ts";

/** The clock of this process. */
export const systemClock: SteadyClock = new SteadyClock(
  { wall: () => Date.now(), elapsed: () => performance.now(), uptime: () => uptime() * 1_000 },
  {
    setTimer(delayMs, fire) {
      // LIMIT: setTimeout accepts at most 2^31-1 ms; a caller that needs longer sets another timer when it fires.
      const handle = setTimeout(fire, Math.min(Math.max(delayMs, 0), 2_147_483_647));
      return { cancel: () => clearTimeout(handle) };
    },
    defer: (run) => {
      setImmediate(run);
    },
  },
);
