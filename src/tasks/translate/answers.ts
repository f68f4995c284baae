/** @file Translating with a trained model. */
import type { Pieces } from "#platform";
import { checkInteger, mapTree, type Tree } from "../../base/index.ts";
import { type AttentionState, CarriedState } from "../../rnn/index.ts";
import { gather, Keeper, logSoftmax, scope, type Tensor, tensor, withoutGradient } from "../../tensor/index.ts";
import { type Beginning, type Continuation, type Hypothesis, searchInPieces } from "./beam-search.ts";
import { allAnswers, type Interruptible } from "../../model/index.ts";
import { interruptibleFor } from "../own-model.ts";
import type { Translator } from "./model.ts";

export type TranslateOptions = {
  /** Hypotheses that are kept after each token; 1 takes the best token each time. Default 4. */
  readonly beams?: number | undefined;
  /** Translations to find, at most `beams`. Default 1: no alternatives. */
  readonly nBest?: number | undefined;
  /** α of the length penalty (Wu et al. 2016); longer translations gain. Default 0. */
  readonly lengthPenalty?: number | undefined;
  /**
   * β of the coverage penalty (Wu et al. 2016); translations that leave source tokens out lose.
   * Default 0.
   */
  readonly coveragePenalty?: number | undefined;
  /** Most tokens. Default: the model's `maxLength`. */
  readonly maxLength?: number | undefined;
};

/** Weights with which the decoder looked at the source. */
export type AttentionMap = {
  /** Source tokens, with the end of the text, `</s>`. */
  readonly source: readonly string[];
  readonly target: readonly string[];
  /** A row for each target token, a weight for each source token; a row sums to 1. */
  readonly weights: readonly (readonly number[])[];
};

/** One of the translations that a search ends with. */
export type TranslationCandidate = {
  readonly text: string;
  /** Score by which translations are ranked: log probability with the penalties. */
  readonly score: number;
  readonly logProbability: number;
  /** False when it was cut off at `maxLength`. */
  readonly finished: boolean;
  readonly attention: AttentionMap;
};

/** The best candidate. */
export type Translation = TranslationCandidate & {
  /**
   * The candidates after it, best first, each another text: `nBest - 1`, or fewer where the search
   * ends with fewer.
   */
  readonly alternatives: readonly TranslationCandidate[];
};

export const TRANSLATE_DEFAULTS: { readonly beams: number; readonly nBest: number } = { beams: 4, nBest: 1 };

const END_TOKEN = "</s>";

/** `translate` as a generator that yields after each token. */
export function* translateInPieces(model: Translator, text: string, options: TranslateOptions): Pieces<Translation> {
  const { beams = TRANSLATE_DEFAULTS.beams, nBest = TRANSLATE_DEFAULTS.nBest } = options;
  checkInteger("translate beams", beams, 1);
  checkInteger("translate nBest", nBest, 1, beams);
  const { lengthPenalty = 0, coveragePenalty = 0, maxLength = model.config.maxLength } = options;
  const ids = model.sourceIds(text);
  const keeper = new Keeper();
  const carried = new CarriedState();
  try {
    const cell = keeper.keep(() =>
      withoutGradient(() => {
        const encoded = model.encode(tensor(ids, { shape: [ids.length, 1] }), Int32Array.of(ids.length), {
          copies: beams,
        });
        carried.carry(encoded.state);
        return model.cell(encoded);
      }),
    );
    const found = yield* searchInPieces<number>({
      start: 0,
      step: (beginnings) => continued(model, cell, carried, { beginnings, beams }),
      beams,
      maxLength,
      end: model.end,
      nBest: beams,
      lengthPenalty,
      coveragePenalty,
    });
    const source = [...Array.from(ids.subarray(0, -1), (id) => model.source.tokens[id]), END_TOKEN];
    const candidates = found.map((hypothesis) => candidateOf(model, source, hypothesis));
    // a text can be cut into pieces in several ways, of which the first is the most probable
    const first = new Map<string, TranslationCandidate>();
    for (const one of candidates) if (!first.has(one.text)) first.set(one.text, one);
    const [best, ...alternatives] = [...first.values()].slice(0, nBest);
    return { ...best, alternatives };
  } finally {
    keeper.free();
    carried.free();
  }
}

/**
 * The best translation of a text, by beam search, and with `nBest` those that come after it. The
 * same text gives the same translations. With `signal` the answer is a promise, which rejects with
 * the signal's reason when that aborts.
 *
 * Throws RangeError for options, NotFiniteError when the model's numbers are not finite.
 */
export const translate: Interruptible<Translator, string, TranslateOptions, Translation> = interruptibleFor(
  "translator",
)("translate", "beams nBest lengthPenalty coveragePenalty maxLength", translateInPieces);

/** Translations of many texts, one after another; see `translate`. */
export const translateAll: Interruptible<Translator, readonly string[], TranslateOptions, Translation[]> =
  interruptibleFor("translator")(
    "translateAll",
    "beams nBest lengthPenalty coveragePenalty maxLength",
    allAnswers(translateInPieces),
  );

/**
 * One step of all hypotheses together, in as many rows as there are beams. The state of a
 * hypothesis is its row in `carried`.
 */
function continued(
  model: Translator,
  cell: ReturnType<Translator["cell"]>,
  carried: CarriedState,
  { beginnings, beams }: { readonly beginnings: readonly Beginning<number>[]; readonly beams: number },
): Continuation<number>[] {
  const row = (i: number): Beginning<number> => beginnings[Math.min(i, beginnings.length - 1)];
  return withoutGradient(() =>
    scope(() => {
      const rows = tensor(Int32Array.from({ length: beams }, (_, i) => row(i).state));
      const last = tensor(Int32Array.from({ length: beams }, (_, i) => row(i).tokens.at(-1) ?? model.start));
      const before = mapTree(carried.state as unknown as Tree<Tensor>, (part) => gather(part, rows));
      const next = cell.step(model.embed(last), before as unknown as AttentionState);
      const scores = logSoftmax(model.logits(next.output));
      const values = scores.values();
      const alignments = next.state.alignment.values();
      const [width, steps] = [scores.shape[1], next.state.alignment.shape[1]];
      carried.carry(next.state);
      return beginnings.map((_, i) => {
        const logProbabilities = values.subarray(i * width, (i + 1) * width);
        // never said
        logProbabilities[model.start] = -Infinity;
        return { logProbabilities, state: i, attention: alignments.subarray(i * steps, (i + 1) * steps) };
      });
    }),
  );
}

function candidateOf(
  model: Translator,
  source: readonly string[],
  { tokens, score, logProbability, finished, attention }: Hypothesis,
): TranslationCandidate {
  const target = tokens.map((id) => model.target.tokens[id]);
  return {
    text: model.target.decode(tokens),
    score,
    logProbability,
    finished,
    attention: {
      source,
      target: finished ? [...target, END_TOKEN] : target,
      weights: attention.map((row) => Array.from(row)),
    },
  };
}
