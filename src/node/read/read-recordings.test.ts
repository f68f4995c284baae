import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { inflateSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { encodeWav } from "../../tasks/index.ts";
import { flacOf } from "../../../test/helpers/flac.ts";
import { MP3_TONE as MP3 } from "../../../test/helpers/mp3.ts";
import { type ReadRecordingsOptions, readRecordings } from "./read-recordings.ts";
import { spectrogramSvg } from "../pictures/spectrogram.ts";

const root = mkdtempSync(join(tmpdir(), "unrolled-recordings-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const sound = (sampleRate = 8000): Uint8Array => encodeWav(Float32Array.of(0, 0.5), { sampleRate });

function folder(name: string, files: Readonly<Record<string, string | Uint8Array>>): string {
  mkdirSync(join(root, name, "wavs"), { recursive: true });
  for (const [file, content] of Object.entries(files)) writeFileSync(join(root, name, file), content);
  return join(root, name);
}

const texts = async (path: string, options: ReadRecordingsOptions = {}): Promise<string[]> =>
  (await readRecordings(path, options)).recordings.map(({ name, text }) => `${basename(name)}: ${text}`);

test("tables with commas and tabs, and the lists of LJSpeech", async () => {
  const comma = folder("comma", { "a.wav": sound(), "transcripts.csv": 'text,file\n"hello, you",a.wav\n' });
  expect(await readRecordings(comma)).toEqual({
    sampleRate: 8000,
    resampled: 0,
    recordings: [{ name: join(comma, "a.wav"), samples: Float32Array.of(0, 0.5), text: "hello, you" }],
  });
  const tab = folder("tab", { "a.wav": sound(), "transcripts.tsv": "file\ttext\na\tone\n" });
  expect(await texts(tab)).toEqual(["a.wav: one"]);
  expect(await readRecordings(join(tab, "transcripts.tsv"))).toEqual(await readRecordings(tab));
  const other = folder("other", { "a.wav": sound(), "held-out.csv": "file,text\na,two\n" });
  expect(await texts(join(other, "held-out.csv"))).toEqual(["a.wav: two"]);
  // the only table of a folder, whatever its name
  expect(await texts(other)).toEqual(["a.wav: two"]);
  const list = { "wavs/x-1.wav": sound(), "wavs/x-2.wav": sound(), "metadata.csv": 'x-1|"No" 1|"No" one\nx-2|b|b\n' };
  expect(await texts(folder("list", list))).toEqual(['x-1.wav: "No" one', "x-2.wav: b"]);
  expect(await texts(folder("list", list), { textColumn: "1" })).toEqual(['x-1.wav: "No" 1', "x-2.wav: b"]);
  const two = await readRecordings([comma, tab]);
  expect(two.recordings.map(({ text }) => text)).toEqual(["hello, you", "one"]);
});

const BOM = "\uFEFF";
const latin = (text: string): Uint8Array => Buffer.from(text, "latin1");
const clip = "common_voice_de_1";

// the table's name and its content, the recording's place, and what is read
test.each<[name: string, table: string, content: string | Uint8Array, place: string, expected: string]>([
  ["LJSpeech, marked", "metadata.csv", `${BOM}L0|Hi, "you"|Hi, "you"\r\n`, "wavs/L0.wav", 'Hi, "you"'],
  ["LJSpeech, Latin-1", "metadata.csv", latin("L0|caf\xe9|caf\xe9 noir\n"), "wavs/L0.wav", "café noir"],
  ["LJSpeech under another name", "train.txt", "L0|one|one\n", "wavs/L0.wav", "one"],
  [
    "Common Voice",
    "train.tsv",
    `client_id\tpath\tsentence\tup_votes\n9f\t${clip}.mp3\tEr sagte: "Ja"\t2\n`,
    `clips/${clip}.mp3`,
    'Er sagte: "Ja"',
  ],
  ["Common Voice, older: no ending", "train.tsv", `path\tsentence\n${clip}\t"Ja\n`, `clips/${clip}.mp3`, '"Ja'],
  [
    "DeepSpeech",
    "train.csv",
    "wav_filename,wav_filesize,transcript\nclips/a.wav,1234,hello there\n",
    "clips/a.wav",
    "hello there",
  ],
  [
    "DeepSpeech, marked and with CRLF",
    "train.csv",
    `${BOM}wav_filename,wav_filesize,transcript\r\na.wav,1,"yes, no"\r\n`,
    "a.wav",
    "yes, no",
  ],
  ["Hugging Face", "metadata.csv", "file_name,transcription\ndata/a.wav,good day\n", "data/a.wav", "good day"],
  [
    "Hugging Face, JSON lines",
    "metadata.jsonl",
    '{"file_name": "a.flac", "transcription": "good | day"}\n',
    "a.flac",
    "good | day",
  ],
  [
    "NeMo's manifest",
    "manifest.jsonl",
    '{"audio_filepath": "./audio/a.wav", "duration": 1, "text": "three"}\n',
    "audio/a.wav",
    "three",
  ],
  ["our table in Latin-1", "transcripts.csv", latin("file,text\na,caf\xe9\n"), "a.wav", "café"],
  ["our table in UTF-16", "transcripts.tsv", Buffer.from(`${BOM}file\ttext\na\té\n`, "utf16le"), "a.wav", "é"],
  ["a table with semicolons", "transcripts.csv", "file;text\na;one, two\n", "a.wav", "one, two"],
  ["a table with bars and a head", "metadata.csv", "file|text\na|one\n", "a.wav", "one"],
  [
    "LibriSpeech",
    "84/121/84-121.trans.txt",
    "84-121-0000 GO DO YOU HEAR\n",
    "84/121/84-121-0000.flac",
    "GO DO YOU HEAR",
  ],
])("%s", async (name, table, content, place, expected) => {
  const root = folder(name.replaceAll(/\W/g, "-"), {});
  for (const file of [table, place]) mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, table), content);
  writeFileSync(
    join(root, place),
    place.endsWith(".flac") ? flacOf([[0, 16_384]], { sampleRate: 8000 }) : place.endsWith(".mp3") ? MP3 : sound(),
  );
  for (const path of [join(root, table), ...(/LJ.*other/.test(name) ? [] : [root])]) {
    const { recordings } = await readRecordings(path);
    expect(recordings.map((one) => one.text)).toEqual([expected]);
    expect(recordings[0].name).toBe(join(root, place));
    expect(recordings[0].samples.length).toBeGreaterThan(1);
    expect(JSON.stringify(recordings)).not.toContain("\uFFFD");
  }
});

test("Kaldi: text and wav.scp; what is a command is refused", async () => {
  const files = {
    "a.wav": sound(),
    "b.wav": sound(),
    text: "u1 one two\nu2 three\n",
    "wav.scp": "u1 a.wav\nu2 b.wav\n",
  };
  expect(await texts(folder("kaldi", files))).toEqual(["a.wav: one two", "b.wav: three"]);
  const piped = folder("piped", { ...files, "wav.scp": "u1 sox a.wav -t wav - |\nu2 b.wav\n" });
  await expect(readRecordings(piped)).rejects.toThrow("wav.scp line 1: expected a file, got a command");
  const cut = folder("cut", { ...files, segments: "u1 a 0 1\n" });
  await expect(readRecordings(cut)).rejects.toThrow("expected a file for each utterance, got parts of recordings");
});

test("columns can be named; an absolute path may lead into the folder, not elsewhere", async () => {
  const root = folder("named", { "a.wav": sound() });
  writeFileSync(join(root, "t.csv"), `clip,said,path\na,yes,no.wav\n`);
  expect(await texts(join(root, "t.csv"), { fileColumn: "clip", textColumn: "said" })).toEqual(["a.wav: yes"]);
  writeFileSync(join(root, "t.csv"), `wav_filename,transcript\n${join(root, "a.wav")},yes\n`);
  expect(await texts(join(root, "t.csv"))).toEqual(["a.wav: yes"]);
  for (const name of ["/etc/a.wav", "../a.wav", "wavs/../../a.wav"]) {
    writeFileSync(join(root, "t.csv"), `wav_filename,transcript\n${name},yes\n`);
    await expect(readRecordings(join(root, "t.csv"))).rejects.toThrow(
      "t.csv line 2: expected the name of a file inside",
    );
  }
});

test("recordings of several rates get the lowest, or the one that is asked for", async () => {
  const mixed = folder("mixed", { "metadata.csv": "a|x\nb|y\n" });
  const tone = (rate: number): Uint8Array =>
    encodeWav(
      Float32Array.from({ length: rate / 2 }, (_, i) => Math.sin((2 * Math.PI * 440 * i) / rate)),
      { sampleRate: rate, format: "float32" },
    );
  writeFileSync(join(mixed, "a.wav"), tone(16_000));
  writeFileSync(join(mixed, "b.wav"), tone(8000));
  const lowest = await readRecordings(mixed);
  expect(lowest).toMatchObject({ sampleRate: 8000, resampled: 1 });
  const [a, b] = lowest.recordings.map(({ samples }) => samples);
  expect([a.length, b.length]).toEqual([4000, 4000]);
  for (let i = 500; i < 3500; i++) expect(Math.abs(a[i] - b[i])).toBeLessThan(1e-4);
  const asked = await readRecordings(mixed, { sampleRate: 12_000 });
  expect(asked).toMatchObject({ sampleRate: 12_000, resampled: 2 });
  expect(asked.recordings.map(({ samples }) => samples.length)).toEqual([6000, 6000]);
});

test("what is wrong is named with file and line", async () => {
  await expect(readRecordings(folder("none", {}))).rejects.toThrow(
    "expected transcripts.csv, transcripts.tsv, metadata",
  );
  await expect(readRecordings(join(root, "nowhere"))).rejects.toThrow("expected a folder of recordings or its table");
  await expect(readRecordings(folder("lost", { "metadata.csv": "a|b\n" }))).rejects.toThrow(
    'metadata.csv line 1: expected the file "a"',
  );
  await expect(readRecordings(folder("head", { "transcripts.csv": "a,b\nc,d\n" }))).rejects.toThrow(
    /line 1: expected a column "file", got "a", "b"\. --file-column names the column/,
  );
  await expect(readRecordings(folder("bad", { "a.wav": "RIFF", "metadata.csv": "a|x\n" }))).rejects.toThrow(
    "a.wav: expected a WAV file",
  );
  const several = folder("several", { "dev.tsv": "", "train.tsv": "" });
  await expect(readRecordings(several)).rejects.toThrow(
    `got dev.tsv, train.tsv. Name the table, such as ${join(several, "dev.tsv")}`,
  );
});

test("what can't be read is left out where somebody takes the error", async () => {
  const files = { "a.wav": sound(), "b.wav": "RIFF", "e.wav": encodeWav(new Float32Array(0), { sampleRate: 8000 }) };
  const some = folder("some", { ...files, "transcripts.csv": "file,text\na,x\nb,y\nc,z\ne,w\n" });
  const bad: string[] = [];
  const { recordings } = await readRecordings(some, { onBad: (name, error) => bad.push(`${name}: ${error.message}`) });
  expect(recordings.map(({ text }) => text)).toEqual(["x"]);
  expect(bad).toEqual([
    expect.stringMatching(/^b: .*b\.wav: expected a WAV file/),
    expect.stringMatching(/^c: .*line 4: expected the file "c", got none/),
    expect.stringMatching(/^e: .*e\.wav: expected samples, got none/),
  ]);
});

const pngOf = (svg: string): Buffer => Buffer.from(/base64,([^"]+)/.exec(svg)?.[1] ?? "", "base64");

/** Rows, each after its filter. */
function pixelsOf(svg: string): number[] {
  const png = pngOf(svg);
  const at = png.indexOf("IDAT");
  return [...inflateSync(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4)))];
}

test("a spectrogram holds its numbers as a picture, low bands below, and the characters", () => {
  const data = Float32Array.of(0, 1, 2, 3, 4, 5);
  const alignment = [{ character: "<", from: 0, to: 0.1 }];
  const svg = spectrogramSvg(
    { data, frames: 3, size: 2 },
    { hopSeconds: 0.1, alignment, title: "a & b", hertz: [20, 4000] },
  );
  expect(svg).toContain("&lt;</text>");
  expect(svg).toContain("a &amp; b</text>");
  expect(svg).toContain(">4000</text>");
  const png = pngOf(svg);
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([3, 2]);
  expect(pixelsOf(svg)).toEqual([0, 51, 153, 255, 0, 0, 102, 204]);
  const quiet = spectrogramSvg({ data: Float32Array.of(-100, -10, 8), frames: 3, size: 1 }, { hopSeconds: 0.1 });
  // 80 dB are 18.42 as a logarithm of the energy
  expect(pixelsOf(quiet)).toEqual([0, 0, 6, 255]);
  expect(() => spectrogramSvg({ data, frames: 0, size: 2 }, { hopSeconds: 0.1 })).toThrow("at least one frame");
});
