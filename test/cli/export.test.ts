/** `unrolled export`, the built command. */
import { existsSync, readFileSync } from "node:fs";
import { languageModel, scope, tensor } from "unrolled";
import { importModel } from "unrolled/import";
import { saveModel } from "unrolled/node";
import { beforeAll, expect, test } from "vitest";
import { commandFolder } from "../helpers/cli.ts";

const { file, unrolled } = commandFolder("export");
const model = languageModel({ corpus: "hello world", hiddenSize: 5, layers: 2 });

beforeAll(() => {
  saveModel(model, file("run"));
});

test("a model becomes an ONNX file beside it that gives ONNX Runtime's numbers, and ours", async () => {
  const { status, stdout, stderr } = unrolled("export", "run", "--verify");
  expect(stderr).toBe("");
  expect(status).toBe(0);
  expect(stdout).toMatch(
    /^wrote run\/model\.onnx \([\d,]+ bytes\)\nONNX Runtime's numbers differ .* at most \d\.\de-[789]\n$/,
  );
  const network = await importModel(readFileSync(file("run/model.onnx")));
  expect(network.outputs.map(({ name }) => name)).toEqual([
    "logits",
    ...["0_h", "0_c", "1_h", "1_c"].map((part) => `next_state_${part}`),
  ]);
  scope(() => {
    const ids = [...model.vocabulary.encode("hello")];
    const state = Object.fromEntries(
      ["0_h", "0_c", "1_h", "1_c"].map((part) => [`state_${part}`, tensor([[0, 0, 0, 0, 0]])]),
    );
    const given = { ids: tensor([ids], { dtype: "int32" }), lengths: tensor([5], { dtype: "int32" }), ...state };
    const { logits } = model.forward(
      tensor(
        ids.map((id) => [id]),
        { dtype: "int32" },
      ),
      model.initialState(1),
    );
    expect(network.run(given)["logits"].values()).toEqual(logits.values());
  });
});

test("--out, --opset and --json", () => {
  const { status, stdout } = unrolled("export", "run", "--out", "deep.onnx", "--opset", "22", "--json");
  expect(status).toBe(0);
  const { bytes, ...said } = JSON.parse(stdout) as Record<string, unknown>;
  expect(said).toEqual({ file: "deep.onnx", kind: "languageModel", largestDifference: null });
  expect(readFileSync(file("deep.onnx")).length).toBe(bytes);
});

test("what cannot be exported is told, and nothing is written", () => {
  expect(unrolled("export", "run", "--opset", "9").stderr).toContain("--opset: expected an integer from 14 to 22");
  expect(unrolled("export", "run", "--format", "keras").stderr).toContain("onnx");
  expect(unrolled("export", "nothing").stderr).toContain("expected a run directory");
  saveModel(languageModel({ corpus: "hello", hiddenSize: 3, cell: "mingru" }), file("mini"));
  const { status, stderr } = unrolled("export", "mini");
  expect([status, existsSync(file("mini/model.onnx"))]).toEqual([1, false]);
  expect(stderr).toContain("expected an lstm, gru or rnn cell, got mingru");
});
