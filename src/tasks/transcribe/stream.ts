/** @file Transcription of samples as they come. */
import { checkFiniteAnswer, sentence, UnsupportedError } from "../../base/index.ts";
import { scope, withoutGradient } from "../../tensor/index.ts";
import { CarriedState } from "../../rnn/index.ts";
import { featureSize, windowOf } from "./features.ts";
import { BLANK } from "./ctc-decoding.ts";
import type { Transcriber } from "./model.ts";

export type TranscriberStream = {
  /**
   * Hears more samples. Gives all the text so far, the best path's. Throws DataError for samples
   * that are not finite.
   */
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

/** Scores of the classes at each new step, [steps, C] row-major. */
export type ScoreStream = {
  push(samples: Float32Array): Float32Array;
  end(): Float32Array;
};

/**
 * Scores of samples as they come: those of the whole recording, in pieces. Throws as
 * `transcriberStream`.
 */
export function scoreStream(model: Transcriber): ScoreStream {
  const { bidirectional, normalization } = model.config;
  if (bidirectional || normalization !== "global") {
    const got = bidirectional ? "layers in both directions" : `normalization "${normalization}"`;
    throw new UnsupportedError(sentence("transcriber stream", `one direction and normalization "global"`, got));
  }
  const { hop } = windowOf(model.features);
  const size = featureSize(model.features);
  let samples: Float32Array = new Float32Array(0);
  let frames: Float32Array = new Float32Array(0);
  const carried = new CarriedState();

  /** Runs whole steps, and at the end what is left. */
  const run = (isEnd: boolean): Float32Array => {
    const have = Math.floor(frames.length / size);
    const steps = isEnd ? model.stepsOf(have) : Math.floor(have / model.config.timeReduction);
    if (steps === 0) return new Float32Array(0);
    const used = Math.min(frames.length, steps * model.inputSize);
    const data = frames.slice(0, used);
    frames = frames.slice(used);
    const scores = withoutGradient(() =>
      scope(() => {
        const { inputs } = model.batch([{ data, frames: used / size, size }]);
        const { logits, state } = model.forward(inputs, { initialState: carried.state });
        carried.carry(state);
        return logits.values() as Float32Array;
      }),
    );
    checkFiniteAnswer("transcriber stream", "scores", scores);
    return scores;
  };

  return {
    push(more) {
      samples = joined(samples, more);
      const heard = model.hear(samples);
      samples = samples.slice(heard.frames * hop);
      frames = joined(frames, heard.data);
      return run(false);
    },
    end: () => run(true),
  };
}

/**
 * Transcribes samples as they come; the text is that of the whole recording.
 *
 * Throws UnsupportedError for layers in both directions and for normalization "utterance", which
 * need the end.
 */
export function transcriberStream(model: Transcriber): TranscriberStream {
  const { classes } = model;
  const stream = scoreStream(model);
  let last = BLANK;
  let text = "";
  const write = (scores: Float32Array): string => {
    for (let at = 0; at < scores.length; at += classes) {
      const row = scores.subarray(at, at + classes);
      const best = row.reduce((top, x, c) => (x > row[top] ? c : top), 0);
      if (best !== BLANK && best !== last) text += model.textOf(Int32Array.of(best));
      last = best;
    }
    return text;
  };
  return { push: (more) => write(stream.push(more)), end: () => write(stream.end()) };
}
