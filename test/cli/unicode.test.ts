/** Both Unicode spellings on the command line: files, folders' names and what is asked. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { commandFolder, type Result } from "../helpers/cli.ts";

const { file, run } = commandFolder("unicode");

const unrolled = (line: string, input?: string): Result => run(line.split(" "), { input });
const said = ({ status, stdout, stderr }: Result): string => {
  expect(status, stderr).toBe(0);
  return stdout;
};
const nfd = (text: string): string => text.normalize("NFD");
function write(name: string, text: string): void {
  mkdirSync(dirname(file(name)), { recursive: true });
  writeFileSync(file(name), text);
}

const WORDS = { 기쁨: ["좋다", "최고", "기뻐", "멋지다"], 슬픔: ["싫다", "최악", "슬퍼", "나쁘다"] };
const OTHERS = ["오늘", "정말", "영화", "그냥"];
const texts = Object.entries(WORDS).flatMap(([label, words]) =>
  Array.from({ length: 24 }, (_, i) => ({ text: `${OTHERS[i % 4]} ${words[i % 3]} ${OTHERS[(i >> 2) % 4]}`, label })),
);

beforeAll(() => {
  const table = (form: (text: string) => string): string =>
    ["text,label", ...texts.map(({ text, label }) => form(`${text},${label}`))].join("\n");
  write(
    "nfc.csv",
    table((text) => text),
  );
  write("nfd.csv", table(nfd));
  write("asked.txt", texts.map(({ text }) => text).join("\n"));
  write("asked-nfd.txt", nfd(texts.map(({ text }) => text).join("\n")));
  for (const [i, { text, label }] of texts.entries()) write(`classes/${nfd(label)}/${i}.txt`, nfd(text));
  for (const [i, { text }] of texts.slice(0, 11).entries()) write(`new/${i}.txt`, text);
});

const options =
  "--task classify --hidden-size 8 --embedding-size 8 --epochs 12 --learning-rate 0.02 --schedule constant --quiet";

test("a classifier answers for both, whichever it was trained on, and knows labels in both", () => {
  said(unrolled(`train nfc.csv ${options} --out nfc`));
  const answers = said(unrolled("predict nfc asked.txt")).replaceAll("asked.txt", "");
  expect(said(unrolled("predict nfc asked-nfd.txt")).replaceAll("asked-nfd.txt", "")).toBe(answers);
  const measures = said(unrolled("evaluate nfc nfc.csv --json --all"));
  expect((JSON.parse(measures) as { accuracy: number }).accuracy).toBeGreaterThan(0.9);
  expect(said(unrolled("evaluate nfc nfd.csv --json --all"))).toBe(measures);
  const folder = JSON.parse(said(unrolled("evaluate nfc classes --json"))) as { accuracy: number };
  expect(folder.accuracy).toBe((JSON.parse(measures) as { accuracy: number }).accuracy);
  expect(said(unrolled("predict nfc -", `${nfd(texts[0].text)}\n`))).toBe(
    said(unrolled("predict nfc -", `${texts[0].text}\n`)),
  );
  const shown = said(unrolled("inspect nfc --json"));
  expect(JSON.parse(shown)).toMatchObject({ configuration: { input: { vocabulary: { normalize: "nfc" } } } });
});

test("folders of texts are answered file by file, in natural order", () => {
  said(unrolled(`train classes ${options} --out classes-run`));
  const rows = said(unrolled("predict classes-run new")).trimEnd().split("\n");
  expect(rows.map((row) => row.split("\t")[0])).toEqual(Array.from({ length: 11 }, (_, i) => `new/${i}.txt`));
  expect(rows.every((row) => row.split("\t")[1] === "기쁨")).toBe(true);
});

test("--normalize none takes texts as they are", () => {
  said(unrolled(`train nfc.csv ${options} --normalize none --out as-it-is`));
  expect(JSON.stringify(JSON.parse(said(unrolled("inspect as-it-is --json"))))).not.toContain("normalize");
  const [one, other] = ["asked.txt", "asked-nfd.txt"].map((name) => said(unrolled(`predict as-it-is ${name}`)));
  expect(other.replaceAll("asked-nfd.txt", "")).not.toBe(one.replaceAll("asked.txt", ""));
});

test("a language model streams what it would read at once", () => {
  write("book.txt", nfd("가나다 마바사 é 아자차\n".repeat(60)));
  const small = "--hidden-size 4 --embedding-size 4 --steps 4 --sequence-length 8 --batch-size 4 --quiet";
  said(unrolled(`train book.txt ${small} --out whole`));
  said(unrolled(`train book.txt ${small} --stream --out streamed`));
  const measured = (name: string): string => said(unrolled(`evaluate ${name} book.txt --json`));
  expect(measured("streamed")).toBe(measured("whole"));
  expect(said(unrolled("sample whole --prime 가나 --seed 1 --length 8"))).toBe(
    said(unrolled(`sample whole --prime ${nfd("가나")} --seed 1 --length 8`)).replace(nfd("가나"), "가나"),
  );
  said(unrolled(`train book.txt ${small} --unit byte --out bytes`));
});
