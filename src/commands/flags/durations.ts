import { type Typed, textFlag, UsageError } from "./flags.ts";

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * The value of a flag such as `90s`, `10m` or `1h30m` in milliseconds. Null if it is not given. Throws UsageError for anything
 * else.
 */
export function durationFlag(
  typed: Typed,
  name: string,
  { minMs, maxMs }: { readonly minMs: number; readonly maxMs: number },
): number | null {
  const given = textFlag(typed, name, null);
  if (given === null) return null;
  const isDuration = /^(\d{1,6}[smhd])+$/.test(given);
  const parts = isDuration ? [...given.matchAll(/(\d+)([smhd])/g)] : [];
  const ms = parts.reduce((sum, [, count, unit = ""]) => sum + Number(count) * (unitMs[unit] ?? 0), 0);
  if (isDuration && ms >= minMs && ms <= maxMs) return ms;
  throw new UsageError(
    `--${name} must be a time like 90s, 10m or 1h30m, from ${lengthText(minMs)} to ${lengthText(maxMs)}, but is "${given}".`,
  );
}

/** An elapsed time as a clock shows it: `0:42`, `12:05`, `1:02:03`. */
export function elapsedText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const two = (number: number): string => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  return hours === 0 ? `${minutes}:${two(seconds % 60)}` : `${hours}:${two(minutes)}:${two(seconds % 60)}`;
}

/** A length of time in its largest whole units, as a user types it. */
export function lengthText(ms: number): string {
  const [unit, size] = Object.entries(unitMs).findLast(([, each]) => ms % each === 0) ?? ["s", 1_000];
  return `${ms / size}${unit}`;
}
