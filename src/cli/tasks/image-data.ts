/** @file Pictures of `--task image`: which size they get, and what is left out. */
import { readFileSync } from "node:fs";
import { DataError } from "unrolled";
import {
  classFiles,
  decodePicture,
  idxPictures,
  PICTURE_EXTENSIONS,
  type PictureOptions,
  pictureSize,
  readIdx,
  statIfAny,
} from "unrolled/node";
import { type Classifier, type ClassifierExample, type Color, type Picture, resizePicture } from "unrolled/tasks";
import { plural } from "../terminal/format.ts";
import { warn } from "../terminal/output.ts";
import { LeftOut } from "./left-out.ts";

export type Size = { readonly width: number; readonly height: number };

/** Settings by which pictures are read. */
export type Reading = {
  readonly channels: 1 | 3;
  readonly background: Color;
  /** Size of all. Default: their own where it is one, else the median width and height. */
  readonly size: Size | undefined;
  readonly skipBad: boolean;
  /** Model that is evaluated on the pictures, if there is one. */
  readonly model?: Classifier;
};

/** A picture that is not in memory yet. */
type Entry = {
  readonly place: string;
  readonly label: string;
  readonly size: Size;
  readonly read: (size: Size) => Promise<Picture> | Picture;
};

export const isFolder = (path: string): boolean => statIfAny(path)?.isDirectory() === true;

/** Reading as a model has learned it. */
export function readingOf({ config: { input } }: Classifier): Omit<Reading, "skipBad"> {
  if (input.kind !== "images") throw new DataError("expected a model of pictures, got another");
  const { width, height, channels, background = [0, 0, 0] } = input;
  return { channels: channels === 3 ? 3 : 1, background, size: { width, height } };
}

/** Folders of classes, and pairs of idx files: pictures, then their labels. */
export async function readExamples(paths: readonly string[], reading: Reading): Promise<ClassifierExample[]> {
  const left = new LeftOut("picture", reading.skipBad);
  const entries = await entriesOf(paths, reading, left);
  const size = reading.size ?? commonSize(entries.map((entry) => entry.size));
  const examples: ClassifierExample[] = [];
  let resized = 0;
  for (const { place, label, size: own, read } of entries) {
    const input = await left.take(place, () => read(size));
    if (input === undefined) continue;
    examples.push({
      input: checkChannels(place, input, reading.model ? reading.channels : examples[0]?.input),
      label,
      place,
    });
    if (own.width !== size.width || own.height !== size.height) resized++;
  }
  left.say();
  if (examples.length === 0) throw new DataError(`${paths.join(", ")}: expected at least one picture, got none`);
  if (resized > 0) sayResized(resized, examples.length, size, reading);
  return examples;
}

function sayResized(resized: number, all: number, { width, height }: Size, { model }: Reading): void {
  const which = model === undefined ? "" : " of the model";
  const hint = model === undefined ? "; --resize sets another size" : "";
  warn(`unrolled: ${resized} of ${plural(all, "picture")} resized to the ${width} x ${height} pixels${which}${hint}`);
}

async function entriesOf(paths: readonly string[], reading: Reading, left: LeftOut): Promise<Entry[]> {
  const entries: Entry[] = [];
  let pictures: { readonly path: string; readonly list: readonly Picture[] } | undefined;
  for (const path of paths) {
    checkExists(path);
    if (isFolder(path)) {
      for (const { label, file } of classFiles(path, PICTURE_EXTENSIONS)) {
        const size = await left.take(file, () => pictureSize(file, readFileSync(file)));
        if (size !== undefined) entries.push({ place: file, label, size, read: readerOf(file, reading) });
      }
    } else if (pictures === undefined) {
      pictures = { path, list: idxPictures(path, readIdx(path)) };
    } else {
      entries.push(...labelled(path, pictures));
      pictures = undefined;
    }
  }
  if (pictures !== undefined)
    throw new DataError(`${pictures.path}: expected an idx file of labels after that of the pictures, got none`);
  return entries;
}

const readerOf =
  (file: string, { channels, background }: PictureOptions) =>
  (size: Size): Promise<Picture> =>
    decodePicture(file, readFileSync(file), { channels, background, size });

/** The size that all have, or the median width and height. */
function commonSize(sizes: readonly Size[]): Size {
  const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 1;
  return { width: median(sizes.map(({ width }) => width)), height: median(sizes.map(({ height }) => height)) };
}

/** Throws DataError for a picture of an idx file that has other channels than the rest. */
function checkChannels(place: string, picture: Picture, expected: unknown): Picture {
  const channels = typeof expected === "number" ? expected : (expected as Picture | undefined)?.channels;
  if (channels === undefined || picture.channels === channels) return picture;
  throw new DataError(`${place}: expected pictures of ${plural(channels, "channel")}, got one of ${picture.channels}`);
}

function labelled(
  path: string,
  { path: picturePath, list }: { readonly path: string; readonly list: readonly Picture[] },
): Entry[] {
  const { shape, data } = readIdx(path);
  if (shape.length !== 1 || data.length !== list.length)
    throw new DataError(
      `${path}: expected ${list.length} labels, as there are pictures in ${picturePath}, got [${shape.join(", ")}]`,
    );
  return list.map((picture, i) => ({
    place: `${picturePath} ${i + 1}`,
    label: String(data[i]),
    size: picture,
    read: (size) => resizePicture(picture, size),
  }));
}

function checkExists(path: string): void {
  if (path === "-" || statIfAny(path) === undefined)
    throw new DataError(
      `${JSON.stringify(path)}: expected a folder or an idx file, got ${path === "-" ? "the standard input" : "nothing there"}`,
    );
}
