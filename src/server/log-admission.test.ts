import assert from "node:assert/strict";
import { test } from "node:test";
import { LogAdmission } from "./log-admission.ts";

const megabyte = 1_048_576;

/** Offers a hundred batches of a megabyte a second for some seconds, beside other calls. Gives how many were let in per second. */
function offered({ othersPerSecond = 0, busy = 1, cpu = 1, seconds = 10 }): number {
  let [time, calls, admitted] = [0, 0, 0];
  const admission = new LogAdmission({
    stopwatch: () => time,
    utilization: () => busy,
    calls: () => calls,
    threadCpuMs: () => time * cpu,
  });
  let inProgress = 0;
  for (let n = 0; n < seconds * 100; n += 1) {
    time += 10;
    calls += othersPerSecond / 100;
    if (admission.admits(megabyte)) {
      admitted += 1;
      inProgress += 1;
    } else calls += 1;
    // Answers come several at a time, as from one append.
    if (n % 7 !== 0) continue;
    for (; inProgress > 0; inProgress -= 1) {
      calls += 1;
      admission.answered();
    }
  }
  return admitted / seconds;
}

test("logs get all that the process can do, unless other calls keep it busy", () => {
  assert.equal(offered({ othersPerSecond: 0, busy: 1 }), 100);
  assert.equal(offered({ othersPerSecond: 1_000, busy: 0.5 }), 100);
  // A 25th of a core is 9 batches of 4.5 ms. The first tenth of a second is let in before anybody has looked.
  const contended = offered({ othersPerSecond: 1_000, busy: 0.9 });
  assert.ok(contended >= 8 && contended <= 12, `${contended} batches per second`);
  // Where others take most of the processor, the share is one of what is left.
  const starved = offered({ othersPerSecond: 1_000, busy: 0.9, cpu: 0.2 });
  assert.ok(starved >= 1 && starved <= 4, `${starved} batches per second`);
});
