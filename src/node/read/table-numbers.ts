/** @file Numbers as tables write them: decimal commas, thousands, signs of missing values. */

/** Decimal sign of a table. */
export type Decimal = "." | ",";

/** Texts of values that are missing, in small letters. */
const MISSING = new Set([
  "",
  "na",
  "n/a",
  "#n/a",
  "#nv",
  "nan",
  "null",
  "none",
  "nil",
  "missing",
  "?",
  "-",
  "--",
  "–",
  "—",
  ".",
  "..",
  "...",
  ":",
]);

/** Whether a cell says that its value is missing. */
export const isMissing = (text: string): boolean => MISSING.has(text.trim().toLowerCase()) || /^\s*\*+\s*$/.test(text);

const FACTORS: Readonly<Record<string, number>> = { K: 1e3, k: 1e3, M: 1e6, B: 1e9, T: 1e12 };

const CURRENCY = String.raw`(?:\p{Sc}|USD|EUR|GBP|CHF|JPY)`;
const DECORATED = new RegExp(
  String.raw`^(\()?([+\-−]?)\s*(?:${CURRENCY}\s*)?([+\-−]?)([.,]?\d(?:[\d.,'’\s]*\d)?[.,]?(?:[eE][+-]?\d+)?)\s*([KkMBT])?\s*(?:%|${CURRENCY})?(-)?(\))?(?: [a-z]{1,2})?$`,
  "u",
);

type Parts = {
  /** Digits with their signs, such as "1.234,5" or "1e5". */
  readonly body: string;
  /** 1 or -1, times that of a letter such as M. */
  readonly factor: number;
};

/**
 * A number without its minus, currency, percent sign, letter for thousands (K, M, B), flag of
 * Eurostat ("12.5 p") and gaps between groups; undefined for what is none.
 */
function partsOf(text: string): Parts | undefined {
  const match = DECORATED.exec(text.trim());
  if (match === null) return undefined;
  const [, open, sign, innerSign, digits, letter, trailing, close] = match;
  if ((open === undefined) !== (close === undefined) || (sign !== "" && innerSign !== "")) return undefined;
  // groups of three between spaces or apostrophes
  const spaced = /[\s'’]/.test(digits);
  if (spaced && !/^\d{1,3}(?:[\s'’]\d{3})+(?:[.,]\d*)?$/.test(digits)) return undefined;
  const isNegative = open !== undefined || trailing !== undefined || /[-−]/.test(sign + innerSign);
  const factor = (letter === undefined ? 1 : FACTORS[letter]) * (isNegative ? -1 : 1);
  return { body: digits.replaceAll(/[\s'’]/g, ""), factor };
}

const other = (sign: Decimal): Decimal => (sign === "." ? "," : ".");

/** Groups of thousands (or of India's lakhs) with `sign` in between. */
const isGrouped = (text: string, sign: Decimal): boolean =>
  (sign === "." ? /^\d{1,3}(?:\.\d{2,3})*\.\d{3}$/ : /^\d{1,3}(?:,\d{2,3})*,\d{3}$/).test(text);

/**
 * The decimal sign that a number shows: "either" for one such as 1,234 or 1.234, which may be a
 * thousand; undefined for one without signs, and for what is no number.
 */
export function decimalIn(text: string): Decimal | "either" | undefined {
  const body = partsOf(text)?.body;
  if (body === undefined) return undefined;
  const [dots, commas] = [body.split(".").length - 1, body.split(",").length - 1];
  if (dots + commas === 0) return undefined;
  if (dots > 0 && commas > 0) return body.lastIndexOf(".") > body.lastIndexOf(",") ? "." : ",";
  const sign = dots > 0 ? "." : ",";
  if (dots + commas > 1) return other(sign);
  return isGrouped(body, sign) && !body.startsWith("0") ? "either" : sign;
}

/** A number; NaN where it is missing, undefined for what is none with this decimal sign. */
export function readNumber(text: string, decimal: Decimal): number | undefined {
  // most cells
  if (decimal === "." && PLAIN.test(text)) return Number(text);
  if (isMissing(text)) return NaN;
  const parts = partsOf(text);
  if (parts === undefined) return undefined;
  const english = decimal === "." ? parts.body : parts.body.replaceAll(/[.,]/g, (sign) => other(sign as Decimal));
  const [, whole, rest = ""] = /^([\d,]*)((?:\.\d*)?(?:[eE][+-]?\d+)?)$/.exec(english) ?? [];
  if (whole === undefined || (whole.includes(",") && !isGrouped(whole, ","))) return undefined;
  const value = Number(`${whole.replaceAll(",", "")}${rest}`) * parts.factor;
  return Number.isFinite(value) ? value : undefined;
}

const PLAIN = /^-?\d+(?:\.\d+)?$/;

/** The decimal sign of a table, and a number that it does not decide, if that is all there is. */
export type DecimalFound = { readonly decimal: Decimal; readonly unsure?: string };

/**
 * The decimal sign that most numbers show. Where all that is there are numbers like 1,234, it is
 * `usual`, and one of them is given back.
 */
export function findDecimal(texts: Iterable<string>, usual: Decimal | undefined): DecimalFound {
  let [points, commas] = [0, 0];
  let unsure: string | undefined;
  for (const text of texts) {
    const found = decimalIn(text);
    if (found === ".") points++;
    else if (found === ",") commas++;
    else if (found === "either") unsure ??= text.trim();
  }
  if (points + commas > 0) return { decimal: points >= commas ? "." : "," };
  return { decimal: usual ?? ".", ...(unsure !== undefined && { unsure }) };
}
