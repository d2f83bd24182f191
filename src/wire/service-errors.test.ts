/** The rows of services around ECS against the official SDK. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { apiOperations, surroundingServices } from "./services.ts";

const clients: Readonly<Record<string, string>> = { secretsmanager: "secrets-manager", ssm: "ssm" };

test("rows of services declare the errors of the SDK's declaration files", () => {
  for (const service of surroundingServices) {
    const client = clients[service.name];
    if (client === undefined) continue;
    const main = createRequire(import.meta.url).resolve(`@aws-sdk/client-${client}`);
    for (const [name, { row }] of apiOperations(service)) {
      if (row.machine === null) continue;
      const text = readFileSync(join(dirname(main), "..", "dist-types", "commands", `${name}Command.d.ts`), "utf8");
      const declared = [...text.matchAll(/@throws \{@link (\w+)\}/g)]
        .map(([, error]) => error)
        // The class that all errors of a service extend.
        .filter((error) => !error?.endsWith("ServiceException"));
      assert.deepEqual([...row.errors].sort(), declared.sort(), `${service.name}:${name}`);
    }
  }
});
