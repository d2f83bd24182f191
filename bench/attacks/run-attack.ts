/** One attack on the server of one checkout, with another caller's calls measured before, during and after it. */
import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { type CheckoutServer, createKey, startCheckoutServer, thisCheckout, withDataDir } from "../checkout-server.ts";
import { residentMiB } from "../process-figures.ts";
import type { BenchKey } from "../signed-request.ts";
import { type Attack, accounts, bystanderSources, type Target, type UnderWay } from "./attack.ts";
import { type Bystander, type PhaseResult, startBystander } from "./bystander.ts";

export type Phase = "before" | "during" | "after";

export type AttackResult = {
  readonly attack: string;
  readonly phases: Readonly<Record<Phase, readonly PhaseResult[]>>;
  /** Resident memory of the server. The peak is during the attack. */
  readonly residentMiB: Readonly<Record<Phase | "peak", number>>;
  /** Whether the server ended by itself. */
  readonly serverEnded: boolean;
  /** Whether the attack was broken off because the server used more memory than this machine can spare. */
  readonly brokenOff: boolean;
  /** Why the server did not start again on what the attack had left; null if it did, or was not asked to. */
  readonly notStartedAgain: string | null;
  /** Other figures, by name with its unit. */
  readonly measured: Readonly<Record<string, number>>;
};

/** The results of one attack, for this checkout and for another if there is one. */
export type Compared = { readonly attack: Attack; readonly here: AttackResult; readonly against: AttackResult | null };

const peaceMs = 3_000;
/** How long the server gets to recover before the phase "after" begins. */
const recoveryMs = 2_000;
const sampleMs = 200;
/** LIMIT: a server that grew this large has shown enough, and the machine that measures must survive. */
const residentMiBMax = 3_072;

/** Runs `attack` on a server of `checkout`, which is started and stopped for it. */
export function runAttack(attack: Attack, checkout: string): Promise<AttackResult> {
  return withDataDir(async (dataDir) => {
    const keys = keysFor(attack, checkout, dataDir);
    const flags = flagsOf(attack, dataDir);
    const start = (): Promise<CheckoutServer> => startCheckoutServer({ ...attack.server, checkout, flags });
    const server = await start();
    let again: CheckoutServer | null = null;
    try {
      const target = { port: server.port, pid: server.pid, key: keys.attacker, dataDir };
      const result = await attacked(attack, target, server, keys.bystander);
      if (attack.startsAgain !== true) return result;
      await server.stop();
      const measured = { ...result.measured, "ms to start on a new directory": server.startedInMs };
      const started = await start().catch((error: unknown) => String(error));
      if (typeof started === "string") return { ...result, measured, notStartedAgain: started };
      again = started;
      return { ...result, measured: { ...measured, "ms to start again": again.startedInMs } };
    } finally {
      await again?.stop();
      await server.stop();
    }
  });
}

function flagsOf({ server: { flags = [], tls = false } }: Attack, dataDir: string): string[] {
  const state = flags.includes("--in-memory") ? [] : ["--data-dir", dataDir];
  const logLevel = flags.includes("--log-level") ? [] : ["--log-level", "warn"];
  return [...state, ...logLevel, ...flags, ...(tls ? tlsFlags(dataDir) : [])];
}

/** The key is copied, because a server takes none that others can read, and a checkout's files are readable. */
function tlsFlags(dataDir: string): string[] {
  const certificate = `${thisCheckout}tests/fixtures/tls/loopback`;
  const key = `${dataDir}/tls.key`;
  writeFileSync(key, readFileSync(`${certificate}.key`), { mode: 0o600 });
  return ["--tls-cert", `${certificate}.pem`, "--tls-key", key];
}

/** Where signatures are checked, keys are created. Elsewhere the account is the key. */
function keysFor(
  { server }: Attack,
  checkout: string,
  dataDir: string,
): { readonly attacker: BenchKey; readonly bystander: BenchKey } {
  const keyOf = (account: string): BenchKey =>
    server.command === "serve"
      ? createKey(checkout, dataDir, account)
      : { accessKeyId: account, secretAccessKey: "any" };
  return { attacker: keyOf(accounts.attacker), bystander: keyOf(accounts.bystander) };
}

async function attacked(
  attack: Attack,
  target: Target,
  server: CheckoutServer,
  bystanderKey: BenchKey,
): Promise<AttackResult> {
  await attack.prepare?.(target);
  const bystander = await startBystander({
    port: target.port,
    tls: attack.server.tls ?? false,
    key: bystanderKey,
    call: attack.bystander,
    sources: bystanderSources,
  });
  let underWay: UnderWay | null = null;
  try {
    await sleep(peaceMs);
    const before = await bystander.report();
    const beforeMiB = residentMiB(target.pid);
    underWay = await attack.begin(target);
    const watched = await watch(target.pid, attack.seconds * 1_000, underWay);
    const measured = underWay.measured?.() ?? {};
    const during = await reportDuring(bystander, underWay);
    const duringMiB = residentMiB(target.pid);
    await sleep(recoveryMs);
    await bystander.report();
    await sleep(peaceMs);
    const after = await bystander.report();
    return {
      attack: attack.name,
      phases: { before, during, after },
      residentMiB: { before: beforeMiB, during: duringMiB, peak: watched.peakMiB, after: residentMiB(target.pid) },
      serverEnded: server.hasEnded(),
      brokenOff: watched.brokenOff,
      notStartedAgain: null,
      measured,
    };
  } finally {
    await underWay?.stop();
    await bystander.stop();
  }
}

/** The calls made so far have their answers, or none, while the attack continues. */
async function reportDuring(bystander: Bystander, underWay: UnderWay): Promise<readonly PhaseResult[]> {
  const results = await bystander.report();
  await underWay.stop();
  return results;
}

/** Waits until the attack is done or its time is over, and samples the server's memory. */
async function watch(
  pid: number,
  forMs: number,
  { done }: UnderWay,
): Promise<{ readonly peakMiB: number; readonly brokenOff: boolean }> {
  const end = performance.now() + forMs;
  let isDone = false;
  void done?.then(() => {
    isDone = true;
  });
  let peakMiB = 0;
  while (performance.now() < end && !isDone) {
    await sleep(sampleMs);
    const nowMiB = residentMiB(pid);
    if (Number.isNaN(nowMiB)) break;
    peakMiB = Math.max(peakMiB, nowMiB);
    if (peakMiB > residentMiBMax) return { peakMiB, brokenOff: true };
  }
  return { peakMiB, brokenOff: false };
}
