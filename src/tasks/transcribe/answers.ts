/** @file What a transcriber writes down, and when each character was said. */
import type { Pieces } from "#platform";
import { checkFiniteAnswer, checkInteger, checkNumber, log, sentence, UnsupportedError } from "../../base/index.ts";
import type { LanguageModel } from "../language-model/index.ts";
import type { State } from "../../rnn/index.ts";
import { ctcLogProbability, Keeper, logSoftmax, scope, tensor, withoutGradient, cast } from "../../tensor/index.ts";
import { BLANK, ctcAlign, ctcGreedy, ctcSearchInPieces, type StepProbabilities } from "./ctc-decoding.ts";
import { checkSamples, type Features } from "./features.ts";
import { allAnswers, type Interruptible } from "../../model/index.ts";
import { interruptibleFor } from "../own-model.ts";
import type { Transcriber } from "./model.ts";

/** Natural log-probability of a character after a text. */
export type CharacterScore = (before: string, character: string) => number;

export type TranscribeOptions = {
  /** Texts that are kept in the search. Default 1: the best path. */
  readonly beams?: number | undefined;
  /**
   * Score of a text by a language model, in a search with several beams; see `characterScore` for a
   * language model of ours.
   */
  readonly languageModel?: CharacterScore | undefined;
  /** Weight of `languageModel`. Default 0.5. */
  readonly languageWeight?: number | undefined;
  /** Added for each character, against the language model's liking for short texts. Default 0. */
  readonly lengthBonus?: number | undefined;
};

/** A character and when it is heard, in seconds from the beginning. */
export type AlignedCharacter = { readonly character: string; readonly from: number; readonly to: number };

export type Transcript = {
  readonly text: string;
  /** log P(text | recording), over all paths, without the language model. */
  readonly score: number;
  /**
   * The best path of this text. A character's time is where the layers are sure of it, which is
   * shorter than its sound.
   */
  readonly alignment: readonly AlignedCharacter[];
};

function* transcribeInPieces(
  model: Transcriber,
  samples: Float32Array,
  options: TranscribeOptions,
): Pieces<Transcript> {
  checkSamples("transcribe", samples);
  const heard = model.hear(samples);
  yield;
  const [steps] = stepProbabilities(model, [heard]);
  checkFiniteAnswer("transcribe", "log-probabilities", steps.data);
  yield;
  const labels = yield* search(model, steps, options);
  yield;
  return {
    text: model.textOf(labels),
    score: ctcLogProbability(steps.data, labels, steps),
    alignment: alignedCharacters(model, steps, labels),
  };
}

/**
 * Transcribes one recording, whose sample rate must be that of `model.features`. With `signal` the
 * answer is a promise, which rejects with the signal's reason when that aborts; one forward pass
 * over the recording is not interrupted.
 *
 * Throws RangeError for options, DataError for samples that are not finite, NotFiniteError where
 * the model's numbers overflow.
 */
export const transcribe: Interruptible<Transcriber, Float32Array, TranscribeOptions, Transcript> = interruptibleFor(
  "transcriber",
)("transcribe", "beams languageModel languageWeight lengthBonus", transcribeInPieces);

/** Transcripts of many recordings, one after another; see `transcribe`. */
export const transcribeAll: Interruptible<Transcriber, readonly Float32Array[], TranscribeOptions, Transcript[]> =
  interruptibleFor("transcriber")(
    "transcribeAll",
    "beams languageModel languageWeight lengthBonus",
    allAnswers(transcribeInPieces),
  );

/**
 * Times at which the characters of a known text are said: the best path of that text ("forced
 * alignment"). Throws DataError for characters that the alphabet lacks and for a text that is too
 * long for the recording.
 */
export function alignText(model: Transcriber, samples: Float32Array, text: string): readonly AlignedCharacter[] {
  checkSamples("alignText", samples);
  const [steps] = stepProbabilities(model, [model.hear(samples)]);
  checkFiniteAnswer("alignText", "log-probabilities", steps.data);
  return alignedCharacters(model, steps, model.labelsOf(text));
}

function* search(model: Transcriber, steps: StepProbabilities, options: TranscribeOptions): Pieces<Int32Array> {
  const { beams = 1, languageModel, languageWeight = 0.5, lengthBonus = 0 } = options;
  checkInteger("transcribe beams", beams, 1);
  checkNumber("transcribe languageWeight", languageWeight, 0);
  checkNumber("transcribe lengthBonus", lengthBonus);
  if (beams === 1) return ctcGreedy(steps).labels;
  const scoreNext = (before: readonly number[], label: number): number => {
    if (languageModel === undefined) return lengthBonus;
    const text = model.textOf(Int32Array.from(before));
    return languageWeight * languageModel(text, model.textOf(Int32Array.of(label))) + lengthBonus;
  };
  return (yield* ctcSearchInPieces(steps, { beams, scoreNext })).labels;
}

/** Log-probabilities of some recordings, run side by side. */
export function stepProbabilities(model: Transcriber, heard: readonly Features[]): StepProbabilities[] {
  const { classes } = model;
  return withoutGradient(() =>
    scope(() => {
      const { inputs, lengths } = model.batch(heard);
      const { logits } = model.forward(inputs, { lengths });
      const all = logSoftmax(cast(logits, "float64")).values() as Float64Array;
      return heard.map((_, b) => {
        const data = new Float64Array(lengths[b] * classes);
        for (let t = 0; t < lengths[b]; t++) {
          const from = (t * heard.length + b) * classes;
          data.set(all.subarray(from, from + classes), t * classes);
        }
        return { data, classes, blank: BLANK };
      });
    }),
  );
}

function alignedCharacters(model: Transcriber, steps: StepProbabilities, labels: Int32Array): AlignedCharacter[] {
  const path = ctcAlign(steps, labels);
  const seconds = model.frameSeconds * model.config.timeReduction;
  // each label has steps of its own, side by side
  const first = new Map<number, number>();
  const last = new Map<number, number>();
  path.forEach((i, t) => {
    if (!first.has(i)) first.set(i, t);
    last.set(i, t);
  });
  return Array.from(labels, (label, i) => ({
    character: model.textOf(Int32Array.of(label)),
    from: (first.get(i) ?? -1) * seconds,
    to: ((last.get(i) ?? -1) + 1) * seconds,
  }));
}

/** States that are remembered: those of one search share their beginnings. */
const REMEMBERED = 5000;

/**
 * A language model over characters as a score for `transcribe`. `start` is what stands before every
 * text, such as "\n" where the model has read lines. A character that its vocabulary lacks scores
 * -20, and what follows is scored as if it weren't there. Throws UnsupportedError for a model over
 * bytes or words.
 */
export function characterScore(model: LanguageModel, start = "\n"): CharacterScore {
  if (model.vocabulary.unit !== "char")
    throw new UnsupportedError(
      sentence("characterScore", "a model over characters", `one over ${model.vocabulary.unit}s`),
    );
  const { size } = model.vocabulary;
  type Known = { readonly state: State; readonly next: Float64Array };
  const known = new Map<string, Known>();
  let states = new Keeper();
  const read = (state: State, text: string): Known =>
    states.keep(() =>
      withoutGradient(() =>
        scope(() => {
          const ids = model.vocabulary.encode(text);
          const result = model.forward(tensor(ids, { shape: [ids.length, 1] }), state);
          const all = logSoftmax(cast(result.logits, "float64")).values() as Float64Array;
          return { state: result.state, next: all.slice(-size) };
        }),
      ),
    );
  const begin = (): Known => {
    const state = states.keep(() => model.initialState(1));
    const text = [...start].filter((character) => model.vocabulary.has(character)).join("");
    return text === "" ? { state, next: new Float64Array(size).fill(-log(size)) } : read(state, text);
  };
  const after = (text: string): Known => {
    const found = known.get(text);
    if (found !== undefined) return found;
    if (known.size > REMEMBERED) {
      known.clear();
      states.free();
      states = new Keeper();
    }
    const characters = [...text];
    const last = characters.pop();
    const before = last === undefined ? begin() : after(characters.join(""));
    const made = last === undefined || !model.vocabulary.has(last) ? before : read(before.state, last);
    known.set(text, made);
    return made;
  };
  return (before, character) => {
    const id = model.vocabulary.idOf(character);
    return id === undefined ? UNKNOWN : after(before).next[id];
  };
}

const UNKNOWN = -20;
