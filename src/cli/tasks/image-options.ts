/** @file What `--task image` is, and its options. */
import { Option } from "commander";
import { integer, number } from "../terminal/values.ts";
import { classifierOptions } from "./classify-options.ts";
import type { TaskDeclaration } from "./task.ts";

export const IMAGE: TaskDeclaration = {
  name: "image",
  kind: "imageClassifier",
  summary: "Train a model that tells the class of pictures, which it reads row by row.",
  data: "a folder with a folder of PNG files for each class, or two idx files (also gzipped), pictures and labels",
  options: [
    new Option("--channels <n>", "1: grey, 3: colours; of PNG files").choices(["1", "3"]).default("1"),
    new Option("--scan <name>", "what a step is: a row of pixels, or a square of them")
      .choices(["rows", "patches"])
      .default("rows"),
    new Option("--patch <n>", "side of a square").argParser(integer(1)).default(4),
    new Option("--shift <n>", "move pictures at random by up to so many pixels, while training")
      .argParser(number(0))
      .default(0),
    new Option("--affine <x>", "turn, lean and scale them by up to this share").argParser(number(0, 0.9)).default(0),
    ...classifierOptions("last"),
  ],
  defaults: { hiddenSize: 96, layers: 2, dropout: 0.2, batchSize: 50, learningRate: 0.003 },
  examples: [
    "unrolled train train-images-idx3-ubyte.gz train-labels-idx1-ubyte.gz --task image --out runs/digits",
    "unrolled predict runs/digits seven.png",
    "unrolled evaluate runs/digits t10k-images-idx3-ubyte.gz t10k-labels-idx1-ubyte.gz",
  ],
  load: async () => {
    const { imageTask } = await import("./image.ts");
    return imageTask;
  },
};
