import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { shellCommands } from "./shell-script.ts";

const commands = (script: string) => shellCommands(script, { NAME: "value", EMPTY: "" });

describe("a script", () => {
  it("is its commands, with quotes and variables as a shell has them", () => {
    assert.deepEqual(commands(`echo a  b; echo "a;  b" && echo 'it''s $NAME' "$NAME" \${NAME}x $EMPTY\nexit 3`), [
      ["echo", "a", "b"],
      ["echo", "a;  b"],
      ["echo", "its $NAME", "value", "valuex", ""],
      ["exit", "3"],
    ]);
    assert.deepEqual(commands(String.raw`echo \"x\" "a\$b\"c" a\ b`), [["echo", '"x"', 'a$b"c', "a b"]]);
    assert.deepEqual(commands("  ;; \n "), []);
  });

  it("ends with null where it does more than we understand", () => {
    for (const more of [
      "cat x | grep y",
      "echo x > file",
      "echo $(date)",
      "echo `date`",
      "(exit 1)",
      'echo "open',
      "a & b",
    ]) {
      assert.deepEqual(commands(`echo first; ${more}; echo last`), [["echo", "first"], null], more);
    }
  });

  it("is read in the time of its length, whatever it is", () => {
    for (const script of [
      `echo "${"$aa".repeat(20_000)}`,
      `"${'\\"'.repeat(20_000)}`,
      "$".repeat(20_000),
      "a".repeat(200_000),
    ]) {
      assert.ok(commands(script).length <= 1);
    }
    assert.equal(commands("true;".repeat(5_000)).at(-1), null);
  });
});
