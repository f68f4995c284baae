/** `--task image` with pictures as people have them: two formats, several sizes, alpha, broken ones. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { encode as encodePng } from "fast-png";
import { encode as encodeJpeg } from "jpeg-js";
import { beforeAll, expect, test } from "vitest";
import { commandFolder, type Result } from "../helpers/cli.ts";

const { file, run } = commandFolder("pictures");

const unrolled = (line: string, input?: Uint8Array): Result => run(line.split(" "), { input });
const said = ({ status, stdout, stderr }: Result): string => {
  expect(status, stderr).toBe(0);
  return stdout;
};

function write(name: string, bytes: Uint8Array | string): void {
  mkdirSync(dirname(file(name)), { recursive: true });
  writeFileSync(file(name), bytes);
}

/** Black strokes on a transparent canvas: a bar that stands, or one that lies. */
function canvas(label: string, i: number, size: number): Uint8Array {
  const data = new Uint8Array(size * size * 4);
  const place = Math.floor(size / 3) + (i % Math.floor(size / 3));
  for (let k = 0; k < size; k++) data[(label === "lies" ? place * size + k : k * size + place) * 4 + 3] = 255;
  return encodePng({ width: size, height: size, channels: 4, depth: 8, data });
}

/** The same on white paper. */
function paper(label: string, i: number, size: number): Uint8Array {
  const data = new Uint8Array(size * size * 4).fill(255);
  const place = Math.floor(size / 3) + (i % Math.floor(size / 3));
  for (let k = 0; k < size; k++)
    data.fill(
      0,
      (label === "lies" ? place * size + k : k * size + place) * 4,
      (label === "lies" ? place * size + k : k * size + place) * 4 + 3,
    );
  return encodeJpeg({ width: size, height: size, data }, 95).data;
}

const LABELS = ["lies", "stands"];
const small = "--task image --hidden-size 16 --layers 1 --dropout 0 --learning-rate 0.01 --epochs 40 --quiet";

beforeAll(() => {
  for (const label of LABELS)
    for (let i = 0; i < 20; i++) {
      write(`bars/${label}/${i}.png`, canvas(label, i, 12));
      write(`bars/${label}/${i}.${i % 2 === 0 ? "jpg" : "JPEG"}`, paper(label, i, 12));
    }
  write("bars/lies/old.gif", "GIF89a");
  write("bars/stands/.DS_Store", "");
  for (let i = 0; i < 12; i++) write(`new/${i}.png`, canvas(LABELS[i % 2], i, i % 3 === 0 ? 24 : 12));
  write("new/sub/12.jpg", paper("lies", 3, 12));
  write("new/notes.txt", "");
  for (const label of LABELS) {
    for (let i = 0; i < 3; i++) write(`broken/${label}/${i}.png`, canvas(label, i, i === 0 ? 10 : 12));
    write(`broken/${label}/3.png`, canvas(label, 3, 12).subarray(0, 60));
  }
  write("broken/lies/4.jpg", "no picture");
});

test("JPEG and PNG are both trained on, strokes on transparent canvases are seen, the rest is counted", () => {
  const result = unrolled(`train bars ${small} --out bars-run`);
  expect(result.stderr).toContain("bars: 1 of 81 entries are no .png or .jpg or .jpeg files and are passed over");
  said(result);
  const { facts } = JSON.parse(readFileSync(file("bars-run/config.json"), "utf8")) as { facts: object };
  expect(facts).toMatchObject({ trainingExamples: 72, validationExamples: 8 });
  const measures = said(unrolled("evaluate bars-run bars --json"));
  expect((JSON.parse(measures) as { accuracy: number }).accuracy).toBeGreaterThan(0.95);
});

test("predict answers for a folder, one line for each file, in natural order, and fits sizes", () => {
  const result = unrolled("predict bars-run new");
  const rows = said(result)
    .trimEnd()
    .split("\n")
    .map((row) => row.split("\t"));
  const names = [...Array.from({ length: 12 }, (_, i) => `new/${i}.png`), "new/sub/12.jpg"];
  expect(rows.map(([name]) => name)).toEqual(names);
  expect(rows.map(([, label]) => label)).toEqual([...names.slice(0, 12).map((_, i) => LABELS[i % 2]), "lies"]);
  expect(result.stderr).toContain("new/0.png: resized from 24 x 24 pixels to the model's 12 x 12");
  expect(result.stderr.match(/resized/g)).toHaveLength(1);
  expect(result.stderr).toContain("new: 1 of 14 files are no .png or .jpg or .jpeg files and are passed over");
  const json = said(unrolled("predict bars-run new/2.png new/3.png --json")).trimEnd().split("\n");
  expect(json.map((line) => JSON.parse(line) as object)).toMatchObject([
    { file: "new/2.png", label: "lies" },
    { file: "new/3.png", label: "stands" },
  ]);
  for (const name of ["new/3.png", "new/sub/12.jpg"])
    expect(said(unrolled("predict bars-run -", readFileSync(file(name))))).toMatch(/^(stands|lies)\t0\.\d{4}\n$/);
});

test("the background and the size are those of the training when the model is used", () => {
  for (const label of LABELS) for (let i = 0; i < 12; i++) write(`dark/${label}/${i}.png`, canvas(label, i, 12));
  said(unrolled(`train dark ${small} --background #ff0000 --channels 3 --resize 9x6 --out dark-run`));
  const shown = JSON.parse(said(unrolled("inspect dark-run --json"))) as { configuration: { input: object } };
  expect(shown.configuration.input).toMatchObject({ width: 9, height: 6, channels: 3, background: [255, 0, 0] });
  const measures = JSON.parse(said(unrolled("evaluate dark-run dark --json"))) as { accuracy: number };
  expect(measures.accuracy).toBeGreaterThan(0.9);
  // the same when the run is resumed: else its data would not be what it was
  const resumed = unrolled("train --task image --resume dark-run --epochs 41 --quiet");
  said(resumed);
});

test("pictures of several sizes get the median one, with a word", () => {
  const sizes = "train broken --task image --hidden-size 4 --layers 1 --steps 2 --quiet --overwrite --out sizes-run";
  const result = unrolled(`${sizes} --skip-bad`);
  said(result);
  expect(result.stderr).toContain(
    "unrolled: 2 of 6 pictures resized to the 12 x 12 pixels; --resize sets another size",
  );
  expect(said(unrolled(`${sizes} --skip-bad --resize 8`))).toBe("");
});

test("--skip-bad leaves out what is broken, counts it, and says why", () => {
  const train = "train broken --task image --hidden-size 4 --layers 1 --steps 2 --quiet --overwrite --out broken-run";
  const refused = unrolled(train);
  expect(refused.status).toBe(2);
  expect(refused.stderr).toMatch(
    /broken\/lies\/4\.jpg: expected a PNG or JPEG picture, .*\. --skip-bad leaves such files out\n$/,
  );
  const result = unrolled(`${train} --skip-bad`);
  said(result);
  expect(result.stderr).toMatch(
    /3 of 9 pictures left out: broken\/lies\/4\.jpg: expected a PNG or JPEG picture, got another beginning; broken\/lies\/3\.png: expected .*; broken\/stands\/3\.png/,
  );
  expect(unrolled("evaluate broken-run broken --json --skip-bad").stderr).toMatch(/3 of 9 pictures left out/);
  const predicted = unrolled("predict broken-run broken --skip-bad");
  expect(said(predicted).trimEnd().split("\n")).toHaveLength(6);
  expect(predicted.stderr).toMatch(/3 of 9 files left out/);
  expect(unrolled("predict broken-run broken").stderr).toContain("--skip-bad leaves such files out");
});

test("what is no picture is refused in one line", () => {
  write("photo.webp", "RIFF\0\0\0\0WEBPVP8 ");
  const { status, stderr } = unrolled("predict bars-run photo.webp");
  expect(status).toBe(2);
  expect(stderr).toContain(
    "photo.webp: expected a PNG or JPEG picture, got WebP. Convert it, for example with: magick IN",
  );
  write("only/a/x.bmp", "BM");
  write("only/b/x.png", canvas("lies", 0, 12));
  expect(unrolled(`train only ${small}`).stderr).toContain(".png or .jpg or .jpeg files in");
  expect(unrolled(`train bars ${small} --background blueish`).stderr).toContain("white, black, or a colour");
  expect(unrolled(`train bars ${small} --resize wide`).stderr).toContain("a size in pixels, such as 28 or 32x24");
  expect(unrolled("predict bars-run nowhere.png").stderr).toContain(
    'expected a file, got "nowhere.png", which does not exist\n',
  );
  mkdirSync(file("empty"));
  expect(unrolled("predict bars-run empty").stderr).toContain("empty: expected .png or .jpg or .jpeg files, got none");
});
