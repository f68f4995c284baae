/** Every reader of files from strangers, with good files for it. What is read is also used once. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync, gzipSync } from "node:zlib";
import {
  buildVocabulary,
  decodeCheckpoint,
  decodeSafetensors,
  encodeCheckpoint,
  encodeSafetensors,
  languageModel,
  parseStrictJson,
  scalerFromJSON,
  standardScaler,
  train,
  vocabularyFromJSON,
} from "../../src/index.ts";
import { csvRows } from "../../src/data/index.ts";
import { encodeModel } from "../../src/model/index.ts";
import {
  corpusBytes,
  decodePicture,
  decodeSound,
  describeData,
  idxPictures,
  loadModel,
  readCorpus,
  readCsv,
  readIdx,
  readMetrics,
  readRecordings,
  readRecords,
  readRunConfig,
  readRunOptions,
  readSeries,
  readTagged,
  recordNumber,
  recordText,
  streamCorpus,
  summarizeRun,
} from "../../src/node/index.ts";
import {
  bytePairEncoding,
  classifier,
  decodeWav,
  encodeWav,
  forecast,
  forecaster,
  logMel,
  parseConll,
  parseTaggedJsonl,
  tagger,
} from "../../src/tasks/index.ts";
import { crc32 } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { encode as encodeJpeg } from "jpeg-js";
import { flacOf } from "../helpers/flac.ts";
import type { Format } from "./mutate.ts";
import { smallModels } from "./small-models.ts";

export type Reader = {
  readonly name: string;
  readonly format: Format;
  readonly seeds: readonly Uint8Array[];
  /** Reads the bytes, or the file at `path` that holds them. */
  readonly read: (bytes: Uint8Array, path: string) => unknown;
  /** Ending of the file's name. */
  readonly ending?: string;
};

const folder = mkdtempSync(join(tmpdir(), "unrolled-fuzz-"));
/** Where the worker writes its files; a recording is there for tables to name. */
export const workFolder = folder;
mkdirSync(join(folder, "wavs"));
const wav = encodeWav(
  Float32Array.from({ length: 400 }, (_, i) => Math.sin(i / 9)),
  { sampleRate: 8000 },
);
writeFileSync(join(folder, "a.wav"), wav);
writeFileSync(join(folder, "wavs", "b.wav"), wav);

const text = (x: string): Uint8Array => Buffer.from(x);
const json = (x: unknown): Uint8Array => text(JSON.stringify(x));
const parsed = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString()) as unknown;
/** JSON as an application has it: what is no JSON is not ours to refuse. */
const ofJson =
  (read: (value: unknown) => unknown) =>
  (bytes: Uint8Array): unknown => {
    let value: unknown;
    try {
      value = parsed(bytes);
    } catch {
      return undefined;
    }
    return read(value);
  };

async function all<T>(entries: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const entry of entries) found.push(entry);
  return found;
}

function png(width: number, height: number, depth: number, color: number, interlace: number): Uint8Array {
  const perPixel = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }[color] ?? 1;
  const chunk = (type: string, data: Uint8Array): Buffer => {
    const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, color, 0, 0, interlace], 8);
  const passes =
    interlace === 0
      ? [[0, 0, 1, 1]]
      : [
          [0, 0, 8, 8],
          [4, 0, 8, 8],
          [0, 4, 4, 8],
          [2, 0, 4, 4],
          [0, 2, 2, 4],
          [1, 0, 2, 2],
          [0, 1, 1, 2],
        ];
  const rows = passes.flatMap(([left, top, across, down]) => {
    const columns = Math.ceil((width - left) / across);
    const high = columns <= 0 ? 0 : Math.ceil((height - top) / down);
    return Array.from({ length: Math.max(0, high) }, (_, y) =>
      Uint8Array.from({ length: 1 + Math.ceil((columns * perPixel * depth) / 8) }, (_b, i) =>
        i === 0 ? y % 5 : (i * 37) & 255,
      ),
    );
  });
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    ...(color === 3 ? [chunk("PLTE", new Uint8Array(3 * 2 ** depth).fill(7)), chunk("tRNS", Uint8Array.of(1, 2))] : []),
    chunk("tEXt", Buffer.from("a\0b")),
    chunk("IDAT", deflateSync(Buffer.concat(rows))),
    chunk("IEND", new Uint8Array(0)),
  ]);
}

const maker = {
  unrolled: "0.1.0",
  node: "26.0.0",
  platform: "linux x64",
  engine: "wasm",
  numerics: "fma",
  threads: 2,
  started: "2026-01-31T12:00:00Z",
};
const file = { path: "book.txt", bytes: 3, sha256: "a".repeat(64) };
const head = { format: "unrolled-run", version: 1, command: "unrolled train book.txt" };
const runConfig = {
  ...head,
  seed: 1,
  data: [file],
  model: { unit: "char", cell: "lstm", dialect: "tf1", hiddenSize: 8, layers: 1, embeddingSize: 4, dropout: 0 },
  training: {
    sequenceLength: 8,
    batchSize: 2,
    steps: 5,
    optimizer: "adam",
    learningRate: 0.01,
    clipNorm: 5,
    validation: 0,
    checkpointEvery: 10,
  },
  facts: { vocabulary: 5, parameters: 10, tokens: 100, stepsPerEpoch: 3 },
  maker,
};
const taskConfig = {
  ...head,
  task: "classify",
  inputs: ["a.csv"],
  data: [file],
  options: { hiddenSize: 8, learningRate: 0.1, keepCase: true, unit: "word" },
  facts: { parameters: 10, trainingExamples: 3, validationExamples: 1, stepsPerEpoch: 3 },
  maker,
};

const table =
  'date,value,label,text\n2001-01-01,1,spam,a good day\n2001-01-02,,ham,"a ""bad"" day"\n2001-01-03,3.5,spam,x\n';
const jsonl = `${[
  {
    date: "2001-01-01",
    value: 1,
    label: "spam",
    text: "good",
    values: [
      [1, 2],
      [3, 4],
    ],
  },
  {
    date: "2001-01-02",
    value: null,
    label: "ham",
    text: "bad \u00e9 \ud83d\ude00",
    values: [[1, 2]],
    nested: { a: [true] },
  },
]
  .map((x) => JSON.stringify(x))
  .join("\n")}\n`;
const series = `${[
  {
    id: "a",
    start: "2001-01-01",
    values: [1, null, 3, 4, 5, 6, 7, 8],
    frequency: { unit: "day", count: 1 },
    covariates: [[1], [2], [3], [4], [5], [6], [7], [8], [9]],
  },
  { id: "b", start: "2001-01-01T12:30:00Z", values: [5, 6, 7, 8, 9] },
]
  .map((x) => JSON.stringify(x))
  .join("\n")}\n`;
const conll = "-DOCSTART- O\n\nOslo B-LOC\nis O\n\nto O\nLima\tB-LOC\n\n";
const tagged = `${[
  { tokens: ["Oslo", "is"], tags: ["B-LOC", "O"] },
  { text: "Lima is far", spans: [{ start: 0, end: 4, label: "LOC" }] },
]
  .map((x) => JSON.stringify(x))
  .join("\n")}\n`;
const idx = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, ...Array.from({ length: 12 }, (_, i) => i));
const metrics = `${[
  {
    kind: "step",
    step: 1,
    steps: 5,
    epoch: 0,
    seconds: 0.1,
    loss: "NaN",
    gradientNorm: 1,
    learningRate: 0.1,
    tokensPerSecond: 100,
  },
  { kind: "evaluation", step: 2, loss: 1.5, perplexity: 4.5, bitsPerCharacter: 2, tokens: 100 },
  { kind: "end", step: 2, reason: "done" },
]
  .map((x) => JSON.stringify(x))
  .join("\n")}\n`;

const parquetColumns = [
  { name: "text", data: ["a b", "c", "a b", "d"] },
  { name: "value", data: [1, 2.5, 3, -4], type: "DOUBLE" as const },
  { name: "label", data: ["x", "y", "x", "x"] },
  { name: "list", data: [[1, 2], [3], [], [4]] },
];

/** Uses records as the tasks do. */
async function useRecords(path: string): Promise<void> {
  for (const entry of await all(readRecords([path]))) {
    for (const name of ["text", "label", "value"]) {
      for (const f of [recordText, recordNumber]) {
        try {
          f(entry, name);
        } catch (error) {
          if ((error as { code?: unknown }).code !== "ERR_DATA") throw error;
        }
      }
    }
  }
}

async function useSeries(path: string, options: Parameters<typeof readSeries>[1]): Promise<void> {
  const { series: found, frequency } = await readSeries([path], options);
  if (found.some(({ values }) => values.length > 1000)) return;
  const model = forecaster({
    series: found,
    frequency,
    hiddenSize: 2,
    horizon: 2,
    contextLength: 2,
    covariates: options?.covariates ?? [],
  });
  for (const one of found) forecast(model, one, { samples: 2, horizon: 1 });
}

const model = languageModel({ corpus: "hello world", hiddenSize: 2, embeddingSize: 2 });
const training = { sequenceLength: 2, batchSize: 2, validation: 0, steps: 3 } as const;
const run = train(model, training);
await run.next();
const snapshot = await run.snapshot();
await run.return();
const checkpoint = await encodeCheckpoint(snapshot);

/** A state that is not what was saved, in a file that is whole: sums are no secret. */
const resume = async (bytes: Uint8Array): Promise<void> => {
  let state: unknown;
  try {
    state = parsed(bytes);
  } catch {
    return;
  }
  const own = languageModel({ corpus: "hello world", hiddenSize: 2, embeddingSize: 2 });
  const again = train(own, {
    ...training,
    resume: await decodeCheckpoint(await encodeCheckpoint({ ...snapshot, state })),
  });
  let events = 0;
  for await (const _ of again) if (++events > 5) break;
};

export const readers: readonly Reader[] = [
  {
    name: "safetensors",
    format: "safetensors",
    seeds: [
      encodeSafetensors(
        {
          a: { dtype: "float32", shape: [2, 3], data: new Float32Array(6) },
          b: { dtype: "bool", shape: [3], data: new Uint8Array(3) },
          c: { dtype: "float64", shape: [], data: new Float64Array(1) },
        },
        { note: "x" },
      ),
    ],
    read: (bytes) => decodeSafetensors(bytes),
  },
  ...smallModels().map(({ name, model: one, load, run: ask }) => ({
    name,
    format: "native" as const,
    seeds: [encodeModel(one)],
    read: (bytes: Uint8Array) => ask(load(bytes)),
  })),
  { name: "model file", format: "native", seeds: [encodeModel(model)], read: (_, path) => loadModel(path) },
  { name: "checkpoint", format: "safetensors", seeds: [checkpoint], read: (bytes) => decodeCheckpoint(bytes) },
  { name: "checkpoint state", format: "json", seeds: [json(snapshot.state)], read: resume },
  {
    name: "strict JSON",
    format: "json",
    seeds: [json(runConfig), json([[], {}, "a", 1e3])],
    read: (bytes) => parseStrictJson(bytes),
  },
  {
    name: "vocabulary",
    format: "json",
    seeds: [
      json(buildVocabulary("hello").toJSON()),
      json(buildVocabulary("a b a", { unit: "word", maxSize: 3 }).toJSON()),
    ],
    read: ofJson((value) => vocabularyFromJSON(value).encode("")),
  },
  {
    name: "scaler",
    format: "json",
    seeds: [json(standardScaler(Float64Array.of(1, 2, 3, 4), 2).toJSON())],
    read: ofJson((value) => {
      const scaler = scalerFromJSON(value);
      return scaler.inverse(scaler.transform(new Float32Array(scaler.features)));
    }),
  },
  {
    name: "byte pairs",
    format: "json",
    seeds: [json(bytePairEncoding.train(["abab abc"], { merges: 4 }).toJSON())],
    read: ofJson((value) => {
      const pairs = bytePairEncoding.fromJSON(value);
      return pairs.decode(pairs.encode("abab abc d"));
    }),
  },
  { name: "CSV", format: "lines", seeds: [text(table)], ending: ".csv", read: (_, path) => [...readCsv(path)] },
  {
    name: "CSV text",
    format: "lines",
    seeds: [text(table)],
    read: (bytes) => [...csvRows(Buffer.from(bytes).toString())],
  },
  { name: "CSV records", format: "lines", seeds: [text(table)], ending: ".csv", read: (_, path) => useRecords(path) },
  {
    name: "TSV records",
    format: "lines",
    seeds: [text(table.replaceAll(",", "\t"))],
    ending: ".tsv",
    read: (_, path) => useRecords(path),
  },
  {
    name: "Parquet",
    format: "bytes",
    seeds: (["UNCOMPRESSED", "SNAPPY"] as const).map(
      (codec) => new Uint8Array(parquetWriteBuffer({ columnData: parquetColumns, codec })),
    ),
    ending: ".parquet",
    read: (_, path) => useRecords(path),
  },
  {
    name: "tables in UTF-16",
    format: "bytes",
    seeds: [Buffer.from(`\uFEFF${table}`, "utf16le"), Buffer.from(table, "utf16le")],
    ending: ".csv",
    read: (_, path) => useRecords(path),
  },
  { name: "JSON lines", format: "lines", seeds: [text(jsonl)], ending: ".jsonl", read: (_, path) => useRecords(path) },
  {
    name: "JSON records",
    format: "json",
    seeds: [
      json(
        jsonl
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line) as unknown),
      ),
    ],
    ending: ".json",
    read: (_, path) => useRecords(path),
  },
  {
    name: "lines",
    format: "text",
    seeds: [text("a good day\nb\n\n")],
    ending: ".txt",
    read: (_, path) => useRecords(path),
  },
  {
    name: "unknown records",
    format: "text",
    seeds: [text(table), text(jsonl)],
    ending: ".dat",
    read: (_, path) => useRecords(path),
  },
  {
    name: "series, CSV",
    format: "lines",
    seeds: [text(table)],
    ending: ".csv",
    read: (_, path) => useSeries(path, {}),
  },
  {
    name: "series, CSV with gaps",
    format: "lines",
    seeds: [text(`${table}2001-01-09,4,spam,y\n`)],
    ending: ".csv",
    read: (_, path) => useSeries(path, { fillGaps: true }),
  },
  {
    name: "series, JSON lines",
    format: "lines",
    seeds: [text(series)],
    ending: ".jsonl",
    read: (_, path) => useSeries(path, {}),
  },
  {
    name: "series with covariates",
    format: "lines",
    seeds: [text(series.split("\n")[0])],
    ending: ".jsonl",
    read: (_, path) => useSeries(path, { covariates: ["x"] }),
  },
  {
    name: "CoNLL",
    format: "lines",
    seeds: [text(conll)],
    read: (bytes) => parseConll(Buffer.from(bytes).toString(), { scheme: "BIO" }),
  },
  {
    name: "CoNLL file",
    format: "lines",
    seeds: [text(conll)],
    read: (_, path) => {
      const examples = readTagged(path);
      if (examples.length < 50) tagger({ examples, hiddenSize: 2, embeddingSize: 2, characterSize: 2, shapeSize: 2 });
    },
  },
  {
    name: "tagged JSON lines",
    format: "lines",
    seeds: [text(tagged)],
    read: (bytes) => parseTaggedJsonl(Buffer.from(bytes).toString()),
  },
  {
    name: "tagged JSON lines, file",
    format: "lines",
    seeds: [text(tagged)],
    ending: ".jsonl",
    read: (_, path) => readTagged(path, { scheme: "BIO" }),
  },
  {
    name: "idx",
    format: "bytes",
    seeds: [idx],
    read: (_, path) => idxPictures(path, readIdx(path)),
  },
  {
    name: "idx.gz",
    format: "gzip",
    seeds: [
      gzipSync(idx),
      gzipSync(
        Buffer.concat([Uint8Array.of(0, 0, 8, 3, 0, 0, 4, 0, 0, 0, 0, 64, 0, 0, 0, 64), new Uint8Array(2 ** 22)]),
      ),
    ],
    read: (_, path) => idxPictures(path, readIdx(path)),
  },
  {
    name: "PNG",
    format: "png",
    seeds: [png(5, 4, 8, 2, 0), png(9, 9, 1, 0, 1), png(3, 3, 16, 6, 1), png(4, 4, 2, 3, 0), png(4, 2, 8, 4, 0)],
    read: async (bytes) => {
      const input = await decodePicture("x.png", bytes);
      if (input.width * input.height < 1e4)
        classifier({
          examples: [
            { input, label: "a" },
            { input, label: "b" },
          ],
          hiddenSize: 2,
        });
    },
  },
  {
    name: "JPEG",
    format: "bytes",
    seeds: [
      encodeJpeg({ width: 24, height: 17, data: new Uint8Array(24 * 17 * 4).map((_, i) => (i * 7) & 255) }, 80).data,
    ],
    read: async (bytes) => void (await decodePicture("x.jpg", bytes, { channels: 3 })),
  },
  {
    name: "FLAC",
    format: "bytes",
    seeds: [1, 2].map((channels) =>
      flacOf(
        Array.from({ length: channels }, (_, c) =>
          Array.from({ length: 500 }, (__, i) => ((i * 7919 * (c + 1)) % 65_536) - 32_768),
        ),
        { sampleRate: 8000 },
      ),
    ),
    read: async (bytes) => void (await decodeSound("x.flac", bytes)),
  },
  {
    name: "WAV",
    format: "bytes",
    seeds: (["pcm8", "pcm16", "pcm24", "pcm32", "float32", "float64"] as const).map((format) =>
      encodeWav(
        Float32Array.from({ length: 300 }, (_, i) => Math.sin(i)),
        { sampleRate: 8000, format },
      ),
    ),
    read: (bytes) => {
      const { samples, sampleRate } = decodeWav(bytes);
      try {
        logMel(samples.subarray(0, 5000), { sampleRate });
      } catch (error) {
        // rates that no recogniser takes
        if ((error as { code?: unknown }).code !== "ERR_VALUE") throw error;
      }
    },
  },
  {
    name: "transcripts.csv",
    format: "lines",
    seeds: [text("file,text\na.wav,hello\nb,world\n")],
    ending: "transcripts.csv",
    read: (_, path) => readRecordings(path),
  },
  {
    name: "metadata.csv",
    format: "lines",
    seeds: [text("a|hello\nb|World|world\n")],
    ending: "metadata.csv",
    read: (_, path) => readRecordings(path),
  },
  {
    name: "run config",
    format: "json",
    seeds: [json(runConfig)],
    ending: ".json",
    read: (_, path) => {
      readRunOptions(path);
      readRunConfig(path);
    },
  },
  {
    name: "task config",
    format: "json",
    seeds: [json(taskConfig)],
    ending: ".json",
    read: (_, path) => readRunConfig(path),
  },
  { name: "metrics", format: "lines", seeds: [text(metrics)], read: (_, path) => summarizeRun(readMetrics(path)) },
  {
    name: "corpus",
    format: "text",
    seeds: [text("hello w\u00f6rld \ud83d\ude00\r\n"), text("e\u0301 \u00e9\n".repeat(20))],
    ending: ".txt",
    read: (_, path) => {
      corpusBytes([path]);
      describeData([path]);
      const found = readCorpus([path]);
      for (const unit of ["char", "word", "byte"] as const) {
        const vocabulary = buildVocabulary(found, { unit });
        if (vocabulary.decode(vocabulary.encode(found)) !== found) throw new Error("a text that comes back changed");
      }
    },
  },
  {
    name: "streamed corpus",
    format: "text",
    seeds: [text("hello w\u00f6rld \ud83d\ude00\r\n".repeat(3))],
    ending: ".txt",
    read: (_, path) => {
      const { vocabulary, tokens } = streamCorpus([path], { folder: join(folder, "tokens") });
      const found = vocabulary.decode(tokens.read(0, tokens.length));
      tokens.close();
      // a vocabulary has one spelling of a letter with its marks
      if (found !== readCorpus([path]).normalize("NFC")) throw new Error("a text that comes back changed");
    },
  },
];
