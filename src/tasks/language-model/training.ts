/** @file A language model with its text, as the training loop wants it. */
import {
  checkInteger,
  checkNumber,
  checkOptions,
  DataError,
  encodeUtf8,
  kindError,
  randomStream,
  sentence,
} from "../../base/index.ts";
import {
  contiguousBatches,
  type Shard,
  shardRows,
  shuffledWindows,
  splitTail,
  type TokenBatch,
  type TokenBatches,
  type TokenSource,
  WHOLE,
} from "../../data/index.ts";
import { encodeCorpus, type LanguageModel } from "./model.ts";
import { evaluateInPieces, type Evaluation } from "./evaluation.ts";
import { add, mean, mul, slice, square, sub, sum, type Tensor } from "../../tensor/index.ts";
import { inPieces, sha256 } from "#platform";
import type { Finding, LossContext, OwnTask, SeekableBatches } from "../../train/index.ts";
import { diagnose, type DiagnoseOptions } from "./diagnose/diagnose.ts";
import { tokenLoss } from "./loss.ts";
import { languageModelRehearsal } from "./memory.ts";

export type LanguageModelTaskOptions = {
  /**
   * Text to learn, or its token ids, which may be those of files (`streamCorpus` of unrolled/node).
   * Default: the corpus that the model was made with.
   */
  readonly corpus?: string | Uint8Array | Int32Array | TokenSource | undefined;
  /** Time steps per batch: how far gradients reach back. Default 50. */
  readonly sequenceLength?: number | undefined;
  /** Rows per batch. Default 32. */
  readonly batchSize?: number | undefined;
  /** Part of the text, at its end, that is kept for evaluation. Default 0.05. */
  readonly validation?: number | undefined;
  /**
   * false (default): rows run on through the text and their state is carried from batch to batch,
   * as in char-rnn. true: windows in a new random order each epoch, each from a zero state.
   */
  readonly shuffle?: boolean | undefined;
  /**
   * Probability that a row begins a batch with a zero state although its text runs on. Default
   * 0.05: without any, a long run never sees the beginning of a text again, and later samples badly
   * from a short prime. 0 is what char-rnn does.
   */
  readonly resetState?: number | undefined;
  /** Seed of the order of the windows. Default: that of the model. */
  readonly seed?: number | undefined;
  /** Penalties that are added to the loss. Default: none. */
  readonly penalties?: Penalties | undefined;
  /** Shard whose rows are carried from batch to batch. Default: all rows. */
  readonly shard?: Shard | undefined;
  /**
   * Settings of a step, as `diagnose` takes them: evaluations then look for what hinders learning,
   * on two batches of the training text, which has to be in memory. What was found is in their
   * `findings`. Default: they don't.
   */
  readonly diagnosis?: Pick<DiagnoseOptions, "optimizer" | "clipNorm"> | undefined;
};

/** Penalties that are added to the loss before differentiation. Each 0 by default. */
export type Penalties = {
  /** λ of λ/2 · Σ w², over all parameters. */
  readonly l2?: number;
  /**
   * α of α · mean(h²): activation regularisation of the last layer's outputs, after dropout
   * (Merity, Keskar and Socher 2017, "AR").
   */
  readonly activation?: number;
  /** β of β · mean((h_t - h_{t-1})²): temporal activation regularisation ("TAR"). */
  readonly temporalActivation?: number;
};

/**
 * A language model with its text, for `trainOn`: what `train` trains.
 *
 * Throws TypeError, RangeError or DataError for options and a text that is too short.
 */
export function languageModelTask(
  model: LanguageModel,
  options: LanguageModelTaskOptions = {},
): OwnTask<TokenBatch, Evaluation> {
  checkOptions(
    "languageModelTask",
    options,
    "corpus sequenceLength batchSize validation shuffle resetState seed penalties shard diagnosis",
  );
  return taskOf(model, options);
}

/** `languageModelTask` without a look at the names of options, which may be those of `train`. */
export function taskOf(model: LanguageModel, options: LanguageModelTaskOptions = {}): OwnTask<TokenBatch, Evaluation> {
  const { sequenceLength = 50, batchSize = 32, shuffle = false, resetState = 0.05 } = options;
  const { validation: heldOut = 0.05, seed = model.config.seed, penalties = {}, diagnosis, shard = WHOLE } = options;
  // each rank has at least one row
  checkInteger("train batchSize", batchSize, shard.size);
  checkInteger("train sequenceLength", sequenceLength, 1);
  checkNumber("train resetState", resetState, 0, 1);
  for (const [name, value] of Object.entries(penalties)) checkNumber(`train penalties.${name}`, value, 0);
  const random = randomStream(checkInteger("train seed", seed));
  const { training, validation } = splitCorpus(model, options.corpus, heldOut);
  if (diagnosis !== undefined && !(training instanceof Int32Array))
    throw kindError("train diagnose", "a corpus in memory", training);
  const batchesOf = (epoch: number, part: Shard): TokenBatches => {
    const sizes = { batchSize, sequenceLength, shard: part };
    return shuffle
      ? shuffledWindows(training, { ...sizes, random: random.named("shuffle").at(epoch) })
      : contiguousBatches(training, sizes);
  };
  const { from, to } = shardRows(batchSize, shard);
  const rowsOf = ({ inputs }: TokenBatch): number => inputs.length / sequenceLength;
  const parameters = model.parameters();
  return {
    parameters,
    carried: model.initialState(to - from),
    resetState,
    batches: (epoch, part = WHOLE): SeekableBatches<TokenBatch> => seekable(batchesOf(epoch, part)),
    loss(batch, context: LossContext) {
      const rows = rowsOf(batch);
      const { value, outputs, state } = tokenLoss(model, batch, [sequenceLength, rows], context);
      return {
        value,
        // whole batches count alike
        weight: rows / batchSize,
        penalty: penaltyOf(penalties, parameters, outputs),
        // windows in random order start from zero
        state: shuffle ? undefined : state,
      };
    },
    tokens: ({ inputs }) => inputs.length,
    rehearsal: () =>
      languageModelRehearsal(model, { batchSize: to - from, sequenceLength, validation: validation.length }),
    ...(validation.length > 1 && {
      async evaluate(signal?: AbortSignal) {
        const evaluation = await inPieces(evaluateInPieces(model, validation), signal);
        if (diagnosis === undefined) return evaluation;
        const step = { batchSize, sequenceLength, shuffle, ...diagnosis };
        return { ...evaluation, findings: await findingsOf(model, training as Int32Array, step, signal) };
      },
    }),
    async fingerprint() {
      return {
        model: { ...model.config },
        vocabulary: await hashOf(JSON.stringify(model.vocabulary.toJSON())),
        data: await hashOfIds(training),
        validation: await hashOfIds(validation),
        sequenceLength,
        batchSize,
        shuffle,
        resetState,
        seed,
        penalties: { ...penalties },
      };
    },
  };
}

function seekable(batches: TokenBatches): SeekableBatches<TokenBatch> {
  function* from(start: number): Generator<TokenBatch, void, undefined> {
    for (let index = start; index < batches.count; index++) yield batches.at(index);
  }
  return { count: batches.count, from, [Symbol.iterator]: () => from(0) };
}

/** Batches of a diagnosis: as few as give a picture, since it is made at each evaluation. */
const DIAGNOSED = 2;

/** Findings that are not "ok", the worst first. */
async function findingsOf(
  model: LanguageModel,
  corpus: Int32Array,
  options: DiagnoseOptions,
  signal: AbortSignal | undefined,
): Promise<readonly Finding[]> {
  const { findings } = await diagnose(model, {
    ...options,
    batches: DIAGNOSED,
    validation: 0,
    corpus,
    ...(signal && { signal }),
  });
  return [
    ...findings.filter(({ verdict }) => verdict === "bad"),
    ...findings.filter(({ verdict }) => verdict === "look"),
  ];
}

const hashOf = (text: string): Promise<string> => sha256(encodeUtf8(text));

const hashOfIds = (ids: Int32Array | TokenSource): Promise<string> =>
  ids instanceof Int32Array ? sha256(new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength)) : ids.hash();

function penaltyOf(
  { l2 = 0, activation = 0, temporalActivation = 0 }: Penalties,
  parameters: Readonly<Record<string, Tensor>>,
  outputs: Tensor,
): Tensor | undefined {
  const parts: Tensor[] = [];
  const [steps, batch, units] = outputs.shape;
  if (l2 > 0) parts.push(...Object.values(parameters).map((w) => mul(sum(square(w)), l2 / 2)));
  if (activation > 0) parts.push(mul(mean(square(outputs)), activation));
  if (temporalActivation > 0 && steps > 1) {
    const later = slice(outputs, [1, 0, 0], [steps - 1, batch, units]);
    const earlier = slice(outputs, [0, 0, 0], [steps - 1, batch, units]);
    parts.push(mul(mean(square(sub(later, earlier))), temporalActivation));
  }
  return parts.length === 0 ? undefined : parts.reduce((a, b) => add(a, b));
}

function splitCorpus(
  model: LanguageModel,
  corpus: LanguageModelTaskOptions["corpus"] = model.corpus,
  part: number,
): { training: Int32Array | TokenSource; validation: Int32Array | TokenSource } {
  const ids =
    typeof corpus === "string" || corpus instanceof Uint8Array ? encodeCorpus(model.vocabulary, corpus) : corpus;
  if (ids === undefined) throw kindError("train", "a corpus (in the model or in the options)", undefined);
  if (ids.length === 0) throw new DataError(sentence("train corpus", "at least one token", "none"));
  const { train: training, validation } = splitTail(ids, { validation: part });
  return { training, validation };
}
