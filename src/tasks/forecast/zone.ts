/** @file Time zones: what the clocks of a place show at a moment, and when they show it. */
import { kindError, valueError } from "../../base/index.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;

/** A zone that is a fixed offset, such as +09:00. */
const OFFSET = /^([+-])(\d\d):?(\d\d)$/;

/**
 * Checks a name of the IANA database, such as "Europe/Berlin", "UTC", or an offset like "+09:00".
 */
export function checkTimeZone(where: string, value: unknown): string {
  const expected = `a time zone such as "Europe/Berlin", "UTC" or "+09:00"`;
  if (typeof value !== "string") throw kindError(where, expected, value);
  if (isFixed(value)) return value;
  try {
    clockOf(value);
  } catch {
    throw valueError(where, expected, value);
  }
  return value;
}

const isFixed = (zone: string): boolean => zone === "UTC" || OFFSET.test(zone);

const clocks = new Map<string, Intl.DateTimeFormat>();

/** Throws RangeError for a zone that there isn't. */
function clockOf(zone: string): Intl.DateTimeFormat {
  let clock = clocks.get(zone);
  if (clock === undefined) {
    const numeric = "numeric";
    clock = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      calendar: "gregory",
      numberingSystem: "latn",
      hourCycle: "h23",
      era: "short",
      year: numeric,
      month: numeric,
      day: numeric,
      hour: numeric,
      minute: numeric,
      second: numeric,
    });
    clocks.set(zone, clock);
  }
  return clock;
}

/**
 * Milliseconds since 1970 if these were UTC's; years 0 to 99 are themselves, unlike in `Date.UTC`.
 */
const utc = (year: number, month: number, day: number, hour: number, minute: number, second: number): number =>
  new Date(0).setUTCFullYear(year, month, day) + ((hour * 60 + minute) * 60 + second) * 1000;

/** Offsets by zone, and by quarter of an hour: clocks are changed on these only. */
const offsets = new Map<string, Map<number, number>>();
const QUARTER = 15 * MINUTE;
/** More than a century of days. */
const MOST_OFFSETS = 50_000;

/** Milliseconds that the clocks of a zone are ahead of UTC at a moment. */
export function offsetAt(time: number, zone: string): number {
  if (zone === "UTC") return 0;
  const [, sign, hours, minutes] = OFFSET.exec(zone) ?? [];
  if (sign !== undefined) return (Number(hours) * 60 + Number(minutes)) * MINUTE * (sign === "-" ? -1 : 1);
  let known = offsets.get(zone);
  if (known === undefined) offsets.set(zone, (known = new Map()));
  const quarter = Math.floor(time / QUARTER);
  const found = known.get(quarter);
  if (found !== undefined) return found;
  const at = quarter * QUARTER;
  const parts: Record<string, string> = {};
  for (const { type, value } of clockOf(zone).formatToParts(at)) parts[type] = value;
  const year = Number(parts["year"]);
  const wall = utc(
    parts["era"] === "BC" ? 1 - year : year,
    Number(parts["month"]) - 1,
    Number(parts["day"]),
    Number(parts["hour"]),
    Number(parts["minute"]),
    Number(parts["second"]),
  );
  if (known.size >= MOST_OFFSETS) known.clear();
  known.set(quarter, wall - at);
  return wall - at;
}

/**
 * Time that the clocks of a zone show at a moment, as milliseconds since 1970 if they were those of
 * UTC.
 */
export const wallTime = (time: number, zone = "UTC"): number => time + offsetAt(time, zone);

/**
 * Moments at which the clocks of a zone show `wall`, in order: none where a change of clocks
 * skips it, two where they show it twice.
 */
export function momentsOf(wall: number, zone = "UTC"): readonly number[] {
  const [before, after] = [wall - offsetAt(wall - DAY, zone), wall - offsetAt(wall + DAY, zone)];
  const both = before === after ? [before] : [Math.min(before, after), Math.max(before, after)];
  return both.filter((time) => wallTime(time, zone) === wall);
}

/** The first of these moments; a time that is skipped is moved on by what was skipped. */
export const momentOf = (wall: number, zone = "UTC"): number =>
  momentsOf(wall, zone)[0] ?? wall - offsetAt(wall - DAY, zone);

/** "+02:00", or "Z" for none. */
export function formatOffset(offset: number): string {
  if (offset === 0) return "Z";
  const minutes = Math.round(Math.abs(offset) / MINUTE);
  const two = (n: number): string => String(n).padStart(2, "0");
  return `${offset < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
