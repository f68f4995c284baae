/** @file Records of JSON: lines, arrays, and objects one after the other. */
import { DataError, describe, sentence } from "../../base/index.ts";
import { parseDataJson } from "../../formats/index.ts";
import { linesIn } from "./lines.ts";
import type { ReadRecordsOptions, RecordEntry } from "./record.ts";

type Entry = Omit<RecordEntry, "file">;
type Pieces = AsyncIterable<string>;

/** Whether a text that begins like JSON is JSON, as far as its first line tells. */
export const isJson = (begin: string): boolean => /^\s*(?:\{\s*(?:"|\}|$)|\[\s*(?:\{|\]|$))/.test(begin);

/** Records of JSON lines or, where the text begins with "[", of an array. */
export async function* jsonEntries(where: string, pieces: Pieces, options: ReadRecordsOptions): AsyncGenerator<Entry> {
  let isArray: boolean | undefined;
  const parts: string[] = [];
  async function* watched(): AsyncGenerator<string> {
    for await (const piece of pieces) {
      isArray ??= piece.trimStart() === "" ? undefined : piece.trimStart().startsWith("[");
      if (isArray === true) parts.push(piece);
      else yield piece;
    }
  }
  yield* jsonLines(where, watched(), options);
  if (parts.length > 0) yield* items(where, parseDataJson(parts.join(""), { where }), options);
}

async function* jsonLines(where: string, pieces: Pieces, { onBad }: ReadRecordsOptions): AsyncGenerator<Entry> {
  /** Lines of a text whose first object takes several. */
  let parts: string[] | undefined;
  let isFirst = true;
  for await (const lines of linesIn(where, pieces))
    for (const { text, line } of lines) {
      if (parts === undefined && text.trim() === "") continue;
      const place = `${where} line ${line}`;
      if (isFirst && text.trim() === "{") parts = [];
      isFirst = false;
      if (parts !== undefined) {
        parts.push(text);
        continue;
      }
      const found = attempt(() => objectOf(place, parseLine(place, text)), onBad);
      const list = found === undefined ? undefined : listIn(found);
      if (list !== undefined) yield* items(where, list, { onBad });
      else if (found !== undefined) yield { record: found, line, place };
    }
  if (parts === undefined) return;
  const text = parts.join("\n");
  // objects one after the other, each of which begins a line and ends one
  const value = parseDataJson(`[${text.replaceAll(/^\}\s*,?\s*\n\s*\{/gm, "},{")}]`, { where });
  const [only, ...more] = value as readonly Record<string, unknown>[];
  yield* items(where, more.length === 0 ? (listIn(only) ?? value) : value, { onBad });
}

/** The list of an object that holds nothing else, such as `{ "data": [{ … }, { … }] }`. */
function listIn(record: Readonly<Record<string, unknown>>): readonly unknown[] | undefined {
  const [list, ...others] = Object.entries(record);
  if (list === undefined || others.length > 0 || !/^(?:data|records|rows|examples|items)$/i.test(list[0]))
    return undefined;
  const isList = Array.isArray(list[1]) && list[1].every((one) => typeof one === "object" && !Array.isArray(one));
  return isList ? (list[1] as readonly unknown[]) : undefined;
}

function* items(where: string, value: unknown, { onBad }: ReadRecordsOptions): Generator<Entry> {
  if (!Array.isArray(value)) throw new DataError(sentence(where, "a JSON array of objects", describe(value)));
  for (const [i, item] of value.entries()) {
    const place = `${where} item ${i + 1}`;
    const record = attempt(() => objectOf(place, item), onBad);
    if (record !== undefined) yield { record, line: i + 1, place };
  }
}

function parseLine(place: string, text: string): unknown {
  try {
    return parseDataJson(text, { where: place });
  } catch (error) {
    const hasComma = /[}\]]\s*,\s*$/.test(text);
    if (!hasComma || !(error instanceof DataError)) throw error;
    const hint = 'Remove the comma at the end of each line, or put "[" before the first one and "]" after the last';
    throw new DataError(sentence(place, "an object of JSON", "one with a comma after it", hint), { cause: error });
  }
}

function objectOf(place: string, value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new DataError(sentence(place, "an object with a value by name", describe(value)));
}

/** The result of `f`, or undefined where it is bad and that is told. */
function attempt<T>(f: () => T, onBad: ReadRecordsOptions["onBad"]): T | undefined {
  try {
    return f();
  } catch (error) {
    if (onBad === undefined || !(error instanceof DataError)) throw error;
    onBad(error);
    return undefined;
  }
}
