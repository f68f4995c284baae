/** @file Every mutant. Adding one: choose the family's file, and a name that says what is wrong. */
import { attentionMutants } from "./attention.ts";
import { crfMutants } from "./crf.ts";
import { ctcMutants } from "./ctc.ts";
import { gruMutants } from "./gru.ts";
import { likelihoodMutants } from "./likelihood.ts";
import { lossOptimizerMutants } from "./loss-optimizer.ts";
import { lstmMutants } from "./lstm.ts";
import { metricMutants } from "./metrics.ts";
import type { Family, Mutant } from "./mutant.ts";
import { rnnMutants } from "./rnn.ts";
import { searchMutants } from "./search.ts";
import { windowMutants } from "./windows.ts";

export const families: Readonly<Record<Family, { readonly title: string; readonly mutants: readonly Mutant[] }>> = {
  lstm: { title: "LSTM", mutants: lstmMutants },
  gru: { title: "GRU", mutants: gruMutants },
  rnn: { title: "RNN", mutants: rnnMutants },
  "loss-optimizer": { title: "losses and optimizers", mutants: lossOptimizerMutants },
  ctc: { title: "CTC loss", mutants: ctcMutants },
  crf: { title: "CRF", mutants: crfMutants },
  likelihood: { title: "other likelihoods", mutants: likelihoodMutants },
  attention: { title: "attention", mutants: attentionMutants },
  search: { title: "beam searches", mutants: searchMutants },
  metrics: { title: "metrics", mutants: metricMutants },
  windows: { title: "convolution and pooling", mutants: windowMutants },
};
