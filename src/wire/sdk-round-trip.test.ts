/**
 * Goal: whatever the official SDK can send is parsed, and whatever it can read is rendered. Method: the real client with its real
 * serializer, over every operation and every member of its shapes; its requests end in a function instead of a socket.
 */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import * as sdk from "@aws-sdk/client-ecs";
import { Refusal, refusalCodes } from "../ecs/refusals.ts";
import { type RandomStream, seededRandom } from "../lib/random.ts";
import { renderError, WireError } from "./errors.ts";
import { parseRequest } from "./parse.ts";
import { renderReply } from "./render.ts";
import { type Filling, sampleStructure } from "./sample-values.ts";
import { apiOperations, ecs } from "./services.ts";
import type { Shape } from "./shapes.ts";
import { operationOfTarget } from "./target.ts";

type Answer = { readonly status: number; readonly body: string };
type Sent = { readonly target: string | undefined; readonly body: string };

const commands = sdk as unknown as Record<string, new (input: object) => never>;
const fillings: readonly Filling[] = ["all", "all", "some", "some", "some"];

let answer: Answer = { status: 200, body: "{}" };
let sent: Sent = { target: undefined, body: "" };

const client = new sdk.ECSClient({
  region: "us-east-1",
  endpoint: "http://127.0.0.1:9",
  credentials: { accessKeyId: "123456789012", secretAccessKey: "secret" },
  maxAttempts: 1,
  requestHandler: {
    async handle(request: { headers: Record<string, string>; body: unknown }) {
      const body = request.body instanceof Uint8Array ? new TextDecoder().decode(request.body) : String(request.body);
      sent = { target: request.headers["x-amz-target"], body };
      return { response: { statusCode: answer.status, headers: {}, body: Buffer.from(answer.body) } } as never;
    },
  },
});

async function call(operation: string, input: object, reply: Answer): Promise<Record<string, unknown>> {
  answer = reply;
  const Command = commands[`${operation}Command`];
  assert.ok(Command, `${operation}Command`);
  const { $metadata, ...output } = (await client.send(new Command(input))) as unknown as Record<string, unknown>;
  assert.ok($metadata);
  return output;
}

/** The value as the SDK's user sees it: timestamps are dates. */
function sdkValue(shape: Shape, value: unknown): unknown {
  switch (shape.kind) {
    case "timestamp":
      return new Date(value as number);
    case "list":
      return (value as unknown[]).map((item) => sdkValue(shape.member, item));
    case "map":
      return Object.fromEntries(
        Object.entries(value as object).map(([key, item]) => [key, sdkValue(shape.value, item)]),
      );
    case "structure": {
      const entries = Object.entries(value as object).map(([name, item]) => {
        const member = shape.members.get(name);
        assert.ok(member);
        return [name, sdkValue(member, item)];
      });
      return Object.fromEntries(entries);
    }
    default:
      return value;
  }
}

/** Both sides without prototypes and key order, which depend on who made the object. */
function plain(value: unknown): unknown {
  if (value instanceof Date || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

describe("every operation of the SDK", () => {
  let random: RandomStream;
  before(() => {
    random = seededRandom("wire").stream("samples");
  });
  for (const [name, operation] of apiOperations(ecs)) {
    test(`${name}: what the SDK sends is parsed, what is rendered it reads`, async () => {
      const { input, output } = operation.shapes;
      for (const filling of fillings) {
        const request = sampleStructure(input, random, filling, true);
        const reply = sampleStructure(output, random, filling);
        const read = await call(name, sdkValue(input, request) as object, {
          status: 200,
          body: renderReply(operation, reply),
        });
        assert.equal(operationOfTarget(sent.target), operation);
        const parsed = parseRequest(operation, sent.body);
        // The SDK makes up tokens that its user leaves out.
        for (const key of Object.keys(parsed)) {
          if (key === "clientToken" && !Object.hasOwn(request, key)) delete parsed[key];
        }
        assert.deepEqual(plain(parsed), plain(request));
        assert.deepEqual(parseRequest(operation, Buffer.from(sent.body)), parseRequest(operation, sent.body));
        assert.deepEqual(plain(read), plain(sdkValue(output, reply)));
      }
    });
  }
});

describe("errors are those that the SDK reads", () => {
  for (const code of refusalCodes) {
    test(`${code} arrives as its class`, async () => {
      const { status, body } = renderError(new Refusal(code, "the text"));
      await assert.rejects(call("ListClusters", {}, { status, body }), (error: unknown) => {
        const Class = (sdk as unknown as Record<string, new () => Error>)[code];
        assert.ok(Class && error instanceof Class, code);
        assert.equal((error as sdk.ECSServiceException).name, code);
        assert.equal(error.message, "the text");
        assert.equal((error as sdk.ECSServiceException).$fault, code === "ServerException" ? "server" : "client");
        return true;
      });
    });
  }

  test("ConflictException has its resourceIds", async () => {
    const { status, body } = renderError(
      new Refusal("ConflictException", "taken", { resourceIds: ["arn:a", "arn:b"] }),
    );
    await assert.rejects(call("RunTask", {}, { status, body }), (error: unknown) => {
      assert.ok(error instanceof sdk.ConflictException);
      assert.deepEqual(error.resourceIds, ["arn:a", "arn:b"]);
      return true;
    });
  });

  test("a front-door error arrives with its name", async () => {
    const { status, body } = renderError(new WireError("UnrecognizedClientException", "unknown key"));
    await assert.rejects(call("ListClusters", {}, { status, body }), {
      name: "UnrecognizedClientException",
      message: "unknown key",
    });
  });
});
