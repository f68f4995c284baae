/** @file How good a translator is. */
import type { Pieces } from "#platform";
import { DataError, sentence } from "../../base/index.ts";
import { exampleBatches, normalized } from "../../data/index.ts";
import { bleu, chrF, exactMatch } from "../../metrics/index.ts";
import type { Interruptible } from "../../model/index.ts";
import { interruptibleFor } from "../own-model.ts";
import { scope, withoutGradient } from "../../tensor/index.ts";
import { type Translation, translateInPieces, type TranslateOptions } from "./answers.ts";
import { batchOf, type Example, examplesOf, lengthOf, tokensOf } from "./inputs.ts";
import { translationLoss } from "./loss.ts";
import type { Pair, Translator } from "./model.ts";

/** On pairs of texts. */
export type TranslatorEvaluation = {
  /** Mean cross entropy per target token, the end included, with the true tokens as inputs. */
  readonly loss: number;
  /** Measures of the translations against the target texts; `perplexity` is e^loss. */
  readonly measures: {
    readonly perplexity: number;
    readonly exactMatch: number;
    readonly bleu: number;
    readonly chrF: number;
  };
  /** Translations of the source texts, in their order. */
  readonly translations: readonly Translation[];
};

export type EvaluateOptions = TranslateOptions & {
  /** Pairs whose loss is computed together. Default 32. */
  readonly batchSize?: number | undefined;
};

/** Mean cross entropy over all target tokens. */
export function* meanLoss(model: Translator, batches: readonly (readonly Example[])[]): Pieces<number> {
  let total = 0;
  let count = 0;
  for (const examples of batches) {
    const batch = batchOf(model, examples);
    const tokens = tokensOf(batch);
    total += tokens * withoutGradient(() => scope(() => translationLoss(model, batch).item()));
    count += tokens;
    yield;
  }
  return total / count;
}

function* evaluateInPieces(
  model: Translator,
  pairs: readonly Pair[],
  { batchSize = 32, ...options }: EvaluateOptions,
): Pieces<TranslatorEvaluation> {
  if (pairs.length === 0) throw new DataError(sentence("evaluateTranslator", "at least one pair", "none"));
  const batches = exampleBatches(examplesOf(model, pairs), { batchSize, lengthOf });
  const loss = yield* meanLoss(model, batches);
  const translations: Translation[] = [];
  for (const { source } of pairs) {
    translations.push(yield* translateInPieces(model, source, options));
    yield;
  }
  const texts = translations.map(({ text }) => text);
  const references = pairs.map(({ target }) => normalized(target, model.target.normalize));
  return {
    loss,
    measures: {
      perplexity: Math.exp(loss),
      exactMatch: exactMatch(texts, references),
      bleu: bleu(texts, references, { effectiveOrder: true }).score,
      chrF: chrF(texts, references),
    },
    translations,
  };
}

/**
 * Loss of a translator on pairs of texts, and how near its translations are to the target texts.
 * BLEU takes the texts as their words: nothing is cut apart any further; where all translations are
 * shorter than four words, it counts n-grams up to their length. With `signal` the answer
 * is a promise, which rejects with the signal's reason when that aborts.
 *
 * Throws DataError without pairs, RangeError for options.
 */
export const evaluateTranslator: Interruptible<Translator, readonly Pair[], EvaluateOptions, TranslatorEvaluation> =
  interruptibleFor("translator")("evaluateTranslator", "batchSize sequenceLength", evaluateInPieces);
