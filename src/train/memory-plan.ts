/**
 * @file What a training run takes of the engine's memory, worked out from sizes: every array that `trainStep` and `evaluate` make, in their order.
 * T time steps, B rows, V tokens.
 */
import { sentence, UnsupportedError } from "../base/index.ts";
import { engineReport } from "../engine/index.ts";
import { EVALUATE_DEFAULTS, type LanguageModel, type LanguageModelConfig } from "../model/index.ts";
import { isWorthProjecting } from "../rnn/index.ts";
import { memory } from "../tensor/index.ts";
import { layerBackward, layerForward, type LayerSizes, packed, stateParts } from "./layer-memory.ts";
import { MemoryLedger } from "./memory-ledger.ts";

const GIB = 2 ** 30;

/** Addresses of the WebAssembly engine have 32 bits. */
const LIMIT = 4 * GIB;

/** What the arrays of a run depend on. */
export type RunSizes = {
  readonly batchSize: number;
  readonly sequenceLength: number;
  /** Tokens that are kept for evaluation; with fewer than 2 there is none. */
  readonly validation: number;
};

/** What a model's arrays depend on. */
export type ModelSizes = {
  readonly config: LanguageModelConfig;
  /** V. */
  readonly tokens: number;
};

/**
 * What a training run takes of the engine's memory in bytes, beside the parameters, the optimizer's slots and the carried state: one step and an evaluation.
 * Measured within 5 % on the WebAssembly engine.
 */
export const trainingBytes = (model: LanguageModel, run: RunSizes): number =>
  runBytes({ config: model.config, tokens: model.vocabulary.size }, run);

/** Throws UnsupportedError when a run would need more memory than the engine can have. The optimizer's slots count as what is in use now. */
export function checkMemory(model: LanguageModel, run: RunSizes): void {
  if (engineReport().name !== "wasm") return;
  const needed = memory().liveBytes + trainingBytes(model, run);
  if (needed <= LIMIT) return;
  const got = `one that needs ${(needed / GIB).toFixed(1)} GiB`;
  const hint = "Use a smaller batch, shorter sequences or fewer units";
  throw new UnsupportedError(sentence("train", "a step that fits in 4 GiB", got, hint));
}

/** Of the engine itself, on one thread: scratch memory of the kernels, and what the trial of tiles leaves. */
const ENGINE_BYTES = 400 * 1024;

/** Bytes that steps and evaluations take beside the parameters, the optimizer's slots and the carried state. */
export function runBytes(model: ModelSizes, { batchSize, sequenceLength, validation }: RunSizes): number {
  const ledger = new MemoryLedger();
  ledger.within(() => step(ledger, model, sequenceLength, batchSize));
  if (validation > 1) evaluation(ledger, model, validation);
  return ENGINE_BYTES + ledger.bytes;
}

/** From token ids to the gradients of all parameters. */
function step(ledger: MemoryLedger, model: ModelSizes, T: number, B: number): void {
  const { tokens: V } = model;
  const { hiddenSize: H, embeddingSize, dropout, tieWeights = false } = model.config;
  const rows = T * B;
  forward(ledger, model, T, B, dropout);
  // of the losses, the scores and the bias; then of the output layer's inputs and kernel
  ledger.take(rows, rows * V, V);
  product(ledger, rows, V, H);
  if (tieWeights) product(ledger, V, rows, H);
  else product(ledger, H, rows, V);
  for (const sizes of layersOf(model, T, B).toReversed()) {
    if (dropout > 0) ledger.take(rows * H, rows * H);
    layerBackward(ledger, sizes);
  }
  if (!isWorthProjecting(V, T, B)) ledger.take(V * embeddingSize);
  // of both uses together
  if (tieWeights) ledger.take(V * embeddingSize);
}

/** From token ids to losses. */
function forward(ledger: MemoryLedger, model: ModelSizes, T: number, B: number, dropout: number): void {
  const { tokens: V } = model;
  const { hiddenSize: H, embeddingSize } = model.config;
  const rows = T * B;
  ledger.take(rows, isWorthProjecting(V, T, B) ? 0 : rows * embeddingSize);
  for (const sizes of layersOf(model, T, B)) {
    layerForward(ledger, sizes);
    if (dropout > 0) ledger.take(rows * H, rows * H);
  }
  product(ledger, rows, H, V);
  // targets, losses, probabilities
  ledger.take(rows, rows, rows * V);
}

/** Pieces of the text side by side; the last ones are shorter. */
function evaluation(ledger: MemoryLedger, model: ModelSizes, validation: number): void {
  const { rows: most, sequenceLength } = EVALUATE_DEFAULTS;
  const B = Math.min(most, Math.floor(validation / 2));
  const longest = Math.ceil(validation / B) - 1;
  const { hiddenSize: H, layers } = model.config;
  for (let part = 0; part < layers * stateParts(model.config); part++) ledger.take(B * H);
  for (const T of [Math.min(sequenceLength, longest), longest % sequenceLength])
    if (T > 0) ledger.within(() => forward(ledger, model, T, B, 0));
}

/** [m, n] = [m, k]·[k, n], of which the second is packed meanwhile. */
function product(ledger: MemoryLedger, m: number, k: number, n: number): void {
  ledger.take(m * n);
  ledger.within(() => ledger.take(packed(k, n)));
}

const layersOf = ({ config, tokens }: ModelSizes, steps: number, batch: number): LayerSizes[] =>
  Array.from({ length: config.layers }, (_, layer) => ({
    config,
    inputs: layer === 0 ? config.embeddingSize : config.hiddenSize,
    table: layer === 0 && isWorthProjecting(tokens, steps, batch) ? tokens : undefined,
    steps,
    batch,
  }));
