import { describe, expect, test } from "vitest";
import { memory, ones, scope, square, sub, sum, type Tensor, tensor, valueAndGrad, zeros } from "../tensor/index.ts";
import {
  adagrad,
  adam,
  adamw,
  momentum,
  nesterov,
  type Optimizer,
  optimizerFromConfig,
  optimizers,
  type OptimizerName,
  presets,
  rmsprop,
  sgd,
  type UpdateOptions,
} from "./index.ts";

const names = Object.keys(optimizers) as OptimizerName[];
const float64 = (...values: number[]): Tensor => tensor(values, { dtype: "float64" });
const numbers = (x: Tensor): number[] => Array.from(x.values());

describe.each(names)("%s", (name) => {
  test("minimises a quadratic", () => {
    const target = tensor([1, -2, 3]);
    // Adagrad's rate falls with 1/√t by itself
    const optimizer = optimizers[name]({ learningRate: name === "adagrad" ? 1 : 0.1, weightDecay: 0 });
    const parameters = { "layer/w": zeros([3]) };
    let state = optimizer.init(parameters);
    const loss = (): number =>
      scope(() => {
        const { value, gradients } = valueAndGrad((p) => sum(square(sub(p["layer/w"], target))), parameters);
        state = optimizer.update(parameters, gradients, state);
        return value.item();
      });
    const first = loss();
    let last = first;
    for (let i = 0; i < 500; i++) last = loss();
    expect(first).toBe(14);
    expect(last).toBeLessThan(name === "rmsprop" ? 0.05 : 1e-3);
    expect(state.step).toBe(501);
  });

  test("allocates nothing after the first step and keeps its slots alive outside scopes", () => {
    const optimizer = optimizers[name]({ weightDecay: 0.1 });
    const parameters = { w: ones([4, 3]) };
    const gradients = { w: ones([4, 3]) };
    // hidden in a function, so that the scope doesn't move the slots out by itself
    let state = scope(() => {
      const made = optimizer.init(parameters);
      return () => made;
    })();
    const before = memory();
    for (let i = 0; i < 20; i++) state = optimizer.update(parameters, gradients, state);
    expect(memory()).toEqual(before);
    expect(numbers(parameters.w).every((x) => x < 1)).toBe(true);
  });

  test("round trip of name and config", () => {
    const optimizer = optimizers[name]({ learningRate: 0.05, weightDecay: 0.25 });
    const copy = optimizerFromConfig(
      optimizer.name,
      JSON.parse(JSON.stringify(optimizer.config)) as typeof optimizer.config,
    );
    expect([copy.name, copy.config]).toEqual([optimizer.name, optimizer.config]);
    expect(optimizer.name).toBe(name);
    expect(optimizer.config["learningRate"]).toBe(0.05);
    expect(optimizer.config["weightDecay"]).toBe(0.25);
  });

  test("refuses bad hyper-parameters", () => {
    expect(() => optimizers[name]({ learningRate: -1 })).toThrow(
      `${name} learningRate: expected a finite number >= 0, got -1`,
    );
    expect(() => optimizers[name]({ learningRate: NaN })).toThrow(RangeError);
    expect(() => optimizers[name]({ weightDecay: Infinity })).toThrow(`${name} weightDecay`);
    expect(() => optimizerFromConfig(name, { learnigRate: 1 })).toThrow(`${name} options: expected "learningRate"`);
  });

  test("writes nothing when names, shapes or dtypes don't match", () => {
    const optimizer = optimizers[name]();
    const parameters = { a: ones([2]), x: ones([2, 3]) };
    const good = { a: ones([2]), x: ones([2, 3]) };
    const state = optimizer.init(parameters);
    const attempt =
      (gradients: Record<string, Tensor>, from = state): (() => unknown) =>
      () =>
        optimizer.update(parameters, gradients, from);
    expect(attempt({ ...good, x: ones([3, 2]) })).toThrow(`${name}: expected gradient "x" of shape [2, 3], got [3, 2]`);
    expect(attempt({ a: good.a })).toThrow(`${name}: expected gradient "x" of shape [2, 3], got undefined`);
    expect(attempt({ ...good, y: ones([1]) })).toThrow(`${name}: expected no gradient without a parameter, got "y"`);
    expect(attempt({ ...good, x: ones([2, 3], "float64") })).toThrow(
      `${name}: expected gradient "x" of dtype float32, got float64`,
    );
    expect(attempt(good, { step: 0.5, slots: state.slots })).toThrow(`${name} step: expected an integer`);
    expect(() => optimizer.update(parameters, good, state, { learningRate: NaN })).toThrow(`${name} learningRate`);
    for (const slot of Object.keys(state.slots)) {
      const broken = { ...state.slots, [slot]: { ...state.slots[slot], x: ones([6]) } };
      expect(attempt(good, { step: 0, slots: broken })).toThrow(
        `${name}: expected slot "${slot}" of "x" of shape [2, 3], got [6]`,
      );
      expect(attempt(good, { step: 0, slots: {} })).toThrow(
        `${name}: expected slot "${Object.keys(state.slots)[0]}", got undefined`,
      );
    }
    expect(() => optimizer.init({ ids: zeros([2], "int32") })).toThrow(
      `${name}: expected parameter "ids" of dtype float32 or float64, got int32`,
    );
    expect(numbers(parameters.a)).toEqual([1, 1]);
    for (const slot of Object.values(state.slots)) expect(new Set(numbers(slot["a"])).size).toBe(1);
  });

  test("an update from an older state, or from none, is refused, and writes nothing", () => {
    const optimizer = optimizers[name]();
    const parameters = { w: ones([3]) };
    const gradients = { w: ones([3]) };
    const first = optimizer.init(parameters);
    const second = optimizer.update(parameters, gradients, first);
    const before = [parameters.w, ...Object.values(second.slots).map((slot) => slot["w"])].map(numbers);
    const hint = "Keep it: state = optimizer.update(parameters, gradients, state)";
    expect(() => optimizer.update(parameters, gradients, first)).toThrow(
      expect.objectContaining({
        name: "RangeError",
        code: "ERR_VALUE",
        message: `${name} state: expected the state that the last update returned, got an older one. ${hint}`,
      }),
    );
    for (const missing of [undefined, null, 3, {}, second.slots]) {
      expect(() => optimizer.update(parameters, gradients, missing as never)).toThrow(
        expect.objectContaining({
          name: "TypeError",
          code: "ERR_KIND",
          message: expect.stringContaining(
            `${name} state: expected the state that init or the last update returned, got`,
          ) as string,
        }),
      );
    }
    expect(() => optimizer.update(parameters, undefined as never, second)).toThrow(
      `${name} gradients: expected a record`,
    );
    expect(() => optimizer.update(undefined as never, gradients, second)).toThrow(
      `${name} parameters: expected a record`,
    );
    expect(() => optimizer.init(parameters.w as never)).toThrow(`${name} parameters: expected a record`);
    expect([parameters.w, ...Object.values(second.slots).map((slot) => slot["w"])].map(numbers)).toEqual(before);
    // an update that was refused has not used its state up; nor does a copy of one that was, which
    // a run goes on from
    const third = optimizer.update(parameters, gradients, second);
    expect(optimizer.update(parameters, gradients, { step: 1, slots: third.slots }).step).toBe(2);
  });

  test("learning rate 0 leaves the weights, a zero gradient makes no NaN", () => {
    const optimizer = optimizers[name]();
    const parameters = { w: ones([3]), untouched: ones([2]) };
    const gradients = { w: tensor([1, -2, 0]), untouched: zeros([2]) };
    const state = optimizer.update(parameters, gradients, optimizer.init(parameters), { learningRate: 0 });
    expect([...numbers(parameters.w), ...numbers(parameters.untouched)]).toEqual([1, 1, 1, 1, 1]);
    optimizer.update(parameters, gradients, state);
    expect([...numbers(parameters.w), ...numbers(parameters.untouched)].every(Number.isFinite)).toBe(true);
    expect(numbers(parameters.w)[0]).toBeLessThan(1);
    expect(numbers(parameters.untouched)[0]).toBeCloseTo(1, 4);
  });
});

test("the first Adam step with lr 0.1 and g 1e-8: the place of epsilon", () => {
  const step = (epsilonMode: "hat" | "corrected"): number => {
    const parameters = { w: float64(0) };
    const optimizer = adam({ learningRate: 0.1, epsilonMode });
    optimizer.update(parameters, { w: float64(1e-8) }, optimizer.init(parameters));
    return -parameters.w.item();
  };
  expect(step("hat")).toBeCloseTo(0.003065, 6);
  expect(step("corrected")).toBeCloseTo(0.05, 10);
});

test("weight decay in the gradient and decoupled, one step by hand", () => {
  const first = (optimizer: ReturnType<typeof adam>): number => {
    const parameters = { w: float64(2) };
    optimizer.update(parameters, { w: float64(0.5) }, optimizer.init(parameters));
    return parameters.w.item();
  };
  expect(first(sgd({ learningRate: 0.1, weightDecay: 0.25 }))).toBeCloseTo(2 - 0.1 * (0.5 + 0.25 * 2), 14);
  // Adam's first step has length lr whatever the gradient
  expect(first(adam({ learningRate: 0.1, weightDecay: 0.25 }))).toBeCloseTo(2 - 0.1, 7);
  expect(first(adamw({ learningRate: 0.1, weightDecay: 0.25 }))).toBeCloseTo(2 * (1 - 0.1 * 0.25) - 0.1, 7);
});

test("what comes before a step, in its order, by hand", () => {
  const after = (optimizer: Optimizer, steps: number, options: UpdateOptions): number => {
    const parameters = { w: float64(2) };
    let state = optimizer.init(parameters);
    for (let i = 0; i < steps; i++) state = optimizer.update(parameters, { w: float64(0.5) }, state, options);
    return parameters.w.item();
  };
  // the gradient's decay is not scaled, but is dampened
  const decayed = sgd({ learningRate: 0.1, weightDecay: 0.25 });
  expect(after(decayed, 1, { gradientScale: 0.5 })).toBeCloseTo(2 - 0.1 * (0.5 * 0.5 + 0.25 * 2), 14);
  const dampened = momentum({ learningRate: 0.1, momentum: 0.9, dampening: 0.25, weightDecay: 0.5 });
  const first = 2 - 0.1 * 1.5;
  expect(after(dampened, 2, {})).toBeCloseTo(first - 0.1 * (0.9 * 1.5 + 0.75 * (0.5 + 0.5 * first)), 14);
  // the parameter's decay follows the rate of the step
  const apart = adamw({ learningRate: 0.1, weightDecay: 0.25 });
  expect(after(apart, 1, { learningRate: 0.2 })).toBeCloseTo(2 * (1 - 0.2 * 0.25) - 0.2, 7);
});

test("slots: names and start values", () => {
  const parameters = { w: ones([2]) };
  const start = (optimizer: ReturnType<typeof adam>): unknown =>
    Object.entries(optimizer.init(parameters).slots).map(([name, slot]) => [name, numbers(slot["w"])]);
  expect(start(sgd())).toEqual([]);
  expect(start(nesterov())).toEqual([["velocity", [0, 0]]]);
  expect(start(rmsprop(presets.tf1.rmsprop))).toEqual([["meanSquare", [1, 1]]]);
  expect(start(rmsprop({ centered: true }))).toEqual([
    ["meanSquare", [0, 0]],
    ["mean", [0, 0]],
  ]);
  expect(start(rmsprop({ centered: true, momentum: 0.5 }))).toEqual([
    ["meanSquare", [0, 0]],
    ["velocity", [0, 0]],
    ["mean", [0, 0]],
  ]);
  expect(start(adagrad({ initialAccumulator: 0.5 }))).toEqual([["accumulator", [0.5, 0.5]]]);
  expect(start(adam())).toEqual([
    ["m", [0, 0]],
    ["v", [0, 0]],
  ]);
});

test.each(["float32", "float64"] as const)("centered RMSProp survives gradients that are all alike, %s", (dtype) => {
  const optimizer = rmsprop({ centered: true, decay: 0.9, epsilon: 1e-3 });
  const parameters = { w: zeros([200], dtype) };
  const gradients = {
    w: tensor(
      Array.from({ length: 200 }, (_, i) => 0.1 + 0.0137 * i),
      { dtype },
    ),
  };
  let state = optimizer.init(parameters);
  for (let i = 0; i < 600; i++) state = optimizer.update(parameters, gradients, state);
  expect(numbers(parameters.w).every(Number.isFinite)).toBe(true);
});

test("a parameter may be called like a member of Object", () => {
  const parameters = Object.fromEntries([
    ["__proto__", ones([1])],
    ["constructor", ones([1])],
  ]);
  const gradients = Object.fromEntries([
    ["__proto__", ones([1])],
    ["constructor", ones([1])],
  ]);
  const optimizer = momentum({ learningRate: 0.5 });
  optimizer.update(parameters, gradients, optimizer.init(parameters));
  expect(Object.values(parameters).map((w) => w.item())).toEqual([0.5, 0.5]);
  expect(() => optimizer.update(parameters, {}, optimizer.init(parameters))).toThrow(
    'gradient "__proto__" of shape [1], got undefined',
  );
});

test("refuses what would divide by zero", () => {
  expect(() => adam({ epsilon: 0 })).toThrow("adam epsilon: expected a finite number >= 1e-37, got 0");
  expect(() => rmsprop({ epsilon: 0 })).toThrow("rmsprop epsilon");
  expect(() => adagrad({ epsilon: 0 })).toThrow("adagrad epsilon");
  expect(() => adam({ beta2: 1 })).toThrow("adam beta2");
  expect(() => nesterov({ dampening: 0.5 })).toThrow("nesterov dampening: expected 0, got 0.5");
  expect(() => optimizerFromConfig("adamax", {})).toThrow('optimizer: expected "sgd" | "momentum"');
  expect(() => optimizerFromConfig("rmsprop", { centered: "no" })).toThrow("rmsprop centered: expected a boolean");
});

test("lion: three steps, by the paper's algorithm in plain numbers", () => {
  const [beta1, beta2, rate, decay] = [0.9, 0.99, 0.1, 0.5];
  const parameters = { w: tensor([1, -2, 0.25], { dtype: "float64" }) };
  const optimizer = optimizers.lion({ learningRate: rate, beta1, beta2, weightDecay: decay });
  let state = optimizer.init(parameters);
  const w = [1, -2, 0.25];
  const m = [0, 0, 0];
  for (const g of [
    [0.5, -1, 0],
    [-3, 0.01, 2],
    [0.1, 0.1, -0.1],
  ]) {
    state = optimizer.update(parameters, { w: tensor(g, { dtype: "float64" }) }, state);
    for (let i = 0; i < 3; i++) {
      const c = beta1 * m[i] + (1 - beta1) * g[i];
      w[i] -= rate * (Math.sign(c) + decay * w[i]);
      m[i] = beta2 * m[i] + (1 - beta2) * g[i];
    }
    for (let i = 0; i < 3; i++) expect(parameters.w.values()[i]).toBeCloseTo(w[i], 14);
  }
  for (let i = 0; i < 3; i++) expect(state.slots["m"]["w"].values()[i]).toBeCloseTo(m[i], 14);
});
