/** @file What a transcriber makes of a recording with its text. */
import { DataError, sentence } from "../../base/index.ts";
import { normalized } from "../../data/index.ts";
import { checkSamples, type Features } from "./features.ts";
import type { Transcriber, Utterance } from "./model.ts";

/** A recording as it is trained on. */
export type HeardUtterance = {
  readonly heard: Features;
  readonly labels: Int32Array;
  readonly text: string;
  /** The recording's name, for messages. */
  readonly place: string;
  /** Row in its batch, by which its random numbers are drawn. */
  readonly row: number;
};

/** Frames of a recording. */
export const lengthOf = ({ heard }: HeardUtterance): number => heard.frames;

/**
 * Throws DataError, which begins with the recording's name or `place`, for a character that the
 * alphabet lacks, samples that are not finite, and a text with more characters than there are
 * steps.
 */
export function heardUtterance(model: Transcriber, given: Utterance, place: string): HeardUtterance {
  const { samples, name } = given;
  const where = name ?? place;
  const text = normalized(given.text, model.vocabulary.normalize);
  checkSamples(where, samples);
  const unknown = [...text].find((character) => !model.vocabulary.has(character));
  if (unknown !== undefined)
    throw new DataError(sentence(where, "characters of the alphabet", JSON.stringify(unknown)));
  const labels = model.labelsOf(text);
  const heard = model.hear(samples);
  const needed = labels.length + labels.filter((label, i) => i > 0 && label === labels[i - 1]).length;
  const steps = model.stepsOf(heard.frames);
  if (needed > steps) {
    const hint = "Use a smaller time reduction or hop, or leave it out";
    throw new DataError(sentence(where, `at least ${needed} steps for its text`, String(steps), hint));
  }
  return { heard, labels, text, place: where, row: 0 };
}
