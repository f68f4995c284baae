/** `unrolled import`, the built command. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { scope, tensor } from "unrolled";
import { networkKinds } from "unrolled/import";
import { loadModel } from "unrolled/node";
import { beforeAll, expect, test } from "vitest";
import { commandFolder } from "../helpers/cli.ts";
import { nodeMessage } from "../../src/import/onnx/build.ts";
import { onnxBytes } from "../import/onnx-graphs.ts";

const { file, unrolled } = commandFolder("import");

/** y = x · w, times `factor`. */
beforeAll(() => {
  const bytes = onnxBytes({
    nodes: [nodeMessage("MatMul", ["x", "w"], ["product"]), nodeMessage("Mul", ["product", "factor"], ["y"])],
    inputs: {
      x: { dtype: "float32", shape: [1, 2], data: [] },
      factor: { dtype: "float32", shape: [], data: [] },
    },
    initializers: { w: { dtype: "float32", shape: [2, 1], data: [3, 4] } },
    outputs: ["y"],
  });
  writeFileSync(file("model.onnx"), bytes);
  writeFileSync(file("bad.onnx"), bytes.subarray(0, 60));
  writeFileSync(
    file("missing.onnx"),
    onnxBytes({ nodes: [nodeMessage("Magic", ["x"], ["y"], {}, "wand")], inputs: {}, outputs: ["y"] }),
  );
});

test("a model of another framework becomes one of ours", () => {
  const { status, stdout, stderr } = unrolled("import", "model.onnx", "--fix", "factor=10", "--out", "run");
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^input +x +float32 \[any, any\]\noutput +y/);
  expect(stdout).toContain("saved run/model.safetensors");
  const model = loadModel(file("run"), networkKinds);
  scope(() => {
    expect(model.run({ x: tensor([[1, 2]]) })["y"].toArray()).toEqual([[110]]);
  });
  const inspected = unrolled("inspect", "run", "--json");
  expect(JSON.parse(inspected.stdout)).toMatchObject({ configuration: { kind: "network", parameters: 2 } });
});

test("an earlier model is not replaced unless that is asked for", () => {
  const before = readFileSync(file("run/model.safetensors"));
  const { status, stderr } = unrolled("import", "model.onnx", "--out", "run");
  expect(status).toBe(2);
  expect(stderr).toContain("--overwrite replaces it");
  expect(readFileSync(file("run/model.safetensors"))).toEqual(before);
  expect(unrolled("import", "model.onnx", "--out", "run", "--overwrite", "--json").status).toBe(0);
});

test.each([
  ["missing.onnx", [], 1, 'expected ops that are known, got Magic ("wand")'],
  ["bad.onnx", [], 1, "a message of ONNX"],
  ["nothing.onnx", [], 1, "nothing.onnx"],
  ["model.onnx", ["--fix", "factor"], 2, "--fix: expected input=number"],
  ["model.onnx", ["--fix", "rate=1"], 1, 'expected names of x, factor, got "rate"'],
])("%s %j is refused, and nothing is written", (name, options, code, message) => {
  const { status, stderr } = unrolled("import", name, "--out", "other", ...options);
  expect(stderr).toContain(message);
  expect([status, existsSync(file("other"))]).toEqual([code, false]);
});
