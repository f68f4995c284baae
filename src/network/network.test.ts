import {
  adam,
  decodeModel,
  decodeNative,
  encodeModel,
  mean,
  randomStream,
  scope,
  square,
  sub,
  tensor,
  trainOn,
} from "unrolled";
import { type Network, network, type NetworkContents, networkKinds } from "unrolled/import";
import { describe, expect, test } from "vitest";

/** y = x·w + b, with b left alone while training, and a threshold that JSON has no number for. */
const contents: NetworkContents = {
  opset: 17,
  graph: {
    inputs: [{ name: "x", dtype: "float32", shape: ["rows", 2] }],
    outputs: [{ name: "y", dtype: "float32", shape: ["rows", 1] }],
    nodes: [
      { op: "MatMul", name: "times", inputs: ["x", "w"], outputs: ["product"], attributes: {} },
      { op: "Add", name: "plus", inputs: ["product", "b"], outputs: ["sum"], attributes: {} },
      { op: "Max", name: "floor", inputs: ["sum", "low"], outputs: ["y"], attributes: {} },
    ],
  },
  arrays: {
    w: { dtype: "float32", shape: [2, 1], data: Float32Array.of(0.5, -1) },
    b: { dtype: "float32", shape: [1], data: Float32Array.of(0.25) },
  },
  frozen: ["b"],
  constants: { low: { dtype: "float32", shape: [], data: [-Infinity] } },
  metadata: { format: "test" },
};
const x = (): ReturnType<typeof tensor> =>
  tensor([
    [1, 2],
    [3, 4],
  ]);
const answers = (model: Network): number[] => scope(() => Array.from(model.run({ x: x() })["y"].values()));
const saved = (model: Network): Network => decodeModel(encodeModel(model), networkKinds);

describe("network", () => {
  test("runs its graph, and gives any value that is asked for", () => {
    const model = network(contents);
    expect(answers(model)).toEqual([-1.25, -2.25]);
    scope(() => {
      expect(Object.keys(model.run({ x: x() }, { outputs: ["product"] }))).toEqual(["product"]);
    });
  });

  test("is saved and loaded with all that it has", () => {
    const model = network(contents);
    const loaded = saved(model);
    expect(answers(loaded)).toEqual(answers(model));
    expect(loaded.configuration()).toEqual(model.configuration());
    expect(Object.keys(loaded.trainable())).toEqual(["w"]);
    expect(encodeModel(loaded)).toEqual(encodeModel(model));
  });

  test("is trained as other models are, and leaves frozen weights alone", async () => {
    const model = network(contents);
    const target = tensor([[1], [2]]);
    const task = {
      parameters: model.trainable(),
      *batches() {
        for (let i = 0; i < 50; i++) yield { x: x(), target };
      },
      loss: (batch: { x: ReturnType<typeof tensor>; target: ReturnType<typeof tensor> }) =>
        mean(square(sub(model.run({ x: batch.x })["y"], batch.target))),
    };
    const losses: number[] = [];
    for await (const event of trainOn(task, { optimizer: adam({ learningRate: 0.1 }), epochs: 1 }))
      if (event.kind === "step") losses.push(event.loss);
    expect(losses[49]).toBeLessThan(losses[0] / 10);
    expect(Array.from(model.parameters()["b"].values())).toEqual([0.25]);
  });

  test("refuses inputs that do not fit", () => {
    const model = network(contents);
    expect(() => model.run({})).toThrow('network.run "x": expected a float32 tensor, got undefined');
    expect(() => model.run({ x: tensor([[1, 2, 3]]) })).toThrow('network.run "x": expected [rows, 2], got [1, 3]');
    expect(() => model.run({ x: x(), z: x() })).toThrow("network.run: expected inputs of the names x");
    expect(() => model.run({ x: tensor([[1, 2]], { dtype: "float64" }) })).toThrow("expected float32, got float64");
  });

  test("names the node that cannot be computed", () => {
    const broken = network({
      ...contents,
      arrays: { ...contents.arrays, w: { dtype: "float32", shape: [3, 1], data: new Float32Array(3) } },
    });
    expect(() => broken.run({ x: x() })).toThrow('MatMul "times": matmul');
  });

  test("refuses a configuration that was changed", () => {
    const { config, arrays } = decodeNative(encodeModel(network(contents)));
    expect(Object.keys(arrays)).toEqual(["b", "w"]);
    const build = (change: object): unknown => networkKinds["network"]({ ...(config as object), ...change } as never);
    expect(() => build({ graph: { ...contents.graph, nodes: [{ op: "Add" }] } })).toThrow(
      "network: graph: nodes[0]: name",
    );
    expect(() => build({ constants: { low: { dtype: "float32", shape: [2], data: [1] } } })).toThrow(
      "expected 2 numbers, got 1",
    );
    expect(() => build({ opset: 0 })).toThrow("opset");
  });

  test("drops out while training only", () => {
    const model = network({
      ...contents,
      graph: {
        ...contents.graph,
        nodes: [{ op: "Dropout", name: "", inputs: ["x"], outputs: ["y"], attributes: { ratio: 0.5 } }],
      },
    });
    scope(() => {
      expect(model.run({ x: x() })["y"].toArray()).toEqual([
        [1, 2],
        [3, 4],
      ]);
      const dropped = model.run({ x: x() }, { random: randomStream(1) })["y"];
      expect(dropped.toArray()).not.toEqual([
        [1, 2],
        [3, 4],
      ]);
    });
  });

  describe("runSteps", () => {
    /** x · w, an LSTM of one step, and its output times w2; the state goes in and out. */
    const streaming = (changes: Partial<NetworkContents["graph"]> = {}): Network =>
      network({
        opset: 17,
        graph: {
          inputs: [
            { name: "x", dtype: "float32", shape: [null, 2] },
            { name: "h", dtype: "float32", shape: [1, null, 3] },
            { name: "c", dtype: "float32", shape: [1, null, 3] },
          ],
          outputs: ["y", "h1", "c1"].map((name) => ({ name, dtype: "float32", shape: null })),
          nodes: [
            { op: "MatMul", name: "", inputs: ["x", "w"], outputs: ["xw"], attributes: {} },
            { op: "Unsqueeze", name: "", inputs: ["xw", "zero"], outputs: ["sequence"], attributes: {} },
            {
              op: "LSTM",
              name: "rnn",
              inputs: ["sequence", "W", "R", "", "", "h", "c"],
              outputs: ["Y", "h1", "c1"],
              attributes: { hidden_size: 3 },
            },
            // the state after a step is the output too, as in files that PyTorch wrote
            { op: "MatMul", name: "", inputs: ["h1", "w2"], outputs: ["y3"], attributes: {} },
            { op: "Squeeze", name: "", inputs: ["y3", "zero"], outputs: ["y"], attributes: {} },
          ],
          ...changes,
        },
        arrays: {
          w: random("w", [2, 2]),
          W: random("W", [1, 12, 2]),
          R: random("R", [1, 12, 3]),
          w2: random("w2", [3, 2]),
        },
        constants: { zero: { dtype: "int32", shape: [1], data: [0] } },
      });
    const random = (name: string, shape: readonly number[]) => {
      const stream = randomStream(3).named(name);
      const size = shape.reduce((a, b) => a * b, 1);
      return { dtype: "float32" as const, shape, data: Float32Array.from({ length: size }, () => stream.normal()) };
    };
    const given = (name: string, shape: readonly number[]) => tensor(random(name, shape).data, { shape });
    const states = { h: "h1", c: "c1" };

    test.each([
      [1, 1],
      [1, 4],
      [5, 1],
      [5, 3],
    ])("%i steps of %i rows give what as many runs give, bit for bit", (steps, rows) => {
      const model = streaming();
      scope(() => {
        const x = given("x", [steps, rows, 2]);
        const before = { h: given("h", [1, rows, 3]), c: given("c", [1, rows, 3]) };
        const whole = model.runSteps({ x, ...before }, { states });
        let state = before;
        const outputs = Array.from({ length: steps }, (_, t) => {
          const { y, h1, c1 } = model.run({ x: tensor((x.toArray() as number[][][])[t]), ...state });
          state = { h: h1, c: c1 };
          return y.toArray();
        });
        expect(whole["y"].toArray()).toEqual(outputs);
        expect([whole["h1"].toArray(), whole["c1"].toArray()]).toEqual([state.h.toArray(), state.c.toArray()]);
      });
    });

    test("refuses a state that meets the steps in another op", () => {
      const { nodes } = streaming().graph;
      const mixed = { op: "Add", name: "mix", inputs: ["xw", "h"], outputs: ["y"], attributes: {} };
      const model = streaming({ nodes: [...nodes.slice(0, 4), mixed] });
      const inputs = { x: given("x", [2, 1, 2]), h: given("h", [1, 1, 3]), c: given("c", [1, 1, 3]) };
      expect(() => model.runSteps(inputs, { states })).toThrow('Add "mix": expected a recurrent op');
    });

    test("refuses inputs of different numbers of steps, and none", () => {
      const inputs = { h: given("h", [1, 1, 3]), c: given("c", [1, 1, 3]) };
      expect(() => streaming().runSteps(inputs, { states })).toThrow("expected inputs of as many steps");
      expect(() => streaming().runSteps({ x: given("x", [4, 2]).view([0, 1, 2], 0), ...inputs }, { states })).toThrow(
        "T at least 1",
      );
    });
  });
});
