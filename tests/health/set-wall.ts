/**
 * Loaded into a process before its program (`node --import`): shifts the wall clock of the process by the milliseconds in the
 * file BERTH_TEST_WALL_FILE, which it reads at the start and again at SIGUSR2. Monotonic time and timers are unchanged.
 */
import { readFileSync } from "node:fs";

const file = process.env.BERTH_TEST_WALL_FILE ?? "";
let offsetMs = 0;
const read = (): void => {
  offsetMs = Number(readFileSync(file, "utf8"));
};
read();
process.on("SIGUSR2", read);

const realNow = Date.now.bind(Date);
const RealDate = Date;
globalThis.Date = new Proxy(RealDate, {
  construct: (target, given, newTarget) =>
    Reflect.construct(target, given.length === 0 ? [realNow() + offsetMs] : given, newTarget) as Date,
});
globalThis.Date.now = () => realNow() + offsetMs;
