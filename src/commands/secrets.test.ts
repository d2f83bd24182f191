/** `berth secrets import` as a user types it, with `berth dev`. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { SecretsManager } from "@aws-sdk/client-secrets-manager";
import { SSM } from "@aws-sdk/client-ssm";
import { berthMain, startBerth } from "../../tests/berth-process.ts";
import { UsageError } from "./flags/flags.ts";
import { readEnvFile } from "./secrets/env-file.ts";

type Ended = { readonly code: number | null; readonly output: string; readonly errors: string };

function berth(...argv: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [berthMain, ...argv], (_, output, errors) =>
      resolve({ code: child.exitCode, output, errors }),
    );
  });
}

/** Runs `use` with the path of a file that has `text`. */
async function withFile<T>(text: string | Uint8Array, use: (path: string) => T | Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "berth-env-"));
  try {
    writeFileSync(join(folder, ".env"), text);
    return await use(join(folder, ".env"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const file = `# for the web
DB_PASSWORD=hunter2-planted
export API_KEY="two
lines-planted"
URL='postgres://u:p@db/x?a=1#planted'
`;

test("a .env file becomes secrets or parameters; what is printed has no value", async (context) => {
  const { listening, end } = await startBerth("dev", ["--in-memory"]);
  context.after(() => end("SIGTERM"));
  const { url: endpoint, region } = listening;
  const options = { endpoint, region, credentials: { accessKeyId: "berth", secretAccessKey: "berth" } };
  const secrets = new SecretsManager(options);
  const ssm = new SSM(options);
  context.after(() => [secrets, ssm].forEach((client) => void client.destroy()));
  const run = (path: string, ...flags: readonly string[]): Promise<Ended> =>
    berth("secrets", "import", path, "--endpoint", endpoint, "--region", region, ...flags);

  await withFile(file, async (path) => {
    const first = await run(path, "--prefix", "prod/web/");
    assert.deepEqual([first.code, first.errors], [0, ""]);
    assert.match(first.output, /^SECRET +ARN\nprod\/web\/API_KEY +arn:aws:secretsmanager:/);
    const snippet = JSON.parse(`{${first.output.slice(first.output.indexOf('"secrets"'))}}`).secrets;
    const { SecretString, ARN } = await secrets.getSecretValue({ SecretId: "prod/web/API_KEY" });
    assert.equal(SecretString, "two\nlines-planted");
    assert.deepEqual(snippet[0], { name: "API_KEY", valueFrom: ARN });

    const again = await run(path, "--prefix", "prod/web/");
    const exists = "prod/web/API_KEY and 2 more exist already. --overwrite gives what exists a new version.";
    assert.deepEqual([again.code, again.output, again.errors], [2, "", `berth: ${exists}\n`]);
    const third = await run(path, "--prefix", "prod/web/", "--overwrite", "--json");
    assert.deepEqual(JSON.parse(third.output), snippet);
    const { Versions } = await secrets.listSecretVersionIds({ SecretId: "prod/web/URL" });
    assert.equal(Versions?.length, 2);

    const parameters = await run(path, "--to", "ssm", "--prefix", "/prod/");
    assert.deepEqual([parameters.code, parameters.errors], [0, ""]);
    const { Parameter } = await ssm.getParameter({ Name: "/prod/DB_PASSWORD", WithDecryption: true });
    assert.deepEqual([Parameter?.Value, Parameter?.Type], ["hunter2-planted", "SecureString"]);
    assert.match((await run(path, "--to", "ssm", "--prefix", "/prod/")).errors, /exist already/);
    assert.equal((await run(path, "--to", "ssm", "--prefix", "/prod/", "--overwrite")).code, 0);
    assert.match((await run(path, "--to", "ssm", "--prefix", "prod/")).errors, /--prefix \/prod\/\n$/);
    for (const { output, errors } of [first, again, third, parameters]) {
      assert.doesNotMatch(output + errors, /planted/);
    }
  });
  const wrong = await berth("secrets", "export", "--endpoint", endpoint);
  assert.deepEqual([wrong.code, wrong.errors], [2, "berth: There is no action export. Did you mean import?\n"]);
});

describe("a .env file", () => {
  const refused = (text: string | Uint8Array, message: RegExp): Promise<void> =>
    withFile(text, (path) =>
      assert.throws(
        () => readEnvFile(path),
        (error: unknown) => {
          assert.ok(error instanceof UsageError);
          assert.match(error.message, message);
          assert.doesNotMatch(error.message, /planted/);
          return true;
        },
      ),
    );

  test("is read by name", async () => {
    await withFile(file, (path) => {
      const names = readEnvFile(path).map(({ name }) => name);
      assert.deepEqual(names, ["API_KEY", "DB_PASSWORD", "URL"]);
    });
  });

  test("that can't become secrets is refused without its values", async () => {
    await refused("# nothing\n", /has no line such as/);
    await refused("A=planted\nB=\n", /^B has no value in /);
    await refused("the planted value=1\n", /a line whose name is not a variable's/);
    await refused(Uint8Array.of(65, 61, 255), /it is not UTF-8/);
    await refused(`A=${"planted".repeat(200_000)}`, /larger than 1048576 bytes/);
    await refused(Array.from({ length: 1_001 }, (_, i) => `A${i}=planted`).join("\n"), /more than 1000 variables/);
    assert.throws(() => readEnvFile("/nowhere/.env"), /can't be read: ENOENT/);
  });
});
