/**
 * Sums of many equal numbers, the worst case: added one after the other in float32, each is rounded
 * the same way, and 10,000,000 times 0.1 gives 1,010,800.
 */
import { expect, test } from "vitest";
import { clipScale, globalNorm } from "../../optim/index.ts";
import { type Cell, dynamicRnn, gruCell, lstmCell, rnnCell } from "../../rnn/index.ts";
import {
  assign,
  broadcastTo,
  cumulativeSum,
  full,
  gather,
  grad,
  layerNorm,
  linear,
  logSumExp,
  matmul,
  mean,
  mul,
  ones,
  reshape,
  scope,
  slice,
  softmax,
  sum,
  Tensor,
  tensor,
  zeros,
} from "../index.ts";

const TENTH = Math.fround(0.1);
const PROMISE = 1e-6;

function near(got: Tensor | ArrayLike<number>, expected: number, what: string): void {
  for (const value of Array.from(got instanceof Tensor ? got.values() : got)) {
    // written so that NaN fails
    if (!(Math.abs(value / expected - 1) < PROMISE)) throw new Error(`${what}: expected ${expected}, got ${value}`);
  }
}

test.each([5_000, 100_000, 2_000_000])("sum, mean, norm and inner product of %i numbers", (n) => {
  scope(() => {
    const x = full([n], 0.1);
    near(sum(x), n * TENTH, "sum");
    near(mean(x), TENTH, "mean");
    near([globalNorm({ x })], Math.sqrt(n) * TENTH, "norm");
    near([clipScale({ x }, 1).norm], Math.sqrt(n) * TENTH, "norm");
    near(matmul(reshape(x, [1, n]), reshape(x, [n, 1])), n * TENTH * TENTH, "inner product");
    near(
      matmul(reshape(x, [1, n]), reshape(x, [1, n]), { transposeB: true }),
      n * TENTH * TENTH,
      "inner product, b transposed",
    );
    near(
      matmul(reshape(x, [n, 1]), reshape(x, [n, 1]), { transposeA: true }),
      n * TENTH * TENTH,
      "inner product, a transposed",
    );
    near(
      grad((y: Tensor) => sum(broadcastTo(y, [n])), ones([1])),
      n,
      "gradient of broadcasting",
    );
  });
});

test("sum, mean and inner product of 20,000,000 numbers", () => {
  scope(() => {
    const n = 20_000_000;
    const x = full([n], 0.1);
    near(sum(x), n * TENTH, "sum");
    near(mean(x), TENTH, "mean");
    near(matmul(reshape(x, [1, n]), reshape(x, [n, 1])), n * TENTH * TENTH, "inner product");
  });
});

test("sums along every axis", () => {
  const x = full([3, 100_000, 2], 0.1);
  for (const y of [sum(x, 1), sum(reshape(x, [100_000, 6]), 0), sum(reshape(x, [6, 100_000]), 1)])
    near(y, 100_000 * TENTH, "sum");
  near(mean(x, [0, 1]), TENTH, "mean");
  const running = cumulativeSum(full([1_000_000], 0.1));
  near(slice(running, [999_999], [1]), 1e6 * TENTH, "cumulative sum");
});

test.each([
  [1, 1],
  [1, 40],
  [2, 3],
  [5, 1],
  [7, 19],
  [40, 35],
])("products [%i, 100,000] · [100,000, %i], in every orientation", (m, n) => {
  const k = 100_000;
  for (const batch of [[], [2]]) {
    for (const transposeA of [false, true]) {
      for (const transposeB of [false, true]) {
        scope(() => {
          const a = full([...batch, ...(transposeA ? [k, m] : [m, k])], 0.1);
          const b = full([...batch, ...(transposeB ? [n, k] : [k, n])], 0.3);
          const product = matmul(a, b, { transposeA, transposeB });
          near(product, k * TENTH * Math.fround(0.3), `${m}x${n} ${String(transposeA)} ${String(transposeB)}`);
        });
      }
    }
  }
});

test("gradients of a dense layer over a million rows", () => {
  const [kernel, bias] = [full([2, 3], 0.5), zeros([3])];
  const x = full([1_000_000, 2], 0.1);
  const gradients = grad((p) => sum(mul(linear(x, p.kernel, p.bias), 0.1)), { kernel, bias });
  near(gradients.bias, 1e6 * TENTH, "bias");
  near(gradients.kernel, 1e6 * TENTH * TENTH, "kernel");
});

test("gradients of rows that are read often", () => {
  const ids = tensor(new Int32Array(300_000).map((_, i) => (i % 3 === 0 ? 0 : 2)));
  const table = ones([4, 5]);
  const gradient = grad((t: Tensor) => sum(mul(gather(t, ids), 0.1)), table).toArray() as number[][];
  near(gradient[0], 100_000 * TENTH, "row 0");
  near(gradient[2], 200_000 * TENTH, "row 2");
  expect([gradient[1], gradient[3]].flat()).toEqual(new Array(10).fill(0));
});

test("softmax, its logarithm and layer normalisation of long rows", () => {
  const n = 200_000;
  near(logSumExp(full([n], 3)), 3 + Math.log(n), "logSumExp");
  near(softmax(zeros([1, n])), 1 / n, "softmax");
  // mean 0.1, variance 0.01
  const x = tensor(
    Float32Array.from({ length: n }, (_, i) => (i % 2 === 0 ? 0 : 0.2)),
    { shape: [1, n] },
  );
  const normal = layerNorm(x, 0).values();
  near(normal.subarray(1, 2), 1, "normal");
  near(normal.subarray(0, 1), -1, "normal");
  const affine = grad(
    (p) =>
      sum(
        mul(
          layerNorm(
            tensor(
              Float32Array.from({ length: 2 * n }, (_, i) => i % 2),
              { shape: [n, 2] },
            ),
            0,
            p.gain,
            p.shift,
          ),
          0.1,
        ),
      ),
    {
      gain: ones([2]),
      shift: ones([2]),
    },
  );
  near(affine.shift, n * TENTH, "shift");
  near(slice(affine.gain, [1], [1]), n * TENTH, "gain");
});

const STEPS = 400;
const BATCH = 100;

test.each(["tensor", "table"] as const)("gradients of recurrent weights over 40,000 rows, inputs as %s", (kind) => {
  // without a recurrent weight and with a linear activation every row has the same gradient
  const cell = rnnCell({ units: 3, activation: "linear", dialect: "keras" });
  cell.build(2);
  const { kernel, recurrent_kernel: recurrent, bias } = cell.parameters();
  assign(kernel, new Float32Array(6).fill(0.5));
  assign(recurrent, new Float32Array(9));
  const table = full([2, 2], 0.1);
  const ids = zeros([BATCH, STEPS], "int32");
  const inputs = kind === "tensor" ? full([BATCH, STEPS, 2], 0.1) : { table, ids };
  const gradients = grad(() => sum(mul(dynamicRnn(cell, inputs).outputs, 0.1)), { kernel, recurrent, bias, table });
  const rows = STEPS * BATCH;
  near(gradients.bias, rows * TENTH, "bias");
  near(gradients.kernel, rows * TENTH * TENTH, "kernel");
  // the state before the first step is 0, after it 0.1
  near(gradients.recurrent, (rows - BATCH) * TENTH * TENTH, "recurrent");
  if (kind === "table") near(slice(gradients.table, [0], [1]), rows * TENTH * 1.5, "table");
});

test.each([
  ["lstm", () => lstmCell({ units: 3, peepholes: true, projection: 2, seed: 1 }) as unknown as Cell],
  ["gru", () => gruCell({ units: 3, dialect: "torch", seed: 1 }) as unknown as Cell],
])("gradients of an %s over 40,000 equal rows are 100 times those of a hundredth of them in float64", (_name, make) => {
  const gradientsOf = (batch: number, dtype: "float32" | "float64"): Record<string, number[]> => {
    const cell = make();
    cell.build(2, { dtype });
    const x = full([batch, STEPS, 2], 0.1, dtype);
    const found = grad(() => sum(dynamicRnn(cell, x).outputs), cell.parameters());
    return Object.fromEntries(Object.entries(found).map(([name, g]) => [name, Array.from(g.values())]));
  };
  const exact = gradientsOf(1, "float64");
  for (const [name, gradient] of Object.entries(gradientsOf(BATCH, "float32"))) {
    const scale = Math.max(...exact[name].map(Math.abs)) * BATCH;
    const worst = Math.max(...gradient.map((value, i) => Math.abs(value - BATCH * exact[name][i]) / scale));
    expect(worst, name).toBeLessThan(2 * PROMISE);
  }
});
