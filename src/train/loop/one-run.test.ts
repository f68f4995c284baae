import { describe, expect, test } from "vitest";
import { fit, languageModel, type LanguageModel, train, type TrainOptions } from "../../tasks/language-model/index.ts";
import { ones, sum, type Tensor } from "../../tensor/index.ts";
import { trainOn } from "../train-on.ts";

const made = (): LanguageModel => languageModel({ corpus: "abcdef".repeat(20), hiddenSize: 4, embeddingSize: 2 });
const settings: TrainOptions = { steps: 3, batchSize: 2, sequenceLength: 5, validation: 0 };
const refused = expect.objectContaining({
  name: "LockedError",
  code: "ERR_LOCKED",
  message:
    "train: expected a model that no other run is training, got one that is. " +
    "End the other first: leave its loop, call its return(), or abort its signal",
}) as Error;

describe("a second run of one model", () => {
  test("is refused while the first goes on, which is not disturbed", async () => {
    const [model, alone] = [made(), made()];
    const [first, second] = [train(model, settings), train(model, settings)];
    await first.next();
    await expect(second.next()).rejects.toThrow(refused);
    for await (const _ of first);
    await fit(alone, settings);
    const weights = (of: LanguageModel): number[] => Object.values(of.parameters()).flatMap((w) => [...w.values()]);
    expect(weights(model)).toEqual(weights(alone));
  });

  test("is refused when both begin at once", async () => {
    const model = made();
    const results = await Promise.allSettled([fit(model, settings), fit(model, settings)]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    await expect(Promise.reject((results[1] as PromiseRejectedResult).reason)).rejects.toThrow(refused);
  });

  test("may begin when the first has ended, or has been left", async () => {
    const model = made();
    await fit(model, settings);
    for await (const _ of train(model, settings)) break;
    const run = train(model, settings);
    await run.next();
    await run.return();
    expect((await fit(model, settings)).step).toBe(3);
  });

  test("may begin when the first has been aborted, also if nobody waits for its end", async () => {
    const model = made();
    const controller = new AbortController();
    const first = train(model, { ...settings, signal: controller.signal });
    await first.next();
    await expect(train(model, settings).next()).rejects.toThrow(refused);
    controller.abort();
    expect((await fit(model, settings)).step).toBe(3);
    await first.return();
  });

  test("may begin when the first has thrown", async () => {
    const model = made();
    const failing = {
      onEvent: () => {
        throw new Error("stop");
      },
      name: "failing",
    };
    await expect(fit(model, { ...settings, callbacks: [failing] as never })).rejects.toThrow("stop");
    expect((await fit(model, settings)).step).toBe(3);
    await expect(train(model, { ...settings, steps: 0 }).next()).rejects.toThrow("train steps");
    expect((await fit(model, settings)).step).toBe(3);
  });

  test("may begin after the last step of the first, unless that still has weights to put in", async () => {
    const model = made();
    await train(model, { ...settings, steps: 1 }).next();
    const averaged = train(model, { ...settings, steps: 1, averaging: 0.9 });
    await averaged.next();
    await expect(train(model, settings).next()).rejects.toThrow(refused);
    await averaged.return();
  });

  test("may resume a first that rests, which can't go on then", async () => {
    const model = made();
    const first = train(model, settings);
    await first.next();
    const second = train(model, { ...settings, resume: await first.snapshot() });
    await second.next();
    await expect(first.next()).rejects.toThrow(
      "train: expected a model that no other run has trained meanwhile, got one that was resumed",
    );
    for await (const _ of second);
    const third = train(model, settings);
    await third.next();
    const resume = await third.snapshot();
    const running = third.next();
    await expect(train(model, { ...settings, resume }).next()).rejects.toThrow(refused);
    await running;
    await third.return();
  });

  test("may train other parameters of the same task", async () => {
    const parameters = { a: ones([1]), b: ones([1]) };
    const task = { parameters, batches: () => [0, 0, 0], loss: (): Tensor => sum(parameters.a) };
    const only = (frozen: string): object => ({ steps: 3, groups: [{ parameters: [frozen], frozen: true }] });
    const [a, b] = [trainOn(task, only("b")), trainOn(task, only("a"))];
    await a.next();
    await b.next();
    await expect(trainOn(task, { steps: 1 }).next()).rejects.toThrow(refused);
    await Promise.all([a.return(), b.return()]);
  });
});
