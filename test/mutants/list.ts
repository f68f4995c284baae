/** @file Every mutant. Adding one: choose the family's file, and a name that says what is wrong. */
import { gruMutants } from "./gru.ts";
import { lossOptimizerMutants } from "./loss-optimizer.ts";
import { lstmMutants } from "./lstm.ts";
import type { Family, Mutant } from "./mutant.ts";
import { rnnMutants } from "./rnn.ts";

export const families: Readonly<Record<Family, { readonly title: string; readonly mutants: readonly Mutant[] }>> = {
  lstm: { title: "LSTM", mutants: lstmMutants },
  gru: { title: "GRU", mutants: gruMutants },
  rnn: { title: "RNN", mutants: rnnMutants },
  "loss-optimizer": { title: "losses and optimizers", mutants: lossOptimizerMutants },
};
