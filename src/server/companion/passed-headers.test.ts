import assert from "node:assert/strict";
import { test } from "node:test";
import { passedHeaders } from "./passed-headers.ts";

test("headers of a connection stay behind, and all others go on in their order and letters", () => {
  const raw = ["Host", "a", "CONNECTION", "X-One , close", "x-one", "1", "TE", "trailers", "X-Two", "2", "x-two", "3"];
  assert.deepEqual(passedHeaders(raw), ["Host", "a", "X-Two", "2", "x-two", "3"]);
  assert.deepEqual(passedHeaders(raw, new Set(["x-two"])), ["Host", "a"]);
});

test("no Connection header makes the companion read a body in another way", () => {
  const raw = ["Connection", "Content-Length, Host", "Content-Length", "5", "Host", "a"];
  assert.deepEqual(passedHeaders(raw), ["Content-Length", "5", "Host", "a"]);
});
