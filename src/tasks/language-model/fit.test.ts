import { expect, test } from "vitest";
import { languageModel } from "./model.ts";
import { sgd } from "../../optim/index.ts";
import { square, sub, tensor } from "../../tensor/index.ts";
import { fitOn, type OwnTask, type TrainEvent } from "../../train/index.ts";
import { fit } from "./fit.ts";

/** One number that should become 3. */
function number(): OwnTask<number> {
  const w = tensor(0);
  return {
    parameters: { w },
    batches: () => [1, 2],
    loss: () => square(sub(w, 3)),
    evaluate: () => ({ loss: w.item() - 3, perplexity: 7 }),
  };
}

test("fitOn: a task of one's own to its end, in lists of events", async () => {
  const seen: TrainEvent[] = [];
  const task = number();
  const options = {
    epochs: 3,
    optimizer: sgd({ learningRate: 0.1 }),
    onEvent: (event: TrainEvent) => void seen.push(event),
  };
  const { steps, epochs, evaluations, step, reason } = await fitOn(task, options);
  expect([steps.length, epochs.length, evaluations.length, step, reason]).toEqual([6, 3, 3, 6, "done"]);
  expect(seen.filter(({ kind }) => kind === "step")).toEqual(steps);
  expect(seen.at(-1)).toMatchObject({ kind: "end", reason: "done" });
  expect(evaluations[2]).toMatchObject({ loss: task.parameters["w"].item() - 3, perplexity: 7 });
  expect(steps[5].loss).toBeLessThan(steps[0].loss / 5);
});

test("both reject as the loops throw", async () => {
  await expect(fitOn(number(), { clipNorm: -1 })).rejects.toMatchObject({ code: "ERR_VALUE" });
  await expect(fitOn({ ...number(), batches: () => [] })).rejects.toMatchObject({ code: "ERR_DATA" });
  const model = languageModel({ corpus: "hello", hiddenSize: 2, embeddingSize: 2 });
  await expect(fit(model)).rejects.toMatchObject({ code: "ERR_DATA" });
});
