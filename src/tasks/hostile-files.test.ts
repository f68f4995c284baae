/**
 * Files of models from strangers: whatever number in a configuration is made large, nothing large
 * is made of it.
 */
import { expect, test } from "vitest";
import { FormatError } from "../base/index.ts";
import { decodeNative, encodeNative, type JsonValue } from "../formats/index.ts";
import { encodeModel, type SavedModel } from "../model/index.ts";
import { memory } from "../tensor/index.ts";
import {
  classifier,
  forecaster,
  loadClassifier,
  loadForecaster,
  loadTagger,
  loadTranscriber,
  loadTranslator,
  parseConll,
  tagger,
  transcriber,
  translator,
} from "./index.ts";

const tone = (n: number): Float32Array => Float32Array.from({ length: n }, (_, i) => Math.sin(i / 5));
const picture = { width: 6, height: 6, channels: 1, data: new Uint8Array(36) };

const kinds: Readonly<Record<string, { model: SavedModel; load: (bytes: Uint8Array) => SavedModel }>> = {
  classifier: {
    model: classifier({
      examples: [
        { input: "a good day", label: "good" },
        { input: "a bad day", label: "bad" },
      ],
      pooling: "attention",
      hiddenSize: 3,
    }),
    load: loadClassifier,
  },
  imageClassifier: {
    model: classifier({
      examples: ["0", "1"].map((label) => ({ input: picture, label })),
      hiddenSize: 3,
    }),
    load: loadClassifier,
  },
  tagger: {
    model: tagger({
      examples: parseConll("Oslo B-LOC\nis O\n\nto O\nLima B-LOC\n\n"),
      hiddenSize: 3,
      embeddingSize: 3,
      characterSize: 2,
      shapeSize: 2,
    }),
    load: loadTagger,
  },
  forecaster: {
    model: forecaster({ series: [{ values: Array.from({ length: 60 }, (_, i) => i % 7) }], hiddenSize: 3, horizon: 7 }),
    load: loadForecaster,
  },
  translator: {
    model: translator({ pairs: [{ source: "ab", target: "ba" }], hiddenSize: 4, embeddingSize: 3, merges: 2 }),
    load: loadTranslator,
  },
  transcriber: {
    model: transcriber({
      utterances: [{ samples: tone(4000), text: "ab" }],
      features: { sampleRate: 8000, bands: 16 },
      hiddenSize: 3,
    }),
    load: loadTranscriber,
  },
};

/** The configuration with one of its numbers replaced, for each of them, and where it was. */
function* enlarged(value: JsonValue, by: number, path = ""): Generator<{ path: string; value: JsonValue }> {
  if (typeof value === "number") yield { path, value: by };
  else if (Array.isArray(value)) {
    for (const [i, item] of value.slice(0, 3).entries())
      for (const one of enlarged(item as JsonValue, by, `${path}[${i}]`))
        yield { path: one.path, value: value.map((old: JsonValue, at) => (at === i ? one.value : old)) };
  } else if (typeof value === "object" && value !== null) {
    for (const [name, item] of Object.entries(value))
      for (const one of enlarged(item as JsonValue, by, `${path}.${name}`))
        yield { path: one.path, value: { ...value, [name]: one.value } };
  }
}

test.each(Object.entries(kinds))("%s", (kind, { model, load }) => {
  const { config, arrays } = decodeNative(encodeModel(model));
  expect(load(encodeModel(model)).configuration()).toEqual(model.configuration());
  let tried = 0;
  for (const by of [60_000, 2 ** 40]) {
    for (const { path, value } of enlarged(config, by)) {
      tried++;
      const bytes = encodeNative({ kind, config: value, arrays });
      const before = memory().liveBytes;
      const start = process.cpuUsage();
      try {
        // numbers such as a seed may be large
        load(bytes);
      } catch (error) {
        expect(error, `${path}: ${String(error)}`).toBeInstanceOf(FormatError);
      }
      const { user } = process.cpuUsage(start);
      expect(user / 1000, `milliseconds for ${path}`).toBeLessThan(500);
      expect(memory().liveBytes - before, `bytes for ${path}`).toBeLessThan(1e6);
    }
  }
  expect(tried).toBeGreaterThan(8);
});
