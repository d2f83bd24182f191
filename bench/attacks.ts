/**
 * How another caller's small calls fare during an attack: success and times before, during and after each attack, on the server
 * of this checkout and, with `--against`, on that of another one in the same run.
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { agentAttacks } from "./attacks/agents.ts";
import type { Attack } from "./attacks/attack.ts";
import { bodyAttacks } from "./attacks/bodies.ts";
import { constraintAttacks } from "./attacks/constraints.ts";
import { type ForgottenPlaces, placeCounts, startOnForgottenPlaces } from "./attacks/forgotten-places.ts";
import { logAttacks } from "./attacks/log.ts";
import { memoryAttacks } from "./attacks/memory.ts";
import { pileAttacks } from "./attacks/piles.ts";
import { placeAttacks } from "./attacks/places.ts";
import { type Compared, runAttack } from "./attacks/run-attack.ts";
import { attackTable } from "./attacks/table.ts";
import { thisCheckout } from "./checkout-server.ts";
import { machine } from "./figure.ts";

const attacks: readonly Attack[] = [
  ...bodyAttacks,
  ...placeAttacks,
  ...constraintAttacks,
  ...memoryAttacks,
  ...pileAttacks,
  ...logAttacks,
  ...agentAttacks,
];

/** Not an attack but what one leaves behind. */
const forgottenPlaces = "forgotten places";

const usage = `Usage: npm run bench -- attacks [--against DIR] [--only NAME] [--json]

  --against DIR  another checkout, with its node_modules, whose server is attacked in the same run
  --only NAME    attacks whose kind or name has NAME in it; may be repeated
  --json         a line of JSON for each attack instead of the table

${attacks.map(({ name, says }) => `  ${name.padEnd(32)} ${says}`).join("\n")}
  ${forgottenPlaces.padEnd(32)} a start on a directory with 20,000 places in which nothing is
`;

/** Runs the attacks that `argv` names and prints their figures as they come. Returns the exit code. */
export async function attackFigures(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      against: { type: "string" },
      only: { type: "string", multiple: true, default: [] },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const { only, json } = values;
  const isChosen = (name: string, kind: string): boolean =>
    only.length === 0 || only.some((part) => kind === part || name.includes(part));
  const chosen = attacks.filter(({ name, kind }) => isChosen(name, kind));
  if (chosen.length === 0 && !isChosen(forgottenPlaces, "places")) {
    process.stderr.write(usage);
    return 2;
  }
  const against = values.against === undefined ? null : resolve(values.against);
  if (!json) process.stdout.write(`${machine()}\n`);
  for (const attack of chosen) {
    process.stderr.write(`${attack.name} ...\n`);
    const compared: Compared = {
      attack,
      against: against === null ? null : await runAttack(attack, against),
      here: await runAttack(attack, thisCheckout),
    };
    process.stdout.write(json ? `${JSON.stringify(compared)}\n` : attackTable(compared));
  }
  if (isChosen(forgottenPlaces, "places")) {
    process.stderr.write(`${forgottenPlaces} ...\n`);
    for (const places of placeCounts) {
      const found = await startOnForgottenPlaces(places, thisCheckout, against);
      process.stdout.write(json ? `${JSON.stringify(found)}\n` : startText(found));
    }
  }
  return 0;
}

function startText({ places, against, here }: ForgottenPlaces): string {
  const took = (ms: number | null): string => (ms === null ? "it does not start" : `${ms.toFixed(0)} ms`);
  const other = against === undefined ? "" : `; the other checkout: ${took(against)}`;
  return `\nstart on ${places} forgotten places: this checkout: ${took(here)}${other}\n`;
}

if (import.meta.main) process.exitCode = await attackFigures(process.argv.slice(2));
