/** @file Whether a model learns as it should, by what can be measured on a few batches. */
import { checkInteger, checkOptions, DataError, randomStream, sentence } from "../../../base/index.ts";
import { contiguousBatches, shuffledWindows, splitTail, type TokenBatches } from "../../../data/index.ts";
import { encodeCorpus, type LanguageModel } from "../model.ts";
import { evaluateInPieces } from "../evaluation.ts";
import { adam, type Optimizer } from "../../../optim/index.ts";
import { isGated } from "../../../rnn/index.ts";
import { inPieces, pacer } from "#platform";
import type { Diagnosis, GradientByStep } from "./diagnosis.ts";
import type { Finding, Verdict } from "../../../train/index.ts";
import {
  clippedFinding,
  deadFinding,
  gapFinding,
  gateFinding,
  growthFinding,
  isHuge,
  lossFinding,
  normFinding,
  ratioFinding,
  reachFinding,
  skippedFinding,
} from "./diagnosis-rules.ts";
import { GateMeter, gradientByStep, type MeasuredBatch, stateAfter, StepMeter } from "./measure.ts";

/** A line of a run's metrics, or an event of `train`. */
export type HistoryEvent = {
  readonly kind: string;
  readonly gradientNorm?: number;
  readonly skipped?: boolean;
};

export type DiagnoseOptions = {
  /** Text, or its token ids. Default: the corpus that the model was made with. */
  readonly corpus?: string | Uint8Array | Int32Array | undefined;
  /** Time steps per batch, at least 2. Default 50. */
  readonly sequenceLength?: number | undefined;
  /** Rows per batch. Default 32. */
  readonly batchSize?: number | undefined;
  /** Part of the text, at its end, that was kept for evaluation. Default 0.05. */
  readonly validation?: number | undefined;
  /** Whether training reads windows in random order, each from a zero state. Default false. */
  readonly shuffle?: boolean | undefined;
  /**
   * Optimizer, with the rate of the step that is looked at. Default Adam with learning rate 2e-3.
   */
  readonly optimizer?: Optimizer | undefined;
  /** Default 5; Infinity: none. */
  readonly clipNorm?: number | undefined;
  /** Batches that are measured, spread over the text. Default 8. */
  readonly batches?: number | undefined;
  /**
   * Events of the run, for the share of steps that were skipped and clipped. Default: none.
   */
  readonly history?: readonly HistoryEvent[] | undefined;
  /** Ends it: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
};

/** The most tokens that a loss is measured on. */
const MOST_TOKENS = 50_000;

/**
 * Measures a model on a few batches of its text: losses, how far gradients reach back in time,
 * gates that are saturated, units that are dead, the size of an optimizer's step. Dropout is off.
 * The model is not changed.
 *
 * Rejects with DataError for a text that is too short, RangeError for options.
 */
export async function diagnose(model: LanguageModel, options: DiagnoseOptions = {}): Promise<Diagnosis> {
  checkOptions(
    "diagnose",
    options,
    "corpus sequenceLength batchSize validation shuffle optimizer clipNorm batches history signal",
  );
  const { sequenceLength = 50, clipNorm = 5, optimizer = adam({ learningRate: 2e-3 }), history = [] } = options;
  checkInteger("diagnose sequenceLength", sequenceLength, 2);
  const { training, validation } = splitCorpus(model, options);
  const steps = new StepMeter(model, optimizer, clipNorm);
  const gates = new GateMeter(model);
  const traces: GradientByStep[][] = [];
  const pace = pacer(options.signal);
  for (const batch of measuredBatches(model, training, { ...options, sequenceLength })) {
    steps.add(batch);
    await pace.rest();
    gates.add(batch);
    await pace.rest();
    traces.push(gradientByStep(model, batch));
    await pace.rest();
  }
  const byStep = meanOf(traces);
  const losses = await lossesOf(model, training, validation, options.signal);
  const { gradientNorms, updateRatios } = steps;
  const explodes = Object.values(gradientNorms).some(isHuge);
  const gated = isGated(model.gates);
  const findings: Finding[] = [
    lossFinding(losses.training, Math.log(model.vocabulary.size), unigramEntropy(training)),
    ...(losses.validation === undefined ? [] : [gapFinding(losses.training, losses.validation)]),
    ...historyFindings(history, clipNorm),
    ...byStep.flatMap((one) => [reachFinding(one, gated, sequenceLength), growthFinding(one)]),
    ...gates.gates.map(gateFinding),
    ...gates.dead.map(deadFinding),
    ...Object.entries(gradientNorms).map(([path, norm]) => normFinding(path, norm)),
    ...Object.entries(updateRatios).map(([path, ratio]) => ratioFinding(path, ratio, explodes)),
  ];
  const verdicts = new Set(findings.map(({ verdict }) => verdict));
  const verdict: Verdict = verdicts.has("bad") ? "bad" : verdicts.has("look") ? "look" : "ok";
  return { verdict, findings, gradientByStep: byStep, gates: gates.gates, gradientNorms, updateRatios };
}

function splitCorpus(
  model: LanguageModel,
  { corpus = model.corpus, validation = 0.05 }: DiagnoseOptions,
): { training: Int32Array; validation: Int32Array } {
  if (corpus === undefined)
    throw new DataError(sentence("diagnose", "a corpus (in the model or in the options)", "none"));
  const ids = corpus instanceof Int32Array ? corpus : encodeCorpus(model.vocabulary, corpus);
  const { train, validation: heldOut } = splitTail(ids, { validation });
  return { training: train, validation: heldOut };
}

function* measuredBatches(
  model: LanguageModel,
  ids: Int32Array,
  {
    sequenceLength,
    batchSize = 32,
    shuffle = false,
    batches: wanted = 8,
  }: DiagnoseOptions & { sequenceLength: number },
): Generator<MeasuredBatch, void, undefined> {
  checkInteger("diagnose batches", wanted, 1);
  const shape = [sequenceLength, batchSize] as const;
  const sizes = { sequenceLength, batchSize };
  const all: TokenBatches = shuffle
    ? shuffledWindows(ids, { ...sizes, random: randomStream(model.config.seed).named("diagnose") })
    : contiguousBatches(ids, sizes);
  const count = Math.min(wanted, all.count);
  for (let i = 0; i < count; i++) {
    const at = Math.floor((i * all.count) / count);
    const runsOn = !shuffle && at > 0;
    const state = runsOn ? stateAfter(model, all.at(at - 1), shape) : model.initialState(batchSize);
    yield { ...all.at(at), shape, state };
  }
}

/** Mean norms over the batches. */
const meanOf = (traces: readonly GradientByStep[][]): GradientByStep[] =>
  traces[0].map(({ layer, norms }, at) => ({
    layer,
    norms: norms.map((_, t) => traces.reduce((total, trace) => total + trace[at].norms[t], 0) / traces.length),
  }));

/** Mean losses per token on as much of both parts, so that they can be compared. */
async function lossesOf(
  model: LanguageModel,
  training: Int32Array,
  validation: Int32Array,
  signal: AbortSignal | undefined,
): Promise<{ training: number; validation: number | undefined }> {
  const hasOther = validation.length > 1;
  const length = Math.min(MOST_TOKENS, hasOther ? validation.length : training.length, training.length);
  const lossOf = async (ids: Int32Array): Promise<number> =>
    (await inPieces(evaluateInPieces(model, ids), signal)).loss;
  return {
    training: await lossOf(training.subarray(training.length - length)),
    validation: hasOther ? await lossOf(validation.subarray(0, length)) : undefined,
  };
}

/** Entropy of the tokens' frequencies, in nats: the loss of a model that knows nothing else. */
function unigramEntropy(ids: Int32Array): number {
  const counts = new Map<number, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  let entropy = 0;
  for (const n of counts.values()) entropy -= (n / ids.length) * Math.log(n / ids.length);
  return entropy;
}

function historyFindings(history: readonly HistoryEvent[], clipNorm: number): Finding[] {
  const steps = history.filter(({ kind }) => kind === "step");
  if (steps.length === 0) return [];
  const share = (test: (event: HistoryEvent) => boolean): number => steps.filter(test).length / steps.length;
  return [
    skippedFinding(share(({ skipped }) => skipped === true)),
    ...(clipNorm === Infinity ? [] : [clippedFinding(share(({ gradientNorm = 0 }) => gradientNorm > clipNorm))]),
  ];
}
