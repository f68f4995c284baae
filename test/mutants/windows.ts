/** @file Deliberate bugs in convolution and pooling. */
import { type Mutant, mutantsIn } from "./mutant.ts";

const TESTS = ["src/tensor/ops/windows.test.ts"];

export const windowMutants: readonly Mutant[] = [
  ...mutantsIn(
    "windows",
    "src/tensor/ops/windows.ts",
    [
      [
        "windows start behind the padding",
        "const start = index[last] * outer[last].step - before[last];",
        "const start = index[last] * outer[last].step;",
      ],
      [
        "padding after counts once more",
        "n + padding[i][0] + padding[i][1] - extentOf",
        "n + padding[i][0] + 2 * padding[i][1] - extentOf",
      ],
      ["dilation not in the extent", "(taps - 1) * dilation + 1", "taps"],
      ["strides for dilations", "({ n, step: dilations[i] })", "({ n, step: strides[i] })"],
      ["first place of a row rounded down", "Math.ceil(-start / step)", "Math.floor(-start / step)"],
      [
        "last place of a row missing",
        "Math.ceil((size[last] - start) / step)",
        "Math.floor((size[last] - start) / step)",
      ],
      ["rows outside of the image read", "isInside &&= at >= 0 && at < size[axis];", "isInside &&= at < size[axis];"],
      [
        "windows set where they should be added",
        "to[written] += matrix[i];\n        }\n      }\n    }\n  }\n}",
        "to[written] = matrix[i];\n        }\n      }\n    }\n  }\n}",
      ],
      [
        "narrow rows: padding not zeroed",
        "for (let i = at + j; i < end; i += imageStride) to[i] = 0;",
        "for (let i = at + j; i < end; i += imageStride) to[i] = 1;",
      ],
      ["groups of windows overlap", "(Math.floor(c / each) * images * p * each + (c % each)) * k", "(c % each) * k"],
      ["images of turned matrices in one place", "imageStride: p * each * k", "imageStride: each * k"],
    ],
    TESTS,
  ),
  ...mutantsIn(
    "windows",
    "src/tensor/ops/convolution.ts",
    [
      [
        "size of a transposed convolution without output padding",
        "strides[i] * (places - 1) + more[i] +",
        "strides[i] * (places - 1) +",
      ],
      [
        "gradient of the kernel without its transposition",
        "transposeA: isTurned,\n          transposeB: !isTurned,\n          accumulate: i > 0,",
        "transposeA: isTurned,\n          transposeB: !isTurned,\n          accumulate: true,",
      ],
      [
        "kernel read as [C, O]",
        "matrices: [groups, o / groups, kernel.size / Math.max(1, o)]",
        "matrices: [1, o, kernel.size / Math.max(1, o)]",
      ],
      ["bias only on the first image", "const flat = y.view([shapes.y[0],", "const flat = y.view([1,"],
      ["pointwise in spite of strides", "sameShape(size, count) && sizeOf(strides) === 1 && before", "before"],
    ],
    TESTS,
  ),
  ...mutantsIn(
    "windows",
    "src/tensor/ops/pooling.ts",
    [
      ["largest: the last of equal elements", "value > largest[i] ||", "value >= largest[i] ||"],
      [
        "largest of negative elements is 0",
        "largest.fill(-Infinity);\n    places.fill(-1);",
        "largest.fill(0);\n    places.fill(0);",
      ],
      ["ceil mode with windows in the padding", "(all - 1) * strides[i] >= n + before ? all - 1 : all", "all"],
      ["ceil mode rounds down", "Math.ceil(places) + 1", "Math.floor(places) + 1"],
      ["mean over padding by default", "options.countsPadding === true ? reach : windows", "reach"],
      ["mean never over padding", "options.countsPadding === true ? reach : windows", "windows"],
      [
        "padding before counts twice in the reach",
        "n + padding[i][0] + padding[i][1])",
        "n + 2 * padding[i][0] + padding[i][1])",
      ],
    ],
    TESTS,
  ),
];
