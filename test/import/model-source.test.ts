/** Files of a model by its path: those beside it that belong to it, and nothing outside of its folder. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { arraysIn, type ModelSource, readWeights } from "../../src/import/index.ts";
import { readModelSource } from "../../src/node/index.ts";
import { numbersOf, type WeightFiles, weightFiles } from "../helpers/weight-files.ts";

const root = mkdtempSync(join(tmpdir(), "unrolled-models-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;

/** A new folder with these files, and others beside them that belong to nobody. */
function folderOf(files: Readonly<Record<string, Uint8Array | string>>): string {
  const folder = join(root, String(folders++));
  mkdirSync(folder);
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  return folder;
}

const caseOf = (file: string, name: string): WeightFiles =>
  weightFiles(file).find((one) => one.name === name) as WeightFiles;
const checkpoint = caseOf("tf-files.json", "two basic lstms");
const sharded = caseOf("tfjs-files.json", "three shards");
const torch = caseOf("torch-files.json", "lstm");

async function expectRead(source: ModelSource, { tensors }: WeightFiles): Promise<void> {
  const arrays = arraysIn(await readWeights(source));
  expect(Object.keys(arrays).toSorted()).toEqual(Object.keys(tensors).toSorted());
  for (const [name, { data }] of Object.entries(arrays)) expect([...data]).toEqual(numbersOf(tensors[name][2]));
}

describe("a model that is given", () => {
  const tf = folderOf({ ...checkpoint.files, "notes.txt": "x", "other.json": "{}" });
  const js = folderOf({ ...sharded.files, "notes.txt": "x" });
  const pt = folderOf({ ...torch.files, "notes.txt": "x" });
  test.each<[string, string, WeightFiles]>([
    ["by its folder, TensorFlow", tf, checkpoint],
    ["by its table", join(tf, "model.ckpt.index"), checkpoint],
    ["by its numbers", join(tf, "model.ckpt.data-00000-of-00001"), checkpoint],
    ["by its prefix", join(tf, "model.ckpt"), checkpoint],
    ["by its folder, TensorFlow.js", js, sharded],
    ["by its list", join(js, "model.json"), sharded],
    ["by its folder, PyTorch", pt, torch],
    ["by its file", join(pt, "model.pt"), torch],
    [
      "by the folder of a saved model",
      folderOf({ "saved_model.pb": "x", ...within("variables", checkpoint.files) }),
      checkpoint,
    ],
  ])("%s", async (_, path, one) => expectRead(readModelSource(path), one));

  test("by a link to its file, or of several by the file `checkpoint`", async () => {
    const link = join(root, "link.pt");
    symlinkSync(join(pt, "model.pt"), link);
    await expectRead(readModelSource(link), torch);
    const newest = folderOf({
      ...checkpoint.files,
      "old.index": "x",
      checkpoint: 'model_checkpoint_path: "model.ckpt"\nall_model_checkpoint_paths: "old"\n',
    });
    await expectRead(readModelSource(newest), checkpoint);
  });

  test("reads no more than the list before it is asked for", async () => {
    const path = join(pt, "model.pt");
    const source = readModelSource(path) as {
      readonly length: number;
      readonly view: (b: number, e: number) => Uint8Array;
    };
    let bytes = 0;
    const counting = {
      ...source,
      view: (begin: number, end: number) => ((bytes += end - begin), source.view(begin, end)),
    };
    await readWeights(counting as ModelSource);
    expect(bytes).toBeLessThan(source.length * 2);
    writeFileSync(path, "another one");
    expect(() => source.view(0, 4)).toThrow(/a file that stays as it is, got ".*model.pt", which was changed/);
    writeFileSync(path, torch.files["model.pt"]);
  });
});

/** Names of files in a folder. */
function within(folder: string, files: Readonly<Record<string, Uint8Array>>): Record<string, Uint8Array> {
  return Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`${folder}/${name}`, bytes]));
}

describe("names that lead out of the folder", () => {
  const secret = folderOf({ "secret.bin": new Uint8Array(8) });
  const manifest = (filename: string): string => JSON.stringify({ w: { filename, shape: [2] } });
  test.each([
    ["by ..", `../${secret.split("/").at(-1)}/secret.bin`],
    ["by an absolute path", join(secret, "secret.bin")],
    ["by a drive", "C:secret.bin"],
    ["by a backslash", "..\\secret.bin"],
  ])("%s", async (_, name) => {
    const path = folderOf({ "manifest.json": manifest(name) });
    await expect(readWeights(readModelSource(path))).rejects.toThrow(/a file in the same folder/);
  });

  test("by a link, or to a folder, or to nothing", async () => {
    const path = folderOf({ "manifest.json": manifest("w"), "model.ckpt.index": checkpoint.files["model.ckpt.index"] });
    symlinkSync(join(secret, "secret.bin"), join(path, "w"));
    expect(() => readModelSource(join(path, "manifest.json"))).toThrow(/a symbolic link that leads out of it/);
    symlinkSync(join(secret, "secret.bin"), join(path, "model.ckpt.data-00000-of-00001"));
    expect(() => readModelSource(join(path, "model.ckpt.index"))).toThrow(/a symbolic link that leads out of it/);
    const folder = folderOf({ "manifest.json": manifest("w"), "w/x": "x" });
    expect(() => readModelSource(folder)).toThrow(/which is a folder/);
    await expect(readWeights(readModelSource(folderOf({ "manifest.json": manifest("w") })))).rejects.toThrow(
      /the file "w", got none/,
    );
  });
});

test.each<[string, string, RegExp]>([
  ["nothing there", join(root, "nowhere.pt"), /a file, got ".*nowhere.pt", which does not exist/],
  ["an empty folder", folderOf({}), /one model in ".*", got none/],
  [
    "a folder of two models",
    folderOf({ "a.pt": "x", "b.npz": "x" }),
    /one model in ".*", got a.pt, b.npz. Give the path of one/,
  ],
  ["two checkpoints", folderOf({ "a.index": "x", "b.index": "x" }), /one checkpoint in ".*", got a.index, b.index/],
  [
    "a checkpoint elsewhere",
    folderOf({ "a.index": "x", "b.index": "x", checkpoint: 'model_checkpoint_path: "../a"' }),
    /one checkpoint/,
  ],
])("refuses %s", (_, path, message) => {
  expect(() => readModelSource(path)).toThrow(message);
});
