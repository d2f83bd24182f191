import { bystanderSources } from "./attack.ts";
import type { PhaseResult } from "./bystander.ts";
import type { AttackResult, Compared, Phase } from "./run-attack.ts";

const phases: readonly Phase[] = ["before", "during", "after"];
const width = 72;

/** The figures of one attack as text, with the other checkout's on the left if there is one. */
export function attackTable({ attack, here, against }: Compared): string {
  const results = against === null ? [here] : [against, here];
  const columns = results.map((result) => rowsOf(result));
  const names = namesOf(results);
  const lines = names.map((name) => {
    const cells = columns.map((rows) => (rows.get(name) ?? "").padEnd(width));
    return `  ${name.padEnd(36)}${cells.join("")}`.trimEnd();
  });
  const heads = against === null ? ["this checkout"] : ["the other checkout", "this checkout"];
  const title = `  ${"".padEnd(36)}${heads.map((text) => text.padEnd(width)).join("")}`.trimEnd();
  return `\n${attack.name}: ${attack.says}\n${title}\n${lines.join("\n")}\n`;
}

function namesOf(results: readonly AttackResult[]): string[] {
  return [...new Set(results.flatMap((result) => [...rowsOf(result).keys()]))];
}

function rowsOf(result: AttackResult): Map<string, string> {
  const rows = new Map<string, string>();
  for (const [at, source] of bystanderSources.entries()) {
    const whose = at === 0 ? "same address" : "another address";
    for (const phase of phases) {
      const found = result.phases[phase].find((each) => each.source === source);
      if (found !== undefined) rows.set(`${whose}, ${phase}`, callsText(found));
    }
  }
  const { before, peak, after } = result.residentMiB;
  const mib = (value: number): string => (Number.isNaN(value) ? "-" : value.toFixed(0));
  rows.set("resident MiB", `${mib(before)}, peak ${mib(peak)}, after ${mib(after)}`);
  for (const [name, value] of Object.entries(result.measured)) rows.set(name, shown(value));
  if (result.serverEnded) rows.set("server", "ended by itself");
  if (result.notStartedAgain !== null) rows.set("start again", result.notStartedAgain);
  if (result.brokenOff) rows.set("attack", "broken off: the server grew too large");
  return rows;
}

function callsText({ calls, answered, p99Ms, maxMs, failures }: PhaseResult): string {
  if (calls === 0) return "no calls";
  const share = `${((100 * answered) / calls).toFixed(answered === calls ? 0 : 1)} %`;
  const times = p99Ms === null || maxMs === null ? "" : `, p99 ${shown(p99Ms)} ms, max ${shown(maxMs)} ms`;
  const [most] = Object.entries(failures).sort(([, a], [, b]) => b - a);
  return `${share}${times}${most === undefined ? "" : ` (${most[0]})`}`;
}

const shown = (value: number): string => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(1));
