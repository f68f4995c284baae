/** Origins of numbers that are not finite are named, wherever they were put in. */
import { describe, expect, test } from "vitest";
import { randomStream, type RandomStream } from "../../base/index.ts";
import { checkedEngine, currentEngine, withEngine } from "../../engine/index.ts";
import { languageModel, type LanguageModel, train, type TrainOptions } from "../../tasks/language-model/index.ts";
import { type Cell, dynamicRnn, gruCell, lstmCell, rnnCell } from "../../rnn/index.ts";
import { assign, type Tensor, tensor } from "../../tensor/index.ts";
import type { TrainEvent, Trouble } from "./events.ts";

const corpus = "the quick brown fox jumps over the lazy dog. ".repeat(8);
const options = { sequenceLength: 5, batchSize: 2, validation: 0, resetState: 0, steps: 40, anomaly: true } as const;
const CELLS = ["rnn", "lstm", "gru"] as const;
const DIALECTS = ["tf1", "keras", "torch"] as const;

type Setting = { readonly cell: (typeof CELLS)[number]; readonly dialect: (typeof DIALECTS)[number] };

const make = (setting: Setting): LanguageModel =>
  languageModel({ corpus, ...setting, hiddenSize: 3, embeddingSize: 2, embeddingInitializer: "uniform" });
const values = (model: LanguageModel): number[] =>
  Object.values(model.parameters()).flatMap((x) => Array.from(x.values()));

/** The first step of a run, and what the weights were before and after. */
async function firstStep(model: LanguageModel, own: TrainOptions): Promise<{ trouble: Trouble | undefined }> {
  const before = values(model);
  const training = train(model, { ...options, ...own });
  const { value } = await training.next();
  await training.return();
  expect(values(model)).toEqual(before);
  return { trouble: (value as TrainEvent & { kind: "step" }).trouble };
}

/** A bad number in what a snapshot holds. */
async function resumed(setting: Setting, group: string, random: RandomStream) {
  const training = train(make(setting), options);
  for (let i = 0; i < 3; i++) await training.next();
  const { state, arrays } = await training.snapshot();
  await training.return();
  const paths = Object.keys(arrays).filter((path) => path.startsWith(`${group}/`));
  const path = paths[random.integer(paths.length)];
  const { data } = arrays[path];
  data[random.integer(data.length)] = [NaN, Infinity, -Infinity][random.integer(3)];
  const model = make(setting);
  const rest = train(model, { ...options, resume: { state, arrays } });
  const { value } = await rest.next();
  const after = values(model);
  await rest.return();
  const before = Object.entries(arrays).filter(([name]) => name.startsWith("parameters/"));
  expect(after).toEqual(before.flatMap(([, array]) => Array.from(array.data as Float32Array)));
  return { name: path.slice(group.length + 1), trouble: (value as TrainEvent & { kind: "step" }).trouble };
}

/** Every element of an array, made `factor` times as large as it would be at first. */
function scale(model: LanguageModel, path: string, factor: number): void {
  const parameter = model.parameters()[path];
  assign(
    parameter,
    parameter.values().map((x: number) => x * factor),
  );
}

const kernelsOf = (model: LanguageModel): string[] =>
  Object.keys(model.parameters()).filter((path) => path.startsWith("rnn/") && /kernel|weight/.test(path));

async function overflowingGradient(
  setting: Setting,
  random: RandomStream,
  sizes: { readonly sequenceLength: number; readonly batchSize: number },
): Promise<void> {
  const model = make(setting);
  // states near 0, where nothing saturates, and weights through which the gradient overflows on its
  // way back
  scale(model, "embedding", 1e-30);
  scale(model, "output/kernel", 1e30 * (1 + random.uniform()));
  for (const path of kernelsOf(model)) scale(model, path, 1e15);
  for (const [path, x] of Object.entries(model.parameters()))
    if (/^rnn.*bias/.test(path)) assign(x, x.values().fill(0));
  const { trouble } = await firstStep(model, sizes);
  expect(trouble?.what).toBe("gradient");
  expect(trouble?.origin?.op).toMatch(/^(rnn|lstm|gru)Backward$/);
  expect(trouble?.origin?.arrays.every((path) => path.startsWith("rnn/0/"))).toBe(true);
  expect(trouble?.origin?.arrays.length).toBeGreaterThan(0);
  expect(trouble?.origin?.time).toBeGreaterThanOrEqual(0);
  expect(trouble?.origin?.time).toBeLessThan(sizes.sequenceLength);
}

const injections: Readonly<Record<string, (setting: Setting, random: RandomStream) => Promise<void>>> = {
  async parameter(setting, random) {
    const { name, trouble } = await resumed(setting, "parameters", random);
    expect(trouble).toEqual({ what: "parameter", name });
  },
  async state(setting, random) {
    const { name, trouble } = await resumed(setting, "carried", random);
    expect(trouble).toEqual({ what: "state", name });
  },
  async slot(setting, random) {
    const { name, trouble } = await resumed(setting, "optimizer", random);
    expect(trouble).toEqual({ what: "slot", name });
  },
  async rate(setting, random) {
    const rate = [NaN, Infinity, -1][random.integer(3)];
    const { trouble } = await firstStep(make(setting), { schedule: () => rate });
    expect(trouble).toEqual({ what: "rate", name: String(rate) });
  },
  async penalty(setting, random) {
    const model = make(setting);
    const paths = Object.keys(model.parameters());
    // one array alone is large enough for the sum of its squares, times half of 3e38, to overflow
    for (const path of paths) scale(model, path, 1e-4);
    const path = paths.filter((one) => !one.includes("bias"))[random.integer(paths.length - 3)] ?? "embedding";
    scale(model, path, 1e8);
    const { trouble } = await firstStep(model, { penalties: { l2: 3e38 } });
    expect(trouble).toMatchObject({ what: "gradient", origin: { op: "mul", arrays: [path], value: Infinity } });
  },
  async logits(setting, random) {
    const model = make(setting);
    const large = [3e38, -3e38][random.integer(2)];
    const { "output/kernel": kernel, "output/bias": bias } = model.parameters();
    assign(kernel, kernel.values().fill(large));
    // its largest with the smallest output, so that the sum of the two overflows
    assign(bias, bias.values().fill(Math.sign(large) * 3.4e38));
    const { trouble } = await firstStep(model, {});
    expect(trouble).toMatchObject({ what: "loss", origin: { value: expect.any(Number) as number } });
    expect(["matmul", "add"]).toContain(trouble?.origin?.op);
    expect(trouble?.origin?.arrays).toEqual([trouble?.origin?.op === "add" ? "output/bias" : "output/kernel"]);
  },
  gradient: (setting, random) => overflowingGradient(setting, random, options),
  // 80 tokens, of which 28 are different: the embedding is multiplied, and no kernel gives the
  // gradient of each step
  "gradient of a table": (setting, random) =>
    overflowingGradient(setting, random, { sequenceLength: 20, batchSize: 4 }),
};

const FULL = process.env["UNROLLED_VERIFY"] === "full";
const each = FULL ? 43 : 6;

describe.each(CELLS)("%s", (cell) => {
  test.each(Object.keys(injections))("%s", async (name) => {
    for (let i = 0; i < each; i++)
      await injections[name]({ cell, dialect: DIALECTS[i % 3] }, randomStream(i).named(name));
  });
});

/** Cells whose states can grow without a limit. */
const growing = {
  rnn: rnnCell({ units: 2, activation: "linear" }),
  lstm: lstmCell({ units: 2, activation: "linear" }),
  gru: gruCell({ units: 2, activation: "linear" }),
} as unknown as Readonly<Record<(typeof CELLS)[number], Cell>>;

test.each(CELLS)("%s: a state that overflows is found at its time step", (name) => {
  const cell = growing[name];
  cell.build(1);
  // gates of a GRU are half open
  for (const [path, x] of Object.entries(cell.parameters()))
    assign(x, x.values().fill(x.rank === 1 || path.startsWith("gates") ? 0 : 1e9));
  for (let step = 0; step < 6; step++) {
    const inputs = tensor(
      Float32Array.from({ length: 6 }, (_, t) => (t >= step ? 1 : 0)),
      { shape: [1, 6, 1] },
    );
    const { trace } = dynamicRnn(cell, inputs, { trace: true });
    const bad = Object.values(trace).map((x) => (x as Tensor).values().findIndex((v: number) => !Number.isFinite(v)));
    const times = bad.filter((at) => at >= 0).map((at) => at >> 1);
    const checked = checkedEngine(currentEngine(), cell.parameters());
    withEngine(checked.engine, () => dynamicRnn(cell, inputs));
    if (times.length === 0) expect(checked.found()).toBeUndefined();
    else expect(checked.found()).toMatchObject({ op: `${name}Forward`, time: Math.min(...times) });
    expect(step < 2 ? times.length : 1).toBeGreaterThan(0);
  }
});

test("what was found is said in the warning and in the error at the end", async () => {
  const messages: string[] = [];
  const run = async (own: TrainOptions): Promise<void> => {
    const model = make({ cell: "lstm", dialect: "tf1" });
    scale(model, "embedding", 1e3);
    for await (const event of train(model, { ...options, ...own }))
      if (event.kind === "warning") messages.push(event.message);
  };
  const plain = "the gradient of embedding is not finite";
  const penalties = { l2: 3e38 };
  await expect(run({ penalties, anomaly: false })).rejects.toThrow(
    `got 10 in a row that were not, up to step 10, in which ${plain}. Lower the learning rate or clipNorm`,
  );
  expect(messages[0]).toBe(`step 1 was skipped, 1 in a row and 1 altogether: ${plain}`);
  messages.length = 0;
  const origin = `${plain}; mul with embedding was the first to make Infinity out of finite numbers`;
  await expect(run({ penalties })).rejects.toThrow(`up to step 10, in which ${origin}. Lower`);
  expect(messages[9]).toBe(`step 10 was skipped, 10 in a row and 10 altogether: ${origin}`);
});

test("it finds nothing in a healthy step, and the engine is as it was", async () => {
  const engine = currentEngine();
  const [plain, watched] = [false, true].map(() => make({ cell: "gru", dialect: "torch" }));
  for await (const event of train(plain, { ...options, anomaly: false })) expect(event.kind).not.toBe("warning");
  for await (const event of train(watched, options)) expect(event.kind).not.toBe("warning");
  expect(values(watched)).toEqual(values(plain));
  expect(currentEngine()).toBe(engine);
});
