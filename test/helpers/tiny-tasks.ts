/** @file The smallest data on which `unrolled train` trains a language model and each task, with commands that take a second. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { encode } from "fast-png";
import { randomStream } from "../../src/base/index.ts";
import { encodeWav } from "../../src/tasks/index.ts";

export type TinyTask = {
  readonly name: string;
  /** What is typed after `unrolled train`: files in the folder and options of the model. */
  readonly args: readonly string[];
  /** Files for `unrolled predict`; none for a language model, which samples. */
  readonly toPredict: readonly string[];
};

const lines = (list: readonly string[]): string => list.map((one) => `${one}\n`).join("");
const general = "--hidden-size 4 --dropout 0.2 --batch-size 4".split(" ");
const forTask = (name: string, files: readonly string[], ...more: readonly string[]): TinyTask["args"] => [
  ...files,
  "--task",
  name,
  ...general,
  ...more,
];

/** Writes the data into a folder; the paths of the commands are relative to it. */
export function tinyTasks(folder: string): readonly TinyTask[] {
  const write = (name: string, contents: string | Uint8Array): void => {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, contents);
  };
  const random = randomStream(8);
  const words = ["cat", "dog", "ball", "tree"];
  const colours = ["red", "blue", "green"];
  const oneOf = (list: readonly string[]): string => list[random.integer(list.length)];
  const list = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

  write("text.txt", list(700, (i) => "abcdefghij \n"[(i * i + 7 * i) % 12]).join(""));
  write("texts.csv", lines(["text,label", ...list(16, (i) => `${oneOf(words)} ${i % 2 ? "good,yes" : "bad,no"}`)]));
  for (let i = 0; i < 12; i++) {
    const data = Uint8Array.from(list(16, () => random.integer(100) + (i % 2) * 150));
    write(
      `pictures/${i % 2 ? "light" : "dark"}/${i}.png`,
      encode({ width: 4, height: 4, channels: 1, depth: 8, data }),
    );
  }
  const tagged = (): string => `${oneOf(colours)} B-COL\n${oneOf(words)} O\n\n`;
  write("tags.conll", list(16, tagged).join(""));
  write("words.txt", "red cat\n");
  const day = (i: number): string => new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(0, 10);
  const sales = (days: number, known: number): string[] =>
    list(
      days,
      (i) => `${day(i)},${i < known ? (10 + 5 * Math.sin((2 * Math.PI * i) / 7) + random.normal()).toFixed(2) : ""}`,
    );
  write("sales.csv", lines(["date,value", ...sales(60, 60)]));
  write("pairs.tsv", lines(list(16, () => [oneOf(colours), oneOf(words)]).map(([a, b]) => `${a} ${b}\t${b} ${a}`)));
  for (let i = 0; i < 8; i++) {
    const hertz = i % 2 ? 300 : 900;
    const samples = Float32Array.from(
      list(900, (t) => 0.3 * Math.sin((2 * Math.PI * hertz * t) / 4000) + 0.01 * random.normal()),
    );
    write(`songs/${i}.wav`, encodeWav(samples, { sampleRate: 4000 }));
  }
  write("songs/transcripts.csv", lines(["file,text", ...list(8, (i) => `${i}.wav,${i % 2 ? "a" : "b"}`)]));
  return [
    { name: "language-model", args: ["text.txt", ...general, "--sequence-length", "8"], toPredict: [] },
    { name: "classify", args: forTask("classify", ["texts.csv"]), toPredict: ["texts.csv"] },
    { name: "image", args: forTask("image", ["pictures"]), toPredict: ["pictures/dark/0.png"] },
    {
      name: "tag",
      args: forTask("tag", ["tags.conll"], "--embedding-size", "4", "--character-size", "3"),
      toPredict: ["words.txt"],
    },
    { name: "forecast", args: forTask("forecast", ["sales.csv"], "--horizon", "4"), toPredict: ["sales.csv"] },
    {
      name: "translate",
      args: forTask("translate", ["pairs.tsv"], "--merges", "4", "--embedding-size", "4"),
      toPredict: ["pairs.tsv"],
    },
    { name: "transcribe", args: forTask("transcribe", ["songs"], "--bands", "8"), toPredict: ["songs/0.wav"] },
  ];
}
