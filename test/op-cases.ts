/**
 * @file Every differentiable tensor op in one table: forward against plain numbers, first and second gradient against
 * differences. A new op needs a row here.
 */
import { randomStream, type Shape } from "../src/base/index.ts";
import {
  abs,
  activate,
  add,
  broadcastTo,
  cast,
  clip,
  concat,
  cumulativeSum,
  div,
  dropout,
  exp,
  expandDims,
  flip,
  floor,
  gather,
  layerNorm,
  linear,
  hardSigmoid,
  hardSigmoid02,
  log,
  log1p,
  logSoftmax,
  logSumExp,
  maskSequence,
  matmul,
  max,
  maximum,
  mean,
  min,
  minimum,
  mul,
  neg,
  pad,
  pow,
  reciprocal,
  relu,
  reshape,
  reverseSequence,
  scatterAdd,
  sigmoid,
  sign,
  slice,
  softmax,
  softplus,
  softsign,
  sparseSoftmaxCrossEntropy,
  split,
  sqrt,
  square,
  squeeze,
  stack,
  sub,
  sum,
  swapLeading,
  takeLast,
  takeSteps,
  tanh,
  type Tensor,
  tensor,
  transpose,
  where,
} from "../src/tensor/index.ts";
import { at, broadcast, build, elementwise, fold, indices, type Plain } from "./helpers/plain-array.ts";

/** Where inputs are drawn: uniform in [low, high], at least 0.05 from each kink; `distinct` keeps them well apart. */
export type Domain = {
  readonly low: number;
  readonly high: number;
  readonly kinks?: readonly number[];
  readonly distinct?: boolean;
};

export type OpCase = {
  readonly name: string;
  readonly f: (inputs: Tensor[]) => Tensor;
  readonly shapes: readonly Shape[];
  /** One for all inputs. Default [-2, 2]. */
  readonly domain?: Domain;
  readonly reference: (inputs: Plain[]) => Plain;
};

const anywhere: Domain = { low: -2, high: 2 };
const awayFrom = (...kinks: number[]): Domain => ({ low: -4, high: 4, kinks });
const positive: Domain = { low: 0.3, high: 3 };
const distinct: Domain = { low: -2, high: 2, distinct: true };

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));
const clamp = (x: number, low: number, high: number): number => Math.min(high, Math.max(low, x));
const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const int32 = (values: readonly number[], shape: Shape = [values.length]): Tensor =>
  tensor(Int32Array.from(values), { shape });

const unary: readonly [name: string, f: (x: Tensor) => Tensor, reference: (x: number) => number, domain?: Domain][] = [
  ["neg", neg, (x) => -x],
  ["abs", abs, Math.abs, awayFrom(0)],
  ["sign", sign, Math.sign, awayFrom(0)],
  ["exp", exp, Math.exp],
  ["log", log, Math.log, positive],
  ["log1p", log1p, Math.log1p, { low: -0.6, high: 3 }],
  ["sqrt", sqrt, Math.sqrt, positive],
  ["square", square, (x) => x * x],
  ["reciprocal", reciprocal, (x) => 1 / x, positive],
  ["floor", floor, Math.floor, awayFrom(-4, -3, -2, -1, 0, 1, 2, 3, 4)],
  ["sigmoid", sigmoid, logistic],
  ["tanh", tanh, Math.tanh],
  ["relu", relu, (x) => Math.max(0, x), awayFrom(0)],
  ["linear", (x) => activate("linear", x), (x) => x],
  ["softsign", softsign, (x) => x / (1 + Math.abs(x)), awayFrom(0)],
  ["hardSigmoid", hardSigmoid, (x) => clamp(x / 6 + 0.5, 0, 1), awayFrom(-3, 3)],
  ["hardSigmoid02", hardSigmoid02, (x) => clamp(0.2 * x + 0.5, 0, 1), awayFrom(-2.5, 2.5)],
  ["softplus", softplus, (x) => Math.log1p(Math.exp(x))],
  ["clip", (x) => clip(x, -1, 1.5), (x) => clamp(x, -1, 1.5), awayFrom(-1, 1.5)],
  ["cast to its own dtype", (x) => cast(x, x.dtype), (x) => x],
  ["add a number", (x) => add(x, 1.5), (x) => x + 1.5],
  ["subtract from a number", (x) => sub(1.5, x), (x) => 1.5 - x],
  ["divide a number", (x) => div(1.5, x), (x) => 1.5 / x, positive],
  ["maximum with a number", (x) => maximum(0.5, x), (x) => Math.max(0.5, x), awayFrom(0.5)],
  ["minimum with a number", (x) => minimum(x, 0.5), (x) => Math.min(0.5, x), awayFrom(0.5)],
  ["pow 3", (x) => pow(x, 3), (x) => x ** 3],
  ["pow 1", (x) => pow(x, 1), (x) => x],
  ["pow 0", (x) => pow(x, 0), () => 1],
  ["pow -2", (x) => pow(x, -2), (x) => x ** -2, positive],
  ["pow 0.5", (x) => pow(x, 0.5), Math.sqrt, positive],
  ["2 pow", (x) => pow(2, x), (x) => 2 ** x],
  ["the same tensor three times", (x) => mul(add(x, square(x)), x), (x) => (x + x * x) * x],
  ["a chain", (x) => tanh(mul(sigmoid(square(x)), 3)), (x) => Math.tanh(3 * logistic(x * x))],
];

const unaryCases: OpCase[] = unary.flatMap(([name, f, reference, domain = anywhere]) =>
  [[2, 5], [], [0, 3]].map((shape) => ({
    name: `${name} [${shape.join(", ")}]`,
    f: ([x]: Tensor[]) => f(x),
    shapes: [shape],
    domain,
    reference: elementwise(reference),
  })),
);

const binary: readonly [
  name: string,
  f: (a: Tensor, b: Tensor) => Tensor,
  reference: (a: number, b: number) => number,
  domain?: Domain,
][] = [
  ["add", add, (a, b) => a + b],
  ["sub", sub, (a, b) => a - b],
  ["mul", mul, (a, b) => a * b],
  ["div", div, (a, b) => a / b, positive],
  ["pow", pow, (a, b) => a ** b, positive],
  ["maximum", maximum, Math.max, distinct],
  ["minimum", minimum, Math.min, distinct],
];

const pairsOfShapes: readonly (readonly [Shape, Shape])[] = [
  [
    [2, 3],
    [2, 3],
  ],
  [[2, 3], [3]],
  [[3], [2, 3]],
  [
    [3, 1],
    [1, 4],
  ],
  [
    [2, 1, 2],
    [3, 1],
  ],
  [[], [2, 2]],
  [[2, 2], [1]],
  [[1, 1], [3]],
  [[], []],
  [
    [2, 0, 3],
    [1, 3],
  ],
  [[1], [0]],
];

const binaryCases: OpCase[] = binary.flatMap(([name, f, reference, domain = anywhere]) =>
  pairsOfShapes.map((shapes) => ({
    name: `${name} [${shapes[0].join(", ")}] [${shapes[1].join(", ")}]`,
    f: ([a, b]: Tensor[]) => f(a, b),
    shapes,
    domain,
    reference: elementwise(reference),
  })),
);

const whereCases: OpCase[] = (
  [
    [
      [2, 3],
      [2, 3],
      [2, 3],
    ],
    [[2, 1], [3], [2, 3]],
    [[2, 3], [], [2, 1]],
    [[], [2], [2]],
    [[0, 2], [2], [1, 1]],
  ] as Shape[][]
).map(([condition, ...shapes]) => {
  const chosen = build(condition, (index) => total(index) % 2);
  return {
    name: `where [${condition.join(", ")}] [${shapes[0].join(", ")}] [${shapes[1].join(", ")}]`,
    f: ([a, b]) => where(tensor(Uint8Array.from(chosen.data), { shape: condition }), a, b),
    shapes,
    reference: ([a, b]) =>
      build(broadcast(condition, a.shape, b.shape), (index) => (at(chosen, index) === 1 ? at(a, index) : at(b, index))),
  };
});

const reductions: readonly [
  name: string,
  f: typeof sum,
  reference: (values: number[]) => number,
  domain: Domain,
  empty: boolean,
][] = [
  ["sum", sum, total, anywhere, true],
  ["mean", mean, (values) => total(values) / values.length, anywhere, false],
  ["max", max, (values) => Math.max(...values), distinct, false],
  ["min", min, (values) => Math.min(...values), distinct, false],
  ["logSumExp", logSumExp, (values) => Math.log(total(values.map(Math.exp))), anywhere, false],
];

const reduceCases: OpCase[] = reductions.flatMap(([name, f, reference, domain, empty]) => {
  const one = (shape: Shape, axes: number | number[] | undefined, keepDims: boolean): OpCase => ({
    name: `${name} [${shape.join(", ")}] over ${axes === undefined ? "all" : `[${String(axes)}]`}${keepDims ? ", dims kept" : ""}`,
    f: ([x]) => f(x, axes, { keepDims }),
    shapes: [shape],
    domain,
    reference: ([x]) => {
      const list =
        axes === undefined ? shape.map((_, i) => i) : [axes].flat().map((a) => (a < 0 ? a + shape.length : a));
      return fold(x, list, keepDims, reference);
    },
  });
  return [
    one([2, 3, 4], undefined, false),
    one([2, 3, 4], undefined, true),
    one([2, 3, 4], 0, false),
    one([2, 3, 4], 1, true),
    one([2, 3, 4], -1, false),
    one([2, 3, 4], [0, 1], true),
    one([2, 3, 4], [2, 0], false),
    one([2, 2, 2, 2], [1, 3], true),
    one([1, 11], 1, false),
    one([], undefined, false),
    one([0, 3], 1, false),
    ...(empty ? [one([0, 3], 0, false), one([2, 0], undefined, false)] : []),
  ];
});

const broadcastCases: OpCase[] = (
  [
    [[3], [2, 3]],
    [
      [2, 1, 2],
      [2, 3, 2],
    ],
    [[], [2, 2]],
    [
      [1, 3],
      [4, 2, 3],
    ],
    [[1], [0]],
    [[2], [2]],
  ] as [Shape, Shape][]
).map(([from, to]) => ({
  name: `broadcastTo [${from.join(", ")}] to [${to.join(", ")}]`,
  f: ([x]) => broadcastTo(x, to),
  shapes: [from],
  reference: ([x]) => build(to, (index) => at(x, index)),
}));

const cumulativeCases: OpCase[] = [0, 1, -1].flatMap((axis) =>
  [false, true].flatMap((exclusive) =>
    [false, true].map((reverse) => ({
      name: `cumulativeSum axis ${axis}${exclusive ? " exclusive" : ""}${reverse ? " reverse" : ""}`,
      f: ([x]: Tensor[]) => cumulativeSum(x, axis, { exclusive, reverse }),
      shapes: [[3, 2, 4]],
      reference: ([x]: Plain[]) => {
        const along = (axis + 3) % 3;
        return build(x.shape, (index) => {
          const terms = Array.from({ length: x.shape[along] }, (_, k) => k).filter((k) => {
            if (k === index[along]) return !exclusive;
            return reverse ? k > index[along] : k < index[along];
          });
          return total(terms.map((k) => at(x, index.with(along, k))));
        });
      },
    })),
  ),
);

const lastAxis = (x: Plain, index: readonly number[]): number[] =>
  Array.from({ length: x.shape[x.shape.length - 1] }, (_, j) => at(x, [...index.slice(0, -1), j]));

const softmaxCases: OpCase[] = ([[5], [2, 3], [2, 2, 9], [0, 3], [2, 0], [3, 1]] as Shape[]).flatMap((shape) => [
  {
    name: `softmax [${shape.join(", ")}]`,
    f: ([x]: Tensor[]) => softmax(x),
    shapes: [shape],
    reference: ([x]: Plain[]) =>
      build(shape, (index) => Math.exp(at(x, index)) / total(lastAxis(x, index).map(Math.exp))),
  },
  {
    name: `logSoftmax [${shape.join(", ")}]`,
    f: ([x]: Tensor[]) => logSoftmax(x),
    shapes: [shape],
    reference: ([x]: Plain[]) =>
      build(shape, (index) => at(x, index) - Math.log(total(lastAxis(x, index).map(Math.exp)))),
  },
]);

const dropoutCases: OpCase[] = [0, 0.3, 0.9].map((rate) => ({
  name: `dropout ${rate}`,
  f: ([x]: Tensor[]) => dropout(x, rate, randomStream(3)),
  shapes: [[3, 2, 4]],
  reference([x]: Plain[]) {
    const random = randomStream(3);
    return build([3, 2, 4], (index) => (random.uniform() < rate ? 0 : at(x, index) / (1 - rate)));
  },
}));

const crossEntropyCases: OpCase[] = (
  [
    [[4], []],
    [[3, 5], [3]],
    [
      [2, 3, 4],
      [2, 3],
    ],
    [[0, 4], [0]],
  ] as [Shape, Shape][]
).map(([shape, rows]) => {
  const classes = shape[shape.length - 1];
  const targets = build(rows, (index) => (1 + 3 * total(index)) % classes);
  return {
    name: `sparseSoftmaxCrossEntropy [${shape.join(", ")}]`,
    f: ([x]) => sparseSoftmaxCrossEntropy(x, int32(targets.data, rows)),
    shapes: [shape],
    reference: ([x]) =>
      build(rows, (index) => {
        const logits = lastAxis(x, [...index, 0]);
        return Math.log(total(logits.map(Math.exp))) - logits[at(targets, index)];
      }),
  };
});

// [leading of a, leading of b, M, K, N]
const products: readonly (readonly [Shape, Shape, number, number, number])[] = [
  [[], [], 3, 4, 2],
  [[], [], 1, 1, 1],
  [[], [], 5, 2, 7],
  [[2], [], 3, 2, 2],
  [[], [2], 3, 2, 2],
  [[2], [2], 2, 3, 2],
  [[2, 1], [3], 2, 2, 2],
  [[2, 1], [1, 2], 2, 1, 2],
  [[2], [], 3, 0, 2],
  [[], [], 2, 0, 3],
  [[], [], 0, 2, 3],
  [[2], [2], 2, 3, 0],
  [[0], [], 2, 3, 2],
];

const linearCases: OpCase[] = [
  [[], 3, 2],
  [[4], 3, 2],
  [[2, 3], 1, 5],
  [[2], 0, 3],
  [[0], 2, 3],
  [[2, 3], 4, 5, true],
  [[0], 2, 3, true],
].map(([lead, k, n, transposed]): OpCase => {
  const [rows, inner, columns] = [lead as number[], k as number, n as number];
  const transposeKernel = transposed === true;
  const kernelShape = transposeKernel ? [columns, inner] : [inner, columns];
  return {
    name: `linear [${[...rows, inner].join(", ")}] [${kernelShape.join(", ")}]${transposeKernel ? " transposed" : ""}`,
    f: ([x, kernel, bias]: Tensor[]) => linear(x, kernel, bias, { transposeKernel }),
    shapes: [[...rows, inner], kernelShape, [columns]],
    reference: ([x, kernel, bias]: Plain[]) =>
      build([...rows, columns], (index) => {
        const j = index[index.length - 1];
        const terms = Array.from(
          { length: inner },
          (_, p) => at(x, [...index.slice(0, -1), p]) * at(kernel, transposeKernel ? [j, p] : [p, j]),
        );
        return total(terms) + at(bias, [j]);
      }),
  };
});

const layerNormCases: OpCase[] = ([[5], [2, 3], [2, 2, 9], [0, 3], [3, 0], [17, 8]] as Shape[]).flatMap((shape) =>
  [
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ].map(([hasGain, hasShift]): OpCase => {
    const epsilon = 0.01;
    const size: Shape = shape.slice(-1);
    const split = <T>([x, first, second]: T[]): [x: T, gain: T | undefined, shift: T | undefined] => [
      x,
      hasGain ? first : undefined,
      hasShift ? (hasGain ? second : first) : undefined,
    ];
    return {
      name: `layerNorm [${shape.join(", ")}]${hasGain ? ", gain" : ""}${hasShift ? ", shift" : ""}`,
      f(inputs: Tensor[]) {
        const [x, gain, shift] = split(inputs);
        return layerNorm(x, epsilon, gain, shift);
      },
      shapes: [shape, ...(hasGain ? [size] : []), ...(hasShift ? [size] : [])],
      reference(inputs: Plain[]) {
        const [x, gain, shift] = split(inputs);
        return build(shape, (index) => {
          const row = lastAxis(x, index);
          const mean = total(row) / row.length;
          const variance = total(row.map((value) => (value - mean) ** 2)) / row.length;
          const j = index.slice(-1);
          const normal = (at(x, index) - mean) / Math.sqrt(variance + epsilon);
          return normal * (gain ? at(gain, j) : 1) + (shift ? at(shift, j) : 0);
        });
      },
    };
  }),
);

const matmulCases: OpCase[] = products.flatMap(([leadA, leadB, m, k, n]) =>
  [false, true].flatMap((transposeA) =>
    [false, true].map((transposeB) => {
      const a: Shape = [...leadA, ...(transposeA ? [k, m] : [m, k])];
      const b: Shape = [...leadB, ...(transposeB ? [n, k] : [k, n])];
      return {
        name: `matmul [${a.join(", ")}]${transposeA ? "ᵀ" : ""} [${b.join(", ")}]${transposeB ? "ᵀ" : ""}`,
        f: ([x, y]: Tensor[]) => matmul(x, y, { transposeA, transposeB }),
        shapes: [a, b],
        reference: ([x, y]: Plain[]) =>
          build([...broadcast(leadA, leadB), m, n], (index) => {
            const lead = index.slice(0, -2);
            const [i, j] = index.slice(-2);
            return total(
              Array.from(
                { length: k },
                (_, p) =>
                  at(x, [...lead, ...(transposeA ? [p, i] : [i, p])]) *
                  at(y, [...lead, ...(transposeB ? [j, p] : [p, j])]),
              ),
            );
          }),
      };
    }),
  ),
);

const move = (name: string, shape: Shape, f: (x: Tensor) => Tensor, reference: (x: Plain) => Plain): OpCase => ({
  name: `${name} of [${shape.join(", ")}]`,
  f: ([x]) => f(x),
  shapes: [shape],
  reference: ([x]) => reference(x),
});

const moveReshape = (from: Shape, to: Shape, result: Shape = to): OpCase =>
  move(
    `reshape to [${to.join(", ")}]`,
    from,
    (x) => reshape(x, to),
    ({ data }) => ({ shape: result, data }),
  );

const moveTranspose = (shape: Shape, permutation?: readonly number[]): OpCase => {
  const order = (permutation ?? shape.map((_, i) => shape.length - 1 - i)).map(
    (i) => (i + shape.length) % shape.length,
  );
  return move(
    `transpose ${permutation === undefined ? "" : `[${permutation.join(", ")}]`}`,
    shape,
    (x) => transpose(x, permutation),
    (x) =>
      build(
        order.map((axis) => shape[axis]),
        (index) =>
          at(
            x,
            shape.map((_, axis) => index[order.indexOf(axis)]),
          ),
      ),
  );
};

const moveSlice = (shape: Shape, begin: readonly number[], size: readonly number[]): OpCase => {
  const from = shape.map((_, i) => begin[i] ?? 0);
  const box = shape.map((n, i) => (size[i] === undefined || size[i] === -1 ? n - from[i] : size[i]));
  return move(
    `slice [${begin.join(", ")}] [${size.join(", ")}]`,
    shape,
    (x) => slice(x, begin, size),
    (x) =>
      build(box, (index) =>
        at(
          x,
          index.map((i, axis) => i + from[axis]),
        ),
      ),
  );
};

const movePad = (shape: Shape, padding: readonly (readonly [number, number])[], value: number): OpCase =>
  move(
    `pad ${JSON.stringify(padding)}`,
    shape,
    (x) => pad(x, padding, value),
    (x) =>
      build(
        shape.map((n, i) => n + padding[i][0] + padding[i][1]),
        (index) => {
          const inner = index.map((i, axis) => i - padding[axis][0]);
          return inner.every((i, axis) => i >= 0 && i < shape[axis]) ? at(x, inner) : value;
        },
      ),
  );

const moveFlip = (shape: Shape, axis: number): OpCase =>
  move(
    `flip ${axis}`,
    shape,
    (x) => flip(x, axis),
    (x) => {
      const along = (axis + shape.length) % shape.length;
      return build(shape, (index) => at(x, index.with(along, shape[along] - 1 - index[along])));
    },
  );

/** Parts one after the other along `axis`. */
function joined(parts: readonly Plain[], axis: number): Plain {
  const shape = parts[0].shape.with(axis, total(parts.map((part) => part.shape[axis])));
  return build(shape, (index) => {
    let i = index[axis];
    const part = parts.find((candidate) => {
      if (i < candidate.shape[axis]) return true;
      i -= candidate.shape[axis];
      return false;
    });
    return at(part as Plain, index.with(axis, i));
  });
}

const concatCases: OpCase[] = (
  [
    [0, [[2], [3]]],
    [
      0,
      [
        [2, 3],
        [1, 3],
        [3, 3],
      ],
    ],
    [
      1,
      [
        [2, 3],
        [2, 1],
      ],
    ],
    [
      -1,
      [
        [2, 2, 1],
        [2, 2, 3],
      ],
    ],
    [
      1,
      [
        [2, 1, 2],
        [2, 0, 2],
        [2, 2, 2],
      ],
    ],
    [0, [[2, 2]]],
  ] as [number, Shape[]][]
).map(([axis, shapes]) => ({
  name: `concat axis ${axis} of ${shapes.map((shape) => `[${shape.join(", ")}]`).join(" ")}`,
  f: (parts) => concat(parts, axis),
  shapes,
  reference: (parts) => joined(parts, (axis + shapes[0].length) % shapes[0].length),
}));

const stackCases: OpCase[] = [0, 1, -1].map((axis) => ({
  name: `stack axis ${axis}`,
  f: (parts) => stack(parts, axis),
  shapes: [
    [2, 3],
    [2, 3],
    [2, 3],
  ],
  reference: (parts) => {
    const along = axis < 0 ? axis + 3 : axis;
    return joined(
      parts.map(({ shape, data }) => ({ shape: shape.toSpliced(along, 0, 1), data })),
      along,
    );
  },
}));

const moveCases: OpCase[] = [
  moveReshape([2, 3], [6]),
  moveReshape([2, 3], [3, -1], [3, 2]),
  moveReshape([2, 3, 2], [-1, 4], [3, 4]),
  moveReshape([], [1, 1]),
  moveReshape([1], []),
  moveReshape([0, 3], [3, 0]),
  moveTranspose([2, 3]),
  moveTranspose([4]),
  moveTranspose([]),
  moveTranspose([2, 3, 2]),
  moveTranspose([2, 3, 2], [1, 0, 2]),
  moveTranspose([2, 3, 2], [2, 0, 1]),
  moveTranspose([2, 3, 2], [0, -1, 1]),
  moveTranspose([2, 1, 3, 2], [3, 1, 0, 2]),
  moveTranspose([0, 3]),
  move("swapLeading", [2, 3, 2], swapLeading, (x) => build([3, 2, 2], ([i, j, k]) => at(x, [j, i, k]))),
  moveSlice([5], [1], [3]),
  moveSlice([4, 3], [1], [2]),
  moveSlice([4, 3], [1, 1], [2, -1]),
  moveSlice([2, 3, 4], [0, 1, 2], [-1, 2, 1]),
  moveSlice([2, 3, 4], [1, 2], [1, 1]),
  moveSlice([3, 2], [3, 0], [0, 2]),
  moveSlice([3, 2], [0, 1], [3, 0]),
  moveSlice([3, 2], [0, 0], [3, 2]),
  move(
    "slice of a slice",
    [5, 3],
    (x) => slice(slice(x, [1], [3]), [1, 1], [2, 2]),
    (x) => build([2, 2], ([i, j]) => at(x, [i + 2, j + 1])),
  ),
  move(
    "rows of rows",
    [6, 2],
    (x) => slice(slice(x, [1], [4]), [2], [2]),
    (x) => build([2, 2], ([i, j]) => at(x, [i + 3, j])),
  ),
  movePad([3], [[1, 2]], 0),
  movePad(
    [2, 3],
    [
      [0, 1],
      [2, 0],
    ],
    7,
  ),
  movePad(
    [2, 1, 2],
    [
      [1, 0],
      [0, 2],
      [1, 1],
    ],
    -1,
  ),
  movePad(
    [0, 2],
    [
      [1, 1],
      [0, 0],
    ],
    3,
  ),
  movePad([2], [[0, 0]], 3),
  moveFlip([4], 0),
  moveFlip([2, 3, 2], 1),
  moveFlip([2, 3], -1),
  moveFlip([0, 2], 0),
  move(
    "expandDims 0",
    [2, 3],
    (x) => expandDims(x, 0),
    ({ data }) => ({ shape: [1, 2, 3], data }),
  ),
  move(
    "expandDims -1",
    [2, 3],
    (x) => expandDims(x, -1),
    ({ data }) => ({ shape: [2, 3, 1], data }),
  ),
  move(
    "squeeze",
    [1, 2, 1, 3],
    (x) => squeeze(x),
    ({ data }) => ({ shape: [2, 3], data }),
  ),
  move(
    "squeeze 2",
    [1, 2, 1, 3],
    (x) => squeeze(x, 2),
    ({ data }) => ({ shape: [1, 2, 3], data }),
  ),
  move(
    "split into equal parts, joined in reverse",
    [2, 6],
    (x) => concat(split(x, 3, 1).toReversed(), 1),
    (x) => build([2, 6], ([i, j]) => at(x, [i, 4 - 2 * Math.floor(j / 2) + (j % 2)])),
  ),
  move(
    "the middle of an unequal split",
    [6, 2],
    (x) => split(x, [1, 3, 2])[1],
    (x) => build([3, 2], ([i, j]) => at(x, [i + 1, j])),
  ),
];

const gatherCases: OpCase[] = (
  [
    [[4, 3], 0, [2, 0, 2]],
    [[3, 4], 1, [3, 3, 1, 0]],
    [[2, 3, 2], 1, [2, 2]],
    [[2, 3, 2], -1, [1, 0, 1]],
    [[5], 0, [4, 4, 4]],
    [[3, 2], 0, []],
  ] as [Shape, number, number[]][]
).flatMap(([shape, axis, ids]) => {
  const along = (axis + shape.length) % shape.length;
  const gathered = shape.with(along, ids.length);
  return [
    {
      name: `gather axis ${axis} of [${shape.join(", ")}] at [${ids.join(", ")}]`,
      f: ([x]: Tensor[]) => gather(x, int32(ids), axis),
      shapes: [shape],
      reference: ([x]: Plain[]) => build(gathered, (index) => at(x, index.with(along, ids[index[along]]))),
    },
    {
      name: `scatterAdd axis ${axis} to [${shape.join(", ")}] at [${ids.join(", ")}]`,
      f: ([x]: Tensor[]) => scatterAdd(x, int32(ids), shape[along], axis),
      shapes: [gathered],
      reference: ([x]: Plain[]) =>
        build(shape, (index) => total(ids.map((id, n) => (id === index[along] ? at(x, index.with(along, n)) : 0)))),
    },
  ];
});

const lookups: OpCase[] = [
  {
    name: "gather with indices of rank 2 (an embedding)",
    f: ([x]) => gather(x, int32([3, 0, 1, 3, 3, 2], [2, 3])),
    shapes: [[4, 2]],
    reference: ([x]) => build([2, 3, 2], ([t, b, d]) => at(x, [[3, 0, 1, 3, 3, 2][t * 3 + b], d])),
  },
  {
    name: "gather with a scalar index",
    f: ([x]) => gather(x, int32([1], []), 1),
    shapes: [[2, 3]],
    reference: ([x]) => build([2], ([i]) => at(x, [i, 1])),
  },
  {
    name: "takeLast",
    f: ([x]) => takeLast(x, int32([2, 0, 1, 1], [2, 2])),
    shapes: [[2, 2, 3]],
    reference: ([x]) => build([2, 2], ([i, j]) => at(x, [i, j, [2, 0, 1, 1][i * 2 + j]])),
  },
  {
    name: "takeSteps",
    f: ([x]) => takeSteps(x, Int32Array.of(2, 0, 1)),
    shapes: [[3, 3, 2]],
    reference: ([x]) => build([3, 2], ([b, d]) => at(x, [[2, 0, 1][b], b, d])),
  },
];

const sequenceCases: OpCase[] = [
  [3, 4, 2],
  [3, 4],
  [3, 4, 2, 2],
  [0, 4, 2],
].flatMap((shape) => {
  const steps = shape[0];
  const lengths = [0, 1, 2, 3].map((n) => Math.min(n, steps));
  return [
    {
      name: `reverseSequence [${shape.join(", ")}]`,
      f: ([x]: Tensor[]) => reverseSequence(x, int32(lengths)),
      shapes: [shape],
      reference: ([x]: Plain[]) =>
        build(shape, ([t, b, ...rest]) => at(x, [t < lengths[b] ? lengths[b] - 1 - t : t, b, ...rest])),
    },
    {
      name: `maskSequence [${shape.join(", ")}]`,
      f: ([x]: Tensor[]) => maskSequence(x, int32(lengths)),
      shapes: [shape],
      reference: ([x]: Plain[]) => build(shape, ([t, b, ...rest]) => (t < lengths[b] ? at(x, [t, b, ...rest]) : 0)),
    },
  ];
});

export const opCases: readonly OpCase[] = [
  ...unaryCases,
  ...binaryCases,
  ...whereCases,
  ...reduceCases,
  ...broadcastCases,
  ...cumulativeCases,
  ...softmaxCases,
  ...dropoutCases,
  ...crossEntropyCases,
  ...linearCases,
  ...layerNormCases,
  ...matmulCases,
  ...moveCases,
  ...concatCases,
  ...stackCases,
  ...gatherCases,
  ...lookups,
  ...sequenceCases,
];

/** One plain array per input, float32 numbers, the same for the same case each time. */
export function drawInputs({ shapes, domain = anywhere }: OpCase, uniform: () => number): Plain[] {
  if (domain.distinct === true) {
    const sizes = shapes.map((shape) => indices(shape).length);
    const count = total(sizes);
    const step = (domain.high - domain.low) / Math.max(1, count);
    const pool = Array.from({ length: count }, (_, i) => Math.fround(domain.low + (i + 0.25 + uniform() / 2) * step));
    return shapes.map((shape) => build(shape, () => pool.splice(Math.floor(uniform() * pool.length), 1)[0]));
  }
  const draw = (): number => {
    for (;;) {
      const x = Math.fround(domain.low + (domain.high - domain.low) * uniform());
      if ((domain.kinks ?? []).every((kink) => Math.abs(x - kink) > 0.05)) return x;
    }
  };
  return shapes.map((shape) => build(shape, draw));
}
