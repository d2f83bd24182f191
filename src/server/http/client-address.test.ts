import assert from "node:assert/strict";
import { test } from "node:test";
import { clientAddress } from "./client-address.ts";

test("addresses that one client has together are one", () => {
  for (const own of ["127.0.0.1", "127.9.8.7", "::1", "::ffff:127.0.0.1"]) assert.equal(clientAddress(own), "loopback");
  assert.equal(clientAddress("::ffff:10.0.0.5"), clientAddress("10.0.0.5"));
  assert.notEqual(clientAddress("10.0.0.5"), clientAddress("10.0.0.6"));
  assert.equal(clientAddress("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  assert.equal(clientAddress("2001:db8:1:2::1"), "2001:db8:1:2::/64");
  assert.equal(clientAddress("2001:db8::1"), "2001:db8:0:0::/64");
  assert.equal(clientAddress("fe80::1%eth0"), "fe80:0:0:0::/64");
});
