/** @file Pairs of texts in files, for training, and texts to be translated. */
import { extname } from "node:path";
import { DataError } from "unrolled";
import { readRecords, type RecordEntry, recordText } from "unrolled/node";
import type { Pair } from "unrolled/tasks";
import type { OptionsOf } from "../options/table.ts";
import type { RECORD_ANSWER_OPTIONS } from "../options/table-options.ts";
import { plural } from "../terminal/format.ts";
import { rest } from "../terminal/interruptible.ts";
import { warn } from "../terminal/output.ts";
import { LeftOut } from "./left-out.ts";
import { notEmpty } from "./not-empty.ts";
import { joinFields, type RecordOptions, recordOptions } from "./record-reading.ts";

export type PairOptions = RecordOptions & { readonly sourceColumn?: string; readonly targetColumn?: string };

/** Extensions of files whose columns have names. */
const NAMED: readonly string[] = [".jsonl", ".ndjson", ".json", ".csv"];
const TABBED: readonly string[] = [".tsv", ".tab"];

const has = (path: string, extensions: readonly string[]): boolean =>
  path !== "-" && extensions.includes(extname(path).toLowerCase());

/** Names of the columns where none are typed. */
const SOURCE = "source";
const TARGET = "target";

/** Names that a first line has rather than texts. */
const NAMES =
  /^(?:source|target|src|tgt|trg|input|output|text|translation|sentence|question|answer|(?:en|de|fr|es|pt|nl|ko|ja|zh|ru|pl|sv|fi|cs|tr|ar)(?:[-_][a-z]{2,4})?|english|german|deutsch|french|fran\u00E7ais|spanish|espa\u00F1ol|italian|italiano|portuguese|dutch|korean|japanese|chinese|russian)$/i;

const plain = (name: string): string => name.trim().toLowerCase();

/**
 * Pairs in files. CSV and JSON have columns with names. Other files have a pair in each line, a tab
 * between its texts, and maybe more columns, which are not read; their first line may be names. Two
 * files that are neither are parallel texts. Throws DataError for a pair of which a text is
 * missing, unless bad ones are left out.
 */
export async function readPairs(paths: readonly string[], options: PairOptions): Promise<Pair[]> {
  const left = new LeftOut("pair", options.skipBad === true);
  const pairs: Pair[] = [];
  const take = (place: string, read: () => Pair): void => {
    const pair = left.takeRow(() => whole(place, read()));
    if (pair !== undefined) pairs.push(pair);
  };
  const [first, second] = paths;
  if (paths.length === 2 && paths.every((path) => path !== "-" && !has(path, [...NAMED, ...TABBED])))
    await parallel(first, second, options, take);
  else
    for (const path of paths)
      for await (const { entry, source, target } of pairEntries(path, options, left)) {
        take(entry.place, () => ({
          source: recordText(entry, source, "--source-column"),
          target: recordText(entry, target, "--target-column"),
          place: entry.place,
        }));
        await rest();
      }
  left.say();
  if (pairs.length === 0) throw new DataError(`${paths.join(", ")}: expected at least one pair of texts, got none`);
  return pairs;
}

function whole(place: string, pair: Pair): Pair {
  const missing = pair.source.trim() === "" ? "source" : pair.target.trim() === "" ? "target" : undefined;
  if (missing === undefined) return pair;
  throw new DataError(`${place}: expected a source and a target text, got no ${missing}`);
}

type PairEntry = { readonly entry: RecordEntry; readonly source: string; readonly target: string };

/** Entries with their columns of source and target. */
async function* pairEntries(
  path: string,
  { sourceColumn = SOURCE, targetColumn = TARGET, ...options }: PairOptions,
  { onBad }: LeftOut,
): AsyncGenerator<PairEntry> {
  const areTyped = sourceColumn !== SOURCE || targetColumn !== TARGET;
  const isHead = (fields: readonly string[]): boolean => {
    const names = fields.map(plain);
    if (areTyped || (names.includes(SOURCE) && names.includes(TARGET))) return true;
    const [first, second = ""] = fields.map((name) => name.trim());
    if (!NAMES.test(first) || !NAMES.test(second)) return false;
    warn(
      `unrolled: ${path}: the first line, ${first} and ${second}, is taken for names; --no-header takes it for a pair`,
    );
    return true;
  };
  const header = options.header === false ? false : has(path, NAMED) ? true : isHead;
  const reading = { ...recordOptions(options), header, format: "table", onBad } as const;
  for await (const entry of readRecords([path], reading)) {
    const { head } = entry;
    const names = head?.names.map(plain) ?? [];
    // a head of two other names, or none
    const isFree = head !== undefined && !(has(path, NAMED) && head.hasNames);
    const isByPlace = isFree && !areTyped && !names.includes(SOURCE);
    if (isByPlace && head.names.length < 2)
      throw new DataError(
        `${entry.place}: expected a source and a target text with a tab between them, got ${plural(head.names.length, "column")}`,
      );
    yield isByPlace
      ? { entry, source: head.names[0], target: head.names[1] }
      : { entry, source: sourceColumn, target: targetColumn };
  }
}

async function parallel(
  sources: string,
  targets: string,
  options: PairOptions,
  take: (place: string, read: () => Pair) => void,
): Promise<void> {
  const [left, right] = [await linesOf(sources, options), await linesOf(targets, options)];
  const numbers = [...new Set([...left.keys(), ...right.keys()])].sort((a, b) => a - b);
  for (const line of numbers) {
    const [source, target] = [left.get(line), right.get(line)];
    take(`${sources} line ${line}`, () => {
      if (source !== undefined && target !== undefined) return { source, target, place: `${sources} line ${line}` };
      throw new DataError(
        `${source === undefined ? sources : targets} line ${line}: expected a text as in the other file, got none`,
      );
    });
  }
}

/** Lines by their numbers, without empty ones. */
async function linesOf(path: string, options: PairOptions): Promise<ReadonlyMap<number, string>> {
  const lines = new Map<number, string>();
  for await (const entry of readRecords([path], { ...recordOptions(options), format: "lines" }))
    lines.set(entry.line, recordText(entry, "text"));
  return lines;
}

type SourceOptions = PairOptions & Partial<OptionsOf<typeof RECORD_ANSWER_OPTIONS>>;

/** A text to be translated, and the fields of its answer that join it with the input. */
type Source = { readonly source: string; readonly join: Readonly<Record<string, string | number | null>> };

/** Source columns of the files that `readPairs` reads, and lines of plain text. */
export async function* sourcesOf(paths: readonly string[], options: SourceOptions): AsyncGenerator<Source> {
  const left = new LeftOut("text", options.skipBad === true);
  for (const path of paths)
    for await (const { entry, source } of notEmpty(path, "text", sourceEntries(path, options, left))) {
      const found = left.takeRow(() => ({
        source: recordText(entry, source, "--source-column"),
        join: joinFields(entry, options),
      }));
      if (found !== undefined) yield found;
    }
  left.say();
}

async function* sourceEntries(
  path: string,
  options: SourceOptions,
  left: LeftOut,
): AsyncGenerator<Pick<PairEntry, "entry" | "source">> {
  if (has(path, [...NAMED, ...TABBED])) {
    yield* pairEntries(path, options, left);
    return;
  }
  const { sourceColumn: source = SOURCE } = options;
  const reading = { ...recordOptions(options), textColumn: source, keepBlank: true, onBad: left.onBad };
  for await (const entry of readRecords([path], reading)) {
    const isLine = entry.head === undefined && Object.keys(entry.record).length === 1;
    // pairs, such as those of training
    const cut = isLine ? { ...entry, record: { [source]: recordText(entry, source).split("\t", 1)[0] } } : entry;
    yield { entry: cut, source };
  }
}
