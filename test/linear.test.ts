import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { randomStream } from "../src/base/index.ts";
import {
  bucketByLength,
  buildVocabulary,
  csvRows,
  exampleBatches,
  splitExamples,
  vocabularyFromJSON,
} from "../src/data/index.ts";
import { decodeSafetensors, encodeSafetensors, parseStrictJson } from "../src/formats/index.ts";
import {
  classificationReport,
  largestClasses,
  spanF1,
  spansToTags,
  tagsToSpans,
  wordErrorRate,
} from "../src/metrics/index.ts";
import { readIdx, readRecordings, readRecords, readSeries, readTagged } from "../src/node/index.ts";
import { metricsLine, readMetrics } from "../src/node/index.ts";
import { shapeOf } from "../src/tasks/tag/words.ts";
import {
  bleu,
  bytePairEncoding,
  chrF,
  classifier,
  confusionPicture,
  decodeWav,
  parseConll,
  parseTaggedJsonl,
  splitTokens,
} from "../src/tasks/index.ts";

/** How much more input the second measurement has. */
const TIMES_LARGER = 16;
/**
 * The time for this much more input may grow by: 16 in theory, 256 for a reader that looks at everything for
 * everything. The geometric middle leaves room for the garbage collector and for the processor's caches.
 */
const MOST = 64;
/** Microseconds that the smallest input has to take, so that a timer's noise is small. */
const ENOUGH = 1500;
const ROUNDS = 3;

const folder = mkdtempSync(join(tmpdir(), "unrolled-linear-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
const fileOf = (content: string | Uint8Array, name = "x.csv"): string => {
  const path = join(folder, `${files++}-${name}`);
  writeFileSync(path, content);
  return path;
};

const range = <T>(n: number, f: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => f(i));
const lines = (n: number, f: (i: number) => string): string => range(n, f).join("\n");
const words = (n: number, different: number): string => range(n, (i) => `w${(i * 7919) % different}`).join(" ");

async function drained(entries: AsyncIterable<unknown> | Iterable<unknown>): Promise<void> {
  for await (const _ of entries);
}

const recordsOf = (text: string, name: string): (() => Promise<void>) => {
  const path = fileOf(text, name);
  return () => drained(readRecords([path]));
};

async function* inPieces(text: string, size: number): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
}

/** Text that holds nothing but what makes a pattern try again from each place. */
const digits = (n: number): string => `${"1".repeat(n)}x`;

/** What reads an input of size n, made beforehand. `from` is the smallest n that is tried, 16 times `most` the largest. */
type Case = readonly [name: string, from: number, prepare: (n: number) => () => unknown, most?: number];

const wav = (chunks: number): Uint8Array => {
  const bytes = new Uint8Array(12 + 8 * chunks + 24 + 8 + 4);
  const view = new DataView(bytes.buffer);
  const put = (at: number, text: string): void => bytes.set(new TextEncoder().encode(text), at);
  put(0, "RIFF");
  put(8, "WAVE");
  for (let i = 0; i < chunks; i++) put(12 + 8 * i, "junk");
  const at = 12 + 8 * chunks;
  put(at, "fmt ");
  view.setUint32(at + 4, 16, true);
  view.setUint16(at + 8, 1, true);
  view.setUint16(at + 10, 1, true);
  view.setUint32(at + 12, 8000, true);
  view.setUint32(at + 16, 16_000, true);
  view.setUint16(at + 20, 2, true);
  view.setUint16(at + 22, 16, true);
  put(at + 24, "data");
  view.setUint32(at + 28, 4, true);
  return bytes;
};

const examples = (n: number): { input: string; label: string }[] =>
  range(n, (i) => ({ input: `a${i % 10}`, label: `label ${i}` }));

const cases: readonly Case[] = [
  ["a table with n names in its head", 2000, (n) => recordsOf(`${range(n, (i) => `c${i}`).join()}\n`, "x.csv")],
  ["a table of n rows", 1000, (n) => recordsOf(`a,b\n${lines(n, (i) => `${i},"x ""y"" ${i}"`)}`, "x.csv")],
  ["a table with one field of n characters", 20_000, (n) => recordsOf(`a\n"${'x""\n'.repeat(n)}"`, "x.csv")],
  ["csvRows of one long line in small pieces", 4000, (n) => () => drained(csvRows(range(n, () => "xy,z")))],
  [
    "n JSON lines",
    1000,
    (n) =>
      recordsOf(
        lines(n, (i) => `{"text":"a${i}","label":"b"}`),
        "x.jsonl",
      ),
  ],
  [
    "one JSON line of n small pieces",
    1000,
    (n) => {
      const text = `{"text":"${"0123456789".repeat(20 * n)}"}`;
      return () => drained(readRecords(["-"], { format: "jsonl", input: inPieces(text, 200) }));
    },
  ],
  [
    "one line of n small pieces whose format is not told",
    1000,
    (n) => {
      const text = "0123456789".repeat(20 * n);
      return () => drained(readRecords(["-"], { input: inPieces(text, 200) }));
    },
  ],
  [
    "n pieces of white space",
    1000,
    (n) => {
      const text = " ".repeat(200 * n);
      return () => drained(readRecords(["-"], { input: inPieces(text, 200) }));
    },
  ],
  ["an array of n objects", 1000, (n) => recordsOf(`[${lines(n, (i) => `{"a":${i}},`)}{"a":1}]`, "x.json")],
  [
    "n lines of text",
    1000,
    (n) =>
      recordsOf(
        lines(n, (i) => `line ${i}\r`),
        "x.txt",
      ),
  ],
  ["carriage returns", 10_000, (n) => recordsOf(`${"\r".repeat(10 * n)}x`, "x.txt")],
  [
    "n tagged tokens in columns",
    1000,
    (n) => {
      const text = lines(n, (i) => `w${i} B-A${i % 9}${i % 20 === 0 ? "\n" : ""}`);
      return () => parseConll(text);
    },
  ],
  ["white space in columns", 10_000, (n) => () => parseConll(`a${" ".repeat(n)}b${" ".repeat(n)}O`)],
  [
    "n spans in a line",
    500,
    (n) => {
      const spans = range(n, (i) => ({ start: 2 * i, end: 2 * i + 1, label: "A" }));
      const text = JSON.stringify({ text: "a ".repeat(n), spans });
      return () => parseTaggedJsonl(text);
    },
  ],
  [
    "n tagged sentences in a file",
    500,
    (n) => {
      const path = fileOf(
        lines(n, () => '{"tokens":["a","b"],"tags":["O","B-A"]}'),
        "x.jsonl",
      );
      return () => readTagged(path);
    },
  ],
  ["tokens that end in marks", 10_000, (n) => () => splitTokens(`${"a.".repeat(n)}. ${"a".repeat(n)}`)],
  ["a word of n digits and a letter", 10_000, (n) => () => shapeOf(digits(n))],
  ["a word of n marks and a letter", 10_000, (n) => () => shapeOf(`${"-".repeat(n)}x`)],
  [
    "n series in JSON lines",
    500,
    (n) => {
      const path = fileOf(
        lines(n, (i) => `{"id":"s${i}","start":"2001-01-01","values":[1,2]}`),
        "x.jsonl",
      );
      return () => readSeries([path]);
    },
  ],
  [
    "n series in a table",
    500,
    (n) => {
      const path = fileOf(`id,date,value\n${lines(2 * n, (i) => `s${i >> 1},2001-01-0${1 + (i & 1)},${i}`)}`);
      return () => readSeries([path], { series: "id" });
    },
  ],
  ["the characters of a text", 50_000, (n) => () => buildVocabulary("aé😀b".repeat(n))],
  [
    "n different words",
    2000,
    (n) => {
      const text = words(n, n);
      return () => buildVocabulary(text, { unit: "word" }).encode(text);
    },
  ],
  [
    "a word of n pieces",
    4000,
    (n) => () => {
      const stream = buildVocabulary(
        range(n, () => "abc"),
        { unit: "word" },
      ).encodeStream();
      for (let i = 0; i < n; i++) stream.push("abc");
      return stream.end();
    },
  ],
  [
    "a saved vocabulary",
    2000,
    (n) => {
      const tokens = range(n, (i) => `w${i}`);
      return () => vocabularyFromJSON({ unit: "word", tokens });
    },
  ],
  [
    "pieces of words, learned",
    500,
    (n) => {
      const text = words(n, 400);
      return () => bytePairEncoding.train([text], { merges: 50 });
    },
  ],
  [
    "pieces of one word of n characters",
    2000,
    (n) => {
      const text = range(2000, (i) => String.fromCodePoint(0x4e00 + ((i * i) % 997))).join("");
      const encoding = bytePairEncoding.train([text], { merges: 4000, minCount: 1 });
      const long = text.repeat(Math.ceil(n / 2000) + 1);
      // another one each time, since it remembers words
      let start = 0;
      return () => encoding.encode(long.slice(start++, n + start));
    },
  ],
  ["strict JSON: a list", 2000, (n) => () => parseStrictJson(`[${range(n, (i) => `"\\u00e9${i}"`).join()}]`)],
  ["strict JSON: an object", 2000, (n) => () => parseStrictJson(`{${range(n, (i) => `"k${i}":${i}`).join()}}`)],
  ["strict JSON: a number", 10_000, (n) => () => parseStrictJson(`[1.${"1".repeat(n)}]`), 1_000_000],
  [
    "n arrays of safetensors",
    500,
    (n) => {
      const array = { dtype: "float32", shape: [1], data: Float32Array.of(1) } as const;
      const bytes = encodeSafetensors(Object.fromEntries(range(n, (i) => [`a${i}`, array])));
      return () => decodeSafetensors(bytes);
    },
    600,
  ],
  ["n chunks of sound", 2000, (n) => () => decodeWav(wav(n))],
  [
    "an idx file",
    500_000,
    (n) => {
      const bytes = Uint8Array.of(0, 0, 8, 1, n >>> 24, n >>> 16, n >>> 8, n);
      const path = fileOf(Buffer.concat([bytes, new Uint8Array(n)]), "x.idx");
      return () => readIdx(path);
    },
  ],
  [
    "a table of n recordings",
    200,
    (n) => {
      const name = `${files++}.wav`;
      writeFileSync(join(folder, name), wav(0));
      const path = fileOf(`file,text\n${lines(n, () => `${name},a`)}`);
      return () => readRecordings(path);
    },
  ],
  [
    "n events of a run",
    1000,
    (n) => {
      const path = fileOf(range(n, (step) => `${metricsLine({ kind: "step", step })}\n`).join(""), "metrics.jsonl");
      return () => readMetrics(path);
    },
  ],
  ["a classifier of n labels", 500, (n) => () => classifier({ examples: examples(n), hiddenSize: 1 }).labels],
  [
    "measures of n labels",
    1000,
    (n) => {
      const labels = range(n, (i) => `label ${i}`);
      const other = labels.map((_, i) => labels[(i * 7) % n]);
      return () => classificationReport(labels, other, labels);
    },
  ],
  [
    "the picture of 1,000 labels, n times",
    1,
    (n) => {
      const labels = range(1000, (i) => `label ${i}`);
      const counts = labels.map((_, i) => labels.map((__, j) => Number(i === j)));
      return () => range(n, () => confusionPicture(largestClasses({ labels, counts }, 100)).length);
    },
  ],
  [
    "tags and spans of one sentence",
    2000,
    (n) => {
      const tags = range(n, (i) => (i % 2 === 0 ? "B-A" : "I-A"));
      return () => {
        const spans = tagsToSpans(tags, "BIO");
        spansToTags(spans, n, "BIO");
        return spanF1([spans], [spans]);
      };
    },
  ],
  [
    "BLEU and chrF of one text",
    1000,
    (n) => {
      const text = words(n, 50);
      return () => bleu([text], [text]).score + chrF([text], [text]);
    },
  ],
  [
    "word errors of a long transcript with three errors",
    2000,
    (n) => {
      const text = words(n, n);
      const heard = text.replace("w0 ", "x ").replace(" w7919 ", " ").replace(" w2", " w2 more w2");
      return () => wordErrorRate([text], [heard]);
    },
  ],
  [
    "batches of n lengths",
    1000,
    (n) => {
      const all = range(n, (i) => ({ length: (i * 7919) % 100 }));
      return () => {
        const random = randomStream(1);
        const { training } = splitExamples(all, { validation: 0.1, random });
        bucketByLength(
          training.map(({ length }) => length),
          { batchSize: 32 },
        );
        return exampleBatches(training, { batchSize: 32, lengthOf: ({ length }) => length, random });
      };
    },
  ],
];

/** Least CPU time of some runs, in microseconds. */
async function timeOf(run: () => unknown, rounds = ROUNDS): Promise<number> {
  let least = Infinity;
  for (let round = 0; round < rounds; round++) {
    const start = process.cpuUsage();
    await run();
    const { user, system } = process.cpuUsage(start);
    least = Math.min(least, user + system);
  }
  return least;
}

const everyCase = cases.map(([name, from, prepare, most = Infinity]) => [name, from, prepare, most] as const);

test.each(everyCase)("%s: time grows as the input does", async (_name, from, prepare, most) => {
  let n = from;
  let growth = Infinity;
  // a neighbour on the machine, or a compiler that is not done yet, may disturb some attempts
  for (let attempt = 0; attempt < 4 && growth > MOST; attempt++) {
    let time = await timeOf(prepare(n));
    for (; time < ENOUGH && 2 * n < most; time = await timeOf(prepare(n))) n *= 2;
    growth = Math.min(growth, (await timeOf(prepare(TIMES_LARGER * n))) / time);
  }
  expect(growth).toBeLessThan(MOST);
});
