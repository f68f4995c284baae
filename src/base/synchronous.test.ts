import { describe, expect, test } from "vitest";
import {
  capture,
  grad,
  memory,
  ones,
  rawRnn,
  rnnCell,
  scope,
  sum,
  type Tensor,
  trainOn,
  unroll,
  valueAndGrad,
  withoutGradient,
} from "../index.ts";
import { outsideScopes } from "../tensor/index.ts";

const wait = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

/** Calls whose function must have finished when it returns. */
const callers: Readonly<Record<string, (f: () => never) => unknown>> = {
  scope: (f) => scope(f),
  outsideScopes: (f) => outsideScopes(f),
  withoutGradient: (f) => withoutGradient(f),
  valueAndGrad: (f) => valueAndGrad(f, ones([1])),
  grad: (f) => grad(f, ones([1])),
  capture: (f) => capture(f)(),
  rawRnn: (f) => rawRnn(rnnCell({ units: 1 }), f, { maximumSteps: 1 }),
  unroll: (f) => unroll(f, { initial: 0, maximumSteps: 1 }),
};

describe.each(Object.entries(callers))("%s", (name, call) => {
  const where = name === "valueAndGrad" ? "grad" : name;

  test.each([
    ["an async function", async () => wait()],
    ["a generator", function* () {}],
    ["an async generator", async function* () {}],
  ])("refuses %s before it is called", (_what, f) => {
    let isCalled = false;
    const watched = new Proxy(f, {
      apply(target, self, given) {
        isCalled = true;
        return Reflect.apply(target, self, given) as unknown;
      },
    });
    expect(() => call(watched as unknown as () => never)).toThrow(
      expect.objectContaining({
        name: "TypeError",
        code: "ERR_KIND",
        message: expect.stringMatching(
          new RegExp(
            `^${where}: expected a synchronous function, got (an async function|a generator)\\. Await before it`,
          ),
        ) as string,
      }),
    );
    expect(isCalled).toBe(false);
  });

  test("refuses a promise as the result, and what it fails with is no second error", async () => {
    const later = (): never => wait().then(() => Promise.reject(new Error("later"))) as never;
    expect(() => call(later)).toThrow(`${where}: expected a synchronous function, got Promise. Await before it`);
    // an unhandled rejection would fail this run
    await wait();
    await wait();
  });

  test("refuses what is no function", () => {
    expect(() => call(5 as never)).toThrow(`${where}: expected a function, got 5`);
  });
});

test("what a refused function has allocated is freed, and the scopes around it go on", () => {
  const before = memory().liveBlocks;
  const kept = scope(() => {
    expect(() => scope(() => Promise.resolve(ones([3])))).toThrow(TypeError);
    return ones([2]);
  });
  expect(memory().liveBlocks).toBe(before + 1);
  expect(kept.toArray()).toEqual([1, 1]);
});

test("a tape that a refused function leaves behind records nothing", () => {
  expect(() => grad((() => Promise.resolve(1)) as unknown as () => Tensor, ones([1]))).toThrow(TypeError);
  expect(grad((x: Tensor) => sum(x), ones([2])).toArray()).toEqual([1, 1]);
});

test("an async loss is refused", async () => {
  const task = { parameters: { w: ones([1]) }, batches: () => [0], loss: async () => ones([]) };
  await expect(trainOn(task as never, { steps: 1 }).next()).rejects.toThrow(
    "trainOn loss: expected a synchronous function, got an async function",
  );
});

test("an object with a value of its own called next, or a tree, is a result like any other", () => {
  expect(scope(() => ({ next: ones([1]), emit: 2 })).next.toArray()).toEqual([1]);
});
