import assert from "node:assert/strict";
import { test } from "node:test";
import { isFargateSize } from "./task-size.ts";

test("Fargate offers its documented sizes", () => {
  const memories = (cpuUnits: number) =>
    Array.from({ length: 250 }, (_, i) => 512 * (i + 1)).filter((memoryMiB) => isFargateSize(cpuUnits, memoryMiB));
  const steps = (least: number, most: number, step: number) =>
    Array.from({ length: (most - least) / step + 1 }, (_, i) => least + i * step);
  assert.deepEqual(memories(256), [512, 1024, 2048]);
  assert.deepEqual(memories(512), steps(1024, 4096, 1024));
  assert.deepEqual(memories(1024), steps(2048, 8192, 1024));
  assert.deepEqual(memories(2048), steps(4096, 16_384, 1024));
  assert.deepEqual(memories(4096), steps(8192, 30_720, 1024));
  assert.deepEqual(memories(8192), steps(16_384, 61_440, 4096));
  assert.deepEqual(memories(16_384), steps(32_768, 122_880, 8192));
  assert.deepEqual([...memories(128), ...memories(300), ...memories(32_768)], []);
  assert.equal(isFargateSize(256, 700), false);
});
