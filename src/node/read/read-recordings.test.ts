import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { encodeWav } from "../../tasks/index.ts";
import { readRecordings } from "./read-recordings.ts";
import { spectrogramSvg } from "../pictures/spectrogram.ts";

const root = mkdtempSync(join(tmpdir(), "unrolled-recordings-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const sound = (sampleRate = 8000): Uint8Array => encodeWav(Float32Array.of(0, 0.5), { sampleRate });

function folder(name: string, files: Readonly<Record<string, string | Uint8Array>>): string {
  mkdirSync(join(root, name, "wavs"), { recursive: true });
  for (const [file, content] of Object.entries(files)) writeFileSync(join(root, name, file), content);
  return join(root, name);
}

test("tables with commas and tabs, and the lists of LJSpeech", () => {
  const comma = folder("comma", { "a.wav": sound(), "transcripts.csv": 'text,file\n"hello, you",a.wav\n' });
  expect(readRecordings(comma)).toEqual({
    sampleRate: 8000,
    recordings: [{ name: join(comma, "a.wav"), samples: Float32Array.of(0, 0.5), text: "hello, you" }],
  });
  const tab = folder("tab", { "a.wav": sound(), "transcripts.tsv": "file\ttext\na\tone\n" });
  expect(readRecordings(tab).recordings[0].text).toBe("one");
  expect(readRecordings(join(tab, "transcripts.tsv"))).toEqual(readRecordings(tab));
  const other = folder("other", { "a.wav": sound(), "held-out.csv": "file,text\na,two\n" });
  expect(readRecordings(join(other, "held-out.csv")).recordings[0].text).toBe("two");
  const list = { "wavs/x-1.wav": sound(), "wavs/x-2.wav": sound(), "metadata.csv": 'x-1|"No" 1|"No" one\nx-2|b|b\n' };
  expect(readRecordings(folder("list", list)).recordings.map(({ text }) => text)).toEqual(['"No" one', "b"]);
});

test("what is wrong is named with file and line", () => {
  expect(() => readRecordings(folder("none", {}))).toThrow("expected transcripts.csv, transcripts.tsv, metadata.csv");
  expect(() => readRecordings(join(root, "nowhere"))).toThrow("expected a folder of recordings or its table");
  expect(() => readRecordings(folder("lost", { "metadata.csv": "a|b\n" }))).toThrow(
    'metadata.csv line 1: expected the file "a"',
  );
  expect(() => readRecordings(folder("head", { "transcripts.csv": "a,b\n" }))).toThrow(
    "line 1: expected the columns file and text, got a, b",
  );
  const mixed = { "a.wav": sound(), "b.wav": sound(16000), "metadata.csv": "a|x\nb|y\n" };
  expect(() => readRecordings(folder("mixed", mixed))).toThrow(
    "b.wav: expected 8000 samples per second, as the first, got 16000",
  );
  expect(() => readRecordings(folder("bad", { "a.wav": "RIFF", "metadata.csv": "a|x\n" }))).toThrow(
    "a.wav: expected a WAV file",
  );
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
