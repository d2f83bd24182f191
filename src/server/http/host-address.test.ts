import assert from "node:assert/strict";
import { isIPv4 } from "node:net";
import { test } from "node:test";
import { hostAddress, ownAddress } from "./host-address.ts";

test("the address of a caller's host is its socket's if that is IPv4, and this machine's for loopback", () => {
  assert.equal(hostAddress("192.0.2.7"), "192.0.2.7");
  assert.equal(hostAddress("::ffff:192.0.2.7"), "192.0.2.7");
  for (const loopback of ["127.0.0.1", "::ffff:127.0.0.1", "127.8.8.8", "::1"]) {
    assert.equal(hostAddress(loopback), ownAddress());
  }
  for (const none of ["2001:db8::7", "fe80::1%eth0", "", undefined]) assert.equal(hostAddress(none), null);
  assert.equal(isIPv4(ownAddress()), true);
});
