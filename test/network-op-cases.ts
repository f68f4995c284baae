/**
 * @file The tensor ops of the entry `unrolled/import`, in a table like that of `op-cases.ts`: what networks around recurrent layers are made of.
 */
import type { Shape } from "../src/base/index.ts";
import {
  averagePool,
  type AveragePoolOptions,
  convolution,
  type ConvolutionOptions,
  globalAveragePool,
  globalMaxPool,
  maxPool,
  transposedConvolution,
  type TransposedConvolutionOptions,
} from "../src/tensor/index.ts";
import { at, build, fold, indices, type Plain } from "./helpers/plain-array.ts";
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

export const networkOpCases: readonly OpCase[] = [
  ...convolutionCases,
  ...transposedCases,
  ...poolCases,
  ...globalPoolCases,
];
