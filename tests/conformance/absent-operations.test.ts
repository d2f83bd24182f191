/** Operations that Berth does not answer: over HTTP each gets the same error, whatever the request, and leaves nothing behind. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ApiError } from "../../src/agent/remote/api-error.ts";
import { SignedApi } from "../../src/agent/remote/signed-api.ts";
import { seededRandom } from "../../src/lib/random.ts";
import { systemClock } from "../../src/lib/system-clock.ts";
import { sampleStructure } from "../../src/wire/sample-values.ts";
import { type EcsOperation, isAnswered } from "../../src/wire/service-definition.ts";
import { controlPlaneOperations } from "../../src/wire/services.ts";
import type { Credentials } from "../agent-client.ts";
import { AgentWorld, account, region } from "./agent-world.ts";

const absent = controlPlaneOperations.filter((operation) => !isAnswered(operation));
const samples = seededRandom("absent-operations").stream("samples");

let world: AgentWorld;
let admin: SignedApi;
let agent: SignedApi;
before(async () => {
  world = await AgentWorld.start();
  admin = apiOf(world.key);
  agent = apiOf(await world.createKey({ role: "agent" }));
});
after(async () => {
  admin.close();
  agent.close();
  await world.end();
});

function apiOf(credentials: Credentials): SignedApi {
  const random = seededRandom("absent-operations").stream("calls");
  const options = { endpoint: world.server.url, region, agentVersion: null, clock: systemClock, random, trust: null };
  return new SignedApi({ ...options, credentials: { sessionToken: null, ...credentials } });
}

/** The error of a call as code, status and text. */
async function errorOf(api: SignedApi, { name, service }: EcsOperation, request: object): Promise<unknown[]> {
  const outcome = await api.call(name, request, service.targetPrefix).catch((error: unknown) => error);
  assert.ok(outcome instanceof ApiError, `${name}: ${String(outcome)}`);
  return [outcome.code, outcome.status, outcome.message];
}

describe("an operation that is absent", () => {
  test("is one of several", () => assert.ok(absent.length > 30, String(absent.length)));

  for (const operation of absent) {
    const { name, service, action, shapes } = operation;
    test(`${name} is answered with a sentence that says so, and to agents with a denial`, async () => {
      const text = `Berth does not answer ${name} yet. ${service.listedIn}`;
      for (const request of [{}, sampleStructure(shapes.input, samples, "all", true)]) {
        assert.deepEqual(await errorOf(admin, operation, request), ["ClientException", 400, text]);
      }
      const denied = `User: arn:aws:iam::${account}:user/agent is not authorized to perform: ${action.name} on resource: * because no identity-based policy allows the ${action.name} action`;
      assert.deepEqual(await errorOf(agent, operation, {}), ["AccessDeniedException", 403, denied]);
    });
  }
});
