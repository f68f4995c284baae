/** @file The work of `--task image`. */
import { extname } from "node:path";
import { DataError } from "unrolled";
import { classFiles, decodePng, idxPictures, readIdx, readPng, statIfAny } from "unrolled/node";
import {
  type Classifier,
  classifier,
  type ClassifierExample,
  classify,
  classifyAll,
  loadClassifier,
  type Picture,
} from "unrolled/tasks";
import {
  type ClassifierData,
  describeClassifier,
  evaluatedOf,
  modelOptions,
  predictionOf,
  splitOf,
  trainingOf,
} from "./classifier-work.ts";
import { plural } from "../terminal/format.ts";
import { notEmpty } from "./not-empty.ts";
import { workSignal } from "../terminal/interruptible.ts";
import type { IMAGE_OPTIONS } from "./image-options.ts";
import { asTask, type OptionsWith, type Prediction, type Task } from "./task.ts";

type Options = OptionsWith<typeof IMAGE_OPTIONS>;

const isFolder = (path: string): boolean => statIfAny(path)?.isDirectory() === true;
const isPng = (path: string): boolean => extname(path).toLowerCase() === ".png";

/** Folders of classes, and pairs of idx files: pictures, then their labels. */
type Reading = {
  readonly channels: 1 | 3;
  /** Model whose labels and size the pictures must have, if there is one. */
  readonly model?: Classifier;
};

async function readAll(paths: readonly string[], { channels, model }: Reading): Promise<ClassifierExample[]> {
  const check = checkOf(model);
  const examples: ClassifierExample[] = [];
  let pictures: { readonly path: string; readonly list: readonly Picture[] } | undefined;
  for (const path of paths) {
    checkExists(path);
    if (isFolder(path)) {
      for (const { label, file } of classFiles(path, [".png"]))
        examples.push(check(file, { input: await readPng(file, { channels }), label, place: file }));
    } else if (pictures === undefined) {
      pictures = { path, list: idxPictures(path, readIdx(path)) };
    } else {
      for (const example of labelled(path, pictures)) examples.push(check(path, example));
      pictures = undefined;
    }
  }
  if (pictures !== undefined)
    throw new DataError(`${pictures.path}: expected an idx file of labels after that of the pictures, got none`);
  if (examples.length === 0) throw new DataError(`${paths.join(", ")}: expected at least one picture, got none`);
  return examples;
}

/**
 * Looks at each example and gives it back: its size is that of the others, or the model's, which
 * also knows its label.
 */
function checkOf(model: Classifier | undefined): (file: string, example: ClassifierExample) => ClassifierExample {
  let size = model?.config.input.kind === "images" ? sizeOf(model.config.input) : undefined;
  return (file, example) => {
    const got = sizeOf(example.input as Picture);
    size ??= got;
    if (got !== size) throw new DataError(`${file}: expected pictures of ${size}, got one of ${got}`);
    if (model?.labels.includes(example.label) === false)
      throw new DataError(
        `${file}: expected one of the model's ${model.labels.length} labels, got ${JSON.stringify(example.label)}`,
      );
    return example;
  };
}

const sizeOf = ({ width, height, channels }: Omit<Picture, "data">): string =>
  `${width} x ${height} pixels, ${plural(channels, "channel")}`;

function labelled(
  path: string,
  { path: picturePath, list }: { readonly path: string; readonly list: readonly Picture[] },
): ClassifierExample[] {
  const { shape, data } = readIdx(path);
  if (shape.length !== 1 || data.length !== list.length)
    throw new DataError(
      `${path}: expected ${list.length} labels, as there are pictures in ${picturePath}, got [${shape.join(", ")}]`,
    );
  return list.map((input, i) => ({ input, label: String(data[i]) }));
}

function checkExists(path: string): void {
  if (path === "-" || statIfAny(path) === undefined)
    throw new DataError(
      `${JSON.stringify(path)}: expected a folder or an idx file, got ${path === "-" ? "the standard input" : "nothing there"}`,
    );
}

/** The channels that the model reads. */
function channelsOf({ config }: Classifier): 1 | 3 {
  return config.input.kind === "images" && config.input.channels === 3 ? 3 : 1;
}

async function bytesOfInput(): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of process.stdin) parts.push(part as Uint8Array);
  return Buffer.concat(parts);
}

/** PNG files, idx files of pictures, or one PNG from the standard input. */
async function* predict(model: Classifier, paths: readonly string[]): AsyncGenerator<Prediction> {
  const channels = channelsOf(model);
  for (const path of paths) {
    if (path === "-" || isPng(path)) {
      const picture =
        path === "-"
          ? await decodePng("standard input", await bytesOfInput(), { channels })
          : await readPng(path, { channels });
      const answer = await classify(model, picture, { signal: workSignal() });
      yield predictionOf(answer, path === "-" ? undefined : path);
    } else {
      const answers = await classifyAll(model, idxPictures(path, readIdx(path)), { signal: workSignal() });
      for await (const [i, answer] of notEmpty(path, "picture", answers.entries()))
        yield predictionOf(answer, `${path} ${i + 1}`);
    }
  }
}

/** A picture in signs, two of its rows in one. */
function asSeen({ input, label }: ClassifierExample): string {
  const { width, height, channels, data } = input as Picture;
  const at = (x: number, y: number): number => (y < height ? data[(y * width + x) * channels] : 0);
  const columns = Math.min(width, 64);
  const lines = Array.from({ length: Math.ceil(Math.min(height, 64) / 2) }, (_, row) =>
    Array.from({ length: columns }, (__, x) => " .:-=+*#%@"[Math.floor((at(x, 2 * row) + at(x, 2 * row + 1)) / 52)])
      .join("")
      .trimEnd(),
  );
  return [`${label}, ${width} x ${height}:`, ...lines].join("\n");
}

const task: Task<Classifier, ClassifierData, Options> = {
  read: async (paths, options) =>
    splitOf(await readAll(paths, { channels: options.channels === "3" ? 3 : 1 }), options),
  create: (data, options) => classifier({ ...modelOptions(data, options), scan: options.scan, patch: options.patch }),
  decode: loadClassifier,
  describe: (model, data) => describeClassifier(model, data, "picture"),
  preview: (_, { training }) => training.slice(0, 3).map((example) => asSeen(example)),
  training(model, data, options) {
    const { shift, affine } = options;
    return trainingOf(model, data, options, shift > 0 || affine > 0 ? { augment: { shift, affine } } : {});
  },
  predict,
  evaluate: async (model, paths) => evaluatedOf(model, await readAll(paths, { channels: channelsOf(model), model })),
  finish: async (model, { validation }) =>
    validation.length === 0 ? { measures: {} } : evaluatedOf(model, validation),
};

/** The task as the commands see it. */
export const imageTask: Task = asTask(task);
