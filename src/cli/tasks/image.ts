/** @file The work of `--task image`. */
import { decodeIdx, decodePicture, idxPictures, PICTURE_EXTENSIONS } from "unrolled/node";
import {
  type Classifier,
  classifier,
  type ClassifierExample,
  classify,
  classifyAll,
  loadClassifier,
  type Picture,
  resizePicture,
} from "unrolled/tasks";
import { colorOf, sizeOf } from "../options/file-options.ts";
import {
  type ClassifierData,
  describeClassifier,
  evaluatedOf,
  modelOptions,
  predictionOf,
  splitOf,
  trainingOf,
} from "./classifier-work.ts";
import { warn } from "../terminal/output.ts";
import { type Reading, readExamples, readingOf, type Size } from "./image-data.ts";
import { inputBytes, inputFiles, inputName } from "./input-bytes.ts";
import { LeftOut } from "./left-out.ts";
import { notEmpty } from "./not-empty.ts";
import { workSignal } from "../terminal/interruptible.ts";
import type { IMAGE_OPTIONS } from "./image-options.ts";
import { asTask, type OptionsWith, type Prediction, type Task } from "./task.ts";

type Options = OptionsWith<typeof IMAGE_OPTIONS>;

/** Answers for picture files, folders, idx files of pictures, or one file on standard input. */
async function* predict(
  model: Classifier,
  paths: readonly string[],
  { skipBad = false }: { readonly skipBad?: boolean },
): AsyncGenerator<Prediction> {
  const reading = readingOf(model);
  const left = new LeftOut("file", skipBad);
  let isSaid = false;
  const fitted = (name: string, picture: Picture): Picture => {
    const { width, height } = reading.size as Size;
    if (!isSaid && (picture.width !== width || picture.height !== height)) {
      warn(
        `unrolled: ${name}: resized from ${picture.width} x ${picture.height} pixels to the model's ${width} x ${height}`,
      );
      isSaid = true;
    }
    return resizePicture(picture, { width, height });
  };
  for (const path of inputFiles(paths, PICTURE_EXTENSIONS)) {
    const name = inputName(path);
    const found = await left.take(name, async () => {
      const bytes = await inputBytes(path, "a PNG or JPEG picture");
      if (isIdx(bytes)) return idxPictures(name, decodeIdx(name, bytes));
      const { channels, background } = reading;
      return decodePicture(name, bytes, { channels, background });
    });
    if (found === undefined) continue;
    if (!Array.isArray(found)) {
      const answer = await classify(model, fitted(name, found), { signal: workSignal() });
      yield predictionOf(answer, path === "-" ? undefined : path, { file: path === "-" ? null : path });
      continue;
    }
    const pictures = found.map((picture) => fitted(name, picture));
    const answers = await classifyAll(model, pictures, { signal: workSignal() });
    for await (const [i, answer] of notEmpty(path, "picture", answers.entries()))
      yield predictionOf(answer, `${path === "-" ? name : path} ${i + 1}`, {
        file: path === "-" ? null : path,
        picture: i + 1,
      });
  }
  left.say();
}

/** Whether it is an idx file, also a gzipped one. */
const isIdx = ([a, b]: Uint8Array): boolean => (a === 0 && b === 0) || (a === 0x1f && b === 0x8b);

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
  async read(paths, options) {
    const { channels, background, resize, skipBad = false } = options;
    const reading: Reading = {
      channels: channels === "3" ? 3 : 1,
      background: colorOf(background),
      size: resize === undefined ? undefined : sizeOf(resize),
      skipBad,
    };
    return splitOf(await readExamples(paths, reading), options);
  },
  create(data, options) {
    const { scan, patch, background } = options;
    return classifier({ ...modelOptions(data, options), scan, patch, background: colorOf(background) });
  },
  decode: loadClassifier,
  describe: (model, data) => describeClassifier(model, data, "picture"),
  preview: (_, { training }) => training.slice(0, 3).map((example) => asSeen(example)),
  training(model, data, options) {
    const { shift, affine } = options;
    return trainingOf(model, data, options, shift > 0 || affine > 0 ? { augment: { shift, affine } } : {});
  },
  predict,
  evaluate: async (model, paths, { skipBad = false }) =>
    evaluatedOf(model, await readExamples(paths, { ...readingOf(model), skipBad, model })),
  async evaluateHeldOut(model, paths, options) {
    const reading = { ...readingOf(model), skipBad: options.skipBad === true, model };
    const { validation } = splitOf(await readExamples(paths, reading), options);
    return validation.length === 0 ? undefined : evaluatedOf(model, validation);
  },
  finish: async (model, { validation }) =>
    validation.length === 0 ? { measures: {} } : evaluatedOf(model, validation),
};

/** The task as the commands see it. */
export const imageTask: Task = asTask(task);
