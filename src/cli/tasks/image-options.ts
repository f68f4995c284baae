/** @file The task `image`: its name, texts and options. */
import { PICTURE_OPTIONS, SKIP_BAD } from "../options/file-options.ts";
import { ANSWER_OPTIONS } from "../options/table-options.ts";
import { choice, integer, number } from "../options/table.ts";
import { shellWord } from "../terminal/format.ts";
import { CLASSIFIER_OPTIONS, pooling } from "./classify-options.ts";
import type { TaskDeclaration } from "./task.ts";

export const IMAGE_OPTIONS = {
  channels: choice(["1", "3"], "1: grey, 3: colours; of PNG and JPEG files", { default: "1" }),
  ...PICTURE_OPTIONS,
  scan: choice(["rows", "patches"], "what a step is: a row of pixels, or a square of them", { default: "rows" }),
  patch: integer("side of a square", { default: 4 }),
  shift: number("move training images randomly by up to this many pixels", { default: 0 }),
  affine: number("randomly rotate, shear and scale training images by up to this fraction", { max: 0.9, default: 0 }),
  pooling: pooling("last"),
  ...CLASSIFIER_OPTIONS,
} as const;

export const IMAGE: TaskDeclaration = {
  name: "image",
  kind: "imageClassifier",
  summary: "Train a model that tells the class of pictures, which it reads row by row.",
  data: "a folder with a folder of PNG and JPEG files for each class, or two idx files (also gzipped), pictures and labels",
  readsInput: false,
  options: IMAGE_OPTIONS,
  defaults: { hiddenSize: 96, layers: 2, dropout: 0.2, batchSize: 50, learningRate: 0.003 },
  predictOptions: { ...SKIP_BAD, ...ANSWER_OPTIONS },
  evaluateOptions: SKIP_BAD,
  examples: [
    "unrolled train train-images-idx3-ubyte.gz train-labels-idx1-ubyte.gz --task image --out runs/digits",
    "unrolled predict runs/digits seven.png photos/",
    "unrolled evaluate runs/digits t10k-images-idx3-ubyte.gz t10k-labels-idx1-ubyte.gz",
  ],
  pipeline: "image-classification",
  usage: (place) => `unrolled predict ${shellWord(place)} FILE`,
};
