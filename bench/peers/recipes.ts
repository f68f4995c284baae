/** @file The contestant of this repository in the race of the recipes: each task as `trainOn` trains it. Runs the build in `dist/`. */
import { adam, trainOn } from "unrolled";
import type { RecipeCase } from "../recipe-cases.ts";
import { recipeWork } from "../recipe-work.ts";
import { serve, type Work } from "../protocol.ts";

/** More than any race takes. */
const STEPS = 1e9;

function prepare(recipe: RecipeCase): Work {
  const { learningRate, clipNorm } = recipe;
  const training = trainOn(recipeWork(recipe).task, { steps: STEPS, optimizer: adam({ learningRate }), clipNorm });
  const step = async (): Promise<number> => {
    for (;;) {
      const { value, done } = await training.next();
      if (done === true) throw new Error("recipes: expected another step, got the end of the training");
      if (value.kind === "step") return value.loss;
    }
  };
  let first: number | undefined;
  return {
    async step() {
      const loss = await step();
      first ??= loss;
    },
    values: async () => [first as number, await step()],
  };
}

await serve(`Node ${process.version.slice(1)}`, prepare);
