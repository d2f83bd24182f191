// Goal: no rule is dead. tests/fixtures/violations/ breaks each on purpose, at the paths where the rule holds. Here it is copied
// into a project of its own, with our configuration, and every breach must be found.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { architectureViolations } from "../scripts/architecture.ts";
import { plainCommentViolations, plainEnglishViolations, telltales } from "../scripts/plain-english.ts";
import { readSources } from "../scripts/sources.ts";
import { pageViolations, tidyViolations } from "../scripts/tidy.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const planted = `${mkdtempSync(join(tmpdir(), "berth-violations-"))}/`;
cpSync(`${root}tests/fixtures/violations`, planted, { recursive: true });
for (const file of ["biome.json", ".oxlintrc.json", "tsconfig.json"]) cpSync(`${root}${file}`, `${planted}${file}`);
symlinkSync(`${root}node_modules`, `${planted}node_modules`);
after(() => rmSync(planted, { recursive: true }));

function outputOf(program: string, ...args: string[]): string {
  const { stdout, stderr } = spawnSync(`${root}node_modules/.bin/${program}`, args, { cwd: planted, encoding: "utf8" });
  return `${stdout}${stderr}`;
}

describe("Biome", () => {
  const lines = outputOf("biome", "lint", "--reporter=github", "--max-diagnostics=none").split("\n");
  const expected: readonly (readonly [file: string, rule: string])[] = [
    ...["buffer", "crypto", "date", "performance", "process", "fetch", "queuemicrotask"].map(restricted),
    ...["setimmediate", "setinterval", "settimeout"].map(restricted),
    ["src/agent/engine/task-engine.ts", "noRestrictedGlobals"],
    ["src/simulator/real-clock.ts", "noRestrictedGlobals"],
    ["src/simulator/real-clock.ts", "noRestrictedImports"],
    ["src/ecs/imports-node.ts", "noRestrictedImports"],
    ["src/ecs/imports-node-deep.ts", "noRestrictedImports"],
    ["src/ecs/one.ts", "noImportCycles"],
    ["src/wire/index.ts", "noBarrelFile"],
    ["src/wire/index.ts", "noReExportAll"],
    ["src/wire/anything.ts", "noExplicitAny"],
    ["src/wire/non-null.ts", "noNonNullAssertion"],
    ["src/wire/default-export.ts", "noDefaultExport"],
  ];
  for (const [file, rule] of expected) {
    it(`tells ${rule} in ${file}`, () => {
      assert.ok(
        lines.some((line) => line.includes(file) && line.includes(`/${rule}`)),
        lines.join("\n"),
      );
    });
  }
  it("finds both the clock and the timer, the chance and the wait of the simulator", () => {
    assert.equal(lines.filter((line) => line.includes("real-clock.ts") && line.includes("noRestricted")).length, 4);
  });
});

function restricted(name: string): readonly [string, string] {
  return [`src/ecs/tasks/${name}.ts`, "noRestrictedGlobals"];
}

describe("oxlint", () => {
  const output = outputOf("oxlint", "--type-aware", "src/server/lost-promise.ts");
  for (const rule of ["no-floating-promises", "no-misused-promises", "switch-exhaustiveness-check"]) {
    it(`tells ${rule}`, () => assert.match(output, new RegExp(`typescript\\(${rule}\\)`), output));
  }
});

const sources = readSources(planted);

describe("the table of imports", () => {
  const found = architectureViolations(sources, ["fastify"]);
  for (const line of [
    "src/ecs/imports-node.ts: imports node:fs; the rulebook is pure",
    "src/ecs/imports-node-deep.ts: imports node:fs/promises; the rulebook is pure",
    "src/ecs/imports-up.ts: imports src/wire/non-null.ts; ecs may not import wire",
    "src/ecs/documents/imports-state.ts: imports src/ecs/state/step.ts; ecs/documents may not import ecs/state",
    'src/ecs/utils/text.ts: "utils" says nothing; name it after what it holds',
    'src/wire/index.ts: "index" says nothing; name it after what it holds',
    "src/wire/second-home.ts: imports fastify, whose home is elsewhere",
    "src/wire/second-home.ts: imports left-pad, which package.json does not name",
    "src/wire/uses-support.ts: imports src/wire/sample-values.ts, which is for tests only",
    "src/cli/starts-server.ts: imports src/commands/dev.ts; cli may not import commands",
    "src/cli/missing.ts: imports src/cli/gone.ts, which does not exist",
    "src/auth/imports-data.ts: imports src/wire/sdk-shapes.json; data is read by its own folder",
    "cycle: src/ecs/one.ts -> src/ecs/two.ts -> src/ecs/one.ts",
    "src/ecs/service-plan/decides.ts: decides, but can write: src/ecs/service-plan/decides.ts -> src/ecs/rollout/put-rollout.ts",
  ]) {
    it(`tells ${line}`, () => assert.ok(found.includes(line), found.join("\n")));
  }
  it("lets decisions know the types of files that write", () => {
    assert.deepEqual(
      found.filter((line) => line.includes("knows-types-only")),
      [],
    );
  });
});

describe("the tidy rules", () => {
  const found = tidyViolations(sources, "");
  for (const [file, reason] of [
    ["src/ecs/chance.ts:1", "chance comes from a Random"],
    ["src/ecs/language.ts:1", "order and text may not depend"],
    ["src/ecs/waits.ts:1", "a step is synchronous"],
    ["src/wire/unfinished.ts:1", "unfinished work is an issue"],
    ["src/wire/unfinished.ts:2", "a DIFFERS line holds its whole reason"],
    ["src/lib/long.ts", "510 lines, and no header that says why"],
    ["src/lib/long.ts", "nothing uses it"],
  ] as const) {
    it(`tells ${file}: ${reason}`, () => {
      assert.ok(
        found.some((line) => line.startsWith(`${file}: ${reason}`)),
        found.join("\n"),
      );
    });
  }
});

describe("the rules of pages", () => {
  const files = globSync("docs/**/*.md", { cwd: planted });
  const pages = new Map(files.map((file) => [file, readFileSync(`${planted}${file}`, "utf8")]));
  const found = pageViolations(pages, (path) => existsSync(`${planted}${path}`));
  for (const line of [
    "docs/page.md: 2 titles of the first level; a page has one",
    "docs/page.md: links to gone.md, which does not exist",
    "docs/page.md: links to page.md#not-there; that page has no such heading",
    "docs/decisions/undated.md: a decision is named 0001-what-it-says.md",
    'docs/decisions/undated.md: a decision has a line "Date: YYYY-MM-DD"',
    'docs/decisions/undated.md: a decision has a line "Status: accepted" or "Status: superseded by NNNN"',
  ]) {
    it(`tells ${line}`, () => assert.ok(found.includes(line), found.join("\n")));
  }
});

describe("the rule of plain English", () => {
  const page = "docs/translated.md";
  const found = plainEnglishViolations(new Map([[page, readFileSync(`${planted}${page}`, "utf8")]]));
  for (const { phrase } of telltales) {
    it(`finds "${phrase}"`, () =>
      assert.ok(
        found.some((line) => line.includes(`"${phrase}"`)),
        found.join("\n"),
      ));
  }
  it("names the line, also if the phrase is wrapped, and leaves code and orders alone", () => {
    const lines = found.map((line) => Number(line.split(":")[1]));
    assert.deepEqual(
      [...new Set(lines)].sort((a, b) => a - b),
      [3, 4, 5, 13],
    );
  });
  it("leaves generated text alone", () => {
    const section = "<!-- limits: made by scripts/generate.ts, do not edit -->\nanew\n<!-- end of limits -->\n";
    const generated = "<!-- Made by scripts/compatibility.ts. Do not edit. -->\nanew\n";
    assert.deepEqual(
      plainEnglishViolations(
        new Map([
          ["a.md", section],
          ["b.md", generated],
        ]),
      ),
      [],
    );
  });
  it("finds phrases in comments and test names of the folders it holds, and leaves code alone", () => {
    const source = readFileSync(`${planted}src/wire/translated.ts`, "utf8");
    const sources = new Map([
      ["src/wire/a.ts", source],
      ["src/wires/a.ts", source],
    ]);
    assert.deepEqual(plainCommentViolations(sources, ["src/wire"]), [
      'src/wire/a.ts:3: "anew"; see docs/style.md',
      'src/wire/a.ts:5: "mend"; see docs/style.md',
      'src/wire/a.ts:6: "for ever"; see docs/style.md',
    ]);
  });
});
