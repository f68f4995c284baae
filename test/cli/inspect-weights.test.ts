/** `unrolled inspect` of files of other frameworks. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { commandFolder } from "../helpers/cli.ts";
import { type WeightFiles, weightFiles } from "../helpers/weight-files.ts";

const { file, unrolled } = commandFolder("weights");

/** Folders of the files of one case each. */
const CASES = [
  ["torch", "torch-files.json", "checkpoint with adam"],
  ["npz", "numpy-files.json", "lstm"],
  ["tf", "tf-files.json", "two basic lstms"],
  ["tfjs", "tfjs-files.json", "stacked"],
  ["brain", "brain-files.json", "LSTM"],
] as const;

beforeAll(() => {
  for (const [folder, golden, name] of CASES) {
    mkdirSync(file(folder));
    const { files } = weightFiles(golden).find((one) => one.name === name) as WeightFiles;
    for (const [path, bytes] of Object.entries(files)) writeFileSync(join(file(folder), path), bytes);
  }
  const { files } = weightFiles("torch-files.json")[0];
  writeFileSync(file("cut.pt"), files["model.pt"].slice(0, 1000));
  const damaged = Uint8Array.from(files["model.pt"]);
  damaged[damaged.indexOf(0x80) + 3] ^= 0xff;
  writeFileSync(file("damaged.pt"), damaged);
  writeFileSync(file("table.json"), '[{"a":1}]');
});

test.each([
  ["torch/model.pt", "torch", "model_state_dict.weight_ih_l0  float32  [12, 2]       24"],
  ["npz/arrays.npz", "npz", "kernel  float32  [5, 8]       40"],
  ["tf", "tf-checkpoint", "rnn/multi_rnn_cell/cell_0/basic_lstm_cell/kernel  float32  [4, 8]       32"],
  [
    "tf/model.ckpt.index",
    "tf-checkpoint",
    "rnn/multi_rnn_cell/cell_1/basic_lstm_cell/bias    float32  [8]           8",
  ],
  ["tfjs", "tfjs", "f/kernel"],
  ["brain/net.json", "brain", "hiddenLayers.0.inputMatrix           float32  [2, 3]        6"],
])("%s", (path, format, line) => {
  const { status, stdout } = unrolled("inspect", path);
  expect(status).toBe(0);
  expect(stdout).toMatch(new RegExp(`^format +${format}$`, "m"));
  expect(stdout.replaceAll(/ +/g, " ")).toContain(line.replaceAll(/ +/g, " "));
});

test("as JSON: every array, their numbers, and what else the file says", () => {
  const shown = JSON.parse(unrolled("inspect", "torch/model.pt", "--json").stdout) as {
    tensors: { name: string; numbers: number }[];
    numbers: number;
    metadata: { epoch: number; optimizer_state_dict: { param_groups: { lr: number }[] } };
  };
  expect(shown.tensors).toContainEqual({
    name: "model_state_dict.bias_hh_l0",
    type: "float32",
    shape: [12],
    numbers: 12,
  });
  expect(shown.numbers).toBe(shown.tensors.reduce((sum, { numbers }) => sum + numbers, 0));
  expect([shown.metadata.epoch, shown.metadata.optimizer_state_dict.param_groups[0].lr]).toEqual([3, 0.001]);
});

test.each([
  [
    "cut.pt",
    /^unrolled inspect: cut\.pt: end of the zip file: expected the list of files at the end, got none\. The file is cut off\n$/,
  ],
  [
    "damaged.pt",
    /^unrolled inspect: damaged\.pt: "[^"]*data\.pkl": expected the checksum \d+, got \d+\. The file is damaged/,
  ],
  ["table.json", /^unrolled inspect: expected a run directory or a model file, got "table\.json"/],
])("errors name the file and the place: %s", (path, message) => {
  const { status, stderr } = unrolled("inspect", path);
  expect([status === 0, stderr]).toEqual([false, expect.stringMatching(message)]);
});
