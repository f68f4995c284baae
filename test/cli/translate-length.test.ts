/** Translations that are longer than those of the training: cut off with a word, or whole when asked for. */
import { writeFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { commandFolder, type Result } from "../helpers/cli.ts";

const { file, run } = commandFolder("translate-length");

const unrolled = (args: readonly string[], input?: string): Result => run(args, { input });

/** Every letter becomes eight. */
const pair = (letter: string): string => `${letter}\t${letter.toUpperCase().repeat(8)}`;

beforeAll(() => {
  writeFileSync(file("pairs.tsv"), Array.from({ length: 60 }, (_, i) => pair("abc"[i % 3])).join("\n"));
  const options = "--merges 0 --hidden-size 16 --embedding-size 8 --steps 80 --learning-rate 0.02 --quiet --out run";
  expect(unrolled(["train", "pairs.tsv", "--task", "translate", ...options.split(" ")]).status).toBe(0);
});

test("what is cut off is counted, with the first text and the cure", () => {
  const { status, stdout, stderr } = unrolled(["predict", "run", "--max-length", "3", "--json"], "a\nb\n");
  expect(status).toBe(0);
  const rows = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { translations: object[] });
  for (const { translations } of rows) expect(translations[0]).toMatchObject({ finished: false });
  expect(stderr).toBe('unrolled: 2 of 2 translations cut off at 3 tokens, the first: "a"; --max-length allows more\n');
});

test("without the option the limit is the model's, and nothing is said of what ends before it", () => {
  const whole = unrolled(["predict", "run", "--json"], "a\n");
  expect(whole.stderr).toBe("");
  const [translation] = (JSON.parse(whole.stdout) as { translations: { text: string; finished: boolean }[] })
    .translations;
  expect(translation.finished).toBe(true);
  expect(translation.text.length).toBeGreaterThan(3);
  expect(unrolled(["predict", "run", "--max-length", "0"], "a\n").stderr).toContain(
    "--max-length: expected an integer >= 1",
  );
});
