import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { findGpus, gpusIn } from "./gpus.ts";

describe("GPUs of a host", () => {
  let folder = "";
  const path = process.env.PATH;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "berth-gpus-"));
    process.env.PATH = `${folder}:${path ?? ""}`;
  });
  after(async () => {
    process.env.PATH = path;
    await rm(folder, { recursive: true });
  });

  const program = async (script: string): Promise<void> => {
    await writeFile(join(folder, "nvidia-smi"), `#!/bin/sh\n${script}\n`);
    await chmod(join(folder, "nvidia-smi"), 0o755);
  };

  it("are none without the program", async () => {
    assert.deepEqual(await findGpus(join(folder, "no-such-program")), { ids: [], driverVersion: null });
  });

  it("are those that nvidia-smi lists, with the version of their driver", async () => {
    await program(
      `[ "$*" = "--query-gpu=uuid,driver_version --format=csv,noheader" ] || exit 9
       echo "GPU-8f1c0d2e-0000-0000-0000-000000000001, 550.54.15"
       echo "GPU-8f1c0d2e-0000-0000-0000-000000000002, 550.54.15"`,
    );
    assert.deepEqual(await findGpus(), {
      ids: ["GPU-8f1c0d2e-0000-0000-0000-000000000001", "GPU-8f1c0d2e-0000-0000-0000-000000000002"],
      driverVersion: "550.54.15",
    });
  });

  it("are not taken for absent when nvidia-smi fails", async () => {
    await program('echo "Failed to initialize NVML" >&2; exit 12');
    await assert.rejects(findGpus(), /nvidia-smi failed: .*\n?.*NVML/);
  });

  it("are only the lines that name one", () => {
    assert.deepEqual(gpusIn("No devices were found\n"), { ids: [], driverVersion: null });
    assert.deepEqual(gpusIn("GPU-a\n"), { ids: ["GPU-a"], driverVersion: null });
  });
});
