import assert from "node:assert/strict";
import { test } from "node:test";
import { digestIn, repoDigest } from "../images/image-puller.ts";
import { cpuPercentBetween, memoryMiBOf, networkOf, storageOf } from "../usage-sampler.ts";
import { dockerAddress, shownAddress } from "./docker-address.ts";
import { splitReference } from "./docker-engine.ts";
import { jsonLines } from "./json-lines.ts";

test("addresses of engines", () => {
  assert.deepEqual(dockerAddress(""), { socketPath: "/var/run/docker.sock" });
  assert.deepEqual(dockerAddress("unix:///run/podman/podman.sock"), { socketPath: "/run/podman/podman.sock" });
  assert.deepEqual(dockerAddress("tcp://10.0.0.1"), { host: "10.0.0.1", port: 2375, prefix: "" });
  assert.deepEqual(dockerAddress("http://[::1]:99/engine/"), { host: "::1", port: 99, prefix: "/engine" });
  assert.equal(shownAddress(dockerAddress("tcp://[::1]:99")), "http://[::1]:99");
  for (const wrong of ["ssh://host", "unix://relative", "/var/run/docker.sock", "tcp://"]) {
    assert.throws(() => dockerAddress(wrong), /DOCKER_HOST=/, wrong);
  }
});

test("image references are a name and a tag or digest", () => {
  assert.deepEqual(splitReference("busybox"), { name: "busybox", tag: "latest" });
  assert.deepEqual(splitReference("host:5000/a/b"), { name: "host:5000/a/b", tag: "latest" });
  assert.deepEqual(splitReference("host:5000/a/b:1"), { name: "host:5000/a/b", tag: "1" });
  assert.deepEqual(splitReference("a:1@sha256:00"), { name: "a", tag: "sha256:00" });
  assert.equal(digestIn("a@sha256:00"), "sha256:00");
  assert.equal(digestIn("a:1"), null);
});

test("an image's digest is that of the requested repository", () => {
  const image = { Id: "x", RepoDigests: ["host:5000/busybox@sha256:11", "busybox@sha256:22"] };
  assert.equal(repoDigest(image, "docker.io/library/busybox:latest"), "sha256:22");
  assert.equal(repoDigest(image, "host:5000/busybox"), "sha256:11");
  assert.equal(repoDigest(image, "other"), null);
  assert.equal(repoDigest(null, "busybox"), null);
});

test("lines of JSON may be cut anywhere, even inside a character, and have a maximum length", async () => {
  const read = async (chunks: readonly Uint8Array[]): Promise<unknown[]> => {
    const all: unknown[] = [];
    async function* stream(): AsyncGenerator<Uint8Array> {
      yield* chunks;
    }
    for await (const line of jsonLines(stream())) all.push(line);
    return all;
  };
  const bytes = Buffer.from('{"a":"ü"}\r\n\n{"b":1}\n{"c":2}');
  const whole = [{ a: "ü" }, { b: 1 }, { c: 2 }];
  for (let cut = 0; cut <= bytes.length; cut++) {
    assert.deepEqual(await read([bytes.subarray(0, cut), bytes.subarray(cut)]), whole);
  }
  await assert.rejects(read([Buffer.alloc(5 * 1024 * 1024, 32)]), /without end/);
  await assert.rejects(read([Buffer.from("{\n")]), SyntaxError);
});

test("CPU is percent of the whole host, memory excludes reclaimable cache", () => {
  const at = (used: number, all: number): object => ({
    cpu_stats: { cpu_usage: { total_usage: used }, system_cpu_usage: all },
  });
  assert.equal(cpuPercentBetween(at(100, 1_000), at(150, 1_200)), 25);
  assert.equal(cpuPercentBetween(at(100, 1_000), at(150, 1_000)), null);
  assert.equal(cpuPercentBetween(at(100, 1_000), at(50, 1_200)), null, "a restarted container");
  const mib = 1_048_576;
  assert.equal(memoryMiBOf({ memory_stats: { usage: 10 * mib, stats: { total_inactive_file: 4 * mib } } }), 6);
  assert.equal(memoryMiBOf({ memory_stats: { usage: 10 * mib, stats: { inactive_file: 2 * mib } } }), 8);
  assert.equal(memoryMiBOf({ memory_stats: {} }), null);
});

test("counters are summed over interfaces and devices, and null if there are none", () => {
  const networks = { eth0: { rx_bytes: 1, tx_bytes: 10 }, eth1: { rx_bytes: 2, tx_dropped: 5 } };
  const { rxBytes, txBytes, txDropped } = networkOf({ networks }) ?? {};
  assert.deepEqual([rxBytes, txBytes, txDropped], [3, 10, 5]);
  assert.equal(networkOf({}), null);
  const entries = [
    { op: "Read", value: 1 },
    { op: "write", value: 2 },
    { op: "Read", value: 4 },
    { op: "Total", value: 7 },
  ];
  assert.deepEqual(storageOf({ blkio_stats: { io_service_bytes_recursive: entries } }), {
    readBytes: 5,
    writeBytes: 2,
  });
  assert.equal(storageOf({ blkio_stats: { io_service_bytes_recursive: null } }), null);
});
