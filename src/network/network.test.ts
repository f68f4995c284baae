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
});
