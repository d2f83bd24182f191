import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { findGpus, gpusIn } from "./gpus.ts";

/** A program in place of nvidia-smi. */
function program(context: TestContext, lines: string): string {
  const folder = mkdtempSync(join(tmpdir(), "berth-gpus-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "nvidia-smi");
  writeFileSync(path, `#!/bin/sh\n${lines}\n`);
  chmodSync(path, 0o755);
  return path;
}

test("GPUs are those that nvidia-smi lists, with their common driver", async (context) => {
  const smi = program(
    context,
    `[ "$1" = --query-gpu=uuid,driver_version ] && printf 'GPU-1, 550.54\\nGPU-2, 550.54\\n'`,
  );
  assert.deepEqual(await findGpus(smi), { ids: ["GPU-1", "GPU-2"], driverVersion: "550.54" });
});

test("a host without the program has none; one where it fails is an error", async (context) => {
  assert.deepEqual(await findGpus("/nowhere/nvidia-smi"), { ids: [], driverVersion: null });
  const loud = program(context, "echo 'Failed to initialize NVML:'; echo 'Driver/library version mismatch'; exit 18");
  await assert.rejects(
    findGpus(loud),
    /nvidia-smi failed \(Failed to initialize NVML: Driver\/library version mismatch\)$/,
  );
  await assert.rejects(findGpus(program(context, "exit 9")), /nvidia-smi failed \(exit code 9\)$/);
});

test("lines that name no GPU are skipped", () => {
  assert.deepEqual(gpusIn("No devices were found\n"), { ids: [], driverVersion: null });
  assert.deepEqual(gpusIn("\nGPU-8f1c,550.54.15\r\n"), { ids: ["GPU-8f1c"], driverVersion: "550.54.15" });
  assert.deepEqual(gpusIn("GPU-1\n"), { ids: ["GPU-1"], driverVersion: null });
});
