/** @file A language model with its text, as the training loop wants it. */
import {
  checkInteger,
  checkNumber,
  DataError,
  encodeUtf8,
  kindError,
  type RandomStream,
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
import {
  add,
  mean,
  mul,
  slice,
  sparseSoftmaxCrossEntropy,
  square,
  sub,
  sum,
  type Tensor,
  tensor,
} from "../../tensor/index.ts";
import type { Optimizer } from "../../optim/index.ts";
import { inPieces, sha256 } from "#platform";
import { type EpochBatches, type Finding, type LossContext, type Task, unlessAborted } from "../../train/index.ts";
import { diagnose } from "./diagnose/diagnose.ts";
import { languageModelRehearsal } from "./memory.ts";

export type LanguageModelTaskOptions = {
  readonly corpus?: string | Uint8Array | Int32Array | TokenSource;
  readonly sequenceLength: number;
  readonly batchSize: number;
  readonly validation: number;
  readonly shuffle: boolean;
  readonly resetState: number;
  readonly seed: number;
  readonly random: RandomStream;
  readonly penalties: Penalties;
  /** Whose rows are carried from batch to batch. Default: all of them. */
  readonly shard?: Shard | undefined;
  /** With what a step is made, where evaluations look for what hinders learning. Absent: they don't. */
  readonly diagnosis?: { readonly optimizer: Optimizer; readonly clipNorm: number };
};

/** What is added to the loss before differentiation. Each 0 by default. */
export type Penalties = {
  /** λ of λ/2 · Σ w², over all parameters. */
  readonly l2?: number;
  /** α of α · mean(h²): activation regularisation of the last layer's outputs, after dropout (Merity, Keskar and Socher 2017, "AR"). */
  readonly activation?: number;
  /** β of β · mean((h_t - h_{t-1})²): temporal activation regularisation ("TAR"). */
  readonly temporalActivation?: number;
};

export type LanguageModelTask = Task<TokenBatch, Evaluation> & {
  /** Tokens that are kept for evaluation. */
  readonly validationTokens: number;
};

/** Throws TypeError, RangeError or DataError for options and a text that is too short. */
export function languageModelTask(model: LanguageModel, options: LanguageModelTaskOptions): LanguageModelTask {
  const { batchSize, sequenceLength, shuffle, resetState, seed, random, penalties, diagnosis, shard = WHOLE } = options;
  // each rank has at least one row
  checkInteger("train batchSize", batchSize, shard.size);
  checkInteger("train sequenceLength", sequenceLength, 1);
  checkNumber("train resetState", resetState, 0, 1);
  for (const [name, value] of Object.entries(penalties)) checkNumber(`train penalties.${name}`, value, 0);
  const { training, validation } = splitCorpus(model, options);
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
    validationTokens: validation.length,
    carried: model.initialState(to - from),
    resetState,
    epoch(index, part = WHOLE): EpochBatches<TokenBatch> {
      const batches = batchesOf(index, part);
      return {
        count: batches.count,
        *from(start) {
          for (let at = start; at < batches.count; at++) yield batches.at(at);
        },
      };
    },
    loss(batch, { state, random: own }: LossContext) {
      const { inputs, targets } = batch;
      const rows = rowsOf(batch);
      const ids = tensor(inputs, { shape: [sequenceLength, rows] });
      const result = model.forward(ids, state ?? model.initialState(rows), { random: own });
      const value = mean(sparseSoftmaxCrossEntropy(result.logits, tensor(targets)));
      return {
        value,
        // whole batches count alike
        weight: rows / batchSize,
        penalty: penaltyOf(penalties, parameters, result.outputs),
        // windows in random order begin anew
        state: shuffle ? undefined : result.state,
      };
    },
    tokens: ({ inputs }) => inputs.length,
    rehearsal: () =>
      languageModelRehearsal(model, { batchSize: to - from, sequenceLength, validation: validation.length }),
    ...(validation.length > 1 && {
      async evaluate(signal: AbortSignal | undefined) {
        return unlessAborted(signal, async () => {
          const found = await inPieces(evaluateInPieces(model, validation), signal);
          if (diagnosis === undefined) return found;
          return { ...found, findings: await findingsOf(model, training, options, signal) };
        });
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

/** Batches of a diagnosis: as few as give a picture, since it is made at each evaluation. */
const DIAGNOSED = 2;

/** What is not as it should be, the worst first. */
async function findingsOf(
  model: LanguageModel,
  corpus: Int32Array | TokenSource,
  { batchSize, sequenceLength, shuffle, diagnosis }: LanguageModelTaskOptions,
  signal: AbortSignal | undefined,
): Promise<readonly Finding[]> {
  const sizes = { batchSize, sequenceLength, shuffle, batches: DIAGNOSED, validation: 0 };
  const { findings } = await diagnose(model, {
    ...sizes,
    ...diagnosis,
    corpus: corpus as Int32Array,
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
  { corpus = model.corpus, validation: part }: LanguageModelTaskOptions,
): { training: Int32Array | TokenSource; validation: Int32Array | TokenSource } {
  const ids =
    typeof corpus === "string" || corpus instanceof Uint8Array ? encodeCorpus(model.vocabulary, corpus) : corpus;
  if (ids === undefined) throw kindError("train", "a corpus (in the model or in the options)", undefined);
  if (ids.length === 0) throw new DataError(sentence("train corpus", "at least one token", "none"));
  const { train: training, validation } = splitTail(ids, { validation: part });
  return { training, validation };
}
