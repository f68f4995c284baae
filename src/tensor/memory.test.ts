import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import {
  add,
  detach,
  matmul,
  memory,
  mul,
  ones,
  outsideScopes,
  reshape,
  scope,
  slice,
  sum,
  type Tensor,
  tensor,
  valueAndGrad,
  zeros,
} from "./index.ts";

const live = (): number => memory().liveBlocks;
const released = expect.objectContaining({ name: "RangeError", code: "ERR_RELEASED" }) as Error;

describe("scope", () => {
  test("frees everything except its result", () => {
    const before = live();
    const x = scope(() => {
      const a = ones([3]);
      const b = add(a, 1);
      mul(b, b);
      return b;
    });
    expect(live()).toBe(before + 1);
    expect(x.toArray()).toEqual([2, 2, 2]);
  });

  test("keeps every tensor of a tree, and passes other values through", () => {
    const before = live();
    const kept = scope(() => ({ a: ones([1]), deep: { b: zeros([2]) }, note: "text", list: [1] }));
    expect(live()).toBe(before + 2);
    expect([kept.a.toArray(), kept.deep.b.toArray(), kept.note, kept.list]).toEqual([[1], [0, 0], "text", [1]]);
    expect(scope(() => 5)).toBe(5);
    expect(scope(() => undefined)).toBe(undefined);
  });

  test("nested scopes hand their results to the next one", () => {
    const before = live();
    let inner: Tensor | undefined;
    const outer = scope(() => {
      inner = scope(() => add(ones([2]), 1));
      expect(live()).toBe(before + 1);
      return scope(() => add(inner as Tensor, 1));
    });
    expect(live()).toBe(before + 1);
    expect(outer.toArray()).toEqual([3, 3]);
    expect(() => inner?.values()).toThrow(released);
  });

  test("a result that appears twice, or with a view, moves out by one scope only", () => {
    const before = live();
    scope(() => {
      scope(() => {
        const x = ones([4]);
        return { x, again: x, view: reshape(x, [2, 2]) };
      });
      expect(live()).toBe(before + 1);
    });
    expect(live()).toBe(before);
  });

  test("a result that belongs to an outer scope stays there", () => {
    const before = live();
    scope(() => {
      const x = ones([4]);
      scope(() => scope(() => x));
      scope(() => void scope(() => x));
      expect(x.toArray()).toEqual([1, 1, 1, 1]);
    });
    expect(live()).toBe(before);
  });

  test("value, gradients and result of valueAndGrad stay in the step's scope", () => {
    const w = ones([2, 2]);
    const before = live();
    scope(() => void scope(() => valueAndGrad((p: Tensor) => sum(matmul(p, p)), w)));
    expect(live()).toBe(before);
  });

  test("views keep their storage", () => {
    const before = live();
    const row = scope(() =>
      slice(
        tensor([
          [1, 2],
          [3, 4],
        ]),
        [1],
        [1],
      ),
    );
    expect(live()).toBe(before + 1);
    expect(row.toArray()).toEqual([[3, 4]]);
    const same = scope(() => detach(tensor([5])));
    expect(same.item()).toBe(5);
  });

  test("an error frees everything and closes the scope", () => {
    const before = live();
    let lost: Tensor | undefined;
    expect(() =>
      scope(() => {
        lost = ones([3]);
        scope(() => {
          zeros([2]);
          throw new Error("stop");
        });
      }),
    ).toThrow("stop");
    expect(live()).toBe(before);
    expect(() => lost?.values()).toThrow(released);
    // the next tensor belongs to no scope
    const free = ones([1]);
    scope(() => 0);
    expect(free.item()).toBe(1);
  });

  test("outsideScopes makes what outlives every scope", () => {
    const before = live();
    let kept: Tensor | undefined;
    let inside: Tensor | undefined;
    scope(() => {
      kept = outsideScopes(() => ones([2]));
      inside = ones([2]);
    });
    expect(live()).toBe(before + 1);
    expect(kept?.toArray()).toEqual([1, 1]);
    expect(() => inside?.toArray()).toThrow(released);
    expect(() =>
      scope(() =>
        outsideScopes(() => {
          throw new Error("stop");
        }),
      ),
    ).toThrow("stop");
  });

  test("10,000 tiny scopes leave no block", () => {
    const w = tensor([
      [1, 2],
      [3, 4],
    ]);
    const step = (): number => scope(() => valueAndGrad((p: Tensor) => sum(mul(p, p)), w).value.item());
    step();
    const before = memory();
    for (let i = 0; i < 10_000; i++) step();
    expect(memory()).toEqual(before);
  });
});

describe("use after release", () => {
  test("everything that reads the elements refuses", async () => {
    let x = ones([1]);
    scope(() => void (x = ones([1])));
    for (const read of [
      () => x.values(),
      () => x.item(),
      () => x.toArray(),
      () => x.toString(),
      () => add(x, 1),
      () => sum(x),
      () => reshape(x, []).item(),
    ]) {
      expect(read).toThrow(released);
    }
    await expect((async () => x.data())()).rejects.toThrow(released);
    expect(() => x.item()).toThrow(
      "tensor: expected a live tensor, got one whose scope has ended. Return it from the scope to keep it",
    );
  });

  test("a view is released with its tensor", () => {
    let view = ones([1]);
    scope(() => void (view = reshape(ones([4]), [2, 2])));
    expect(() => view.values()).toThrow(released);
  });
});

test("bytes are counted", () => {
  const before = memory().liveBytes;
  scope(() => {
    zeros([3], "float64");
    zeros([5], "int32");
    // an engine may round sizes up
    expect(memory().liveBytes - before).toBeGreaterThanOrEqual(24 + 20);
  });
  expect(memory().liveBytes).toBe(before);
});

test("unreachable tensors made outside scopes are freed", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const before = live();
  (() => {
    for (let i = 0; i < 100; i++) ones([10]);
  })();
  expect(live()).toBeGreaterThanOrEqual(before + 100);
  for (let i = 0; i < 20 && live() > before; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(live()).toBeLessThanOrEqual(before);
});
