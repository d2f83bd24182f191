import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { mayLive, ownToken } from "./process-token.ts";

const parts = (): string[] => ownToken().split(".");

test("a process lives as long as it runs, and a later one with its id is another", () => {
  assert.ok(mayLive(ownToken()));
  const { pid } = spawnSync(process.execPath, ["--version"]);
  assert.ok(!mayLive(parts().with(2, String(pid)).join(".")));
  assert.ok(!mayLive(parts().with(3, "1").join(".")));
  assert.ok(!mayLive(null));
});

test("of an earlier boot no process is alive, of another namespace any may be", () => {
  const ofEarlierBoot = parts().with(0, "00000000").join(".");
  assert.ok(!mayLive(ofEarlierBoot));
  assert.ok(mayLive(ofEarlierBoot, true), "of another machine");
  assert.ok(mayLive(parts().with(1, "1").with(2, "999999999").join(".")));
});
