import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { awsRegions } from "./regions.ts";

type Partitions = { readonly partitionsInfo: { readonly partitions: { readonly regions: object }[] } };

test("the regions of AWS are those that its SDK lists", async () => {
  const ofSdk = createRequire(createRequire(import.meta.url).resolve("@aws-sdk/client-ecs"));
  const core = dirname(dirname(ofSdk.resolve("@aws-sdk/core")));
  const file = join(core, "dist-es/submodules/client/util-endpoints/lib/aws/partitions.js");
  const { partitionsInfo } = (await import(pathToFileURL(file).href)) as Partitions;
  const listed = partitionsInfo.partitions.flatMap(({ regions }) => Object.keys(regions));
  assert.deepEqual([...awsRegions].sort(), listed.filter((name) => !name.endsWith("-global")).sort());
});
