/**
 * Epoch milliseconds as ISO 8601, as in events (`2026-02-03T10:15:29.871Z`). Computed here because the rulebook has no Date: converts days
 * to a date of the proleptic Gregorian calendar.
 */
export function isoTime(epochMs: number): string {
  const ms = Math.trunc(epochMs);
  const day = Math.floor(ms / 86_400_000);
  let rest = ms - day * 86_400_000;
  const hours = Math.floor(rest / 3_600_000);
  rest -= hours * 3_600_000;
  const minutes = Math.floor(rest / 60_000);
  rest -= minutes * 60_000;
  const seconds = Math.floor(rest / 1000);
  const date = civilDate(day);
  const time = `${two(hours)}:${two(minutes)}:${two(seconds)}.${pad(rest - seconds * 1000, 3)}`;
  return `${pad(date.year, 4)}-${two(date.month)}-${two(date.day)}T${time}Z`;
}

/** The date of a number of days since 1970-01-01. Counts eras of 400 years, with March as the first month so leap days come last. */
function civilDate(daysSinceEpoch: number): { year: number; month: number; day: number } {
  const shifted = daysSinceEpoch + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return { year, month, day: dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1 };
}

const twoDigits = Array.from({ length: 60 }, (_, value) => String(value).padStart(2, "0"));
const two = (value: number): string => twoDigits[value] as string;
const pad = (value: number, digits: number): string => String(value).padStart(digits, "0");
