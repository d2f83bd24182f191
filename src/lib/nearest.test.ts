import assert from "node:assert/strict";
import { test } from "node:test";
import { nearest } from "./nearest.ts";

const words = ["port", "data-dir", "instances", "in-memory"];

test("a typing mistake finds the intended word", () => {
  assert.equal(nearest("prot", words), "port");
  assert.equal(nearest("por", words), "port");
  assert.equal(nearest("pott", words), "port");
  assert.equal(nearest("datadir", words), "data-dir");
  assert.equal(nearest("instance", words), "instances");
  assert.equal(nearest("in_memory", words), "in-memory");
});

test("a word that resembles none finds none", () => {
  assert.equal(nearest("verbose", words), null);
  assert.equal(nearest("", words), null);
});
