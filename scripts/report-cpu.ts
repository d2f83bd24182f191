/**
 * Preloaded into a test file's process by `npm test -- --times`: when the process ends, its own processor time and that of the
 * processes that it waited for become a line of the file that `BERTH_TEST_CPU` names.
 */
import { appendFileSync, readFileSync } from "node:fs";
import process from "node:process";

/** Linux counts in hundredths of a second, whatever its clock does. */
const msPerTick = 10;

process.on("exit", () => {
  const { user, system } = process.cpuUsage();
  const reportFile = process.env.BERTH_TEST_CPU;
  if (reportFile === undefined) return;
  const line = { mark: process.env.BERTH_TEST_FILE, ownMs: (user + system) / 1000, childrenMs: childrenMs() };
  appendFileSync(reportFile, `${JSON.stringify(line)}\n`);
});

/** What the children that have ended used, and theirs. 0 if there is no /proc. */
function childrenMs(): number {
  try {
    const stat = readFileSync("/proc/self/stat", "utf8");
    // The name of the program, in parentheses, may contain spaces; cutime and cstime are the fields 16 and 17.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[13]) + Number(fields[14])) * msPerTick;
  } catch {
    return 0;
  }
}
