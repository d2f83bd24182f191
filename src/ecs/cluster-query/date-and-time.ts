const dateForm = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(?:Z|([+-])(\d\d):(\d\d))?)?$/;
const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
const daysOfMonth = (year: number, month: number): number =>
  month === 2 && isLeap(year) ? 29 : (monthDays[month - 1] ?? 0);

/** Days from 1970-01-01 to the first day of the year. */
function daysBefore(year: number): number {
  const past = year - 1;
  return past * 365 + Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400) - 719_162;
}

/**
 * The seconds since 1970 of `2018-06-18T22:28:28+00:00`, `2018-06-18T22:28:28Z`, the same without a zone, or `2018-06-18`. Null for other
 * texts. AWS: these forms. Without a zone it is UTC, without a time it is midnight.
 */
export function secondsOf(text: string): number | null {
  const found = dateForm.exec(text);
  if (found === null) return null;
  const number = (group: number): number => Number(found[group] ?? 0);
  const [year, month, day] = [number(1), number(2), number(3)];
  const [hour, minute, second] = [number(4), number(5), number(6)];
  const [zoneHours, zoneMinutes] = [number(8), number(9)];
  if (year < 1 || day < 1 || day > daysOfMonth(year, month)) return null;
  if (hour > 23 || minute > 59 || second > 59 || zoneHours > 23 || zoneMinutes > 59) return null;
  let days = daysBefore(year) + day - 1;
  for (let m = 1; m < month; m++) days += daysOfMonth(year, m);
  const zone = (zoneHours * 3_600 + zoneMinutes * 60) * (found[7] === "-" ? -1 : 1);
  return days * 86_400 + hour * 3_600 + minute * 60 + second - zone;
}

/** Seconds since 1970 as `2018-06-18T22:28:28Z`. */
export function dateAndTime(seconds: number): string {
  const days = Math.floor(seconds / 86_400);
  let year = 1970 + Math.floor(days / 366);
  while (daysBefore(year + 1) <= days) year += 1;
  let day = days - daysBefore(year);
  let month = 1;
  for (; day >= daysOfMonth(year, month); month++) day -= daysOfMonth(year, month);
  const rest = seconds - days * 86_400;
  const two = (number: number): string => String(number).padStart(2, "0");
  const time = [Math.floor(rest / 3_600), Math.floor(rest / 60) % 60, rest % 60].map(two).join(":");
  return `${String(year).padStart(4, "0")}-${two(month)}-${two(day + 1)}T${time}Z`;
}
