import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { simulatedBehaviour, simulatedImages } from "./simulated-images.ts";

const exitOf = (image: string, command: string[] = [], entryPoint: string[] | null = null) =>
  simulatedBehaviour({ image, command, entryPoint }).exit;

describe("simulated images", () => {
  it("run until they are stopped unless the table says otherwise", () => {
    for (const image of ["nginx", "busybox:latest", "berth/unknown:3", "registry.example:5000/team/exit:3"]) {
      assert.equal(exitOf(image), null, image);
    }
  });

  it("take their number from the tag, from any registry", () => {
    const exit = { afterMs: 0, code: 3, outOfMemory: false };
    for (const image of ["berth/exit:3", "registry.example:5000/berth/exit:3", "berth/exit:3@sha256:00"]) {
      assert.deepEqual(exitOf(image), exit, image);
    }
    assert.equal(exitOf("berth/sleep:1.5")?.afterMs, 1_500);
    assert.deepEqual(exitOf("berth/crash-after:2"), { afterMs: 2_000, code: 1, outOfMemory: false });
    assert.equal(exitOf("berth/out-of-memory:2")?.outOfMemory, true);
  });

  it("exit with a byte", () => {
    const codes = ["255", "256", "1.5", "99999999999999999999"].map((code) => exitOf(`berth/exit:${code}`)?.code);
    assert.deepEqual(codes, [255, 0, 1, 0]);
    assert.equal(exitOf("nginx", ["sh", "-c", "exit 259"])?.code, 3);
  });

  it("differ from an ordinary image, each of the table", () => {
    const ordinary = simulatedBehaviour({ image: "nginx" });
    for (const { image } of simulatedImages) {
      const example = image.replace(/:[NS]$/, ":7");
      assert.notDeepEqual(simulatedBehaviour({ image: example }), ordinary, image);
    }
  });

  it("obey the commands that they know, and keep running with others", () => {
    assert.deepEqual(exitOf("nginx", ["exit", "3"]), { afterMs: 0, code: 3, outOfMemory: false });
    assert.deepEqual(exitOf("nginx", ["sleep", "10m"]), { afterMs: 600_000, code: 0, outOfMemory: false });
    assert.equal(exitOf("nginx", ["sleep", "infinity"]), null);
    assert.deepEqual(exitOf("nginx", ["sh", "-c", "echo hi; sleep 5 && exit 3"]), {
      afterMs: 5_000,
      code: 3,
      outOfMemory: false,
    });
    assert.deepEqual(exitOf("nginx", ["false"], ["/bin/sh", "-c"]), { afterMs: 0, code: 1, outOfMemory: false });
    assert.equal(exitOf("nginx", ["sh", "-c", "sleep 5; ./serve"]), null);
    assert.equal(exitOf("berth/exit:3", ["sleep", "2"])?.code, 0);
  });
});
