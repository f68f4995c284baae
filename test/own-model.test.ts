/**
 * A model of one's own, from layers and a cell of one's own: the calls of the built-in models work
 * on it.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  add,
  type Cell,
  decodeCheckpoint,
  decodeModel,
  encodeCheckpoint,
  encodeModel,
  FormatError,
  glorotUniform,
  linearLayer,
  matmul,
  mean,
  parameterSet,
  parametersOf,
  randomStream,
  recurrentStack,
  type SavedModel,
  slice,
  square,
  sub,
  tanh,
  type Tensor,
  tensor,
  trainOn,
} from "unrolled";
import { loadModel, readModelBytes, saveModel } from "unrolled/node";
import { afterAll, expect, test } from "vitest";

const MAIN = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "unrolled-own-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** h' = tanh(h + x·W). */
function addingCell(units: number): Cell<{ h: Tensor }> {
  const weights = parameterSet("addingCell", (inputSize) => ({
    kernel: { shape: [inputSize, units], initializer: glorotUniform },
  }));
  const step: Cell<{ h: Tensor }>["step"] = (input, { h }) => {
    const next = tanh(add(h, matmul(input, weights.parameters()["kernel"])));
    return { output: next, state: { h: next }, trace: { candidate: next } };
  };
  return { ...weights, outputSize: units, stateSize: { h: units }, memory: [], gates: { candidate: "tanh" }, step };
}

type Config = { readonly sizes: readonly number[]; readonly seed: number };
type Own = SavedModel & { forward(x: Tensor): Tensor };

function ownModel({ sizes, seed }: Config): Own {
  const random = randomStream(seed);
  const rnn = recurrentStack({ cell: addingCell, inputSize: 1, hiddenSize: sizes, dropout: 0.1, random });
  const output = linearLayer({ inputSize: rnn.outputSize, outputSize: 1, random });
  return {
    kind: "own-model",
    configuration: () => ({ sizes: [...sizes], seed }),
    parameters: () => parametersOf(rnn, output),
    forward: (x) => output.forward(rnn.forward(x).outputs),
  };
}

const kinds = { "own-model": (config: Config) => ownModel(config) };
const x = tensor([[[1]], [[-2]], [[3]]]);
const answer = (model: Own): number[] => Array.from(model.forward(x).values());

/** The last number of a sequence is to be told after each. */
const taskOf = (model: Own) => ({
  parameters: model.parameters(),
  batches: () => [1, 2, 3].map((seed) => tensor(Float32Array.of(seed, -1, seed / 2), { shape: [3, 1, 1] })),
  loss: (batch: Tensor) => mean(square(sub(model.forward(batch), slice(batch, [2, 0, 0], [1, 1, 1])))),
});

test("its bytes give it back; a file goes through the command", () => {
  const model = ownModel({ sizes: [3, 2], seed: 1 });
  const bytes = encodeModel(model);
  const loaded = decodeModel(bytes, kinds);
  expect(answer(loaded)).toEqual(answer(model));
  expect(encodeModel(loaded)).toEqual(bytes);
  const file = saveModel(model, folder);
  expect(Uint8Array.from(readModelBytes(folder))).toEqual(bytes);
  expect(answer(loadModel(folder, kinds))).toEqual(answer(model));
  expect(answer(loadModel(file, (all) => decodeModel(all, kinds)))).toEqual(answer(model));
  const { stdout } = spawnSync(process.execPath, [MAIN, "inspect", file], { encoding: "utf8" });
  expect(stdout).toMatch(/^kind +own-model\nsizes +3, 2\nseed +1\nparameters +12\n/);
  expect(stdout).toMatch(/^rnn\/1\/kernel +\[3, 2\] +6 /m);
  const { stderr, status } = spawnSync(process.execPath, [MAIN, "predict", file, "x.txt"], { encoding: "utf8" });
  expect([status, stderr]).toEqual([2, expect.stringContaining('a model of a known kind, got "own-model"')]);
});

test("a file of another kind, or of other sizes, is refused", () => {
  const bytes = encodeModel(ownModel({ sizes: [3, 2], seed: 1 }));
  expect(() => decodeModel(bytes, { other: kinds["own-model"] })).toThrow(
    new FormatError('decodeModel: expected a file of kind "other", got "own-model"'),
  );
  // a model that is larger than the file takes no memory
  expect(() => decodeModel(bytes, { "own-model": () => ownModel({ sizes: [3, 1_000_000], seed: 1 }) })).toThrow(
    FormatError,
  );
});

test.each([["own-model"], [null], [[ownModel]], [{}], [{ "own-model": 1 }]])(
  "loadModel knows no decoder %j",
  (decode) => {
    expect(() => loadModel(folder, decode as never)).toThrow(
      expect.objectContaining({
        code: "ERR_KIND",
        message: expect.stringMatching(/^loadModel: expected a decoder, or builders by kind, got /) as unknown,
      }),
    );
  },
);

test("trained, it goes on from a checkpoint with the same bits", async () => {
  const lossesOf = async (model: Own, options: object): Promise<{ losses: number[]; snapshot: Uint8Array }> => {
    const training = trainOn(taskOf(model), { seed: 3, ...options });
    const losses: number[] = [];
    for await (const event of training) if (event.kind === "step") losses.push(event.loss);
    return { losses, snapshot: await encodeCheckpoint(await training.snapshot()) };
  };
  const config = { sizes: [3, 2], seed: 1 };
  const whole = await lossesOf(ownModel(config), { epochs: 4 });
  expect(whole.losses[11]).toBeLessThan(whole.losses[2]);
  const half = await lossesOf(ownModel(config), { epochs: 2 });
  const rest = await lossesOf(ownModel(config), { epochs: 4, resume: await decodeCheckpoint(half.snapshot) });
  expect([...half.losses, ...rest.losses]).toEqual(whole.losses);
});
