import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parse } from "yaml";
import { aRunConfig } from "../../../test/helpers/run-config.ts";
import { someMetrics } from "../../../test/helpers/some-metrics.ts";
import { modelCard, writeModelCard } from "./model-card.ts";
import { summarizeRun } from "./run-summary.ts";

const directory = mkdtempSync(join(tmpdir(), "unrolled-card-"));
afterAll(() => rmSync(directory, { recursive: true }));
const summary = summarizeRun(someMetrics(1000));

/** The head as a YAML reader has it, and the text below. */
function partsOf(card: string): { head: Record<string, unknown>; text: string } {
  const [, head, text] = /^---\n(.*?)^---\n(.*)$/ms.exec(card) ?? [];
  return { head: parse(head) as Record<string, unknown>, text };
}

test("the head says what the Hub asks for, and where it comes from", () => {
  const config = aRunConfig();
  const { head } = partsOf(
    modelCard(config, summary, { name: "book", pipeline: "text-generation", measures: { f1: 0.5 } }),
  );
  const { loss = NaN, measures = {} } = summary.best ?? {};
  expect(head).toEqual({
    library_name: "unrolled",
    pipeline_tag: "text-generation",
    language: "und",
    tags: ["unrolled", "recurrent-neural-network", "language-model", "lstm"],
    unrolled: { version: "0.1.0", node: "26.9.0", command: config.command, data: config.data },
    "model-index": [
      {
        name: "book",
        results: [
          {
            task: { type: "text-generation", name: "language-model" },
            dataset: { type: "text-generation", name: "book.txt" },
            metrics: [
              { type: "loss", name: "Validation loss", value: loss },
              { type: "perplexity", name: "Validation perplexity", value: measures["perplexity"] },
              { type: "bitsPerCharacter", name: "Validation bits per character", value: measures["bitsPerCharacter"] },
              { type: "f1", name: "Validation f1", value: 0.5 },
            ],
          },
        ],
      },
    ],
  });
  expect(partsOf(modelCard(config, summary, { license: "mit", language: "en" })).head).toMatchObject({
    license: "mit",
    language: "en",
    pipeline_tag: "language-model",
  });
});

test("the text has the figures, and code that can be copied", () => {
  const { text } = partsOf(readFileSync(writeModelCard(join(directory, "my run"), aRunConfig(), summary), "utf8"));
  for (const part of [
    "# my run\n",
    "language-model",
    "| parameters | 116,829 |",
    "| steps per epoch | 712 |",
    `| bits per character, validation | ${summary.best?.measures["bitsPerCharacter"].toFixed(4)} |`,
    "| steps | 1,000, 1.4045 epochs |",
    "| time | 50 seconds |",
    "| seed | 7 |",
    "unrolled 0.1.0, Node 26.9.0, linux x64",
    "| book.txt | 1,257,260 | 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef |",
    "](curves.svg)",
  ])
    expect(text).toContain(part);
  expect(modelCard(aRunConfig(), summary)).toBe(modelCard(aRunConfig(), summary));
});

const nasty = [
  'a: "b" # c',
  "one\ntwo\r\n---\nthree",
  "no",
  "12",
  "'single'",
  "- [x](y) | `code` ``` <script> & *b* _i_",
  "{a: 1}",
  " \u0085 \u2028\u007f\ufeff ",
  "a\\",
  "é😀",
  "%",
  "false",
  "null",
];

test.each(nasty)("text means nothing but itself: %j", (text) => {
  const data = [{ path: text, bytes: 1, sha256: "0".repeat(64) }];
  const card = modelCard(aRunConfig({ command: text, data }), summary, { name: text, license: text, language: text });
  const { head, text: body } = partsOf(card);
  expect(head).toMatchObject({ license: text, language: text, unrolled: { command: text, data } });
  expect(head["model-index"]).toMatchObject([{ name: text }]);
  // tables keep their columns, headings their line
  for (const [table] of body.matchAll(/(?:^\|.*\n)+/gm)) {
    const columns = table
      .trimEnd()
      .split("\n")
      .map((row) => row.replaceAll(/\\./g, "").split("|").length);
    expect(new Set(columns).size, table).toBe(1);
  }
  expect(body.match(/^# /gm)).toHaveLength(1);
  expect(body.replaceAll(/^(`{3,}).*\n[^]*?\n\1$/gm, "")).not.toMatch(/(?<!\\)<script/);
  // the code is as it was typed, in a fence that it can't end
  const [, fence, code] = /^(`{3,})sh\n([^]*?)\n\1\n/m.exec(body) ?? [];
  expect(code).toBe(text);
  expect(text.includes(fence)).toBe(false);
});

test("a run without figures yet", () => {
  const { head, text } = partsOf(modelCard(aRunConfig({ options: { clipNorm: "off" } }), summarizeRun([])));
  expect(head["model-index"]).toEqual([{ name: "model", results: [] }]);
  expect(text).toContain("| steps | 0 |");
  expect(text).toContain("| clipNorm | off |");
  expect(text).not.toMatch(/NaN|undefined|best validation loss/);
});

test("many files are counted, with one hash", () => {
  const data = Array.from({ length: 11 }, (_, i) => ({
    path: `chapters/${i}.txt`,
    bytes: 1000,
    sha256: String(i % 10).repeat(64),
  }));
  const sha256 = createHash("sha256")
    .update(data.map((file) => file.sha256).join(""))
    .digest("hex");
  const { head, text } = partsOf(modelCard(aRunConfig({ data }), summary));
  expect(head).toMatchObject({ unrolled: { data: { files: 11, bytes: 11_000, sha256 } } });
  expect(text).toContain(`| 11 files | 11,000 | ${sha256} |`);
  expect(text).not.toContain("chapters/");
  expect(modelCard(aRunConfig({ data: data.slice(1) }), summary)).toContain("| chapters/10.txt | 1,000 |");
});
