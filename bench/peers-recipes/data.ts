/**
 * @file Writes the data of the recipes as files, for the command and for the peers beside this.
 *
 *     node bench/peers-recipes/data.ts FOLDER
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ClassifierExample, Picture, TaggedExample, Utterance } from "unrolled/tasks";
import { splitMails } from "../../examples/recipes/classify/mails.ts";
import { splitDigits } from "../../examples/recipes/image/digits.ts";
import { splitSentences } from "../../examples/recipes/tag/addresses.ts";
import { SAMPLE_RATE, spokenNumbers, TEST_VOICES, TRAINING_VOICES } from "../../examples/recipes/transcribe/voices.ts";
import { datePairs } from "../../examples/recipes/translate/pairs.ts";

const [folder = ".bench/recipes"] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const write = (name: string, data: string | Uint8Array): void => writeFileSync(join(folder, name), data);
const lines = (all: readonly string[]): string => `${all.join("\n")}\n`;

const mails = splitMails();
for (const [part, examples] of [
  ["train", mails.training],
  ["test", mails.test],
] as const)
  write(`spam-${part}.jsonl`, lines(examples.map(({ input, label }) => JSON.stringify({ text: input, label }))));

const sentences = splitSentences();
const columns = ({ tokens, tags }: TaggedExample): string => tokens.map((word, t) => `${word}\t${tags[t]}`).join("\n");
write("names-train.conll", `${sentences.training.map(columns).join("\n\n")}\n`);
write("names-test.conll", `${sentences.held.map(columns).join("\n\n")}\n`);

const digits = splitDigits();
const idx = (dimensions: readonly number[], data: Uint8Array): Uint8Array => {
  const head = Buffer.alloc(4 + 4 * dimensions.length);
  head.writeUInt16BE(0x0800 + dimensions.length, 2);
  dimensions.forEach((size, i) => head.writeUInt32BE(size, 4 + 4 * i));
  return Buffer.concat([head, data]);
};
const pixelsOf = ({ input }: ClassifierExample): Uint8Array => Uint8Array.from((input as Picture).data);
for (const [part, examples] of [
  ["train", digits.training],
  ["test", digits.test],
] as const) {
  write(`digits-${part}-images-idx3-ubyte`, idx([examples.length, 28, 28], Buffer.concat(examples.map(pixelsOf))));
  const labels = Uint8Array.from(examples, ({ label }) => Number(label));
  write(`digits-${part}-labels-idx1-ubyte`, idx([examples.length], labels));
}

const births = new URL("../../examples/recipes/forecast/births.ts", import.meta.url).pathname;
const days = execFileSync(process.execPath, [births, "--csv"], { encoding: "utf8" }).trimEnd().split("\n");
write("births.csv", lines(days));
write("births-train.csv", lines(days.slice(0, -728)));

for (const language of ["ko", "de", "fr"]) {
  const rows = datePairs(11_000, language, 1).map(({ source, target }) => `${source}\t${target}`);
  write(`dates-${language}-train.tsv`, lines(rows.slice(0, 10_000)));
  write(`dates-${language}-test.tsv`, lines(rows.slice(10_000)));
}

/** WAV of 16 bits. */
function wav(samples: ArrayLike<number>): Uint8Array {
  const bytes = Buffer.alloc(44 + 2 * samples.length);
  bytes.write("RIFF", 0);
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write("WAVEfmt ", 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(SAMPLE_RATE, 24);
  bytes.writeUInt32LE(2 * SAMPLE_RATE, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write("data", 36);
  bytes.writeUInt32LE(2 * samples.length, 40);
  for (let i = 0; i < samples.length; i++)
    bytes.writeInt16LE(Math.max(-32_768, Math.min(32_767, Math.round(samples[i] * 32_768))), 44 + 2 * i);
  return bytes;
}

function writeSpoken(name: string, utterances: readonly Utterance[]): void {
  mkdirSync(join(folder, name), { recursive: true });
  utterances.forEach(({ samples }, i) => write(join(name, `${i}.wav`), wav(samples)));
  write(join(name, "transcripts.csv"), lines(["file,text", ...utterances.map(({ text }, i) => `${i}.wav,${text}`)]));
}

for (const [name, largest, count, tests] of [
  ["spoken", 999, 2000, 300],
  ["spoken-digits", 9, 320, 80],
] as const) {
  writeSpoken(`${name}-train`, spokenNumbers(count, { voices: TRAINING_VOICES, largest, seed: 1 }));
  writeSpoken(`${name}-test`, spokenNumbers(tests, { voices: TEST_VOICES, largest, seed: 2 }));
}
