import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type CommandText,
  formFlag,
  helpText,
  listFlag,
  numberFlag,
  parseFlags,
  textFlag,
  UsageError,
} from "./flags.ts";

const command: CommandText = {
  usage: "berth try [flags]",
  about: "Tries.",
  flags: { port: { value: "PORT", help: "The port." }, "in-memory": { value: null, help: "Keep nothing." } },
  examples: [{ line: "berth try --port 0", about: "Any port." }],
};

test("flags and words are distinguished", () => {
  const typed = parseFlags(command, ["list", "--port", "80", "--in-memory"]);
  assert.deepEqual(typed.words, ["list"]);
  assert.equal(textFlag(typed, "port", null), "80");
  assert.equal(typed.flags.get("in-memory"), true);
  assert.equal(textFlag(parseFlags(command, ["--port=81"]), "port", null), "81");
});

test("a repeatable flag has all its values, the others may be given once", () => {
  const repeating = {
    ...command,
    flags: { ...command.flags, tag: { value: "TAG", help: "A tag.", repeats: true } },
  } as const;
  const typed = parseFlags(repeating, ["--tag", "a", "--port", "1", "--tag=b", "word"]);
  assert.deepEqual(listFlag(typed, "tag"), ["a", "b"]);
  assert.deepEqual([listFlag(typed, "port"), listFlag(parseFlags(repeating, []), "tag")], [[], []]);
  assert.deepEqual([[...typed.flags], typed.words], [[["port", "1"]], ["word"]]);
  assert.throws(() => parseFlags(repeating, ["--tag"]), /--tag needs a value: --tag TAG/);
});

test("a wrong command line gets an explanation", () => {
  const cases: [string[], RegExp][] = [
    [["--prt", "1"], /There is no flag --prt. Did you mean --port\?/],
    [["--in-memry"], /Did you mean --in-memory\?/],
    [["--zzzzzz"], /--help lists the flags/],
    [["--constructor"], /There is no flag --constructor/],
    [["--port"], /--port needs a value: --port PORT/],
    [["--port", "--in-memory"], /--port needs a value/],
    [["--port="], /--port needs a value/],
    [["--port", ""], /--port needs a value/],
    [["--in-memory=yes"], /takes no value/],
    [["--port", "1", "--port", "2"], /given twice/],
  ];
  for (const [argv, text] of cases) {
    assert.throws(() => parseFlags(command, argv), { name: "UsageError", message: text }, argv.join(" "));
  }
});

test("values are checked", () => {
  const range = { otherwise: 7, min: 0, max: 65_535 };
  assert.equal(numberFlag(parseFlags(command, []), "port", range), 7);
  assert.equal(numberFlag(parseFlags(command, ["--port", "0"]), "port", range), 0);
  for (const wrong of ["65536", "-1", "x", "1.5", "1e3", ""]) {
    assert.throws(() => numberFlag(parseFlags(command, [`--port=${wrong}`]), "port", range), UsageError, wrong);
  }
  const form = { otherwise: "a", form: /^[a-z]$/, says: "a letter" };
  assert.throws(() => formFlag(parseFlags(command, ["--port", "77"]), "port", form), {
    message: '--port must be a letter, but is "77".',
  });
});

test("the help shows every flag and example", () => {
  assert.equal(
    helpText(command),
    `Usage: berth try [flags]

Tries.

Flags:
  --port PORT  The port.
  --in-memory  Keep nothing.
  --help       Show this text.

Examples:
  berth try --port 0
      Any port.
`,
  );
});
