import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { StartError } from "../../server/start-error.ts";
import { parseFlags, UsageError } from "./flags.ts";
import { serviceFlags, servicesFrom } from "./service-flags.ts";

const command = { usage: "", about: "", flags: serviceFlags, examples: [] };
const read = (...argv: string[]) => servicesFrom(parseFlags(command, argv), { HOME: "/none" });

test("without flags, all services are the control plane's", () => {
  assert.deepEqual(read(), { endpoints: {}, bucketDir: null, efsDir: null, imageRules: [], assumeWith: null });
});

test("a service may be elsewhere, or in AWS if roles are assumed there", () => {
  assert.deepEqual(read("--logs-endpoint", "http://127.0.0.1:4566/").endpoints, { logs: "http://127.0.0.1:4566" });
  const { endpoints, assumeWith } = read("--ssm-endpoint", "aws", "--assume-roles", "ci");
  assert.deepEqual(endpoints, { ssm: "aws", sts: "aws" });
  assert.ok(assumeWith !== null);
  assert.equal(read("--assume-roles", "ci", "--sts-endpoint", "http://h").endpoints.sts, "http://h");
  assert.throws(() => read("--ssm-endpoint", "aws"), /--ssm-endpoint aws needs --assume-roles PROFILE/);
  assert.throws(() => read("--sts-endpoint", "aws"), /needs --assume-roles PROFILE/);
  for (const wrong of ["ftp://h", "h:1", "http://h/path"])
    assert.throws(() => read("--ecr-endpoint", wrong), UsageError, wrong);
  assert.throws(
    () => read("--ecr-endpoint", "http://user:hunter2@h"),
    (error) => error instanceof UsageError && !error.message.includes("hunter2"),
  );
});

test("the image map is that of the command line, then that of the file", (context) => {
  const folder = mkdtempSync(join(tmpdir(), "berth-flags-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "images");
  writeFileSync(file, "# mine\nc=d\n");
  const { imageRules } = read("--image-map", "a=b", "--image-map-file", file, "--image-map", "x=y");
  assert.deepEqual(
    imageRules.map(({ pattern }) => pattern),
    ["a", "x", "c"],
  );
  assert.throws(() => read("--image-map", "a"), /must be PATTERN=IMAGE: "a" is not of the form/);
  assert.throws(() => read("--image-map-file", join(folder, "none")), StartError);
  assert.deepEqual([read("--bucket-dir", folder).bucketDir, read("--efs-dir", folder).efsDir], [folder, folder]);
  assert.throws(() => read("--efs-dir", file), /--efs-dir must be a folder/);
});
