/** @file Rows of the conformance table: every kernel but the recurrent ones. */
import { broadcastShapes, type DType, type Shape, sizeOf } from "../../src/base/index.ts";
import type {
  ActivationName,
  Answers,
  BinaryOp,
  OptimizerPreparation,
  OptimizerUpdate,
  ReduceOp,
  Strides,
  UnaryOp,
} from "../../src/engine/engine.ts";
import { anything, flags, integers, type KernelCase, kernelCase, normals } from "./cases.ts";

export const activations: readonly ActivationName[] = [
  "sigmoid",
  "tanh",
  "relu",
  "linear",
  "softsign",
  "hardSigmoid",
  "hardSigmoid02",
];

const unaryOps: readonly UnaryOp[] = [
  "neg",
  "abs",
  "sign",
  "exp",
  "log",
  "log1p",
  "sqrt",
  "square",
  "reciprocal",
  "floor",
  "not",
  "isFinite",
  "softplus",
  ...activations,
];

const lengths = [0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 31, 33, 1000];

const elementwise = lengths.flatMap((n): KernelCase[] => [
  ...unaryOps.map((op) =>
    kernelCase(
      `${op} [${n}]`,
      (random) => anything(random, n),
      (bench, data) => {
        const out = bench.result([n], op === "not" || op === "isFinite" ? "bool" : "float32");
        bench.engine.unary(op, bench.input([n], data), out);
        return { out: bench.values(out) };
      },
    ),
  ),
  ...activations.map((op) =>
    kernelCase(
      `gradient of ${op} [${n}]`,
      (random) => [anything(random, n), anything(random, n)],
      (bench, [y, dy]) => {
        const dx = bench.result([n]);
        bench.engine.activationBackward(op, bench.input([n], y), bench.input([n], dy), dx);
        return { dx: bench.values(dx) };
      },
    ),
  ),
]);

const binaryOps: readonly BinaryOp[] = [
  "add",
  "sub",
  "mul",
  "div",
  "pow",
  "maximum",
  "minimum",
  "equal",
  "notEqual",
  "less",
  "lessEqual",
  "greater",
  "greaterEqual",
  "and",
  "or",
];

const arithmetic = new Set<BinaryOp>(["add", "sub", "mul", "div", "pow", "maximum", "minimum"]);

/** Shapes of a and b. */
const broadcasts: readonly string[] = [
  "[] []",
  "[1] [1]",
  "[13] [13]",
  "[3,7] [3,7]",
  "[0,4] [0,4]",
  "[3,0] [1]",
  // a bias and a matrix that repeats
  "[5,9] [9]",
  "[9] [5,9]",
  "[2,3,5] [3,5]",
  "[3,5] [2,3,5]",
  "[1,3,5] [2,3,5]",
  // one number
  "[4,6] []",
  "[] [4,6]",
  "[1,1] [17]",
  // one number for each row
  "[6,11] [6,1]",
  "[6,1] [6,11]",
  "[2,3,10] [2,3,1]",
  // for each row of the last axes
  "[7,4,9] [4,1]",
  "[4,1] [7,4,9]",
  "[5,4,3] [1,4,1]",
  "[6,3,1] [1,3,1]",
  // others
  "[4,1] [1,5]",
  "[2,1,3] [1,4,1]",
  "[3,1,4] [3,2,4]",
  "[2,1,1] [2,3,4]",
  "[4,1,3] [4,3,3]",
  "[2,3,3] [2,1,3]",
];

const pairs = broadcasts.flatMap((text): KernelCase[] => {
  const [a, b] = text.split(" ").map((shape) => JSON.parse(shape) as number[]);
  const out = broadcastShapes(text, a, b);
  return [
    ...binaryOps.map((op) =>
      kernelCase(
        `${op} ${text}`,
        (random) => [anything(random, sizeOf(a)), anything(random, sizeOf(b))],
        (bench, [x, y]) => {
          const z = bench.result(out, arithmetic.has(op) ? "float32" : "bool");
          bench.engine.binary(op, bench.input(a, x), bench.input(b, y), z);
          return { out: bench.values(z) };
        },
      ),
    ),
    kernelCase(
      `where ${text}`,
      (random) => ({
        condition: flags(random, sizeOf(b)),
        x: anything(random, sizeOf(a)),
        y: anything(random, sizeOf(b)),
      }),
      (bench, { condition, x, y }) => {
        const z = bench.result(out);
        bench.engine.where(bench.input(b, condition), bench.input(a, x), bench.input(b, y), z);
        return { out: bench.values(z) };
      },
    ),
  ];
});

/** Kernels that may be given the same array twice. */
const equalOperands = [
  kernelCase(
    "an array with itself, and as its own result",
    (random) => anything(random, 21),
    (bench, data) => {
      const x = bench.inPlace([21], data);
      bench.engine.binary("mul", x, x, x);
      bench.engine.binary("add", x, x, x);
      bench.engine.unary("sigmoid", x, x);
      bench.engine.activationBackward("tanh", x, x, x);
      return { x: bench.values(x) };
    },
  ),
];

const types: readonly DType[] = ["float32", "float64", "int32", "bool"];

const conversions = types.map((dtype) =>
  kernelCase(
    `cast and fill to ${dtype}`,
    (random) => normals(random, [19], 3),
    (bench, data) => {
      const [out, filled] = [bench.result([19], dtype), bench.result([19], dtype)];
      bench.engine.cast(bench.input([19], data), out);
      bench.engine.fill(filled, 1);
      return { out: bench.values(out), filled: bench.values(filled) };
    },
  ),
);

/** Name, elements of x, where the copy reads, elements of the result, where it writes, shape. */
const copies: readonly (readonly [string, number, Strides, number, Strides, Shape])[] = [
  ["a number", 5, { offset: 3, strides: [] }, 4, { offset: 2, strides: [] }, []],
  ["a part", 20, { offset: 4, strides: [1] }, 20, { offset: 9, strides: [1] }, [7]],
  ["rows of a matrix", 60, { offset: 11, strides: [10, 1] }, 28, { offset: 0, strides: [7, 1] }, [4, 7]],
  ["into rows of a matrix", 28, { offset: 0, strides: [7, 1] }, 60, { offset: 11, strides: [10, 1] }, [4, 7]],
  ["a column", 60, { offset: 3, strides: [10] }, 6, { offset: 0, strides: [1] }, [6]],
  ["rows in reverse", 28, { offset: 21, strides: [-7, 1] }, 28, { offset: 0, strides: [7, 1] }, [4, 7]],
  ["columns in reverse", 28, { offset: 6, strides: [7, -1] }, 28, { offset: 0, strides: [7, 1] }, [4, 7]],
  ["one row again and again", 7, { offset: 0, strides: [0, 1] }, 28, { offset: 0, strides: [7, 1] }, [4, 7]],
  ["one element again and again", 7, { offset: 2, strides: [0, 0] }, 28, { offset: 0, strides: [7, 1] }, [4, 7]],
  ["nothing", 7, { offset: 0, strides: [1, 1] }, 7, { offset: 0, strides: [1, 1] }, [0, 3]],
  ["one element", 7, { offset: 5, strides: [7, 1] }, 7, { offset: 1, strides: [7, 1] }, [1, 1]],
  [
    "axes that lie behind each other",
    60,
    { offset: 0, strides: [20, 5, 1] },
    60,
    { offset: 0, strides: [20, 5, 1] },
    [3, 4, 5],
  ],
  [
    "the first two axes swapped",
    60,
    { offset: 0, strides: [20, 5, 1] },
    60,
    { offset: 0, strides: [5, 15, 1] },
    [3, 4, 5],
  ],
  ["three axes reversed", 60, { offset: 0, strides: [20, 5, 1] }, 60, { offset: 0, strides: [1, 3, 12] }, [3, 4, 5]],
  ["every second row", 56, { offset: 0, strides: [14, 1] }, 28, { offset: 0, strides: [7, 1] }, [4, 7]],
  ["every second element", 56, { offset: 1, strides: [14, 2] }, 28, { offset: 0, strides: [7, 1] }, [4, 7]],
  ...[
    [1, 5],
    [2, 3],
    [3, 4],
    [4, 4],
    [4, 9],
    [5, 4],
    [7, 13],
    [8, 8],
    [13, 6],
    [16, 33],
  ].map(
    ([m, n]) =>
      [
        `a transposed [${m}, ${n}]`,
        m * n,
        { offset: 0, strides: [1, n] },
        m * n,
        { offset: 0, strides: [m, 1] },
        [n, m],
      ] as const,
  ),
  ["a transposed part", 90, { offset: 12, strides: [1, 10] }, 90, { offset: 3, strides: [9, 1] }, [6, 7]],
  ["a transposed part into columns", 90, { offset: 12, strides: [10, 1] }, 90, { offset: 3, strides: [1, 9] }, [7, 6]],
  ["a transposed part upside down", 100, { offset: 85, strides: [1, -10] }, 90, { offset: 3, strides: [9, 1] }, [6, 7]],
  ["a column again and again", 20, { offset: 3, strides: [1, 0] }, 90, { offset: 3, strides: [9, 1] }, [6, 7]],
  ["a transposed part in reverse", 90, { offset: 88, strides: [-1, -10] }, 90, { offset: 3, strides: [9, 1] }, [6, 7]],
];

const moves = copies.flatMap(([name, sizeX, from, sizeOut, to, shape]) =>
  (["float32", "int32", "bool"] as const).map((dtype) =>
    kernelCase(
      `copy ${name}, ${dtype}`,
      (random) => {
        if (dtype === "float32") return [anything(random, sizeX), anything(random, sizeOut)];
        const draw = (n: number): Int32Array | Uint8Array =>
          dtype === "int32" ? integers(random, n, 1e6) : flags(random, n);
        return [draw(sizeX), draw(sizeOut)];
      },
      (bench, [data, old]) => {
        const out = bench.inPlace([sizeOut], old);
        bench.engine.copyStrided(bench.input([sizeX], data), from, out, to, shape);
        return { out: bench.values(out) };
      },
    ),
  ),
);

const products: readonly (readonly [batch: Shape, m: number, k: number, n: number])[] = [
  [[], 1, 1, 1],
  [[], 1, 7, 1],
  [[], 1, 5, 9],
  [[], 1, 33, 45],
  [[], 1, 3, 100],
  [[], 2, 3, 4],
  [[], 3, 2, 8],
  [[], 4, 9, 5],
  [[], 5, 8, 16],
  [[], 6, 6, 24],
  [[], 7, 5, 17],
  [[], 8, 4, 7],
  [[], 11, 3, 25],
  [[], 13, 17, 31],
  [[], 23, 1, 40],
  [[], 31, 20, 1],
  // more than one block of rows, and of the sum
  [[], 193, 5, 9],
  [[], 200, 3, 2],
  [[], 5, 257, 18],
  [[], 195, 513, 9],
  [[3], 4, 5, 6],
  [[2, 3], 1, 4, 9],
  [[2], 6, 7, 1],
  // a row that is a panel as it is
  [[2], 30, 1, 24],
  // long sums: of one row, of rows, of columns that fill no panel, of several products
  [[], 1, 4097, 9],
  [[], 7, 4131, 13],
  [[], 13, 4200, 35],
  [[], 20, 4097, 1],
  [[2], 2, 4100, 9],
  [[3], 1, 4097, 5],
  // empty sums are zero, or leave the result
  [[], 3, 0, 5],
  [[], 1, 0, 9],
  [[2], 2, 0, 2],
  [[], 0, 3, 4],
  [[], 3, 4, 0],
  [[0], 2, 3, 4],
];
const largeProducts: typeof products = [
  [[], 64, 96, 80],
  [[], 300, 40, 30],
  [[], 20, 70, 400],
  [[], 3, 260, 500],
  [[], 1, 512, 601],
  [[], 610, 30, 17],
  [[2], 33, 90, 120],
  [[], 24, 4300, 21],
  [[], 1, 4300, 130],
];

/** Enough for the engine to look for the fastest tile first. */
const tuned = kernelCase(
  "matmul 250x220x200, tuned",
  (random) => [normals(random, [250, 220]), normals(random, [220, 200])],
  (bench, [a, b]) => {
    const out = bench.result([250, 200]);
    const how = { transposeA: false, transposeB: false, accumulate: false };
    bench.engine.matmul(bench.input([250, 220], a), bench.input([220, 200], b), out, how);
    return { out: bench.values(out) };
  },
  { large: true, finite: true },
);

const matmuls = [
  ...products.map((shape) => [shape, false] as const),
  ...largeProducts.map((shape) => [shape, true] as const),
].flatMap(([[batch, m, k, n], large]) =>
  [false, true].flatMap((transposeA) =>
    [false, true].flatMap((transposeB) =>
      [false, true].map((accumulate) =>
        kernelCase(
          `matmul ${[...batch, m].join("x")}x${k}x${n}${transposeA ? ", a transposed" : ""}${transposeB ? ", b transposed" : ""}${accumulate ? ", added" : ""}`,
          (random) => ({
            a: normals(random, [...batch, m, k]),
            b: normals(random, [...batch, k, n]),
            old: normals(random, [...batch, m, n]),
          }),
          (bench, { a, b, old }) => {
            const out = accumulate ? bench.inPlace([...batch, m, n], old) : bench.result([...batch, m, n]);
            const x = bench.input([...batch, ...(transposeA ? [k, m] : [m, k])], a);
            const y = bench.input([...batch, ...(transposeB ? [n, k] : [k, n])], b);
            bench.engine.matmul(x, y, out, { transposeA, transposeB, accumulate });
            return { out: bench.values(out) };
          },
          { large, finite: true },
        ),
      ),
    ),
  ),
);

const folds: readonly (readonly [outer: number, n: number, inner: number])[] = [
  [1, 1, 1],
  [1, 7, 1],
  [5, 8, 1],
  [3, 9, 1],
  [4, 12, 1],
  [2, 13, 1],
  [2, 100, 1],
  [1, 1001, 1],
  [1, 5, 3],
  [1, 6, 8],
  [1, 3, 9],
  [1, 40, 17],
  [3, 4, 5],
  [2, 1, 3],
  [0, 3, 1],
  [3, 4, 0],
  // long sums, and the last that is none
  [2, 4096, 1],
  [2, 4097, 1],
  [1, 9003, 1],
  [2, 4099, 5],
  [1, 4097, 1],
  [1, 4097, 17],
];

const reductions = folds.flatMap(([outer, n, inner]): KernelCase[] => [
  ...(["sum", "max", "min", "argmax", "argmin"] as const satisfies readonly ReduceOp[]).map((op) =>
    kernelCase(
      `${op} ${outer}x${n}x${inner}`,
      (random) => anything(random, outer * n * inner).map((x, i) => (i % 5 === 0 ? x : Math.round(x))),
      (bench, data) => {
        const out = bench.result([outer, inner], op.startsWith("arg") ? "int32" : "float32");
        bench.engine.reduce(op, bench.input([outer, n, inner], data), out, outer, n, inner);
        return { out: bench.values(out) };
      },
    ),
  ),
  kernelCase(
    `sum of finite numbers ${outer}x${n}x${inner}`,
    (random) => normals(random, [outer, n, inner]),
    (bench, data) => {
      const out = bench.result([outer, inner]);
      bench.engine.reduce("sum", bench.input([outer, n, inner], data), out, outer, n, inner);
      return { out: bench.values(out) };
    },
    { finite: true },
  ),
  ...[false, true].flatMap((exclusive) =>
    [false, true].map((reverse) =>
      kernelCase(
        `cumulative sum ${outer}x${n}x${inner}${exclusive ? ", exclusive" : ""}${reverse ? ", reverse" : ""}`,
        (random) => normals(random, [outer, n, inner]),
        (bench, data) => {
          const out = bench.result([outer, n, inner]);
          bench.engine.cumulativeSum(bench.input([outer, n, inner], data), out, outer, n, inner, {
            exclusive,
            reverse,
          });
          return { out: bench.values(out) };
        },
        { finite: true },
      ),
    ),
  ),
]);

const emptySums = [
  [3, 0, 1],
  [1, 0, 4],
  [2, 0, 2],
].map(([outer, n, inner]) =>
  kernelCase(
    `sum of nothing ${outer}x${n}x${inner}`,
    () => new Float32Array(0),
    (bench, data) => {
      const out = bench.result([outer, inner]);
      bench.engine.reduce("sum", bench.input([outer, n, inner], data), out, outer, n, inner);
      return { out: bench.values(out) };
    },
    { finite: true },
  ),
);

const classSizes = [
  [1, 1],
  [3, 2],
  [4, 3],
  [2, 4],
  [5, 5],
  [2, 7],
  [3, 8],
  [2, 9],
  [4, 16],
  [3, 19],
  [2, 100],
  [0, 5],
  [2, 4101],
];

const softmaxes = classSizes.flatMap(([rows, n]) =>
  [false, true].flatMap((log) => [
    ...[false, true].map((wild) =>
      kernelCase(
        `${log ? "log-" : ""}softmax ${rows}x${n}${wild ? " of anything" : ""}`,
        (random) => (wild ? anything(random, rows * n) : normals(random, [rows, n], 4)),
        (bench, data) => {
          const y = bench.result([rows, n]);
          bench.engine.softmax(bench.input([rows, n], data), y, log);
          return { y: bench.values(y) };
        },
        { finite: !wild },
      ),
    ),
    kernelCase(
      `gradient of ${log ? "log-" : ""}softmax ${rows}x${n}`,
      (random) => [
        normals(random, [rows, n]).map((x) => (log ? -Math.abs(x) : Math.abs(x))),
        normals(random, [rows, n]),
      ],
      (bench, [y, dy]) => {
        const dx = bench.result([rows, n]);
        bench.engine.softmaxBackward(bench.input([rows, n], y), bench.input([rows, n], dy), dx, log);
        return { dx: bench.values(dx) };
      },
      { finite: true },
    ),
  ]),
);

/** A row without any possible class between two others. */
const impossible = kernelCase(
  "cross entropy where no class is possible",
  (random) => ({
    logits: normals(random, [3, 9]).map((x, i) => (i >= 9 && i < 18 ? -Infinity : x)),
    targets: integers(random, 3, 9),
  }),
  (bench, { logits, targets }) => {
    const [loss, p, dLogits] = [bench.result([3]), bench.result([3, 9]), bench.result([3, 9])];
    const ids = bench.input([3], targets);
    bench.engine.crossEntropy(bench.input([3, 9], logits), ids, loss, p);
    bench.engine.crossEntropyBackward(p, ids, bench.input([3], Float32Array.of(1, 0, 2)), dLogits);
    return { loss: bench.values(loss), p: bench.values(p), dLogits: bench.values(dLogits) };
  },
);

const crossEntropies = [...classSizes.map((size) => [size, false] as const), [[710, 711], true] as const].flatMap(
  ([[rows, n], large]) =>
    [false, ...(large ? [] : [true])].map((wild) =>
      kernelCase(
        `cross entropy ${rows}x${n}${wild ? " of anything" : ""}`,
        (random) => ({
          logits: wild ? anything(random, rows * n) : normals(random, [rows, n], 4),
          targets: integers(random, rows, n),
          upstream: normals(random, [rows]),
        }),
        (bench, { logits, targets, upstream }) => {
          const [loss, p, dLogits] = [bench.result([rows]), bench.result([rows, n]), bench.result([rows, n])];
          const ids = bench.input([rows], targets);
          bench.engine.crossEntropy(bench.input([rows, n], logits), ids, loss, p);
          bench.engine.crossEntropyBackward(p, ids, bench.input([rows], upstream), dLogits);
          return { loss: bench.values(loss), p: bench.values(p), dLogits: bench.values(dLogits) };
        },
        { large, finite: !wild },
      ),
    ),
);

/** Rows and their length, some of which are shared by threads. */
const normSizes: readonly (readonly [rows: number, n: number, large?: boolean])[] = [
  [1, 1],
  [3, 2],
  [4, 3],
  [2, 4],
  [5, 5],
  [2, 7],
  [3, 8],
  [2, 9],
  [4, 16],
  [3, 19],
  [2, 100],
  [0, 5],
  [3, 0],
  [230, 229, true],
  [2, 40_001, true],
  [40_001, 3, true],
];

const norms = normSizes.flatMap(([rows, n, large = false]) =>
  [
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ].flatMap(([hasGain, hasShift]) =>
    (large ? [false] : [false, true]).map((wild) => {
      const name = `${rows}x${n}${hasGain ? ", gain" : ""}${hasShift ? ", shift" : ""}${wild ? " of anything" : ""}`;
      return kernelCase(
        `layer norm ${name}`,
        (random) => ({
          x: wild ? anything(random, rows * n) : normals(random, [rows, n], 2).map((x) => x + 0.5),
          dy: wild ? anything(random, rows * n) : normals(random, [rows, n]),
          affine: [hasGain, hasShift].map(() => (wild ? anything(random, n) : normals(random, [n]))),
        }),
        (bench, { x, dy, affine }) => {
          const [gain, shift] = [hasGain, hasShift].map((has, i) => (has ? bench.input([n], affine[i]) : undefined));
          const normal = bench.result([rows, n]);
          const root = bench.result([rows]);
          const y = gain || shift ? bench.result([rows, n]) : normal;
          bench.engine.layerNorm({ epsilon: 1e-3, x: bench.input([rows, n], x), gain, shift, y, normal, root });
          const upstream = bench.input([rows, n], dy);
          const dx = wild ? undefined : bench.result([rows, n]);
          const dGain = gain && bench.result([n]);
          const dShift = shift && bench.result([n]);
          bench.engine.layerNormBackward({ gain, normal, root, dy: upstream, dx, dGain, dShift });
          const results = { y, normal, root, dx, dGain, dShift };
          return Object.fromEntries(
            Object.entries(results).flatMap(([key, result]) => (result ? [[key, bench.values(result)]] : [])),
          );
        },
        { large, finite: !wild && n > 0 },
      );
    }),
  ),
);

const tables: readonly (readonly [outer: number, rows: number, n: number, inner: number])[] = [
  [1, 5, 3, 4],
  [1, 7, 20, 1],
  [1, 4, 9, 13],
  [1, 3, 0, 5],
  [1, 2, 6, 33],
  [3, 4, 5, 2],
  [1, 4, 2, 0],
  [1, 7, 4099, 9],
  [1, 5000, 4200, 2],
  [1, 2, 4097, 1],
];

const gathers = tables.flatMap(([outer, rows, n, inner]) => [
  ...(["float32", "int32"] as const).map((dtype) =>
    kernelCase(
      `gather ${n} of ${outer}x${rows}x${inner}, ${dtype}`,
      (random) => ({
        ids: integers(random, n, rows),
        x: dtype === "float32" ? anything(random, outer * rows * inner) : integers(random, outer * rows * inner, 99),
      }),
      (bench, { ids, x }) => {
        const out = bench.result([outer, n, inner], dtype);
        bench.engine.gather(bench.input([outer, rows, inner], x), bench.input([n], ids), out, outer, inner);
        return { out: bench.values(out) };
      },
    ),
  ),
  kernelCase(
    `scatter ${n} to ${outer}x${rows}x${inner}`,
    (random) => ({
      ids: integers(random, n, rows),
      x: normals(random, [outer, n, inner]),
      old: normals(random, [outer, rows, inner]),
    }),
    (bench, { ids, x, old }) => {
      const out = bench.inPlace([outer, rows, inner], old);
      bench.engine.scatterAdd(bench.input([outer, n, inner], x), bench.input([n], ids), out, outer, inner);
      return { out: bench.values(out) };
    },
    { finite: true },
  ),
]);

const sequences = [
  [1, 1, 1],
  [5, 3, 4],
  [7, 4, 9],
  [0, 2, 3],
].map(([steps, batch, inner]) =>
  kernelCase(
    `mask and reverse ${steps}x${batch}x${inner}`,
    (random) => ({ x: anything(random, steps * batch * inner), lengths: integers(random, batch, steps + 1) }),
    (bench, { x, lengths }) => {
      const shape = [steps, batch, inner];
      const [masked, reversed] = [bench.result(shape), bench.result(shape)];
      const [from, limits] = [bench.input(shape, x), bench.input([batch], lengths)];
      bench.engine.maskSequence(from, limits, masked);
      bench.engine.reverseSequence(from, limits, reversed);
      return { masked: bench.values(masked), reversed: bench.values(reversed) };
    },
  ),
);

const rmsprop = { kind: "rmsprop", learningRate: 0.01, decay: 0.9, epsilon: 1e-7 } as const;
/** Name, numbers and how many slots they need. */
const updates: readonly (readonly [string, OptimizerUpdate, number])[] = [
  ["sgd", { kind: "sgd", learningRate: 0.1 }, 0],
  ...[false, true].flatMap((nesterov) =>
    (["plain", "scaled"] as const).map(
      (velocity) =>
        [
          `momentum ${velocity}${nesterov ? " nesterov" : ""}`,
          { kind: "momentum", learningRate: 0.1, momentum: 0.9, nesterov, velocity },
          1,
        ] as const,
    ),
  ),
  ...[false, true].flatMap((epsilonInside) =>
    (["plain", "scaled"] as const).flatMap((velocity) =>
      [0, 0.8].flatMap((momentum) =>
        [false, true].map(
          (centered) =>
            [
              `rmsprop ${velocity}${epsilonInside ? " inside" : ""}${momentum > 0 ? " momentum" : ""}${centered ? " centered" : ""}`,
              { ...rmsprop, epsilonInside, velocity, momentum, centered },
              1 + Number(momentum > 0) + Number(centered),
            ] as const,
        ),
      ),
    ),
  ),
  ...[false, true].map(
    (epsilonInside) =>
      [
        `adagrad${epsilonInside ? " inside" : ""}`,
        { kind: "adagrad", learningRate: 0.1, epsilon: 1e-7, epsilonInside },
        1,
      ] as const,
  ),
  ["adam", { kind: "adam", stepSize: 0.003, rootScale: 1.5, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 }, 2],
];

const preparations: Readonly<Record<string, OptimizerPreparation>> = {
  "": {},
  ", gradient scaled": { gradientScale: 0.37 },
  ", gradient scaled by 1": { gradientScale: 1, damping: 1, gradientDecay: 0, parameterDecay: 0 },
  ", decay": { gradientDecay: 0.03 },
  ", parameter decay": { parameterDecay: 0.07 },
  ", prepared": { parameterDecay: 0.07, gradientScale: 0.37, gradientDecay: 0.03, damping: 0.9 },
  // of too little to be a float32
  ", decay of next to nothing": { parameterDecay: 1e-50, gradientScale: 1 - 1e-12, gradientDecay: 1e-50 },
};

/** Sizes of the parameters, two of which need more than one vector and a part. */
const parameterSizes = [1, 3, 0, 8, 21, 64];
const largeSizes = [25_003, 5];

type OptimizerRow = { readonly name: string; readonly preparation: OptimizerPreparation; readonly sizes: number[] };

/** Every update alone and prepared, few of them in every way. */
const rowsOf = (name: string): OptimizerRow[] => {
  const all = name === "sgd" || name === "adam";
  return Object.entries(preparations)
    .filter(([how]) => all || how === "" || how === ", prepared")
    .flatMap(([how, preparation]) => [
      { name: name + how, preparation, sizes: parameterSizes },
      { name: `${name}${how}, large`, preparation, sizes: largeSizes },
    ]);
};

const optimizers = updates.flatMap(([kind, update, count]) =>
  rowsOf(kind).map(({ name, preparation, sizes }) =>
    kernelCase(
      name,
      (random) =>
        sizes.map((n) => ({
          n,
          parameter: normals(random, [n]),
          gradient: normals(random, [n]),
          slots: Array.from({ length: count }, (_, slot) =>
            // the mean of the squares is above the square of the mean
            normals(random, [n], 0.3).map((x) => (slot === 0 && update.kind !== "momentum" ? 0.5 + Math.abs(x) : x)),
          ).map((slot, index) => (update.kind === "adam" ? slot.map((x) => (index === 1 ? Math.abs(x) : x)) : slot)),
        })),
      (bench, parameters) => {
        const items = parameters.map(({ n, parameter, gradient, slots }) => ({
          parameter: bench.inPlace([n], parameter),
          gradient: bench.input([n], gradient),
          slots: slots.map((slot) => bench.inPlace([n], slot)),
        }));
        bench.engine.optimizerUpdate(update, items, preparation);
        bench.engine.optimizerUpdate(update, items, preparation);
        const written = items.flatMap(({ parameter, slots }) => [parameter, ...slots]);
        return Object.fromEntries(written.map((x, i) => [String(i), bench.values(x)]));
      },
      { large: sizes === largeSizes, finite: true },
    ),
  ),
);

/** NaN, infinities and negative zeros: what is left out must not meet them. */
const wildOptimizers = updates.flatMap(([name, update, count]) =>
  [{}, { gradientDecay: 1e-50, parameterDecay: 1e-50 }, { gradientScale: 0.5, gradientDecay: 0.25, damping: 0.5 }].map(
    (preparation, index) =>
      kernelCase(
        `${name} of anything, preparation ${index}`,
        (random) => Array.from({ length: 2 + count }, () => anything(random, 90)),
        (bench, [w, g, ...rest]) => {
          const [parameter, ...slots] = [w, ...rest].map((data) => bench.inPlace([90], data));
          bench.engine.optimizerUpdate(update, [{ parameter, gradient: bench.input([90], g), slots }], preparation);
          return Object.fromEntries([parameter, ...slots].map((x, i) => [String(i), bench.values(x)]));
        },
      ),
  ),
);

const numbers = lengths.flatMap((n) => [
  kernelCase(
    `sum of squares [${n}]`,
    (random) => normals(random, [n]),
    (bench, data) => ({ total: bench.engine.sumOfSquares(bench.input([n], data), 1.25) }),
  ),
  kernelCase(
    `questions about arrays of [${n}]`,
    (random) => [normals(random, [n]), normals(random, [n + 1])],
    (bench, [a, b]) => {
      const [x, y, bad] = [bench.input([n], a), bench.input([n + 1], b), bench.input([1], Float32Array.of(NaN))];
      const { scalars, sumOfSquares, notFinite } = bench.engine.ask({
        scalars: [y],
        squares: [x, y],
        finite: [x, y, bad, bad],
      }) as Answers;
      const total = bench.engine.sumOfSquares(y, bench.engine.sumOfSquares(x, 0));
      if (sumOfSquares !== total || notFinite !== 2 || scalars[0] !== b[0]) throw new Error("answers that are wrong");
      return { sumOfSquares };
    },
  ),
  ...[NaN, Infinity, -Infinity, 3.4e38, 2 ** -149].flatMap((value) =>
    [...new Set([0, Math.floor(n / 2), n - 1])].map((at) =>
      kernelCase(
        `all finite [${n}] with ${value} at ${at}`,
        (random) => normals(random, [n]).fill(value, at, at + 1),
        (bench, data) => ({ finite: bench.engine.isAllFinite(bench.input([n], data)) }),
      ),
    ),
  ),
]);

export const kernelCases: readonly KernelCase[] = [
  ...elementwise,
  ...pairs,
  ...equalOperands,
  ...conversions,
  ...moves,
  ...matmuls,
  tuned,
  ...reductions,
  ...emptySums,
  ...softmaxes,
  ...crossEntropies,
  impossible,
  ...norms,
  ...gathers,
  ...sequences,
  ...optimizers,
  ...wildOptimizers,
  ...numbers,
];
