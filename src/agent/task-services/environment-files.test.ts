import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { seededRandom } from "../../lib/random.ts";
import { systemClock } from "../../lib/system-clock.ts";
import { AwsClient } from "../remote/aws-client.ts";
import { ConnectionPool } from "../remote/connection-pool.ts";
import { EnvironmentFileError, readEnvironmentFiles, variablesIn } from "./environment-files.ts";
import { SmallAws } from "./small-aws.ts";

const credentials = () => Promise.resolve({ accessKeyId: "ROLE", secretAccessKey: "s", sessionToken: null });

async function open(context: TestContext) {
  const aws = await SmallAws.open();
  const pool = new ConnectionPool(null);
  const folder = mkdtempSync(join(tmpdir(), "berth-buckets-"));
  context.after(async () => {
    pool.close();
    await aws.close();
    rmSync(folder, { recursive: true });
  });
  const random = seededRandom("x").stream("s");
  const client = new AwsClient({ endpoints: () => aws.endpoints(), pool, clock: systemClock, random });
  const read = (bucketDir: string | null, ...keys: string[]) => {
    const environmentFiles = keys.map((key) => ({ type: "s3", value: `arn:aws:s3:::b/${key}` }));
    return readEnvironmentFiles(
      { client, bucketDir },
      credentials,
      { name: "app", image: "i", environmentFiles },
      "eu-west-1",
    );
  };
  return { aws, folder, read };
}

test("a file has a variable on each line, as AWS's agent reads it", () => {
  const text = "A=1\r\n# B=2\nC=x=y\n\n=no name\nno value=\nD= spaced \nE='quoted'\nnothing";
  assert.deepEqual(variablesIn(text), { A: "1", C: "x=y", D: " spaced ", E: "'quoted'" });
});

test("files of S3 are read with the execution role; of two values the first wins", async (context) => {
  const { aws, read } = await open(context);
  aws.objects.set("b/one/a b+ß.env", "A=1\nB=1\n");
  aws.objects.set("b/two.env", "B=2\nC=2\n");
  assert.deepEqual(await read(null, "one/a b+ß.env", "two.env"), { A: "1", B: "1", C: "2" });
  assert.deepEqual(
    aws.calls.map(({ service, region, accessKeyId }) => [service, region, accessKeyId]),
    Array(2).fill(["s3", "eu-west-1", "ROLE"]),
  );
});

test("a file that is missing gives a reason that names it", async (context) => {
  const { read, folder } = await open(context);
  await assert.rejects(
    read(null, "none.env"),
    (error) =>
      error instanceof EnvironmentFileError &&
      error.message ===
        "file download command: non empty error stream: service call has been retried 1 time(s): failed to download env file none.env from bucket b: NoSuchKey: The specified key does not exist.",
  );
  await assert.rejects(read(folder, "none.env"), /b\/none\.env cannot be read in the folder of buckets: no such file/);
});

test("a folder of buckets gives nothing from outside of it", async (context) => {
  const { read, folder } = await open(context);
  mkdirSync(join(folder, "buckets/b"), { recursive: true });
  writeFileSync(join(folder, "outside.env"), "A=1\n");
  writeFileSync(join(folder, "buckets/b/inside.env"), "A=2\n");
  symlinkSync(join(folder, "outside.env"), join(folder, "buckets/b/link.env"));
  const buckets = join(folder, "buckets");
  assert.deepEqual(await read(buckets, "inside.env"), { A: "2" });
  for (const key of ["../../outside.env", "link.env"])
    await assert.rejects(read(buckets, key), EnvironmentFileError, key);
});
