import { expect, test } from "vitest";
import { randomStream } from "../base/index.ts";
import { languageModel } from "../model/index.ts";
import type { LstmState } from "../rnn/index.ts";
import { assign } from "../tensor/index.ts";
import { trainStep } from "./train-step.ts";

test.each([NaN, Infinity])("a carried state of %s is noticed before any update", (bad) => {
  const model = languageModel({ corpus: "abcd", hiddenSize: 3, embeddingSize: 2 });
  const state = model.initialState(1);
  assign((state["0"] as LstmState).c, Float32Array.of(bad, 0, 0));
  const batch = { inputs: Int32Array.of(0, 1), targets: Int32Array.of(1, 2) };
  const settings = { sequenceLength: 2, batchSize: 1, state, random: randomStream(1) };
  let updates = 0;
  const result = trainStep(model, batch, settings, (gradients) => {
    updates++;
    return { gradients, norm: 1, finite: true };
  });
  expect(result.skipped).toBe(true);
  expect(updates).toBe(0);
});
