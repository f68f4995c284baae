import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import {
  adam,
  assign,
  basicLstmCell,
  bidirectionalDynamicRnn,
  capture,
  clipByGlobalNorm,
  dropoutWrapper,
  dynamicRnn,
  gather,
  gruCell,
  type Cell,
  languageModel,
  lstmCell,
  matmul,
  mean,
  memory,
  mul,
  oneHot,
  ones,
  randomStream,
  randomTensor,
  rnnCell,
  scope,
  sparseSoftmaxCrossEntropy,
  square,
  sum,
  takeLast,
  Tensor,
  tensor,
  useThreads,
  valueAndGrad,
  withoutGradient,
  zeros,
} from "../index.ts";
import { engineReport } from "../engine/index.ts";
import { isAllFinite } from "./index.ts";

const normal = { kind: "normal", mean: 0, deviation: 1 } as const;
const STEPS = 20;

/** Everything that training leaves, as text that tells every bit. */
type Way = <A extends Tensor[], R>(f: (...inputs: A) => R) => (...inputs: A) => R;
const eager: Way = (f) => f;

const bits = (record: Readonly<Record<string, Tensor>>): Record<string, number[]> =>
  Object.fromEntries(Object.entries(record).map(([name, x]) => [name, [...x.values()]]));

describe("training a captured step is training it eagerly, bit for bit", () => {
  const cells: Record<string, () => Cell> = {
    rnn: () => rnnCell({ units: 5, seed: 1 }) as unknown as Cell,
    lstm: () => lstmCell({ units: 5, seed: 1 }) as unknown as Cell,
    "lstm with everything": () =>
      lstmCell({
        units: 5,
        seed: 1,
        peepholes: true,
        projection: 3,
        cellClip: 0.5,
        projectionClip: 0.4,
      }) as unknown as Cell,
    "gru, reset before": () => gruCell({ units: 5, seed: 1 }) as unknown as Cell,
    "gru, reset after": () => gruCell({ units: 5, seed: 1, dialect: "torch" }) as unknown as Cell,
    "a cell without a sequence op": () => {
      const cell = { ...gruCell({ units: 5, seed: 1 }) };
      delete cell.sequence;
      return cell as unknown as Cell;
    },
  };
  const train = (way: Way, make: () => Cell, dtype: "float32" | "float64", ragged: boolean): unknown => {
    const cell = make();
    cell.build(4, { dtype });
    const random = randomStream(7);
    const parameters = cell.parameters();
    const optimizer = adam({ learningRate: 0.05 });
    let state = optimizer.init(parameters);
    const losses: number[] = [];
    const step = way((x: Tensor, y: Tensor, lengths: Tensor) =>
      valueAndGrad(() => {
        const { outputs } = dynamicRnn(cell, x, ragged ? { lengths } : {});
        return mean(square(mul(outputs, y)));
      }, parameters),
    );
    for (let i = 0; i < STEPS; i++) {
      scope(() => {
        const at = random.at(i);
        const x = randomTensor([3, 6, 4], at.named("x"), normal, dtype);
        const y = randomTensor([3, 6, cell.outputSize], at.named("y"), normal, dtype);
        const { value, gradients } = step(x, y, tensor(Int32Array.of(i % 7, 6, (3 * i) % 7)));
        state = optimizer.update(parameters, gradients, state);
        losses.push(value.item());
      });
    }
    return { losses, parameters: bits(parameters) };
  };
  test.each(
    Object.entries(cells).flatMap(([name, make]) =>
      (["float32", "float64"] as const).flatMap((dtype) =>
        [false, true].map((ragged) => [name, dtype, ragged ? "ragged" : "whole", make, ragged] as const),
      ),
    ),
  )("%s, %s, %s", (_name, dtype, _lengths, make, ragged) => {
    const expected = train(eager, make, dtype, ragged);
    expect(train(capture, make, dtype, ragged)).toEqual(expected);
  });

  test("a language model whose state is carried, on one thread and on two", () => {
    // large enough for threads, which the reference engine has none of
    const hiddenSize = engineReport().name === "wasm" ? 80 : 20;
    const run = (way: Way): unknown => {
      const model = languageModel({ corpus: "hello world", hiddenSize, embeddingSize: 16, layers: 2, seed: 3 });
      const parameters = model.parameters();
      const optimizer = adam();
      let state = optimizer.init(parameters);
      const carried = model.initialState(16) as Record<string, Record<string, Tensor>>;
      const step = way((ids: Tensor, targets: Tensor) => {
        const { value, gradients, result } = valueAndGrad(() => {
          const { logits, state: next } = model.forward(ids, carried);
          return { value: mean(sparseSoftmaxCrossEntropy(logits, targets)), next };
        }, parameters);
        const next = result.next as typeof carried;
        for (const layer of Object.keys(carried))
          for (const part of Object.keys(carried[layer])) assign(carried[layer][part], next[layer][part]);
        return { value, gradients };
      });
      const losses: number[] = [];
      for (let i = 0; i < STEPS; i++) {
        useThreads(1 + (i % 2));
        scope(() => {
          const ids = Int32Array.from({ length: 128 }, (_, n) => (n * i) % model.vocabulary.size);
          const { value, gradients } = step(tensor(ids, { shape: [8, 16] }), tensor(ids.map((id) => 7 - id)));
          state = optimizer.update(parameters, gradients, state);
          losses.push(value.item());
        });
      }
      return { losses, parameters: bits(parameters), carried: bits(carried["1"]) };
    };
    expect(run(capture)).toEqual(run(eager));
  });

  test("a bidirectional layer that holds its last output, one-hot inputs and takeLast", () => {
    const [forward, backward] = [basicLstmCell(3, { seed: 1 }), basicLstmCell(3, { seed: 2 })];
    const f = (ids: Tensor, lengths: Tensor) => {
      const { outputs } = bidirectionalDynamicRnn(forward, backward, oneHot(ids, 3), { lengths });
      const held = dynamicRnn(forward, oneHot(ids, 3), { lengths: [1, 4], paddedOutput: "hold" }).outputs;
      return { ahead: outputs.forward, back: outputs.backward, picked: takeLast(held, ids) };
    };
    const step = capture(f);
    for (let i = 0; i < 4; i++) {
      const ids = tensor(
        Int32Array.from({ length: 8 }, (_, n) => (n + i) % 3),
        { shape: [2, 4] },
      );
      const lengths = tensor(Int32Array.of(i + 1, 4 - i));
      expect(bits(step(ids, lengths))).toEqual(bits(f(ids, lengths)));
    }
  });
});

describe("arguments", () => {
  test("each shape and dtype has a recording of its own", () => {
    let calls = 0;
    const double = capture((x: Tensor) => {
      calls++;
      return mul(x, 2);
    });
    const inputs = [ones([2]), ones([3]), ones([1, 2]), ones([2], "float64")];
    for (let round = 1; round <= 3; round++)
      for (const x of inputs) {
        assign(x, new Float64Array(x.size).fill(round));
        const y = double(x);
        expect([y.shape, y.dtype, [...y.values()]]).toEqual([x.shape, x.dtype, Array(x.size).fill(2 * round)]);
      }
    expect(calls).toBe(inputs.length);
  });

  test("records of tensors, and other records after them", () => {
    const add = capture((state: Record<string, Tensor>) => Object.values(state).reduce((a, b) => mul(a, b)));
    expect(add({ a: tensor([2]), b: tensor([3]) }).item()).toBe(6);
    expect(add({ a: tensor([4]), b: tensor([5]) }).item()).toBe(20);
    expect(add({ a: tensor([4]), c: tensor([6]) }).item()).toBe(24);
    expect(add({ a: tensor([4]) }).item()).toBe(4);
    expect(add({ a: tensor([7]), b: tensor([3]) }).item()).toBe(21);
    expect(add({ a: tensor([2]), d: tensor([5]) }).item()).toBe(10);
  });

  test("a result may be the next argument", () => {
    const next = capture((x: Tensor) => mul(x, 3));
    let x = tensor([1]);
    for (let i = 0; i < 4; i++) x = next(x);
    expect(x.item()).toBe(81);
  });

  test("anything else is refused", () => {
    const f = capture((x: Tensor) => x);
    expect(() => f(1 as unknown as Tensor)).toThrow("capture arguments: expected tensors or records of tensors, got 1");
    expect(() => f(undefined as unknown as Tensor)).toThrow(TypeError);
    expect(() => capture(() => [ones([1])])()).toThrow(
      "capture: expected a function that returns tensors and plain values, in records, got [Tensor]",
    );
    expect(() => capture(() => Promise.resolve(1))()).toThrow("got Promise");
  });
});

describe("what lies outside", () => {
  test("parameters are read in their place, and what the function assigns is written there", () => {
    const w = tensor([1, 2]);
    const count = zeros([]);
    const step = capture((x: Tensor) => {
      assign(count, sum(mul(w, x)));
      return { y: mul(w, x), note: "plain" };
    });
    const x = tensor([10, 100]);
    const first = step(x);
    expect([first.y.toArray(), count.item()]).toEqual([[10, 200], 210]);
    assign(w, Float32Array.of(3, 4));
    const second = step(x);
    expect(second).toBe(first);
    expect([second.y.toArray(), count.item(), second.note]).toEqual([[30, 400], 430, "plain"]);
  });

  test("a tensor that has been released is refused", () => {
    const step = scope(() => {
      const w = ones([2]);
      const f = capture((x: Tensor) => mul(w, x));
      f(ones([2]));
      return f;
    });
    expect(() => step(ones([2]))).toThrow(expect.objectContaining({ code: "ERR_RELEASED" }) as Error);
  });

  test("numbers and arrays are those of the first call", () => {
    const array = Float32Array.of(1, 2);
    const step = capture((x: Tensor) => mul(mul(x, tensor(array)), tensor([array[1]])));
    expect(step(tensor([1, 1])).toArray()).toEqual([2, 4]);
    array.fill(9);
    expect(step(tensor([2, 2])).toArray()).toEqual([4, 8]);
    expect(step(tensor([1, 1])).toArray()).toEqual([2, 4]);
  });

  test("a cell that is built inside keeps its parameters", () => {
    const cell = basicLstmCell(2, { seed: 5 });
    const step = capture((x: Tensor) => dynamicRnn(cell, x).outputs);
    const x = ones([1, 3, 2]);
    const first = [...step(x).values()];
    const { kernel } = cell.parameters();
    expect([...step(x).values()]).toEqual(first);
    assign(kernel, new Float32Array(kernel.size));
    expect([...step(x).values()]).toEqual([...dynamicRnn(cell, x).outputs.values()]);
    expect([...step(x).values()]).not.toEqual(first);
  });
});

describe("what can't be repeated is refused at the first call", () => {
  const x = tensor([1, 2]);
  const cell = dropoutWrapper(basicLstmCell(2, { seed: 1 }), { kind: "torch", dropout: 0.5 });
  const parameters = { x: tensor([1, 2]) };
  const state = adam().init(parameters);
  const cases: Record<string, () => unknown> = {
    item: () => sum(x).item(),
    finite: () => isAllFinite(x),
    values: () => x.values(),
    toArray: () => x.toArray(),
    print: () => x.print(),
    data: () => void x.data(),
    norm: () => clipByGlobalNorm(parameters, 1).norm,
    update: () => adam().update(parameters, parameters, { ...state }),
    random: () => randomTensor([2], randomStream(1), normal),
    dropout: () => dynamicRnn(cell, ones([1, 2, 3]), { random: randomStream(1) }).outputs,
    "a draw": () => mul(x, randomStream(1).uniform()),
  };
  test.each(Object.entries(cases))("%s", (_, f) => {
    scope(f);
    const before = memory();
    expect(() => capture(f)()).toThrow(
      expect.objectContaining({
        code: "ERR_UNSUPPORTED",
        message: expect.stringContaining("capture: expected a function that does the same at each call") as string,
      }) as Error,
    );
    expect(memory()).toEqual(before);
    // and nothing of it stays
    expect(x.toArray()).toEqual([1, 2]);
    expect(randomStream(1).uniform()).toBeLessThan(1);
  });

  test("an index outside is refused at any call, and the next one runs", () => {
    const table = tensor([[1], [2], [3]]);
    const logits = zeros([2, 3]);
    const steps = [
      capture((ids: Tensor) => gather(table, ids)),
      capture((ids: Tensor) => sparseSoftmaxCrossEntropy(logits, ids)),
      capture((ids: Tensor) => oneHot(ids, 3)),
      capture((ids: Tensor) => takeLast(logits, ids)),
    ];
    for (const step of steps) {
      const expected = [...step(tensor(Int32Array.of(0, 2))).values()];
      for (const bad of [3, -1]) expect(() => step(tensor(Int32Array.of(0, bad)))).toThrow(RangeError);
      expect([...step(tensor(Int32Array.of(0, 2))).values()]).toEqual(expected);
    }
    const ragged = capture(
      (lengths: Tensor) => dynamicRnn(rnnCell({ units: 1 }), ones([1, 2, 1]), { lengths }).outputs,
    );
    ragged(tensor(Int32Array.of(2)));
    expect(() => ragged(tensor(Int32Array.of(3)))).toThrow(
      "dynamicRnn length of row 0: expected an integer in [0, 2], got 3",
    );
  });

  test("an error of the function passes through, and leaves no block", () => {
    const before = memory();
    let leaked: Tensor | undefined;
    const step = capture((x: Tensor) => {
      leaked = x;
      return matmul(x, ones([5]));
    });
    scope(() => expect(() => step(ones([2, 2]))).toThrow(RangeError));
    expect(memory()).toEqual(before);
    expect(() => leaked?.values()).toThrow("tensor: expected a live tensor");
  });
});

describe("inside of others", () => {
  test("under a tape the function itself is called, and is differentiated", () => {
    const w = tensor([2, 3]);
    const f = capture((x: Tensor) => sum(mul(x, w)));
    f(tensor([1, 1]));
    const { value, gradients } = valueAndGrad((p: { w: Tensor }) => mul(f(tensor([4, 5])), p.w), { w: tensor([7]) });
    expect([value.item(), gradients.w.toArray()]).toEqual([161, [23]]);
    const inner = valueAndGrad(() => f(tensor([4, 5])), { w });
    expect(inner.gradients.w.toArray()).toEqual([4, 5]);
    expect(
      valueAndGrad(
        () =>
          mul(
            withoutGradient(() => f(tensor([1, 2]))),
            sum(w),
          ),
        { w },
      ).gradients.w.toArray(),
    ).toEqual([8, 8]);
  });

  test("in another captured function it becomes a part of it", () => {
    const square2 = capture((x: Tensor) => mul(x, x));
    const outer = capture((x: Tensor) => mul(square2(square2(x)), 10));
    expect(outer(tensor([2])).item()).toBe(160);
    expect(square2(tensor([5])).item()).toBe(25);
    expect(outer(tensor([3])).item()).toBe(810);
  });
});

describe("memory", () => {
  const step = (): ((x: Tensor) => { value: Tensor; gradients: { w: Tensor } }) => {
    const w = ones([4, 4]);
    return capture((x: Tensor) => valueAndGrad((p: { w: Tensor }) => sum(square(matmul(x, p.w))), { w }));
  };

  test("1,000 calls take no more than the first, and others do not write into it", () => {
    const run = step();
    const x = ones([2, 4]);
    const { value } = run(x);
    const expected = value.item();
    const before = memory();
    for (let i = 0; i < 1000; i++) {
      expect(run(x).value).toBe(value);
      // blocks of the sizes that the recording has freed
      if (i % 100 === 0) scope(() => [[2, 4], [4, 4], []].map((shape) => mul(ones(shape), 7)));
      expect(value.item()).toBe(expected);
    }
    expect(memory()).toEqual(before);
  });

  test("calls write nowhere else, scratch memory included", () => {
    const model = languageModel({ corpus: "hello world", hiddenSize: 9, embeddingSize: 5 });
    const zero = model.initialState(3);
    const run = capture((ids: Tensor) => valueAndGrad(() => mean(model.forward(ids, zero).logits), model.parameters()));
    const ids = zeros([4, 3], "int32");
    run(ids);
    scope(() => {
      // two of each size that the engine may hand out
      const sizes = Array.from({ length: 200 }, (_, i) => 16 * Math.ceil((i + 1) / 2));
      const others = sizes.map((size) => mul(ones([size]), 7));
      run(ids);
      expect(others.every((x) => x.values().every((value: number) => value === 7))).toBe(true);
    });
  });

  test("what is not returned is released", () => {
    let inner: Tensor | undefined;
    const run = capture((x: Tensor) => {
      inner = mul(x, 0.5);
      return mul(inner, 3);
    });
    expect([run(ones([1])).item(), run(tensor([3])).item()]).toEqual([1.5, 4.5]);
    expect(() => inner?.item()).toThrow("tensor: expected a live tensor");
  });

  test("results belong to no scope", () => {
    const run = step();
    const { value } = scope(() => run(ones([2, 4])));
    scope(() => {
      scope(() => run(ones([2, 4])));
    });
    expect(value.item()).toBe(128);
  });

  test("it goes back when the function and its tensors are unreachable, and not before", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const settle = async (until: () => boolean): Promise<void> => {
      for (let i = 0; i < 20 && !until(); i++) {
        collect();
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    };
    await settle(() => false);
    const before = memory().liveBlocks;
    let kept: Tensor | undefined;
    (() => {
      for (let i = 0; i < 10; i++) kept = step()(ones([2, 4])).value;
    })();
    expect(memory().liveBlocks).toBeGreaterThan(before + 100);
    await settle(() => memory().liveBlocks < before + 30);
    // the recording of the tensor that is held
    expect(memory().liveBlocks).toBeGreaterThan(before);
    expect(memory().liveBlocks).toBeLessThan(before + 30);
    scope(() => Array.from({ length: 50 }, () => zeros([])));
    expect(kept?.item()).toBe(128);
    kept = undefined;
    await settle(() => memory().liveBlocks <= before);
    expect(memory().liveBlocks).toBeLessThanOrEqual(before);
  });
});
