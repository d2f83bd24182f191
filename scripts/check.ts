/** Everything that must hold before a commit, in under a minute: a line per part with its time, and the output of what failed. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = (name: string): string => `${root}node_modules/.bin/${name}`;

interface Part {
  readonly name: string;
  readonly says: string;
  readonly command: readonly [string, ...string[]];
}

const parts: readonly Part[] = [
  { name: "style", says: "format and lint (Biome)", command: [bin("biome"), "ci", "--colors=off"] },
  {
    name: "promises",
    says: "lost promises, switches that miss a case (oxlint)",
    command: [bin("oxlint"), "--type-aware", "--deny-warnings"],
  },
  {
    name: "types",
    says: "tsc",
    // It caches its results and checks only what has changed since, in a quarter of the time.
    command: [
      bin("tsc"),
      ...["--noEmit", "--pretty", "false"],
      ...["--incremental", "--tsBuildInfoFile", `${root}node_modules/.cache/tsc.tsbuildinfo`],
    ],
  },
  {
    name: "generated",
    says: "docs/compatibility.md, limits and simulated images match the source",
    command: [process.execPath, "scripts/generate.ts", "--check"],
  },
  {
    name: "tests",
    says: "unit tests, architecture, tidiness",
    command: [process.execPath, "scripts/test.ts", "unit", "architecture"],
  },
];

const usage = `Usage: npm run check [-- part...]

Checks what must hold before every commit:

${parts.map((part) => `  ${part.name.padEnd(11)}${part.says}`).join("\n")}

\`npm test\` runs all tests, the slow ones too. \`biome check --write\` fixes format and imports,
\`node scripts/generate.ts\` the generated pages.
`;

interface Outcome {
  readonly ok: boolean;
  readonly output: string;
}

function runPart(part: Part): Promise<Outcome> {
  const [program, ...args] = part.command;
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const child = spawn(program, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk;
  });
  child.stderr.on("data", (chunk: Buffer) => {
    output += chunk;
  });
  child.on("error", (error) => resolve({ ok: false, output: `${output}${error.message}\n` }));
  child.on("close", (code) => resolve({ ok: code === 0, output }));
  return promise;
}

async function runAndReport(part: Part): Promise<boolean> {
  const startedAt = performance.now();
  const { ok, output } = await runPart(part);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(`${ok ? "ok  " : "FAIL"}  ${part.name.padEnd(11)}${seconds.padStart(6)} s  ${part.says}\n`);
  if (!ok) process.stdout.write(`${withoutWhatIsFine(output)}\n\n`);
  return ok;
}

/** The tests' output without the lines of files that passed. */
function withoutWhatIsFine(output: string): string {
  return output
    .trimEnd()
    .split("\n")
    .filter((line) => !line.startsWith("ok  "))
    .join("\n");
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { help: { type: "boolean", default: false } },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const unknown = positionals.filter((name) => !parts.some((part) => part.name === name));
  if (unknown.length > 0) {
    process.stderr.write(`No such part: ${unknown.join(", ")}\n\n${usage}`);
    return 2;
  }
  const startedAt = performance.now();
  const chosen = parts.filter((part) => positionals.length === 0 || positionals.includes(part.name));
  const results = await Promise.all(chosen.map(runAndReport));
  const failed = results.filter((ok) => !ok).length;
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(
    `${failed === 0 ? "all parts hold" : `${failed} of ${results.length} parts failed`}, ${seconds} s\n`,
  );
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main();
