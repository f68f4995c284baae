/** Models with random weights that Keras saved: what they answer, as networks. */
import { describe, expect, test } from "vitest";
import { decodeModel, encodeModel } from "../../src/index.ts";
import { importModel, networkKinds } from "../../src/import/index.ts";
import { kerasCases, runModel } from "../helpers/keras-models.ts";

describe.each(kerasCases())("$name ($file)", ({ data, inputs, outputs }) => {
  test("answers as in Keras, and after saving and loading", async () => {
    const model = await importModel(data);
    const answers = runModel(model, inputs);
    expect(answers.map(({ shape }) => shape)).toEqual(outputs.map(({ shape }) => shape));
    answers.forEach((answer, i) => {
      const errors = answer.data.map((value, k) => Math.abs(value - outputs[i].data[k]) / Math.max(1, Math.abs(value)));
      expect(Math.max(...errors), `${i}: ${model.outputs[i].name}`).toBeLessThan(1e-6);
    });
    expect(runModel(decodeModel(encodeModel(model), networkKinds), inputs)).toEqual(answers);
  });
});
