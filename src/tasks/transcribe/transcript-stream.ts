/** @file Transcription of samples as they come. */
import { sentence, UnsupportedError } from "../../base/index.ts";
import { outsideScopes, scope, withoutGradient } from "../../tensor/index.ts";
import type { State } from "../../rnn/index.ts";
import { featureSize, windowOf } from "./features.ts";
import { BLANK } from "./ctc-decoding.ts";
import type { Transcriber } from "./transcriber.ts";

export type TranscriptStream = {
  /** Hears more samples. Gives all the text so far, the best path's. Throws DataError for samples that are not finite. */
  push(samples: Float32Array): string;
  /** The whole text. No samples can be pushed after it. */
  end(): string;
};

const joined = (a: Float32Array, b: Float32Array): Float32Array => {
  const out = new Float32Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
};

/** See `Transcriber.stream`. */
export function transcriptStream(model: Transcriber): TranscriptStream {
  const { bidirectional, normalization } = model.config;
  if (bidirectional || normalization !== "global") {
    const got = bidirectional ? "layers in both directions" : `normalization "${normalization}"`;
    throw new UnsupportedError(sentence("transcriber stream", `one direction and normalization "global"`, got));
  }
  const { hop } = windowOf(model.features);
  const size = featureSize(model.features);
  let samples: Float32Array = new Float32Array(0);
  let frames: Float32Array = new Float32Array(0);
  let state: State | undefined;
  let last = BLANK;
  let text = "";

  /** Runs whole steps, and at the end what is left. */
  const run = (isEnd: boolean): void => {
    const have = Math.floor(frames.length / size);
    const steps = isEnd ? model.stepsOf(have) : Math.floor(have / model.config.timeReduction);
    if (steps === 0) return;
    const used = Math.min(frames.length, steps * model.inputSize);
    const data = frames.slice(0, used);
    frames = frames.slice(used);
    const found = outsideScopes(() =>
      withoutGradient(() =>
        scope(() => {
          const { inputs } = model.batch([{ data, frames: used / size, size }]);
          const { logits, state: next } = model.forward(inputs, { initialState: state });
          return { next, scores: logits.values() as Float32Array };
        }),
      ),
    );
    state = found.next;
    for (let t = 0; t < steps; t++) {
      const row = found.scores.subarray(t * model.classes, (t + 1) * model.classes);
      const best = row.reduce((top, x, c) => (x > row[top] ? c : top), 0);
      if (best !== BLANK && best !== last) text += model.textOf(Int32Array.of(best));
      last = best;
    }
  };

  return {
    push(more) {
      samples = joined(samples, more);
      const heard = model.hear(samples);
      samples = samples.slice(heard.frames * hop);
      frames = joined(frames, heard.data);
      run(false);
      return text;
    },
    end() {
      run(true);
      return text;
    },
  };
}
