import { describe, expect, test } from "vitest";
import { leavesOf, randomStream, type Tree } from "../../base/index.ts";
import { languageModel, type LanguageModel, train, type TrainOptions } from "../../tasks/language-model/index.ts";
import { adam } from "../../optim/index.ts";
import { type Cell, dynamicRnn, gruCell, lstmCell, rnnCell, type State, zeroState } from "../../rnn/index.ts";
import {
  add,
  assign,
  detach,
  mean,
  mul,
  randomTensor,
  reshape,
  slice,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  tensor,
} from "../../tensor/index.ts";
import type { StepEvent, Trouble } from "./events.ts";
import type { Snapshot } from "./snapshot.ts";
import { type OwnTask, trainOn } from "../train-on.ts";
import type { TrainOnOptions } from "../train-options.ts";

const corpus = "the quick brown fox jumps over the lazy dog. ".repeat(8);
const options = { sequenceLength: 4, batchSize: 2, validation: 0, steps: 40 } as const;

const values = (model: LanguageModel): number[] => Object.values(model.parameters()).flatMap((x) => [...x.values()]);

/** Puts a bad number into what a snapshot holds, and goes on from there. */
async function injected(
  cell: "rnn" | "lstm" | "gru",
  group: "parameters" | "optimizer" | "carried",
  bad: number,
  seed: number,
): Promise<{ step: StepEvent; before: number[]; after: number[] }> {
  const model = languageModel({ corpus, cell, hiddenSize: 3, embeddingSize: 2 });
  const training = train(model, options);
  for (let i = 0; i < 3; i++) await training.next();
  const { state, arrays } = await training.snapshot();
  await training.return();
  const random = randomStream(seed);
  const paths = Object.keys(arrays).filter((path) => path.startsWith(`${group}/`));
  const { data } = arrays[paths[random.integer(paths.length)]];
  data[random.integer(data.length)] = bad;
  const second = languageModel({ corpus, cell, hiddenSize: 3, embeddingSize: 2 });
  const rest = train(second, { ...options, resume: { state, arrays } });
  const { value } = await rest.next();
  const after = values(second);
  await rest.return();
  const before = Object.entries(arrays)
    .filter(([path]) => path.startsWith("parameters/"))
    .flatMap(([, array]) => [...(array.data as Float32Array)]);
  return { step: value as StepEvent, before, after };
}

const FULL = process.env["UNROLLED_VERIFY"] === "full";
const each = FULL ? 120 : 12;

describe.each(["rnn", "lstm", "gru"] as const)("%s", (cell) => {
  test.each([
    ["parameters", "parameter"],
    ["optimizer", "slot"],
    ["carried", "state"],
  ] as const)("%s that are not finite are caught in the same step and change nothing", async (group, what) => {
    for (let i = 0; i < each; i++) {
      const { step, before, after } = await injected(cell, group, [NaN, Infinity, -Infinity][i % 3], i);
      expect(step).toMatchObject({ kind: "step", skipped: true, trouble: { what } });
      expect(after).toEqual(before);
    }
  });
});

test.each([NaN, Infinity, -1])("a rate of %s changes nothing", async (rate) => {
  const model = languageModel({ corpus, hiddenSize: 3, embeddingSize: 2 });
  const before = values(model);
  const { value } = await train(model, { ...options, schedule: () => rate }).next();
  expect(value).toMatchObject({ skipped: true, trouble: { what: "rate" } });
  expect(values(model)).toEqual(before);
});

test("a loss that overflows changes nothing, and ten of them end the run", async () => {
  const model = languageModel({ corpus, hiddenSize: 3, embeddingSize: 2 });
  const before = values(model);
  const penalties: TrainOptions["penalties"] = { l2: 3e38 };
  const seen: string[] = [];
  const training = train(model, { ...options, penalties });
  const whole = async (): Promise<void> => {
    for await (const event of training) seen.push(event.kind);
  };
  await expect(whole()).rejects.toMatchObject({ code: "ERR_NOT_FINITE" });
  expect(seen.filter((kind) => kind === "step")).toHaveLength(10);
  expect(seen.filter((kind) => kind === "warning")).toHaveLength(10);
  expect(values(model)).toEqual(before);
});

/** Place of a bad number in a task of one's own. */
type Site = "parameter" | "gradient" | "input" | "state" | "loss" | "rate" | "slot";

/** Report of the step. An input is seen in what it leads to. */
const SEEN: Readonly<Record<Site, readonly Trouble["what"][]>> = {
  parameter: ["parameter"],
  gradient: ["gradient"],
  input: ["loss", "state", "gradient"],
  state: ["state"],
  loss: ["loss"],
  rate: ["rate"],
  slot: ["slot"],
};

const ROWS = 2;
const STEPS = 3;
const makeCell = { rnn: rnnCell, lstm: lstmCell, gru: gruCell };

/**
 * A scalar 0 whose gradient with respect to one element is `bad`, and which has no other: the root
 * at 0 is infinitely steep.
 */
function steepAt(x: Tensor, place: number, bad: number): Tensor {
  const flat = reshape(x, [x.size]);
  const zero = sub(slice(flat, [place], [1]), detach(slice(flat, [place], [1])));
  return sum(mul(sqrt(zero), Number.isNaN(bad) ? 0 : Math.sign(bad)));
}

/** Two good steps, one into which a bad number is put, and one more. */
async function withBadNumber(kind: keyof typeof makeCell, site: Site, bad: number, seed: number) {
  const random = randomStream(seed);
  const cell = makeCell[kind]({ units: 3, seed: 1 }) as unknown as Cell;
  cell.build(2);
  const parameters = {
    ...cell.parameters(),
    out: randomTensor([3], randomStream(2), { kind: "normal", mean: 0, deviation: 1 }),
  };
  const carried = zeroState(cell, ROWS);
  const place = <T>(list: readonly T[]): T => list[random.integer(list.length)];
  const spoil = (x: Tensor): void => {
    const values = x.values();
    values[random.integer(values.length)] = bad;
    assign(x, values);
  };
  let step = 0;
  const isBadStep = (): boolean => step === 2;
  const task: OwnTask<Float32Array> = {
    parameters,
    carried,
    *batches(epoch) {
      for (let at = 0; ; at++) {
        const numbers = randomStream(epoch).at(at);
        const batch = Float32Array.from({ length: STEPS * ROWS * 2 }, () => numbers.normal());
        if (at === 2 && site === "input") batch[random.integer(batch.length)] = bad;
        yield batch;
      }
    },
    loss(batch, { state }) {
      const inputs = tensor(batch, { shape: [STEPS, ROWS, 2] });
      const result = dynamicRnn(cell, inputs, { initialState: state as State, timeMajor: true });
      const value = mean(square(sub(sum(mul(result.outputs, parameters.out), 2), 1)));
      if (!isBadStep()) return { value, state: result.state };
      if (site === "loss") return { value: add(value, bad), state: result.state };
      if (site !== "gradient") return { value, state: result.state };
      const target = place(Object.values(parameters));
      return { value, penalty: steepAt(target, random.integer(target.size), bad), state: result.state };
    },
  };
  const options: TrainOnOptions = {
    steps: 4,
    optimizer: adam({ learningRate: 0.01 }),
    schedule: () => (isBadStep() && site === "rate" ? bad : 0.01),
    averaging: 0.9,
  };
  let training = trainOn(task, options);
  const next = async (): Promise<StepEvent> => {
    for (;;) {
      const { value } = await training.next();
      if (value?.kind !== "step") continue;
      step = value.step;
      return value;
    }
  };
  await next();
  await next();
  if (site === "parameter") spoil(place(Object.values(parameters)));
  if (site === "state") spoil(place(leavesOf(carried as Tree<Tensor>))[1]);
  if (site === "slot") {
    const { state, arrays } = await training.snapshot();
    const { data } = arrays[place(Object.keys(arrays).filter((path) => path.startsWith("optimizer/")))];
    data[random.integer(data.length)] = bad;
    training = trainOn(task, { ...options, resume: { state, arrays } });
    // the run goes on at its first step
    const before = { state, arrays };
    const event = await next();
    return { event, before: kept(before), after: kept(await training.snapshot()), following: undefined };
  }
  const before = kept(await training.snapshot());
  const event = await next();
  const after = kept(await training.snapshot());
  return { event, before, after, following: site === "parameter" ? undefined : await next() };
}

/** All that a step changes but the carried state, which starts from zero. */
const kept = ({ arrays }: Snapshot): object =>
  Object.fromEntries(Object.entries(arrays).filter(([path]) => !path.startsWith("carried/")));

const SITES = Object.keys(SEEN) as Site[];
const perSite = FULL ? 300 : 12;

describe.each(["rnn", "lstm", "gru"] as const)("%s, in a task of one's own", (cell) => {
  test.each(SITES)("%s: what is not finite is caught in its step, which changes nothing", async (site) => {
    for (let i = 0; i < perSite; i++) {
      const bad = [NaN, Infinity, -Infinity][i % 3];
      const { event, before, after, following } = await withBadNumber(cell, site, bad, i);
      expect(event, `${bad}, seed ${i}`).toMatchObject({ step: 3, skipped: true });
      expect(SEEN[site], `${bad}, seed ${i}`).toContain(event.trouble?.what);
      expect(after, `${bad}, seed ${i}`).toEqual(before);
      if (following !== undefined)
        expect(following, `after ${bad}, seed ${i}`).toMatchObject({ step: 4, skipped: false });
    }
  });
});
