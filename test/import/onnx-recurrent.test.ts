/** Recurrent ops of ONNX files beside ONNX Runtime: random configurations, ragged, with states. */
import { afterAll, expect, test } from "vitest";
import { randomStream, type RandomStream } from "../../src/base/index.ts";
import { importModel } from "../../src/import/index.ts";
import { scope, tensor } from "../../src/index.ts";
import { releaseSessions, type RecurrentFeeds, runOnnx } from "../onnx/onnx-oracle.ts";
import {
  type Direction,
  inputShape,
  type OptionalInput,
  recurrentModel,
  type RecurrentNode,
} from "../onnx/onnx-writer.ts";

/** With UNROLLED_VERIFY=full 10,000. */
const CONFIGURATIONS = process.env["UNROLLED_VERIFY"] === "full" ? 10_000 : 200;
const LIMIT = 5e-6;

afterAll(releaseSessions);

const pick = <T>(random: RandomStream, from: readonly T[]): T => from[random.integer(from.length)];

test(`${CONFIGURATIONS} recurrent nodes agree to ${LIMIT}`, async () => {
  let worst = 0;
  for (let i = 0; i < CONFIGURATIONS; i++) worst = Math.max(worst, await compare(randomStream(1).at(i)));
  expect(worst).toBeGreaterThan(0);
}, 1_800_000);

async function compare(random: RandomStream): Promise<number> {
  const op = pick(random, ["RNN", "LSTM", "GRU"] as const);
  const [steps, batch, inputSize, hiddenSize] = [6, 4, 4, 5].map((most) => 1 + random.integer(most));
  const optional: readonly OptionalInput[] = [
    "B",
    "sequence_lens",
    "initial_h",
    ...(op === "LSTM" ? (["initial_c", "P"] as const) : []),
  ];
  const inputs = optional.filter(() => random.integer(2) === 1);
  const isCoupled = op === "LSTM" && !inputs.includes("P") && random.integer(3) === 0;
  const node: RecurrentNode = {
    op,
    hiddenSize,
    direction: pick<Direction>(random, ["forward", "reverse", "bidirectional"]),
    ...(op === "GRU" && { linearBeforeReset: random.integer(2) === 1 }),
    ...(isCoupled && { inputForget: true }),
  };
  const sizes = { T: steps, N: batch, I: inputSize };
  const shapes = Object.fromEntries(
    (["X", "W", "R", ...inputs] as const).map((name) => [
      name,
      inputShape(node, name).map((size) => (typeof size === "number" ? size : sizes[size])),
    ]),
  );
  const arrays: Record<string, Float32Array | Int32Array> = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const size = shape.reduce((a, b) => a * b, 1);
      if (name === "sequence_lens") return [name, Int32Array.from({ length: size }, () => random.integer(steps + 1))];
      return [name, Float32Array.from({ length: size }, () => random.integer(2001) / 1000 - 1)];
    }),
  );
  const theirs = await runOnnx(node, { steps, batch, inputSize, ...arrays } as unknown as RecurrentFeeds);
  const model = await importModel(recurrentModel({ ...node, inputs }));
  return scope(() => {
    const given = Object.entries(arrays).map(([name, data]) => [name, tensor(data, { shape: shapes[name] })]);
    const ours = model.run(Object.fromEntries(given));
    let worst = 0;
    for (const [name, expected] of Object.entries<Float32Array>({ ...theirs })) {
      const got = ours[name].values();
      expect(got.length).toBe(expected.length);
      expected.forEach((value, i) => {
        const error = Math.abs(got[i] - value);
        if (!(error <= LIMIT))
          expect.fail(`${JSON.stringify(node)} ${inputs.join()} ${name}[${i}]: expected ${value}, got ${got[i]}`);
        worst = Math.max(worst, error);
      });
    }
    return worst;
  });
}
