/*
 * The addresses of the tasks' own network interfaces. No network is asked for them: each subnet has a block of one range,
 * which follows from its name, and hosts make the block real when a task of it comes.
 */
import { assert } from "../../lib/assert.ts";
import type { RandomStream } from "../../lib/random.ts";
import type { Task } from "./task.ts";

/**
 * 10.64.0.0/12, in 256 blocks of /20. Avoids the ranges that container engines assign by themselves (Docker 172.17-172.31 and 192.168,
 * Podman from 10.88, Kubernetes 10.96 and 10.244) and the usual beginnings of private networks.
 */
const range = { first: 0x0a_40_00_00, blocks: 256, blockBits: 12 };
const blockSize = 1 << range.blockBits;
/** The network address, gateway and broadcast address of each block are not assigned. */
const firstInBlock = 2;
const lastInBlock = blockSize - 2;

/** LIMIT: draws in one block before the next one is tried: if it is half full, one in 65,000 gives up too early. */
const drawsPerBlock = 16;
const blocksTried = 4;

/** The address of the task's interface while it is reserved for it, or null. */
export function addressHeldBy(task: Task | undefined): string | null {
  if (task === undefined || task.lastStatus === "STOPPED") return null;
  return task.attachments[0]?.details.find(({ name }) => name === "privateIPv4Address")?.value ?? null;
}

/** An address in the block of `subnet` (any text that identifies it) that isn't in `taken`; if the block is full, in a later one. */
export function freeAddress(subnet: string, taken: ReadonlySet<string>, random: RandomStream): string {
  const home = hashOf(subnet) % range.blocks;
  for (let draw = 0; draw < drawsPerBlock * blocksTried; draw++) {
    const block = (home + Math.floor(draw / drawsPerBlock)) % range.blocks;
    const address = addressText(block, firstInBlock + random.below(lastInBlock - firstInBlock + 1));
    if (!taken.has(address)) return address;
  }
  for (let distance = 0; distance < range.blocks; distance++) {
    for (let host = firstInBlock; host <= lastInBlock; host++) {
      const address = addressText((home + distance) % range.blocks, host);
      if (!taken.has(address)) return address;
    }
  }
  assert(false, "the tasks of a cluster are fewer than the addresses");
}

/** The gateway of the block of `address`, with its prefix length: `10.64.16.1/20`. */
export function gatewayOf(address: string): string {
  const [a = 0, b = 0, c = 0] = address.split(".").map(Number);
  return `${a}.${b}.${c - (c % (blockSize / 256))}.1/${32 - range.blockBits}`;
}

function addressText(block: number, host: number): string {
  return dotted(range.first + block * blockSize + host);
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join(".");
}

/**
 * 10.80.0.0/13, directly above the addresses of tasks: hosts that have no address because they don't exist outside this process, get one that no
 * task has.
 */
const hostRange = { first: 0x0a_50_00_00, size: 1 << 19 };

/** An address for a simulated host, for which `isTaken` is false. */
export function freeHostAddress(isTaken: (address: string) => boolean, random: RandomStream): string {
  const home = random.below(hostRange.size);
  // A cluster has a hundredth of the range at most, so a few draws would do; a walk always ends.
  for (let distance = 0; distance < hostRange.size; distance++) {
    const offset = (home + distance) % hostRange.size;
    const isEndOfBlock = offset % 256 === 0 || offset % 256 === 255;
    const address = dotted(hostRange.first + offset);
    if (!isEndOfBlock && !isTaken(address)) return address;
  }
  assert(false, "the container instances of a cluster are fewer than the addresses");
}

/** AWS: how EC2 calls an address in the network of its region. */
export const privateDnsName = (address: string, region: string): string =>
  `ip-${address.replaceAll(".", "-")}.${region}.compute.internal`;

/** Whether `text` is an IPv4 address in its usual form. */
export const isAddress = (text: string): boolean =>
  /^(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}$/.test(text) && text.split(".").every((part) => Number(part) <= 255);

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}
