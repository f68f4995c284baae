/** @file Dates in two languages, from the platform's own Intl: the same day in the same style. */
import { randomStream } from "unrolled";
import type { Pair } from "unrolled/tasks";

const DAY = 86_400_000;
const FIRST = Date.UTC(1900, 0, 1);
const LAST = Date.UTC(2099, 11, 31);

type Style = Intl.DateTimeFormatOptions["dateStyle"];

/** English as in America and in Britain, which have the month and the day in different order. */
const STYLES: readonly (readonly [english: string, style: Style])[] = [
  ["en-US", "full"],
  ["en-US", "long"],
  ["en-US", "medium"],
  ["en-GB", "full"],
  ["en-GB", "long"],
  ["en-GB", "medium"],
];

/** English dates of different days between 1900 and 2099, with the same in another language: with the weekday where English has it. */
export function datePairs(count: number, language: string, seed: number): Pair[] {
  const format = (locale: string, dateStyle: Style): ((day: Date) => string) => {
    const made = new Intl.DateTimeFormat(locale, { dateStyle, timeZone: "UTC" });
    return (day) => made.format(day);
  };
  const styles = STYLES.map(([english, style]) => ({
    source: format(english, style),
    target: format(language, style === "full" ? "full" : "long"),
  }));
  const random = randomStream(seed);
  const days = random.permutation((LAST - FIRST) / DAY + 1).slice(0, count);
  return Array.from(days, (number) => {
    const day = new Date(FIRST + number * DAY);
    const { source, target } = styles[random.integer(styles.length)];
    return { source: source(day), target: target(day) };
  });
}
