import assert from "node:assert/strict";
import { test } from "node:test";
import { awsRegions } from "../../auth/regions.ts";
import { parseFlags, UsageError } from "./flags.ts";
import { advertiseFlag, agentArchiveFlag, allowHostFlags, regionsFlag, serverFlags, tlsFlags } from "./server-flags.ts";

const typed = (...argv: string[]) => parseFlags({ usage: "", about: "", flags: serverFlags, examples: [] }, argv);

test("--advertise is an address without a path", () => {
  assert.equal(advertiseFlag(typed()), null);
  assert.equal(advertiseFlag(typed("--advertise", "https://ecs.example.org/")), "https://ecs.example.org");
  assert.equal(advertiseFlag(typed("--advertise", "http://10.0.0.5:4280")), "http://10.0.0.5:4280");
  assert.equal(advertiseFlag(typed("--advertise", "http://[::1]:4280")), "http://[::1]:4280");
  const wrong = ["ecs.example.org", "ws://a", "https://a/b", "https://a?b", "https://a#b", "https://u:p@a", "https://"];
  for (const address of wrong) assert.throws(() => advertiseFlag(typed("--advertise", address)), UsageError, address);
});

test("--allow-host is a name or an address, with or without a port, several times", () => {
  assert.deepEqual(allowHostFlags(typed()), []);
  const names = ["ecs.example.org", "tunnel:9999", "[fd00::1]:4280", "10.0.0.5"];
  assert.deepEqual(allowHostFlags(typed(...names.flatMap((name) => ["--allow-host", name]))), names);
  for (const name of ["http://a", "a/b", "a:b", "*", "a:99999", "a b", "::1"]) {
    assert.throws(() => allowHostFlags(typed("--allow-host", name)), UsageError, name);
  }
});

test("--tls-cert and --tls-key need each other", () => {
  assert.equal(tlsFlags(typed()), null);
  assert.deepEqual(tlsFlags(typed("--tls-cert", "a", "--tls-key", "b")), { cert: "a", key: "b" });
  assert.throws(() => tlsFlags(typed("--tls-cert", "a")), /--tls-cert needs --tls-key FILE/);
  assert.throws(() => tlsFlags(typed("--tls-key", "b")), /--tls-key needs --tls-cert FILE/);
});

test("--agent-archive has an address and a checksum", () => {
  const location = "https://files.example.org/agent.tar";
  const sum = "AB".repeat(32);
  assert.equal(agentArchiveFlag(typed()), null);
  assert.deepEqual(agentArchiveFlag(typed("--agent-archive", location, "--agent-archive-sha256", sum)), {
    location,
    signature: "ab".repeat(32),
  });
  assert.throws(() => agentArchiveFlag(typed("--agent-archive", location)), /64 hex digits/);
  assert.throws(() => agentArchiveFlag(typed("--agent-archive-sha256", sum)), /must be an address/);
  const wrong = () => agentArchiveFlag(typed("--agent-archive", "file:///a", "--agent-archive-sha256", sum));
  assert.throws(wrong, /must be an address/);
});

test("--regions is a list of names; without it, every region of AWS", () => {
  assert.equal(regionsFlag(typed()), awsRegions);
  assert.deepEqual([...regionsFlag(typed("--regions", "eu-west-1, lab-1"))], ["eu-west-1", "lab-1"]);
  const wrong = ["eu-west-1,", "EU-WEST-1", "../x", "a/b", "x".repeat(33), "1"];
  for (const list of wrong) assert.throws(() => regionsFlag(typed("--regions", list)), /--regions must be/, list);
  const many = Array.from({ length: 101 }, (_, index) => `r-${index}`).join(",");
  assert.throws(() => regionsFlag(typed("--regions", many)), /at most 100/);
});
