/* Checks the bytes of the pause program. tests/docker shows that it runs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { pauseArchitectures, pauseProgram, tarOfOne } from "./pause-program.ts";

test("an ELF executable for each architecture: its segment is the whole file, and its entry is in it", () => {
  for (const architecture of pauseArchitectures) {
    const file = pauseProgram(architecture);
    assert.deepEqual([...file.subarray(0, 7)], [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1], "ELF, 64 bits, little endian");
    assert.equal(file.readUInt16LE(16), 2, "executable");
    assert.equal(file.readUInt16LE(18), architecture === "amd64" ? 62 : 183);
    const [entry, programHeaderAt] = [file.readBigUInt64LE(24), Number(file.readBigUInt64LE(32))];
    assert.equal(file.readUInt16LE(56), 1, "one segment");
    assert.equal(file.readUInt32LE(programHeaderAt), 1, "to load");
    assert.equal(file.readUInt32LE(programHeaderAt + 4), 5, "readable and executable, not writable");
    const address = file.readBigUInt64LE(programHeaderAt + 16);
    assert.equal(file.readBigUInt64LE(programHeaderAt + 32), BigInt(file.length));
    assert.equal(entry, address + BigInt(programHeaderAt + 56));
    assert.ok(file.length < 512);
  }
});

test("the arm64 program ends in a jump back to its ppoll, and loads the address of the action", () => {
  const file = pauseProgram("arm64");
  const word = (index: number): number => file.readUInt32LE(120 + index * 4);
  const [svc, branch] = [0xd4000001, 0x17fffff9];
  assert.deepEqual([word(6), word(13), word(14)], [svc, svc, branch]);
  assert.equal(word(7), (0xd2800000 | (73 << 5) | 8) >>> 0, "ppoll is call 73");
  const action = (((word(3) >>> 5) & 0xffff) << 16) | ((word(2) >>> 5) & 0xffff);
  assert.equal(file.readBigUInt64LE(action - 0x400000), 1n, "SIG_IGN");
});

test("a tar archive of one executable file, the same bytes each time", () => {
  const archive = tarOfOne("pause", Buffer.from("content"));
  assert.equal(archive.length, 512 + 512 + 1_024);
  assert.equal(archive.toString("latin1", 0, 6), "pause\0");
  assert.equal(archive.toString("latin1", 257, 262), "ustar");
  assert.equal(Number.parseInt(archive.toString("latin1", 100, 107), 8), 0o755);
  assert.equal(Number.parseInt(archive.toString("latin1", 124, 135), 8), 7);
  const blank = Buffer.from(archive.subarray(0, 512)).fill(" ", 148, 156);
  assert.equal(
    Number.parseInt(archive.toString("latin1", 148, 154), 8),
    blank.reduce((sum, byte) => sum + byte, 0),
    "the checksum",
  );
  assert.deepEqual(tarOfOne("pause", Buffer.from("content")), archive);
});
