import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { DockerLogins, dockerConfigFolder, registryOf } from "./docker-logins.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

function open(context: TestContext, config: unknown) {
  const folder = mkdtempSync(join(tmpdir(), "berth-logins-"));
  const { PATH } = process.env;
  process.env.PATH = `${folder}:${PATH}`;
  context.after(() => {
    process.env.PATH = PATH;
    rmSync(folder, { recursive: true });
  });
  if (config !== undefined)
    writeFileSync(join(folder, "config.json"), typeof config === "string" ? config : JSON.stringify(config));
  const warnings: unknown[] = [];
  const helper = (name: string, script: string): void => {
    const file = join(folder, `docker-credential-${name}`);
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
  };
  return { logins: new DockerLogins(folder, (_event, fields) => warnings.push(fields)), helper, warnings };
}

test("the registry of an image is its first part if that is a host", () => {
  assert.deepEqual(
    ["redis", "team/app:1", "docker.io/team/app", "localhost/app", "r.example.org/app@sha256:0", "r:5000/a/b"].map(
      registryOf,
    ),
    [null, null, null, "localhost", "r.example.org", "r:5000"],
  );
});

test("a login in the file counts for its registry", async (context) => {
  const { logins } = open(context, {
    auths: {
      "https://index.docker.io/v1/": { auth: base64("hub:p:w") },
      "r.example.org": { auth: base64("user:pass") },
      "https://old.example.org/v1/": { auth: base64("old:pass") },
      "token.example.org": { identitytoken: "t", auth: base64("u:") },
      "broken.example.org": { auth: "%%%" },
    },
  });
  assert.deepEqual(await logins.for("redis"), {
    serveraddress: "https://index.docker.io/v1/",
    username: "hub",
    password: "p:w",
  });
  assert.equal((await logins.for("r.example.org/app:1"))?.username, "user");
  assert.equal((await logins.for("old.example.org/app"))?.username, "old");
  assert.equal((await logins.for("token.example.org/app"))?.identitytoken, "t");
  for (const image of ["broken.example.org/app", "other.example.org/app"]) assert.equal(await logins.for(image), null);
});

test("a helper is asked for its registry, the store for all others", async (context) => {
  const { logins, helper } = open(context, {
    auths: { "r.example.org": {} },
    credHelpers: { "ecr.example.org": "special" },
    credsStore: "store",
  });
  helper("special", 'printf \'{"Username":"<token>","Secret":"from-special"}\'');
  helper(
    "store",
    'read server; [ "$server" = r.example.org ] || { echo "credentials not found" >&2; exit 1; }; printf \'{"Username":"u","Secret":"s"}\'',
  );
  assert.deepEqual(await logins.for("ecr.example.org/a"), {
    serveraddress: "ecr.example.org",
    identitytoken: "from-special",
  });
  assert.deepEqual(await logins.for("r.example.org/a"), {
    serveraddress: "r.example.org",
    username: "u",
    password: "s",
  });
  assert.equal(await logins.for("other.example.org/a"), null);
});

test("whatever is wrong costs the login and a warning, not the pull", async (context) => {
  for (const config of ["{", { credsStore: "../evil" }, { credsStore: "missing" }]) {
    const { logins, warnings } = open(context, config);
    assert.equal(await logins.for("r.example.org/a"), null);
    assert.equal(warnings.length, 1, JSON.stringify(config));
  }
  const { logins, helper } = open(context, { credsStore: "wild" });
  helper("wild", "head -c 1000000 /dev/zero");
  assert.equal(await logins.for("r.example.org/a"), null);
  const nothing = open(context, undefined);
  assert.equal(await nothing.logins.for("r.example.org/a"), null);
  assert.deepEqual(nothing.warnings, []);
});

test("Docker's folder is where Docker looks for it", () => {
  assert.equal(dockerConfigFolder({ DOCKER_CONFIG: "/c", HOME: "/h" }), "/c");
  assert.equal(dockerConfigFolder({ HOME: "/h" }), "/h/.docker");
});
