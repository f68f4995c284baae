/**
 * @file The tensor ops of the entry `unrolled/import`, in a table like that of `op-cases.ts`: what networks around recurrent layers are made of.
 */
import type { Shape } from "../src/base/index.ts";
import {
  acos,
  acosh,
  add,
  asin,
  asinh,
  atan,
  atanh,
  averagePool,
  batchNormalization,
  ceil,
  celu,
  convolution,
  cos,
  cosh,
  dft,
  einsum,
  elu,
  erf,
  gatherElements,
  gatherNd,
  gelu,
  globalAveragePool,
  globalMaxPool,
  groupNormalization,
  hardmax,
  hardSwish,
  instanceNormalization,
  leakyRelu,
  maxPool,
  mish,
  mod,
  mul,
  padWith,
  prelu,
  prod,
  resize,
  round,
  scatterElements,
  scatterNd,
  selu,
  sin,
  sinh,
  stft,
  tan,
  thresholdedRelu,
  tile,
  topK,
  transposedConvolution,
  trilu,
  tensor,
  type AveragePoolOptions,
  type ConvolutionOptions,
  type PadMode,
  type Tensor,
  type TransposedConvolutionOptions,
} from "../src/tensor/index.ts";
import { at, build, elementwise, fold, indices, type Plain } from "./helpers/plain-array.ts";
import type { Domain, OpCase } from "./op-cases.ts";

const distinct: Domain = { low: -2, high: 2, distinct: true };
const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** The element of an image that tap `k` of window `o` reads, or undefined outside. */
function placeOf(o: Shape, k: Shape, size: Shape, options: ConvolutionOptions): number[] | undefined {
  const place = size.map(
    (_, i) =>
      o[i] * (options.strides?.[i] ?? 1) + k[i] * (options.dilations?.[i] ?? 1) - (options.padding?.[i][0] ?? 0),
  );
  return place.every((p, i) => p >= 0 && p < size[i]) ? place : undefined;
}

function naiveConvolution(
  x: Plain,
  kernel: Plain,
  bias: Plain | undefined,
  options: ConvolutionOptions,
  count: Shape,
): Plain {
  const { groups = 1 } = options;
  const [outputs, each, ...size] = kernel.shape;
  return build(
    [x.shape[0], outputs, ...count],
    ([n, o, ...window]) =>
      total(
        Array.from({ length: each }, (_, c) =>
          total(
            indices(size).map((k) => {
              const place = placeOf(window, k, x.shape.slice(2), options);
              const channel = Math.floor(o / (outputs / groups)) * each + c;
              return place ? at(x, [n, channel, ...place]) * at(kernel, [o, c, ...k]) : 0;
            }),
          ),
        ),
      ) + (bias ? bias.data[o] : 0),
  );
}

function naiveTransposed(x: Plain, kernel: Plain, options: TransposedConvolutionOptions, size: Shape): Plain {
  const { groups = 1 } = options;
  const [channels, each, ...k] = kernel.shape;
  const out = build([x.shape[0], each * groups, ...size], () => 0);
  const data = [...out.data];
  const all = indices(out.shape);
  const flat = new Map(all.map((index, i) => [index.join(), i]));
  for (const [n, c, ...window] of indices(x.shape)) {
    for (const tap of indices(k)) {
      const place = placeOf(window, tap, size, options);
      if (place === undefined) continue;
      for (let o = 0; o < each; o++) {
        const channel = Math.floor(c / (channels / groups)) * each + o;
        data[flat.get([n, channel, ...place].join()) as number] +=
          at(x, [n, c, ...window]) * at(kernel, [c, o, ...tap]);
      }
    }
  }
  return { shape: out.shape, data };
}

const convolutions: readonly (readonly [x: Shape, kernel: Shape, options: ConvolutionOptions, count: Shape])[] = [
  [[2, 2, 5], [3, 2, 2], {}, [4]],
  [[2, 2, 5], [3, 2, 3], { padding: [[1, 2]], strides: [2] }, [3]],
  [[1, 1, 9], [2, 1, 5], { strides: [3] }, [2]],
  [[2, 4, 4], [2, 2, 2], { groups: 2, dilations: [2], padding: [[1, 0]] }, [3]],
  [[2, 3, 4], [3, 1, 3], { groups: 3, padding: [[1, 1]] }, [4]],
  [[2, 2, 3], [2, 2, 1], {}, [3]],
  [
    [2, 1, 3, 4],
    [2, 1, 2, 2],
    {
      padding: [
        [0, 1],
        [1, 0],
      ],
    },
    [3, 4],
  ],
  [
    [1, 2, 4, 3],
    [2, 2, 3, 1],
    {
      strides: [2, 1],
      padding: [
        [1, 1],
        [0, 0],
      ],
    },
    [2, 3],
  ],
  [[1, 1, 2, 2, 3], [2, 1, 1, 2, 2], {}, [2, 1, 2]],
  [[0, 1, 3], [2, 1, 2], {}, [2]],
];

const convolutionCases: OpCase[] = convolutions.flatMap(([x, kernel, options, count]) =>
  [false, true].map((hasBias) => ({
    name: `convolution ${JSON.stringify([x, kernel, options])}${hasBias ? ", bias" : ""}`,
    f: ([images, weights, bias]) => convolution(images, weights, { ...options, bias }),
    shapes: [x, kernel, ...(hasBias ? [[kernel[0]]] : [])],
    reference: ([images, weights, bias]) => naiveConvolution(images, weights, bias, options, count),
  })),
);

const transposedCases: OpCase[] = (
  [
    [[2, 2, 3], [2, 3, 2], {}, [4]],
    [[1, 2, 3], [2, 1, 3], { strides: [2], padding: [[1, 1]], outputPadding: [1] }, [6]],
    [[2, 2, 2], [2, 1, 2], { groups: 2, dilations: [2] }, [4]],
    [[1, 2, 1], [2, 2, 4], { strides: [3] }, [4]],
    [
      [1, 1, 2, 2],
      [1, 2, 2, 3],
      {
        strides: [1, 2],
        padding: [
          [0, 1],
          [1, 0],
        ],
      },
      [2, 4],
    ],
  ] as [Shape, Shape, TransposedConvolutionOptions, Shape][]
).map(([x, kernel, options, size]) => ({
  name: `transposedConvolution ${JSON.stringify([x, kernel, options])}`,
  f: ([images, weights]) => transposedConvolution(images, weights, options),
  shapes: [x, kernel],
  reference: ([images, weights]) => naiveTransposed(images, weights, options, size),
}));

const pools: readonly (readonly [x: Shape, size: Shape, options: AveragePoolOptions, count: Shape])[] = [
  [[2, 2, 5], [2], {}, [4]],
  [[2, 2, 5], [2], { strides: [2], ceil: true }, [3]],
  [[1, 2, 4], [3], { strides: [2], padding: [[1, 2]] }, [3]],
  [
    [1, 1, 4, 3],
    [2, 2],
    {
      strides: [2, 1],
      padding: [
        [1, 0],
        [0, 1],
      ],
      dilations: [1, 2],
    },
    [2, 2],
  ],
  [[1, 1, 2, 2, 3], [1, 2, 2], {}, [2, 1, 2]],
];

const poolCases: OpCase[] = pools.flatMap(([shape, size, options, count]) => {
  const seen = (x: Plain, [n, c, ...window]: readonly number[]): number[] =>
    indices(size).flatMap((k) => {
      const place = placeOf(window, k, shape.slice(2), options);
      return place ? [at(x, [n, c, ...place])] : [];
    });
  const out = [...shape.slice(0, 2), ...count];
  const name = JSON.stringify([shape, size, options]);
  return [
    {
      name: `maxPool ${name}`,
      f: ([x]) => maxPool(x, size, { ...options }),
      shapes: [shape],
      domain: distinct,
      reference: ([x]) => build(out, (index) => Math.max(...seen(x, index))),
    },
    {
      name: `averagePool ${name}`,
      f: ([x]) => averagePool(x, size, options),
      shapes: [shape],
      reference: ([x]) => build(out, (index) => total(seen(x, index)) / seen(x, index).length),
    },
  ];
});

const globalPoolCases: OpCase[] = [
  {
    name: "globalMaxPool",
    f: ([x]) => globalMaxPool(x),
    shapes: [[2, 2, 2, 3]],
    domain: distinct,
    reference: ([x]) => fold(x, [2, 3], true, (values) => Math.max(...values)),
  },
  {
    name: "globalAveragePool",
    f: ([x]) => globalAveragePool(x),
    shapes: [[2, 2, 5]],
    reference: ([x]) => fold(x, [2], true, (values) => total(values) / values.length),
  },
];

const awayFrom = (...kinks: number[]): Domain => ({ low: -4, high: 4, kinks });
const int32 = (values: readonly number[], shape: Shape = [values.length]): Tensor =>
  tensor(Int32Array.from(values), { shape });
const small: Domain = { low: -0.9, high: 0.9 };

const unary: readonly [name: string, f: (x: Tensor) => Tensor, reference: (x: number) => number, domain?: Domain][] = [
  ["sin", sin, Math.sin],
  ["cos", cos, Math.cos],
  ["tan", tan, Math.tan, { low: -1.2, high: 1.2 }],
  ["asin", asin, Math.asin, small],
  ["acos", acos, Math.acos, small],
  ["atan", atan, Math.atan],
  ["sinh", sinh, Math.sinh],
  ["cosh", cosh, Math.cosh],
  ["asinh", asinh, Math.asinh],
  ["acosh", acosh, Math.acosh, { low: 1.2, high: 4 }],
  ["atanh", atanh, Math.atanh, small],
  ["ceil", ceil, Math.ceil, awayFrom(-4, -3, -2, -1, 0, 1, 2, 3, 4)],
  ["round", round, Math.round, awayFrom(-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5)],
  ["elu", (x) => elu(x, 0.7), (x) => (x > 0 ? x : 0.7 * Math.expm1(x)), awayFrom(0)],
  ["selu", (x) => selu(x), (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)), awayFrom(0)],
  ["celu", (x) => celu(x, 0.5), (x) => (x > 0 ? x : 0.5 * Math.expm1(2 * x)), awayFrom(0)],
  ["leakyRelu", (x) => leakyRelu(x, 0.2), (x) => (x < 0 ? 0.2 * x : x), awayFrom(0)],
  ["thresholdedRelu", (x) => thresholdedRelu(x, 0.5), (x) => (x > 0.5 ? x : 0), awayFrom(0.5)],
  ["hardSwish", hardSwish, (x) => x * Math.min(1, Math.max(0, x / 6 + 0.5)), awayFrom(-3, 3)],
  ["mish", mish, (x) => x * Math.tanh(Math.log1p(Math.exp(x)))],
  [
    "gelu, approximate",
    (x) => gelu(x, { approximate: true }),
    (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  ],
  ["mod 1.5", (x) => mod(x, 1.5), (x) => ((x % 1.5) + 1.5) % 1.5, awayFrom(-3, -1.5, 0, 1.5, 3)],
  ["mod of a number", (x) => mod(5, x, { sign: "dividend" }), (x) => 5 % x, { low: 1.3, high: 1.6 }],
];

/** erf by its series, which is exact enough near 0. */
function erfSeries(x: number): number {
  let [value, term] = [0, x];
  for (let n = 0; n < 80; n++) {
    value += term / (2 * n + 1);
    term *= (-x * x) / (n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * value;
}

const unaryCases: OpCase[] = [
  ...unary,
  ["erf", erf, erfSeries] as const,
  ["gelu", (x: Tensor) => gelu(x), (x: number) => 0.5 * x * (1 + erfSeries(x / Math.SQRT2))] as const,
].map(([name, f, reference, domain]) => ({
  name: `${name} [2, 5]`,
  f: ([x]) => f(x),
  shapes: [[2, 5]],
  ...(domain && { domain }),
  reference: elementwise(reference),
}));

const binaryCases: OpCase[] = [
  {
    name: "prelu with a slope for each channel",
    f: ([x, slope]) => prelu(x, slope),
    shapes: [
      [2, 3, 2],
      [3, 1],
    ],
    domain: awayFrom(0),
    reference: elementwise((x, slope) => (x < 0 ? slope * x : x)),
  },
];

const mirror = (mode: PadMode, i: number, n: number): number | undefined => {
  if (i >= 0 && i < n) return i;
  if (mode === "constant") return undefined;
  if (mode === "edge") return i < 0 ? 0 : n - 1;
  if (mode === "wrap") return mirror(mode, i < 0 ? i + n : i - n, n);
  return n === 1 ? 0 : mirror(mode, i < 0 ? -i : 2 * (n - 1) - i, n);
};

const padCases: OpCase[] = (["constant", "edge", "reflect", "wrap"] as const).flatMap((mode) =>
  (
    [
      [[4], [[2, 1]]],
      [[3], [[5, 4]]],
      [[1], [[2, 3]]],
      [[5], [[-1, 2]]],
      [[4], [[3, -5]]],
      [[4], [[-5, 3]]],
      [
        [2, 3],
        [
          [1, 0],
          [-1, 1],
        ],
      ],
      [
        [2, 2, 3],
        [
          [0, 0],
          [0, 1],
          [2, 2],
        ],
      ],
    ] as [Shape, [number, number][]][]
  ).map(([shape, padding]) => ({
    name: `padWith ${mode} ${JSON.stringify([shape, padding])}`,
    f: ([x]: Tensor[]) => padWith(x, padding, { mode, value: 7 }),
    shapes: [shape],
    reference: ([x]: Plain[]) =>
      build(
        shape.map((n, i) => n + padding[i][0] + padding[i][1]),
        (index) => {
          const places = index.map((i, axis) => mirror(mode, i - padding[axis][0], shape[axis]));
          return places.includes(undefined) ? 7 : at(x, places as number[]);
        },
      ),
  })),
);

const tileCases: OpCase[] = [
  {
    name: "tile",
    f: ([x]) => tile(x, [2, 1, 3]),
    shapes: [[1, 2, 2]],
    reference: ([x]) => build([2, 2, 6], ([, j, k]) => at(x, [0, j, k % 2])),
  },
];

const resizeCases: OpCase[] = [
  {
    name: "resize to the nearest, asymmetric",
    f: ([x]) => resize(x, { scales: [1, 2.5], coordinates: "asymmetric", nearest: "floor" }),
    shapes: [[2, 3]],
    reference: ([x]) => build([2, 7], ([i, j]) => at(x, [i, Math.floor(j / 2.5)])),
  },
  {
    name: "resize to the nearest, smaller",
    f: ([x]) => resize(x, { sizes: [2, 2] }),
    shapes: [[4, 3]],
    reference: ([x]) => build([2, 2], ([i, j]) => at(x, [2 * i, Math.ceil((j + 0.5) * 1.5 - 1)])),
  },
  {
    name: "resize linearly between corners",
    f: ([x]) => resize(x, { sizes: [1, 5], mode: "linear", coordinates: "align_corners" }),
    shapes: [[1, 3]],
    reference: ([x]) =>
      build([1, 5], ([, j]) =>
        j % 2 === 0 ? at(x, [0, j / 2]) : (at(x, [0, (j - 1) / 2]) + at(x, [0, (j + 1) / 2])) / 2,
      ),
  },
];

const wave = (k: number, j: number, n: number): readonly [number, number] => [
  Math.cos((2 * Math.PI * k * j) / n),
  -Math.sin((2 * Math.PI * k * j) / n),
];

const fourierCases: OpCase[] = [
  ...[true, false].map((onesided) => ({
    name: `stft ${onesided ? "of one side" : "of both sides"} with a window`,
    f: ([x, window]: Tensor[]) => stft(x, { frameStep: 2, window, onesided }),
    shapes: [[2, 9], [5]],
    reference: ([x, window]: Plain[]) =>
      build([2, 3, onesided ? 3 : 5, 2], ([n, frame, k, part]) =>
        total(window.data.map((w, j) => w * at(x, [n, frame * 2 + j]) * wave(k, j, 5)[part])),
      ),
  })),
  {
    name: "stft of many frames without a window",
    f: ([x]) => stft(x, { frameLength: 3, frameStep: 1 }),
    shapes: [[1, 8]],
    reference: ([x]) =>
      build([1, 6, 2, 2], ([, frame, k, part]) =>
        total([0, 1, 2].map((j) => at(x, [0, frame + j]) * wave(k, j, 3)[part])),
      ),
  },
  ...[1, 2].map((parts) => ({
    name: `dft of ${parts === 1 ? "real" : "complex"} numbers`,
    f: ([x]: Tensor[]) => dft(x),
    shapes: [[2, 5, parts]],
    reference: ([x]: Plain[]) =>
      build([2, 5, 2], ([n, k, part]) =>
        total(
          [0, 1, 2, 3, 4].map((j) => {
            const [c, s] = wave(k, j, 5);
            const [re, im] = [at(x, [n, j, 0]), parts === 2 ? at(x, [n, j, 1]) : 0];
            return part === 0 ? re * c - im * s : re * s + im * c;
          }),
        ),
      ),
  })),
  {
    name: "inverse dft of a dft",
    f: ([x]) => dft(dft(x), { inverse: true }),
    shapes: [[2, 6, 2]],
    reference: ([x]) => x,
  },
];

const indexingCases: OpCase[] = [
  {
    name: "gatherElements",
    f: ([x]) => gatherElements(x, int32([0, 2, 1, 1], [2, 2]), 1),
    shapes: [[3, 3]],
    reference: ([x]) => build([2, 2], ([i, j]) => at(x, [i, [0, 2, 1, 1][i * 2 + j]])),
  },
  {
    name: "scatterElements",
    f: ([x, updates]) => scatterElements(x, int32([2, 0, 1, 1], [2, 2]), updates, 0),
    shapes: [
      [3, 3],
      [2, 2],
    ],
    reference: ([x, updates]) =>
      build([3, 3], ([i, j]) => {
        const from = [1, 0].find((k) => j < 2 && [2, 0, 1, 1][k * 2 + j] === i);
        return from === undefined ? at(x, [i, j]) : at(updates, [from, j]);
      }),
  },
  {
    name: "scatterElements with sums",
    f: ([x, updates]) => scatterElements(x, int32([1, 1, 0], [1, 3]), updates, 1, { reduction: "add" }),
    shapes: [
      [2, 3],
      [1, 3],
    ],
    reference: ([x, updates]) =>
      build(
        [2, 3],
        ([i, j]) => at(x, [i, j]) + (i > 0 ? 0 : total([1, 1, 0].map((to, k) => (to === j ? at(updates, [0, k]) : 0)))),
      ),
  },
  {
    name: "gatherNd of elements",
    f: ([x]) => gatherNd(x, int32([1, 0, 0, 2], [2, 2])),
    shapes: [[2, 3]],
    reference: ([x]) =>
      build([2], ([i]) =>
        at(
          x,
          [
            [1, 0],
            [0, 2],
          ][i],
        ),
      ),
  },
  {
    name: "gatherNd of slices",
    f: ([x]) => gatherNd(x, int32([1, 1, 0], [3, 1])),
    shapes: [[2, 3]],
    reference: ([x]) => build([3, 3], ([i, j]) => at(x, [[1, 1, 0][i], j])),
  },
  {
    name: "scatterNd of slices",
    f: ([x, updates]) => scatterNd(x, int32([2, 0], [2, 1]), updates),
    shapes: [
      [3, 2],
      [2, 2],
    ],
    reference: ([x, updates]) =>
      build([3, 2], ([i, j]) => (i === 1 ? at(x, [1, j]) : at(updates, [i === 2 ? 0 : 1, j]))),
  },
  {
    name: "scatterNd with sums",
    f: ([x, updates]) => scatterNd(x, int32([0, 1, 0, 1], [2, 2]), updates, { reduction: "add" }),
    shapes: [[2, 2], [2]],
    reference: ([x, updates]) =>
      build([2, 2], ([i, j]) => at(x, [i, j]) + (i === 0 && j === 1 ? total(updates.data) : 0)),
  },
  {
    name: "the two largest along an axis",
    f: ([x]) => topK(x, 2, 0).values,
    shapes: [[4, 2]],
    domain: distinct,
    reference: ([x]) => build([2, 2], ([i, j]) => [0, 1, 2, 3].map((k) => at(x, [k, j])).sort((a, b) => b - a)[i]),
  },
  {
    name: "the smallest",
    f: ([x]) => topK(x, 3, -1, { largest: false }).values,
    shapes: [[2, 4]],
    domain: distinct,
    reference: ([x]) => build([2, 3], ([i, j]) => [0, 1, 2, 3].map((k) => at(x, [i, k])).sort((a, b) => a - b)[j]),
  },
  {
    name: "trilu, upper",
    f: ([x]) => trilu(x, { diagonal: 1 }),
    shapes: [[2, 3, 4]],
    reference: ([x]) => build([2, 3, 4], ([n, i, j]) => (j >= i + 1 ? at(x, [n, i, j]) : 0)),
  },
  {
    name: "trilu, lower",
    f: ([x]) => trilu(x, { upper: false, diagonal: -1 }),
    shapes: [[3, 3]],
    reference: ([x]) => build([3, 3], ([i, j]) => (j <= i - 1 ? at(x, [i, j]) : 0)),
  },
  {
    name: "hardmax",
    f: ([x]) => add(hardmax(x, 0), mul(x, 0)),
    shapes: [[3, 2]],
    domain: distinct,
    reference: ([x]) =>
      build([3, 2], ([i, j]) => Number(at(x, [i, j]) === Math.max(...[0, 1, 2].map((k) => at(x, [k, j]))))),
  },
];

const prodCases: OpCase[] = (
  [
    [[2, 3, 4], [1], false],
    [[2, 3, 4], [0, 2], true],
    [[7], [0], false],
    [[0, 2], [0], false],
  ] as [Shape, number[], boolean][]
).map(([shape, axes, keepDims]) => ({
  name: `prod ${JSON.stringify([shape, axes, keepDims])}`,
  f: ([x]) => prod(x, axes, { keepDims }),
  shapes: [shape],
  reference: ([x]) => fold(x, axes, keepDims, (values) => values.reduce((a, b) => a * b, 1)),
}));

/** Sum over all values of all labels. */
function naiveEinsum(equation: string, parts: Plain[]): Plain {
  const [left, right] = equation.split("->");
  const terms = left.split(",");
  const sizes = new Map(terms.flatMap((term, t) => [...term].map((label, i) => [label, parts[t].shape[i]] as const)));
  const inner = [...sizes.keys()].filter((label) => !right.includes(label));
  return build(
    [...right].map((label) => sizes.get(label) as number),
    (out) =>
      total(
        indices(inner.map((label) => sizes.get(label) as number)).map((rest) => {
          const value = (label: string): number =>
            right.includes(label) ? out[right.indexOf(label)] : rest[inner.indexOf(label)];
          return terms.map((term, t) => at(parts[t], [...term].map(value))).reduce((a, b) => a * b, 1);
        }),
      ),
  );
}

const einsumCases: OpCase[] = (
  [
    ["ij,jk->ik", [2, 3], [3, 2]],
    ["bij,bjk->bki", [2, 2, 3], [2, 3, 2]],
    ["ij->", [2, 3]],
    ["ii->i", [3, 3]],
    ["iij->j", [2, 2, 3]],
    ["ij->ji", [2, 3]],
    ["i,j->ij", [2], [3]],
    ["i,i->", [3], [3]],
    ["ab,cb,cd->ad", [2, 3], [2, 3], [2, 2]],
    ["bhqd,bhkd->bhqk", [1, 2, 2, 2], [1, 2, 3, 2]],
  ] as [string, ...Shape[]][]
).map(([equation, ...shapes]) => ({
  name: `einsum ${equation}`,
  f: (x) => einsum(equation, ...x),
  shapes,
  reference: (x) => naiveEinsum(equation, x),
}));

const ellipsisCases: OpCase[] = [
  {
    name: "einsum with an ellipsis that broadcasts",
    f: ([a, b]) => einsum("...ij, jk -> ...ik", a, b),
    shapes: [
      [2, 2, 3],
      [3, 2],
    ],
    reference: ([a, b]) =>
      build([2, 2, 2], ([n, i, k]) => total([0, 1, 2].map((j) => at(a, [n, i, j]) * at(b, [j, k])))),
  },
  {
    name: "einsum without an arrow",
    f: ([a, b]) => einsum("kj,ji", a, b),
    shapes: [
      [2, 3],
      [3, 2],
    ],
    reference: ([a, b]) => build([2, 2], ([i, k]) => total([0, 1, 2].map((j) => at(a, [k, j]) * at(b, [j, i])))),
  },
];

/** Mean and variance of numbers. */
function moments(values: readonly number[]): { mean: number; variance: number } {
  const mean = total(values) / values.length;
  return { mean, variance: total(values.map((value) => (value - mean) ** 2)) / values.length };
}

const normalizationCases: OpCase[] = [
  {
    name: "batchNormalization by running statistics",
    f: ([x, scale, bias, mean, root]) =>
      batchNormalization(x, scale, bias, { mean, variance: mul(root, root) }, { epsilon: 0.1 }).y,
    shapes: [[2, 3, 2, 2], [3], [3], [3], [3]],
    reference: ([x, scale, bias, mean, root]) =>
      build([2, 3, 2, 2], ([n, c, i, j]) => {
        const normal = (at(x, [n, c, i, j]) - mean.data[c]) / Math.sqrt(root.data[c] ** 2 + 0.1);
        return normal * scale.data[c] + bias.data[c];
      }),
  },
  {
    name: "batchNormalization by the batch's statistics",
    f: ([x, scale, bias]) =>
      batchNormalization(x, scale, bias, { mean: bias, variance: bias }, { epsilon: 0.1, training: true }).y,
    shapes: [[3, 2, 2], [2], [2]],
    reference: ([x, scale, bias]) =>
      build([3, 2, 2], ([n, c, i]) => {
        const { mean, variance } = moments(indices([3, 2]).map(([m, j]) => at(x, [m, c, j])));
        return ((at(x, [n, c, i]) - mean) / Math.sqrt(variance + 0.1)) * scale.data[c] + bias.data[c];
      }),
  },
  {
    name: "running statistics of batchNormalization",
    f: ([x, mean]) => {
      const { running } = batchNormalization(
        x,
        mean,
        mean,
        { mean, variance: mean },
        { training: true, momentum: 0.8 },
      );
      return add(running.mean, mul(running.variance, 10));
    },
    shapes: [[3, 2, 2], [2]],
    reference: ([x, old]) =>
      build([2], ([c]) => {
        const { mean, variance } = moments(indices([3, 2]).map(([m, j]) => at(x, [m, c, j])));
        return 0.8 * old.data[c] + 0.2 * mean + 10 * (0.8 * old.data[c] + 0.2 * variance);
      }),
  },
  {
    name: "groupNormalization",
    f: ([x, scale, bias]) => groupNormalization(x, 2, scale, bias, 0.1),
    shapes: [[2, 4, 3], [4], [4]],
    reference: ([x, scale, bias]) =>
      build([2, 4, 3], ([n, c, i]) => {
        const first = c < 2 ? 0 : 2;
        const { mean, variance } = moments(indices([2, 3]).map(([k, j]) => at(x, [n, first + k, j])));
        return ((at(x, [n, c, i]) - mean) / Math.sqrt(variance + 0.1)) * scale.data[c] + bias.data[c];
      }),
  },
  {
    name: "instanceNormalization",
    f: ([x, scale, bias]) => instanceNormalization(x, scale, bias, 0.1),
    shapes: [[2, 2, 2, 2], [2], [2]],
    reference: ([x, scale, bias]) =>
      build([2, 2, 2, 2], ([n, c, i, j]) => {
        const { mean, variance } = moments(indices([2, 2]).map(([k, l]) => at(x, [n, c, k, l])));
        return ((at(x, [n, c, i, j]) - mean) / Math.sqrt(variance + 0.1)) * scale.data[c] + bias.data[c];
      }),
  },
];

export const networkOpCases: readonly OpCase[] = [
  ...convolutionCases,
  ...transposedCases,
  ...poolCases,
  ...globalPoolCases,
  ...unaryCases,
  ...binaryCases,
  ...padCases,
  ...tileCases,
  ...resizeCases,
  ...fourierCases,
  ...indexingCases,
  ...prodCases,
  ...einsumCases,
  ...ellipsisCases,
  ...normalizationCases,
];
