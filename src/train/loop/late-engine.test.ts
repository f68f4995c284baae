/**
 * A step on an engine that answers late, as those on a graphics card do, and on one that answers at
 * once.
 */
import { afterEach, expect, test, vi } from "vitest";
import { type Answers, currentEngine, type Questions } from "../../engine/index.ts";
import { sgd } from "../../optim/index.ts";
import { add, assign, memory, mul, square, sub, sum, type Tensor, tensor } from "../../tensor/index.ts";
import { type OwnTask, trainOn } from "../train-on.ts";
import type { TrainOnOptions } from "../train-options.ts";

afterEach(() => vi.restoreAllMocks());

/** A line through points, with a state that counts batches. */
function lineTask(): OwnTask<number[]> & { readonly line: Tensor; readonly count: Tensor } {
  const line = tensor([0.5, -0.25]);
  const count = tensor([[0]]);
  return {
    line,
    count,
    parameters: { line },
    carried: { h: count } as never,
    batches: (epoch) => Array.from({ length: 6 }, (_, at) => [epoch + at, 2 * at, 1]),
    loss: ([x, y, weight], { state }) => ({
      value: square(sub(sum(mul(line, tensor([x, 1]))), y)),
      weight,
      state: { h: mul((state as unknown as { h: Tensor }).h, 1) } as never,
    }),
  };
}

/**
 * Makes the engine answer in another turn of the event loop, with what was there when it was asked.
 */
function answerLate(): { calls: number; most: number } {
  const engine = currentEngine();
  const ask = engine.ask.bind(engine);
  const seen = { calls: 0, most: 0 };
  let waiting = 0;
  vi.spyOn(engine, "ask").mockImplementation((questions: Questions): Promise<Answers> => {
    const answers = ask(questions);
    seen.calls++;
    seen.most = Math.max(seen.most, ++waiting);
    return new Promise((resolve) =>
      setImmediate(() => {
        waiting--;
        resolve(answers as Answers);
      }),
    );
  });
  return seen;
}

async function run(options: TrainOnOptions): Promise<{ events: object[]; line: number[]; blocks: number }> {
  const task = lineTask();
  const events: object[] = [];
  const optimizer = sgd({ learningRate: 0.01 });
  for await (const event of trainOn(task, { optimizer, epochs: 3, ...options }))
    events.push({ ...event, seconds: 0, tokensPerSecond: 0 });
  return { events, line: [...task.line.values()], blocks: memory().liveBlocks };
}

test.each([{}, { accumulate: 4 }] satisfies TrainOnOptions[])(
  "late answers change nothing, and both questions of a step wait together: %j",
  async (options) => {
    const usual = await run(options);
    const seen = answerLate();
    const late = await run(options);
    const steps = late.events.filter((event) => "gradientNorm" in event).length;
    expect(seen).toEqual({ calls: 2 * steps, most: 2 });
    expect(late.events).toEqual(usual.events);
    expect(late.line).toEqual(usual.line);
  },
);

test("a step that waits gives its memory back, and owns nothing that others allocate meanwhile", async () => {
  const before = memory().liveBlocks;
  const task = lineTask();
  answerLate();
  const training = trainOn(task, { steps: 5 });
  for (let at = 0; at < 5; at++) {
    const next = training.next();
    const other = tensor([at]);
    await next;
    expect(other.item()).toBe(at);
  }
  await training.return();
  // two of the task, five of the test, the slots of the optimizer
  expect(memory().liveBlocks - before).toBe(2 + 5 + 2);
});

test.each([
  ["parameter", (task: ReturnType<typeof lineTask>) => assign(task.line, Float32Array.of(NaN, 1))],
  ["state", (task: ReturnType<typeof lineTask>) => assign(task.count, Float32Array.of(Infinity))],
] as const)("a %s that is not finite is known too late to save the work, but not the weights", async (what, spoil) => {
  const task = lineTask();
  answerLate();
  const training = trainOn(task, { steps: 5 });
  await training.next();
  spoil(task);
  const before = [...task.line.values()];
  const { value } = await training.next();
  expect(value).toMatchObject({ kind: "step", skipped: true, trouble: { what } });
  expect([...task.line.values()]).toEqual(before);
  await training.return();
});

test("a gradient that is not finite is named", async () => {
  const { line } = lineTask();
  answerLate();
  const steep: OwnTask<number> = {
    parameters: { line },
    batches: () => [1],
    // 0 with a gradient of 3e38 · 3e38
    loss: () => sum(mul(mul(sub(line, line), 3e38), 3e38)),
  };
  const { value } = await trainOn(steep, { steps: 1 }).next();
  expect(value).toMatchObject({ skipped: true, trouble: { what: "gradient", name: "line" } });
});

test("parameters with one gradient between them are accumulated each by itself", async () => {
  const make = (): Tensor[] => [tensor([1, 2]), tensor([3, 4])];
  const weights = async (batches: number[], accumulate: number): Promise<number[][]> => {
    const [a, b] = make();
    const task: OwnTask<number> = {
      parameters: { a, b },
      batches: () => batches,
      // the gradient of a + b is one tensor for both
      loss: (x) => mul(sum(add(a, b)), x),
    };
    for await (const _ of trainOn(task, {
      optimizer: sgd({ learningRate: 1 }),
      clipNorm: Infinity,
      epochs: 1,
      accumulate,
    }));
    return [a, b].map((x) => [...x.values()]);
  };
  // the mean of 1, 2 and 6 is 3
  expect(await weights([1, 2, 6], 3)).toEqual(await weights([3], 1));
});
