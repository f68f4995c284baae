import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { DataError, randomStream } from "../../base/index.ts";
import { buildVocabulary, contiguousBatches, shuffledWindows, splitTail, type Unit } from "../../data/index.ts";
import {
  encodeCorpus,
  evaluate,
  languageModel,
  type LanguageModel,
  train,
  type TrainOptions,
} from "../../tasks/language-model/index.ts";
import type { Snapshot } from "../../train/index.ts";
import { sha256 } from "#platform";
import { textPieces } from "./file-pieces.ts";
import { readCorpus, readCorpusBytes } from "./read-corpus.ts";
import { streamCorpus } from "./stream-corpus.ts";

const directory = mkdtempSync(join(tmpdir(), "unrolled-stream-"));
afterAll(() => rmSync(directory, { recursive: true }));
const folder = join(directory, "tokens");
const at = (name: string): string => join(directory, name);

/**
 * Everything that is cut in some way: byte order mark, line ends, two to four bytes per character,
 * words with apostrophes.
 */
const strange = "\uFEFFdon't, don’t don'\r\n naïve “œuvre” 𝕎𝕠𝕣𝕕𝕤 漢字かな — \t\t e\u0301 🙂🙃 rock'n'roll '' '\n";
const text = Array.from({ length: 40 }, (_, i) => `${i} ${strange.slice(i % 7)}`).join("");
mkdirSync(at("book"));
writeFileSync(at("book/1.txt"), text.slice(0, 999));
writeFileSync(at("book/2.txt"), "");
writeFileSync(at("book/10.txt"), text.slice(999));
writeFileSync(at("one.txt"), text.trimEnd());
const books = [[at("book")], [at("one.txt")], [at("book"), at("one.txt")]];

test.each([4, 5, 7, 64, 1 << 20])("text in pieces of %d bytes is the text", (size) => {
  for (const book of books) {
    const files = book.flatMap((path) =>
      path.endsWith(".txt") ? [path] : ["1", "2", "10"].map((n) => `${path}/${n}.txt`),
    );
    const pieces = [...textPieces(files, { size })];
    expect(pieces.join("")).toBe(readCorpus(book));
    const whole = buildVocabulary(readCorpus(book), { unit: "word" });
    const vocabulary = buildVocabulary(pieces, { unit: "word" });
    expect(vocabulary.tokens).toEqual(whole.tokens);
    const stream = vocabulary.encodeStream();
    const ids = [...pieces.flatMap((piece) => [...stream.push(piece)]), ...stream.end()];
    expect(ids).toEqual([...whole.encode(readCorpus(book))]);
  }
});

/** Model of the whole text in memory, as `languageModel` makes it. */
function whole(paths: readonly string[], unit: Unit): LanguageModel & { corpus: Int32Array } {
  const corpus = unit === "byte" ? readCorpusBytes(paths) : readCorpus(paths);
  return languageModel({ corpus, unit, hiddenSize: 6, embeddingSize: 4, seed: 1 }) as LanguageModel & {
    corpus: Int32Array;
  };
}

describe.each<Unit>(["char", "word", "byte"])("%s", (unit) => {
  test.each(books)("the same vocabulary, ids and batches as in memory", async (...paths) => {
    const { vocabulary, corpus } = whole(paths, unit);
    const found = streamCorpus(paths, { folder, unit });
    expect(found.vocabulary.toJSON()).toEqual(vocabulary.toJSON());
    const { tokens } = found;
    expect(tokens.length).toBe(corpus.length);
    expect([...tokens.read(0, tokens.length)]).toEqual([...corpus]);
    expect(await tokens.hash()).toBe(await sha256(new Uint8Array(corpus.buffer)));

    const [parts, all] = [splitTail(tokens, { validation: 0.3 }), splitTail(corpus, { validation: 0.3 })];
    expect(parts.validation.length).toBe(all.validation.length);
    expect([...parts.validation.read(3, 20)]).toEqual([...all.validation.subarray(3, 23)]);
    const sizes = { batchSize: 3, sequenceLength: 7 };
    const [here, there] = [contiguousBatches(all.train, sizes), contiguousBatches(parts.train, sizes)];
    expect(there.count).toBe(here.count);
    for (let k = 0; k < here.count; k++) expect(there.at(k)).toEqual(here.at(k));
    const shuffled = (ids: typeof corpus | typeof tokens): unknown =>
      shuffledWindows(ids, { ...sizes, random: randomStream(2) }).at(1);
    expect(shuffled(parts.train)).toEqual(shuffled(all.train));
    tokens.close();
    expect(tokens.read(1, 1)[0]).toBe(corpus[1]);
    tokens.close();
  });

  test.each([false, true])(
    "training on a stream is training in memory, cut anywhere, with shuffle %s",
    async (shuffle) => {
      const paths = [at("book")];
      const options = { batchSize: 3, sequenceLength: 5, evaluateEvery: 9, steps: 24, shuffle } as const;
      const run = async (more: TrainOptions, cut = Infinity): Promise<{ model: LanguageModel; snapshot: Snapshot }> => {
        const model = whole(paths, unit);
        const training = train(model, { ...options, ...more });
        for await (const event of training) if (event.step === cut) break;
        return { model, snapshot: await training.snapshot() };
      };
      const corpus = streamCorpus(paths, { folder, unit }).tokens;
      const memory = await run({});
      const stream = await run({ corpus });
      expect(stream.snapshot.arrays).toEqual(memory.snapshot.arrays);
      expect(evaluate(stream.model, corpus)).toEqual(evaluate(memory.model, memory.model.corpus as Int32Array));
      for (const cut of [1, 9, 17, 23]) {
        const first = await run({ corpus }, cut);
        // a run in memory goes on as a stream, and the other way round
        for (const more of [{ corpus }, {}]) {
          const rest = await run({ ...more, resume: first.snapshot });
          expect(rest.snapshot.arrays, `cut after step ${cut}`).toEqual(memory.snapshot.arrays);
        }
      }
      const other = streamCorpus([at("one.txt"), at("book")], {
        folder,
        unit,
        vocabulary: memory.model.vocabulary,
      }).tokens;
      await expect(run({ corpus: other, resume: memory.snapshot })).rejects.toThrow(/train resume data/);
    },
  );
});

test("token files serve again, and hold two bytes per token, or four for many words", () => {
  const own = at("own");
  const open = (path: string): number => streamCorpus([path], { folder: own }).tokens.length;
  const length = open(at("one.txt"));
  const [name] = readdirSync(own);
  expect(name).toMatch(/^[0-9a-f]{32}\.16$/);
  expect(statSync(join(own, name)).size).toBe(2 * length);
  // nothing is encoded again: what is there is read
  writeFileSync(join(own, name), new Uint8Array(10));
  expect(open(at("one.txt"))).toBe(5);
  writeFileSync(at("changed.txt"), `${readFileSync(at("one.txt"), "utf8")}!`);
  expect(open(at("changed.txt"))).toBe(length + 1);
  expect(readdirSync(own)).toHaveLength(2);

  writeFileSync(at("many.txt"), Array.from({ length: 70_000 }, (_, i) => `w${i}`).join(" "));
  const { vocabulary, tokens } = streamCorpus([at("many.txt")], { folder: own, unit: "word", maxVocabulary: 100_000 });
  expect(readdirSync(own).filter((file) => file.endsWith(".32"))).toHaveLength(1);
  expect(vocabulary.decode(tokens.read(139_990, 9))).toBe("w69995 w69996 w69997 w69998 w69999");
});

test("a letter and its marks may stand in two pieces: the tokens are those of the whole", () => {
  // more than 4 MiB, which are read at once, without a place where a piece could end well
  const spelled = `${"한글이다".normalize("NFD").repeat(50_000)}é`.normalize("NFD").repeat(2);
  writeFileSync(at("hangul.txt"), spelled);
  for (const normalize of ["nfc", "none"] as const) {
    const model = languageModel({ corpus: spelled, normalize });
    const { vocabulary, tokens } = streamCorpus([at("hangul.txt")], { folder, normalize });
    expect(vocabulary.toJSON()).toEqual(model.vocabulary.toJSON());
    expect(tokens.length).toBe(model.corpus?.length);
    expect(
      Buffer.from(tokens.read(0, tokens.length).buffer).equals(
        Buffer.from((model.corpus as Int32Array).slice().buffer),
      ),
    ).toBe(true);
  }
});

test("more files than are open at once", () => {
  mkdirSync(at("chapters"));
  for (let i = 0; i < 100; i++) writeFileSync(at(`chapters/${i}.txt`), `chapter ${i}\n`.repeat(1 + (i % 3)));
  const { tokens } = streamCorpus([at("chapters")], { folder, unit: "byte" });
  const all = encodeCorpus(buildVocabulary("x", { unit: "byte" }), readCorpusBytes([at("chapters")]));
  for (let start = 0; start < all.length; start += 13)
    expect(tokens.read(start, Math.min(50, all.length - start))).toEqual(all.slice(start, start + 50));
});

describe("errors", () => {
  test("as readCorpus has them", () => {
    writeFileSync(at("latin1.txt"), Buffer.from("\xe9\xe8\xea", "latin1"));
    writeFileSync(at("cut.txt"), Buffer.from("漢字").subarray(0, 5));
    for (const name of ["latin1.txt", "cut.txt"]) {
      expect(() => streamCorpus([at(name)], { folder })).toThrow(DataError);
      expect(() => streamCorpus([at(name)], { folder })).toThrow(new RegExp(`${name} line 1: expected UTF-8 text`));
    }
    expect(() => streamCorpus([at("nowhere.txt")], { folder })).toThrow(/which does not exist/);
    writeFileSync(at("empty.txt"), "");
    for (const unit of ["char", "word", "byte"] as const)
      expect(() => streamCorpus([at("empty.txt")], { folder, unit })).toThrow(DataError);
  });

  test("an unknown character, with its place in the whole text; nothing is left behind", () => {
    const vocabulary = buildVocabulary("abc\n");
    writeFileSync(at("known.txt"), "a".repeat(5 * 2 ** 20));
    writeFileSync(at("unknown.txt"), "abcx");
    const before = readdirSync(folder);
    expect(() => streamCorpus([at("known.txt"), at("unknown.txt")], { folder, vocabulary })).toThrow(
      /got "x" \(U\+0078\) at position 5242884/,
    );
    expect(readdirSync(folder)).toEqual(before);
  });

  test("a file that has become shorter, and ids that are not there", () => {
    writeFileSync(at("short.txt"), "0123456789");
    const { tokens } = streamCorpus([at("short.txt")], { folder, unit: "byte" });
    truncateSync(at("short.txt"), 4);
    expect([...tokens.read(0, 4)]).toEqual([48, 49, 50, 51]);
    expect(() => tokens.read(2, 8)).toThrow(/expected 10 bytes in .*short\.txt", got 4/);
    expect(() => tokens.read(5, 6)).toThrow(RangeError);
    expect(() => tokens.read(-1, 1)).toThrow(RangeError);
    expect(() => tokens.subarray(4, 11)).toThrow(RangeError);
  });
});
