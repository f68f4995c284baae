/** @file What a translator is trained on: how far it is from the true tokens. */
import { type RandomStream } from "../../base/index.ts";
import { runSequence, sampleToken } from "../../rnn/index.ts";
import {
  gather,
  mean,
  reshape,
  scope,
  sparseSoftmaxCrossEntropy,
  stack,
  type Tensor,
  tensor,
  withoutGradient,
} from "../../tensor/index.ts";
import type { TranslationBatch } from "./inputs.ts";
import type { Encoded, Translator } from "./model.ts";

export type TranslationLossOptions = {
  /** Turns dropout on and draws the tokens of scheduled sampling; only with it. */
  readonly random?: RandomStream | undefined;
  /** Probability of a true token as input. Default 1. */
  readonly teacher?: number | undefined;
};

/** Mean cross entropy per target token of a batch, a scalar. Padding has no part in it. */
export function translationLoss(
  model: Translator,
  batch: TranslationBatch,
  { random, teacher = 1 }: TranslationLossOptions = {},
): Tensor {
  const rows = batch.sourceLengths.length;
  const steps = batch.inputs.length / rows;
  const source = tensor(batch.source, { shape: [batch.source.length / rows, rows] });
  const encoded = model.encode(source, batch.sourceLengths, { random });
  const outputs =
    teacher < 1 && random !== undefined
      ? sampledOutputs(model, encoded, batch, { random, teacher })
      : runSequence(model.cell(encoded), model.embed(tensor(batch.inputs, { shape: [steps, rows] })), encoded.state, {
          random: random?.named("decoder"),
          trace: false,
        }).outputs;
  // the decoder also ran over padding, behind which nothing comes: its outputs there are left out
  const places = validPlaces(batch.targetLengths, steps);
  const valid = gather(reshape(outputs, [steps * rows, outputs.shape[2]]), tensor(places));
  const targets = tensor(places.map((place) => batch.targets[place]));
  return mean(sparseSoftmaxCrossEntropy(model.logits(valid), targets));
}

function validPlaces(lengths: Int32Array, steps: number): Int32Array {
  const places: number[] = [];
  for (let t = 0; t < steps; t++)
    for (let row = 0; row < lengths.length; row++) if (t < lengths[row]) places.push(t * lengths.length + row);
  return Int32Array.from(places);
}

/**
 * Outputs [T, B, H] of a decoder that at times reads what it would have said itself. No gradient
 * flows through that choice.
 */
function sampledOutputs(
  model: Translator,
  encoded: Encoded,
  { inputs, firstRow }: TranslationBatch,
  { random, teacher }: { readonly random: RandomStream; readonly teacher: number },
): Tensor {
  const cell = model.cell(encoded);
  const rows = encoded.state.alignment.shape[0];
  const outputs: Tensor[] = [];
  let state = encoded.state;
  for (let time = 0; time * rows < inputs.length; time++) {
    const ids = inputs.slice(time * rows, (time + 1) * rows);
    if (time > 0)
      replaceSome(model, ids, outputs[time - 1], { teacher, firstRow, random: random.named("schedule").at(time) });
    const next = cell.step(model.embed(tensor(ids)), state, { time, random: random.named("decoder") });
    outputs.push(next.output);
    state = next.state;
  }
  return stack(outputs);
}

/**
 * Puts what the model would have said in the place of some ids, which are drawn by their row in the
 * whole batch.
 */
function replaceSome(
  model: Translator,
  ids: Int32Array,
  before: Tensor,
  { teacher, firstRow, random }: { readonly teacher: number; readonly firstRow: number; readonly random: RandomStream },
): void {
  const draws = Array.from({ length: firstRow + ids.length }, () => random.uniform() >= teacher);
  const own = draws.slice(firstRow);
  if (!own.includes(true)) return;
  const scores = withoutGradient(() => scope(() => model.logits(before).values()));
  const width = scores.length / ids.length;
  own.forEach((isOwn, row) => {
    if (isOwn) ids[row] = sampleToken(scores.subarray(row * width, (row + 1) * width), random.at(firstRow + row));
  });
}
