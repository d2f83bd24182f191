/**
 * What a small call of one account takes during each of the most expensive legal calls of another, and what a small call to the
 * same cluster takes. `npm run bench -- fairness [--against DIR] [--instances N] [--tasks N] [--seconds S] [--only NAME]`. With
 * `--against` the server of another checkout is measured in the same run.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { type CheckoutServer, startCheckoutServer, thisCheckout } from "./checkout-server.ts";
import { type DearCall, dearCalls, makeWorld, type World } from "./dear-calls.ts";
import { type Figure, machine, printFigures } from "./figure.ts";
import { KeptLine } from "./kept-line.ts";
import { signedRequest } from "./signed-request.ts";
import { pauseMs, type SmallCalls } from "./small-calls.ts";

const dearAccount = "222222222222";
const smallAccount = "111111111111";

/** The times of a phase, sorted, in milliseconds. */
type Times = { readonly other: number[]; readonly same: number[]; readonly answered: number; readonly refused: number };

export type FairnessOptions = {
  readonly against: string | null;
  readonly instances: number;
  readonly tasks: number;
  readonly seconds: number;
  readonly only: string;
};

const defaults: FairnessOptions = { against: null, instances: 5_000, tasks: 100_000, seconds: 10, only: "" };

/** Figures of this checkout and, if there is one, of the other. */
export async function fairnessFigures(options: FairnessOptions = defaults): Promise<Figure[]> {
  const figures: Figure[] = [];
  const checkouts = [...(options.against === null ? [] : [options.against]), thisCheckout];
  for (const checkout of checkouts) {
    const label = checkouts.length === 1 ? "" : checkout === thisCheckout ? "after: " : "before: ";
    figures.push(...(await figuresOf(checkout, label, options)));
  }
  return figures;
}

async function figuresOf(checkout: string, label: string, options: FairnessOptions): Promise<Figure[]> {
  const flags = ["--in-memory", "--account", dearAccount, "--instances", String(options.instances)];
  const server = await startCheckoutServer({ checkout, command: "dev", flags });
  try {
    const world = await makeWorld(server.port, keyOf(dearAccount), options.tasks);
    const none = await phase(server, world, null, options.seconds);
    const figures = figuresOfTimes(`${label}nothing`, none);
    for (const call of dearCalls) {
      if (!call.name.includes(options.only)) continue;
      process.stderr.write(`${label}${call.name} ...\n`);
      figures.push(...figuresOfTimes(`${label}${call.name}`, await phase(server, world, call, options.seconds)));
      await settled(server, world);
    }
    return figures;
  } finally {
    await server.stop();
  }
}

/** Small calls for this many seconds, during those of `dear`. */
async function phase(server: CheckoutServer, world: World, dear: DearCall | null, seconds: number): Promise<Times> {
  const lines = await Promise.all(Array.from({ length: dear?.connections ?? 0 }, () => KeptLine.open(server.port)));
  const end = Date.now() + seconds * 1_000;
  const counts = { answered: 0, refused: 0 };
  const [ofOther, ofSame] = await Promise.all([
    smallCalls(server.port, keyOf(smallAccount), end),
    smallCalls(server.port, keyOf(dearAccount), end),
    ...lines.map((line, at) => callOver(line, at)),
  ]);
  for (const line of lines) line.close();
  return { other: ofOther.sort(ascending), same: ofSame.sort(ascending), ...counts };

  async function callOver(line: KeptLine, at: number): Promise<void> {
    for (let made = at; Date.now() < end; made += lines.length) {
      const { operation, body } = (dear as DearCall).make(world, made);
      const status = await line.send(await signedRequest(server.port, operation, body, world.key));
      if (status === 200) counts.answered += 1;
      else counts.refused += 1;
    }
  }
}

/** A key's small calls in their own thread, so that their times don't include what the expensive calls cost this process. */
function smallCalls(port: number, key: World["key"], endsAt: number): Promise<number[]> {
  const workerData: SmallCalls = { port, key, endsAt };
  const worker = new Worker(new URL("./small-calls.ts", import.meta.url), { workerData });
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

/** Waits until everything that a phase began is over: small calls are quick again. */
async function settled(server: CheckoutServer, world: World): Promise<void> {
  const request = await signedRequest(server.port, "ListClusters", {}, world.key);
  const line = await KeptLine.open(server.port);
  for (let quick = 0; quick < 20; ) {
    const begin = performance.now();
    await line.send(request);
    quick = performance.now() - begin < 20 ? quick + 1 : 0;
    await sleep(pauseMs);
  }
  line.close();
}

const ascending = (a: number, b: number): number => a - b;

/** `dev` accepts any secret, and an access key id of twelve digits as the account. */
const keyOf = (account: string): World["key"] => ({ accessKeyId: account, secretAccessKey: "none" });

function figuresOfTimes(name: string, { other, same, answered, refused }: Times): Figure[] {
  const at = (times: readonly number[], share: number): number =>
    times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  const shown = (times: readonly number[]): string =>
    `p50 ${at(times, 0.5).toFixed(1)}, max ${(times.at(-1) ?? 0).toFixed(0)} ms of ${times.length}`;
  const calls = answered + refused === 0 ? "" : `; ${answered} dear calls answered, ${refused} refused`;
  return [
    { name: `${name}: another account, p99`, value: at(other, 0.99), unit: "ms", beside: `${shown(other)}${calls}` },
    { name: `${name}: the same cluster, p99`, value: at(same, 0.99), unit: "ms", beside: shown(same) },
  ];
}

/** Reads the flags of `npm run bench -- fairness`, and prints the figures. */
export async function printFairness(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      against: { type: "string" },
      instances: { type: "string", default: String(defaults.instances) },
      tasks: { type: "string", default: String(defaults.tasks) },
      seconds: { type: "string", default: String(defaults.seconds) },
      only: { type: "string", default: "" },
    },
  });
  const [instances, tasks, seconds] = [Number(values.instances), Number(values.tasks), Number(values.seconds)];
  process.stdout.write(`${machine()}\n`);
  printFigures(
    await fairnessFigures({ against: values.against ?? null, instances, tasks, seconds, only: values.only }),
  );
}

if (import.meta.main) await printFairness(process.argv.slice(2));
