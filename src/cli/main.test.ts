/** The command line as a user sees it. Each test starts processes, so there are few. */
import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("./main.ts", import.meta.url));

type Ran = { readonly code: number | null; readonly output: string; readonly errors: string };

function berth(...argv: string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [main, ...argv], (_, output, errors) =>
      resolve({ code: child.exitCode, output, errors }),
    );
  });
}

function directory(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "berth-cli-"));
  context.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function firstLine(child: ChildProcess): Promise<string> {
  assert.ok(child.stdout);
  for await (const line of createInterface({ input: child.stdout })) return line;
  return assert.fail("the process ended without a line");
}

test("help and wrong command lines", async () => {
  const [overview, help, command, flag, host, trusted, both] = await Promise.all([
    berth(),
    berth("help", "dev"),
    berth("dve"),
    berth("dev", "--instnaces", "3"),
    berth("dev", "--host", "0.0.0.0"),
    berth("dev", "--trust-network"),
    berth("dev", "--in-memory", "--data-dir", "x"),
  ]);
  assert.match(overview.output, /Commands:[\s\S]*dev[\s\S]*serve[\s\S]*keys/);
  assert.match(help.output, /Usage: berth dev[\s\S]*--data-dir DIR[\s\S]*Examples:/);
  assert.deepEqual(
    [command, flag, host, trusted, both].map(({ code, errors }) => [code, errors]),
    [
      [2, "berth: There is no command dve. Did you mean dev?\n"],
      [2, "berth: There is no flag --instnaces. Did you mean --instances?\n"],
      [
        1,
        "berth: `berth dev` checks no keys and listens only on loopback, so not on 0.0.0.0. Use `berth serve` to let others in, or add --trust-network if you trust everyone who can reach that address.\n",
      ],
      [2, "berth: --trust-network is for --host ADDRESS beyond loopback, but the server listens on 127.0.0.1.\n"],
      [2, "berth: --in-memory and --data-dir exclude each other.\n"],
    ],
  );
});

test("dev says where it listens, keeps other processes off its directory, and exits with 0 at SIGTERM", async (context) => {
  const dataDir = directory(context);
  const child = spawn(
    process.execPath,
    [main, "dev", "--port", "0", "--json", "--data-dir", dataDir, "--runtime", "simulated"],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  context.after(() => child.kill("SIGKILL"));
  const { url, pid, instances, ...rest } = JSON.parse(await firstLine(child));
  assert.equal(pid, child.pid);
  assert.equal(instances.length, 3);
  const { port } = new URL(url);
  assert.deepEqual(rest, {
    port: Number(port),
    account: "000000000000",
    region: "us-east-1",
    cluster: "default",
    dataDir,
    docker: null,
    fargate: "simulated",
  });
  assert.equal((await fetch(`${url}/health`)).status, 200);
  const second = await berth("keys", "list", "--data-dir", dataDir);
  assert.equal(second.code, 1);
  assert.match(second.errors, new RegExp(`in use by the process ${pid}`));
  child.kill("SIGTERM");
  assert.deepEqual(await once(child, "exit"), [0, null]);
});

test("SIGTERM to `npm start` reaches the server, because there is no shell in between", async (context) => {
  const { scripts } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const child = spawn("sh", ["-c", `${scripts.start} --port 0 --in-memory --json --runtime simulated`], { cwd: root });
  context.after(() => child.kill("SIGKILL"));
  const { url, pid } = JSON.parse(await firstLine(child));
  assert.equal(pid, child.pid);
  child.kill("SIGTERM");
  assert.deepEqual(await once(child, "exit"), [0, null]);
  await assert.rejects(fetch(url));
});

test("dev says what to paste, in a form that old versions of the AWS CLI understand too", async (context) => {
  const child = spawn(process.execPath, [
    main,
    "dev",
    "--port",
    "0",
    "--in-memory",
    "--region",
    "eu-west-1",
    "--runtime",
    "simulated",
  ]);
  context.after(() => child.kill("SIGKILL"));
  let text = "";
  for await (const chunk of child.stdout) {
    text += String(chunk);
    if (text.includes("Ctrl+C")) break;
  }
  const [, url] = /listens on (\S+)/.exec(text) ?? [];
  const names = `  export AWS_ENDPOINT_URL_ECS=${url} AWS_REGION=eu-west-1 AWS_DEFAULT_REGION=eu-west-1\n`;
  assert.ok(text.includes(names), text);
  assert.ok(text.includes(`before version 2.13: aws --endpoint-url ${url} ecs`), text);
});

/** What `berth dev` with these flags prints until Ctrl+C, which comes as soon as it has said what exists. */
async function devUntilInterrupted(context: TestContext, flags: readonly string[]): Promise<Ran> {
  const argv = [main, "dev", "--port", "0", "--runtime", "simulated", ...flags];
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "pipe"] });
  context.after(() => child.kill("SIGKILL"));
  let [output, errors] = ["", ""];
  child.stderr.on("data", (chunk) => {
    errors += chunk;
  });
  child.stdout.on("data", (chunk) => {
    if (!output.includes("Ctrl+C") && String(output + chunk).includes("Ctrl+C")) child.kill("SIGINT");
    output += chunk;
  });
  const [code] = await once(child, "close");
  return { code, output, errors };
}

test("dev says what exists after a start with other flags, and at Ctrl+C what stays", async (context) => {
  const at = ["--data-dir", directory(context)];
  const three = await devUntilInterrupted(context, [...at, "--instances", "3"]);
  assert.match(
    three.output,
    /default: 3 simulated container instances with 4096 CPU units and 16384 MiB each\n {2}Docker/,
  );
  assert.match(three.output, /\nBerth has stopped\. The state is in \S+: the next start continues with it\.\n$/);
  assert.deepEqual([three.code, three.errors], [0, ""]);

  const one = await devUntilInterrupted(context, [...at, "--instances", "1"]);
  const both =
    /default: 1 simulated container instance with .*\n +2 container instances from earlier, whose host is not connected\n/;
  assert.match(one.output, both);
  const none = await devUntilInterrupted(context, [...at, "--instances", "0"]);
  assert.match(none.output, /default: 3 container instances from earlier, whose host is not connected\n/);
  const empty = await devUntilInterrupted(context, ["--in-memory", "--instances", "0", "--fargate", "off"]);
  assert.match(empty.output, /default: no container instances\n {2}Docker {4}not used\n {2}Fargate {3}off\n/);
  assert.match(empty.output, /\nBerth has stopped\. Nothing was kept\.\n$/);
});

test("dev --trust-network listens for everybody and warns; foreign names stay refused until --allow-host", async (context) => {
  const flags = ["--in-memory", "--instances", "0", "--host", "0.0.0.0", "--trust-network", "--allow-host", "berth"];
  const argv = [main, "dev", "--port", "0", "--json", "--runtime", "simulated", ...flags];
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "pipe"] });
  context.after(() => child.kill("SIGKILL"));
  let errors = "";
  child.stderr.on("data", (chunk) => {
    errors += chunk;
  });
  const { url, port } = JSON.parse(await firstLine(child));
  assert.equal(url, `http://127.0.0.1:${port}`);
  assert.equal((await fetch(`${url}/health`)).status, 200);
  const statusAs = (host: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      get({ port, host: "127.0.0.1", path: "/health", headers: { host } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      }).on("error", reject);
    });
  assert.deepEqual([await statusAs(`berth:${port}`), await statusAs(`evil.example:${port}`)], [200, 403]);
  child.kill("SIGTERM");
  await once(child, "close");
  assert.match(errors, /^berth: --trust-network: everyone who can reach 0\.0\.0\.0 can use this control plane/);
});

test("keys are created, listed without their secret, and deleted", async (context) => {
  const at = ["--data-dir", directory(context), "--json"];
  const created = await berth("keys", "create", "--account", "123456789012", "--user", "deploy", ...at);
  const { accessKeyId, secretAccessKey, account, userName } = JSON.parse(created.output);
  assert.deepEqual([account, userName, secretAccessKey.length], ["123456789012", "deploy", 40]);
  const listed = await berth("keys", "list", ...at);
  assert.ok(!listed.output.includes(secretAccessKey));
  assert.deepEqual(
    JSON.parse(listed.output).map((key: { accessKeyId: string }) => key.accessKeyId),
    [accessKeyId],
  );
  assert.equal((await berth("keys", "delete", accessKeyId, ...at)).code, 0);
  assert.equal((await berth("keys", "delete", accessKeyId, ...at)).code, 2);
  assert.match((await berth("keys", "crate", ...at)).errors, /Did you mean create\?/);
});

test("keys reports a missing or impossible data directory in one line, and creates none just to look", async (context) => {
  const missing = join(directory(context), "missing");
  const [listed, made] = await Promise.all([
    berth("keys", "list", "--data-dir", missing),
    berth("keys", "create", "--data-dir", "/dev/null/keys"),
  ]);
  assert.deepEqual([listed.code, listed.errors], [2, `berth: There is no directory ${missing}.\n`]);
  assert.equal(existsSync(missing), false);
  assert.equal(made.code, 1);
  assert.match(made.errors, /^berth: The data directory \/dev\/null\/keys cannot be used .*\n$/);
});
