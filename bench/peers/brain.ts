/**
 * @file brain.js from the modules in BENCH_MODULES: its LSTM on one sequence, the only batch it knows. Its initial weights and its update
 * (RMSProp with clipping) can't be changed, so there is nothing to compare but the time.
 */
import { createRequire } from "node:module";
import type { Case } from "../cases.ts";
import { tokensOf } from "../numbers.ts";
import { serve, type Work } from "../protocol.ts";

/** The few functions of brain.js that are used here: it is no dependency of this package. */
type Brain = {
  readonly recurrent: {
    readonly LSTM: new (options: object) => {
      initialize(): void;
      trainPattern(ids: readonly number[], rate: number): number;
    };
  };
};

const require = createRequire(`${process.env["BENCH_MODULES"]}/package.json`);
const brain = require("brain.js") as Brain;
const { version } = require("brain.js/package.json") as { version: string };

function prepare(task: Case): Work {
  const { vocabulary, hidden, layers } = task;
  const network = new brain.recurrent.LSTM({
    inputSize: vocabulary,
    inputRange: vocabulary,
    outputSize: vocabulary,
    hiddenLayers: Array.from({ length: layers }, () => hidden),
  });
  network.initialize();
  const ids = [...tokensOf(task).inputs];
  return { step: () => network.trainPattern(ids, 1e-3), values: () => [] };
}

await serve(`brain.js ${version}`, prepare);
