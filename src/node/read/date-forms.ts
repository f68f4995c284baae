/** @file Forms in which tables write dates: each as a pattern, and by the name of its format. */
import { misuseError } from "../../base/index.ts";

/** A date that was read: milliseconds since 1970 as UTC's clocks would show it, and its offset. */
export type Wall = {
  readonly wall: number;
  /** Milliseconds that the text says its clocks are ahead of UTC, such as "+02:00". */
  readonly offset?: number | undefined;
};

/** One form of dates. */
export type DateForm = {
  /** Format, as `--date-format` takes it. */
  readonly name: string;
  /** Undefined for text that has another form or is no date, such as 2001-02-30. */
  readonly read: (text: string) => Wall | undefined;
  /** Whether years have two digits. */
  readonly isShortYear?: boolean;
  /** Whether it counts only where no other form fits. */
  readonly isRare?: boolean;
};

const DAY = 86_400_000;

type Fields = Partial<
  Record<"year" | "shortYear" | "month" | "name" | "day" | "quarter" | "half" | "week" | "weekday" | Clock, string>
>;
type Clock = "hour" | "minute" | "second" | "fraction" | "noon" | "zone";

/** Beginnings of the names of months in English, German, French and Spanish. */
const MONTHS = [
  ["jan", "ene"],
  ["feb", "fév", "fev"],
  ["mar", "mär", "mrz"],
  ["apr", "avr", "abr"],
  ["may", "mai"],
  ["jun", "juin"],
  ["jul", "juil"],
  ["aug", "aoû", "aou", "ago"],
  ["sep"],
  ["oct", "okt"],
  ["nov"],
  ["dec", "déc", "dez", "dic"],
];

/** Year of two digits: 1930 to 2029, as spreadsheets take it. */
const longYear = (digits: string): number => Number(digits) + (Number(digits) < 30 ? 2000 : 1900);

const startOf = (year: number, month: number, day: number): number => new Date(0).setUTCFullYear(year, month, day);

/** Beginning of the first week of a year: that of its first Thursday. */
function firstWeek(year: number): number {
  const fourth = startOf(year, 0, 4);
  return fourth - ((new Date(fourth).getUTCDay() + 6) % 7) * DAY;
}

function dayOf(fields: Fields): number | undefined {
  const { shortYear, month, name, day = "1", quarter, half, week, weekday = "1" } = fields;
  const year = shortYear === undefined ? Number(fields.year) : longYear(shortYear);
  if (quarter !== undefined) return startOf(year, 3 * (Number(quarter) - 1), 1);
  if (half !== undefined) return startOf(year, 6 * (Number(half) - 1), 1);
  if (week !== undefined) {
    const first = firstWeek(year);
    const found = first + (Number(week) - 1) * 7 * DAY;
    if (Number(week) < 1 || found >= firstWeek(year + 1)) return undefined;
    return found + (Number(weekday) - 1) * DAY;
  }
  const index =
    name === undefined
      ? Number(month ?? "1") - 1
      : MONTHS.findIndex((names) => names.some((one) => name.toLowerCase().startsWith(one)));
  if (index < 0 || index > 11) return undefined;
  const date = new Date(startOf(year, index, Number(day)));
  return date.getUTCMonth() === index && date.getUTCDate() === Number(day) ? date.getTime() : undefined;
}

function clockOf({ hour, minute = "0", second = "0", fraction = "", noon }: Fields): number | undefined {
  if (hour === undefined) return 0;
  let [hours, minutes, seconds] = [Number(hour), Number(minute), Number(second)];
  if (noon !== undefined) {
    if (hours < 1 || hours > 12) return undefined;
    hours = (hours % 12) + (/^p/i.test(noon) ? 12 : 0);
  }
  // the end of a day is the beginning of the next
  const isEnd = hours === 24 && minutes === 0 && seconds === 0;
  if ((hours > 23 && !isEnd) || minutes > 59 || seconds > 59) return undefined;
  return ((hours * 60 + minutes) * 60 + seconds) * 1000 + Math.floor(Number(`0.${fraction}0`) * 1000);
}

function offsetOf(zone: string): number {
  const [, sign, hours = "0", minutes = "0"] = /([+-])(\d\d):?(\d\d)?$/.exec(zone) ?? [];
  return (Number(hours) * 60 + Number(minutes)) * 60_000 * (sign === "-" ? -1 : 1);
}

const reader =
  (pattern: RegExp) =>
  (text: string): Wall | undefined => {
    const fields = pattern.exec(text)?.groups as Fields | undefined;
    if (fields === undefined) return undefined;
    const [day, clock] = [dayOf(fields), clockOf(fields)];
    if (day === undefined || clock === undefined) return undefined;
    return { wall: day + clock, ...(fields.zone !== undefined && { offset: offsetOf(fields.zone) }) };
  };

const NAME = `(?<name>(?:${MONTHS.flat().join("|")})\\p{L}{0,6}\\.?)`;
const WEEKDAY = "(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}\\.?,? )?";
const ORDINAL = "(?:st|nd|rd|th)?";
const ZONE = "(?<zone>Z|UTC|(?:UTC|GMT)?[+-]\\d\\d:?(?:\\d\\d)?|GMT)";
const TIME = `(?<hour>\\d{1,2}):(?<minute>\\d\\d)(?::(?<second>\\d\\d)(?:[.,](?<fraction>\\d{1,9}))?)?(?: ?(?<noon>[ap]\\.?m\\.?))?(?: ?${ZONE})?`;

/** Tokens of Unicode's formats, as they stand in patterns; the longer first. */
const TOKENS: Readonly<Record<string, string>> = {
  yyyy: "(?<year>\\d{4})",
  yy: "(?<shortYear>\\d\\d)",
  y: "(?<year>\\d{1,4})",
  MMMM: NAME,
  MMM: NAME,
  MM: "(?<month>\\d\\d)",
  M: "(?<month>\\d{1,2})",
  dd: "(?<day>\\d\\d)",
  d: "(?<day>\\d{1,2})",
  Q: "(?<quarter>[1-4])",
  ww: "(?<week>\\d\\d)",
  w: "(?<week>\\d{1,2})",
  EEEE: "\\p{L}+\\.?",
  EEE: "\\p{L}+\\.?",
  e: "(?<weekday>[1-7])",
  HH: "(?<hour>\\d\\d)",
  H: "(?<hour>\\d{1,2})",
  hh: "(?<hour>\\d\\d)",
  h: "(?<hour>\\d{1,2})",
  mm: "(?<minute>\\d\\d)",
  m: "(?<minute>\\d{1,2})",
  ss: "(?<second>\\d\\d)",
  s: "(?<second>\\d{1,2})",
  SSS: "(?<fraction>\\d{1,9})",
  a: "(?<noon>[ap]\\.?m\\.?)",
  XXX: ZONE,
  Z: ZONE,
  T: "T",
};

const DIRECTIVES: Readonly<Record<string, string>> = {
  Y: "yyyy",
  y: "yy",
  m: "M",
  d: "d",
  e: "d",
  b: "MMM",
  B: "MMMM",
  a: "EEE",
  A: "EEEE",
  H: "H",
  I: "h",
  M: "m",
  S: "s",
  f: "SSS",
  p: "a",
  z: "Z",
  G: "yyyy",
  V: "w",
  u: "e",
  q: "Q",
  F: "yyyy-MM-dd",
  T: "HH:mm:ss",
  D: "MM/dd/yy",
};

/** "%d.%m.%Y" -> "d.M.yyyy", letters between directives in quotes. */
const fromDirectives = (format: string): string =>
  format.replaceAll(/%(.)|([A-Za-z]+)/g, (whole, directive?: string) =>
    directive === undefined ? `'${whole}'` : directive === "%" ? "%" : (DIRECTIVES[directive] ?? whole),
  );

const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");

const TOKEN = /'([^']*)'|([A-Za-z])\2*|[^A-Za-z']+/g;
/** Tokens for digits: where they stand side by side, each has all of its own. */
const DIGITS = /^(?:y|M{1,2}$|d|H|h|m|s|S|w)/;

/** Tokens as other tools write them: YYYY, DD, and a month as "mm" where no other is there. */
function usualTokens(tokens: readonly RegExpMatchArray[]): string[] {
  const hasMonth = tokens.some(([text]) => text.startsWith("M"));
  let isClock = false;
  return tokens.map(([text]) => {
    isClock ||= /^[Hh]/.test(text);
    if (/^Y+$|^D+$/.test(text)) return text.toLowerCase();
    if (text.startsWith("yyy")) return "yyyy";
    if (text.startsWith("S")) return "SSS";
    return !hasMonth && !isClock && /^mm?$/.test(text) ? text.toUpperCase() : text;
  });
}

/**
 * The pattern of a format such as "dd.MM.yyyy". A number of two digits may have one where no other
 * stands next to it.
 */
function patternOf(where: string, format: string): string {
  const matches = [...format.matchAll(TOKEN)];
  const tokens = usualTokens(matches);
  const names: string[] = [];
  const pattern = tokens.map((token, i) => {
    const [text, quoted] = matches[i];
    if (quoted !== undefined) return quoted === "" ? "'" : escaped(quoted);
    if (!/^[A-Za-z]/.test(text)) return escaped(text).replaceAll(/\s+/g, "\\s+");
    const known = Object.hasOwn(TOKENS, token) ? TOKENS[token] : undefined;
    const [, name] = /\?<(\w+)>/.exec(known ?? "") ?? [];
    if (known === undefined || (name !== undefined && names.includes(name))) throw formatError(where, text, format);
    if (name !== undefined) names.push(name);
    const isAlone = ![tokens[i - 1], tokens[i + 1]].some((other) => DIGITS.test(other ?? ""));
    return isAlone && token !== "yy" ? known.replace("\\d\\d)", "\\d{1,2})") : known;
  });
  if (!names.some((name) => name === "year" || name === "shortYear")) throw formatError(where, "no year", format);
  return pattern.join("");
}

const formatError = (where: string, what: string, format: string): Error =>
  misuseError(
    where,
    "a format of yyyy, MM, dd, HH, mm, ss and signs between them, such as dd.MM.yyyy",
    `${JSON.stringify(what)} in ${JSON.stringify(format)}`,
  );

/** A form that may have a time of day behind its date. */
const withTime = (name: string, pattern = patternOf(name, name)): DateForm => ({
  name,
  read: reader(new RegExp(`^${WEEKDAY}${pattern}(?:(?:T|,? )${TIME})?$`, "iu")),
  ...(pattern.includes("shortYear") && { isShortYear: true }),
});

const plain = (name: string, pattern = patternOf(name, name)): DateForm => ({
  name,
  read: reader(new RegExp(`^${pattern}$`, "iu")),
  ...(pattern.includes("shortYear") && { isShortYear: true }),
});

/** Numbers since 1970, `digits` of them before a decimal point, `unit` milliseconds each. */
const since = (name: string, digits: string, unit: number): DateForm => {
  const pattern = new RegExp(`^-?\\d{${digits}}(?:\\.\\d+)?$`);
  return {
    name,
    read: (text) => (pattern.test(text) ? { wall: Math.round(Number(text) * unit), offset: 0 } : undefined),
  };
};

/** Days since 30 December 1899, as spreadsheets count them. */
const SPREADSHEET: DateForm = {
  name: "excel",
  read: (text) =>
    /^\d{1,6}(?:\.\d+)?$/.test(text) ? { wall: Math.round((Number(text) - 25_569) * 86_400) * 1000 } : undefined,
};

/**
 * Years with the part of them that has passed, in months: 1949.0833 is February, as R writes it.
 */
const DECIMAL_YEAR: DateForm = {
  name: "decimal year",
  isRare: true,
  read(text) {
    if (!/^\d{4}(?:\.\d{1,20})?$/.test(text)) return undefined;
    const months = Number(text) * 12;
    const month = Math.round(months);
    return Math.abs(months - month) < 0.07 ? { wall: startOf(Math.floor(month / 12), month % 12, 1) } : undefined;
  },
};

/**
 * Each form that is found by itself; of two that fit all dates of a column the first is likelier.
 */
export const DATE_FORMS: readonly DateForm[] = [
  withTime("yyyy-MM-dd"),
  withTime("yyyy/MM/dd"),
  withTime("yyyy.MM.dd", "(?<year>\\d{4})\\. ?(?<month>\\d{1,2})\\. ?(?<day>\\d{1,2})\\.?"),
  withTime("yyyy年M月d日", "(?<year>\\d{4})[年년] ?(?<month>\\d{1,2})[月월](?: ?(?<day>\\d{1,2})[日일])?"),
  withTime("yyyyMMdd"),
  withTime("dd.MM.yyyy"),
  withTime("MM/dd/yyyy"),
  withTime("dd/MM/yyyy"),
  withTime("dd-MM-yyyy"),
  withTime("MM-dd-yyyy"),
  { ...withTime("MM.dd.yyyy"), isRare: true },
  withTime("dd.MM.yy"),
  withTime("MM/dd/yy"),
  withTime("dd/MM/yy"),
  withTime("dd-MM-yy"),
  withTime("MM-dd-yy"),
  withTime("yy-MM-dd"),
  withTime("yy/MM/dd"),
  withTime("yy.MM.dd"),
  withTime("MMM d, yyyy", `${NAME} (?<day>\\d{1,2})${ORDINAL},? (?<year>\\d{4})`),
  withTime("d MMM yyyy", `(?<day>\\d{1,2})(?:\\.|${ORDINAL}) ?${NAME},? (?<year>\\d{4})`),
  withTime("d-MMM-yyyy"),
  withTime("d-MMM-yy"),
  withTime("d MMM yy"),
  withTime("yyyy MMM d"),
  withTime("yyyy-MMM-d"),
  plain("yyyyMMddHH"),
  plain("yyyyMMddHHmm"),
  plain("yyyyMMddHHmmss"),
  plain("yyyy-MM-dd HH", "(?<year>\\d{4})-(?<month>\\d{1,2})-(?<day>\\d{1,2})[T ](?<hour>\\d{1,2})"),
  plain("yyyy-MM"),
  plain("yyyy/MM"),
  plain("yyyy.MM", "(?<year>\\d{4})\\.(?<month>\\d\\d)"),
  plain("yyyyMM"),
  plain("yyyy'M'MM"),
  plain("MM/yyyy"),
  plain("MM-yyyy"),
  plain("MM.yyyy"),
  plain("MMM yyyy", `${NAME},? (?<year>\\d{4})`),
  plain("MMM-yyyy"),
  plain("MMM-yy"),
  plain("MMM yy"),
  plain("yyyy MMM"),
  plain("yyyy-MMM"),
  plain("yyyy'Q'Q", "(?<year>\\d{4})[-: /]?Q(?<quarter>[1-4])"),
  plain("'Q'Q yyyy", "Q(?<quarter>[1-4])[-: /]?(?<year>\\d{4})"),
  plain("Q'Q'yyyy", "(?<quarter>[1-4])Q[-: /]?(?<year>\\d{4})"),
  plain("yyyy'S'S", "(?<year>\\d{4})[-: /]?[SH](?<half>[12])"),
  plain("yyyy-'W'ww", "(?<year>\\d{4})-?W(?<week>\\d\\d)(?:-?(?<weekday>[1-7]))?"),
  plain("yyyy"),
  DECIMAL_YEAR,
  since("seconds", "9,10", 1000),
  since("milliseconds", "12,13", 1),
  since("microseconds", "15,16", 1 / 1000),
  since("nanoseconds", "18,19", 1 / 1_000_000),
  plain("y-MM", "(?<year>\\d{1,3})-(?<month>\\d\\d)"),
];

/** Forms that only their names ask for. */
const NAMED: Readonly<Record<string, DateForm>> = {
  excel: SPREADSHEET,
  seconds: since("seconds", "1,11", 1000),
  milliseconds: since("milliseconds", "1,14", 1),
  microseconds: since("microseconds", "1,17", 1 / 1000),
  nanoseconds: since("nanoseconds", "1,19", 1 / 1_000_000),
};

/**
 * The form of a format: "dd.MM.yyyy" (Unicode), "%d.%m.%Y", or the name of one of these forms, such
 * as "milliseconds" since 1970 or "excel". A time of day may follow the dates of a format without
 * one. Throws RangeError for a letter that stands for nothing.
 */
export function dateForm(where: string, format: string): DateForm {
  if (Object.hasOwn(NAMED, format)) return NAMED[format];
  const known = DATE_FORMS.find(({ name }) => name === format);
  if (known !== undefined) return known;
  const pattern = patternOf(where, format.includes("%") ? fromDirectives(format) : format);
  return /<(?:hour|quarter|half|week)>/.test(pattern) ? plain(format, pattern) : withTime(format, pattern);
}
