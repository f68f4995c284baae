/** `--task transcribe` as a user runs it: tones are written down, and what is wrong is said in one line. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { commandFolder, type Result } from "../helpers/cli.ts";
import { randomStream } from "../../src/base/index.ts";
import { encodeWav, resample } from "../../src/tasks/index.ts";
import { flacOf } from "../helpers/flac.ts";

const { file, run } = commandFolder("transcribe");

const unrolled = (args: readonly string[], input?: Uint8Array): Result => run(args, { input });

const RATE = 4000;
const HERTZ: Readonly<Record<string, number>> = { a: 300, b: 800, c: 1500 };

/** Each letter a tone of 100 ms after a pause of 60 ms. */
function sung(text: string, seed: number): Float32Array {
  const random = randomStream(seed);
  return Float32Array.from({ length: text.length * 640 + 240 }, (_, i) => {
    const tone = i % 640 < 240 ? 0 : Math.sin((2 * Math.PI * HERTZ[text[Math.floor(i / 640)]] * i) / RATE);
    return 0.3 * tone + 0.01 * random.normal();
  });
}

function songs(name: string, count: number, seed: number): void {
  mkdirSync(file(name), { recursive: true });
  const rows = Array.from({ length: count }, (_, i) => {
    const random = randomStream(seed).at(i);
    const text = Array.from({ length: 1 + random.integer(4) }, () => "abc"[random.integer(3)]).join("");
    writeFileSync(file(name, `${i}.wav`), encodeWav(sung(text, seed * 1000 + i), { sampleRate: RATE }));
    return `${i}.wav,${text}`;
  });
  writeFileSync(file(name, "transcripts.csv"), ["file,text", ...rows].join("\n"));
}

const small = ["--bands", "16", "--hidden-size", "16", "--batch-size", "10", "--learning-rate", "0.02", "--quiet"];
const train = (...args: string[]): Result => unrolled(["train", "songs", "--task", "transcribe", ...small, ...args]);

beforeAll(() => {
  songs("songs", 66, 1);
  songs("others", 20, 2);
  writeFileSync(file("cab.wav"), encodeWav(sung("cab", 5), { sampleRate: RATE }));
  const { status, stderr } = train("--steps", "120", "--evaluate-every", "120", "--out", "run");
  expect(stderr).toBe("");
  expect(status).toBe(0);
});

test("a run keeps its figures and a picture of a recording with its text", () => {
  const svg = readFileSync(file("run", "spectrogram.svg"), "utf8");
  expect(svg).toContain("data:image/png;base64,");
  expect(svg.match(/>[abc]<\/text>/g)?.length).toBeGreaterThan(1);
  const card = readFileSync(file("run", "README.md"), "utf8");
  expect(card).toContain("automatic-speech-recognition");
  expect(card).toMatch(/cer/);
});

test("predict writes down files and the standard input, with times", () => {
  expect(unrolled(["predict", "run", "cab.wav"]).stdout).toBe("cab\n");
  expect(unrolled(["predict", "run"], readFileSync(file("cab.wav"))).stdout).toBe("cab\n");
  const two = unrolled(["predict", "run", "cab.wav", "cab.wav", "--beams", "8", "--plot", "cab.svg"]);
  expect(two.stdout).toBe("cab.wav\tcab\ncab.wav\tcab\n");
  expect(readFileSync(file("cab-2.svg"), "utf8")).toBe(readFileSync(file("cab.svg"), "utf8"));
  const { stdout } = unrolled(["predict", "run", "cab.wav", "--json"]);
  const found = JSON.parse(stdout) as { text: string; score: number; alignment: { character: string; from: number }[] };
  expect(found).toMatchObject({ file: "cab.wav", text: "cab" });
  expect(found.score).toBeLessThan(0);
  found.alignment.forEach(({ character, from }, i) => {
    expect(character).toBe("cab"[i]);
    expect(Math.abs(from - (0.06 + 0.16 * i))).toBeLessThan(0.1);
  });
});

test("a language model has a say", () => {
  writeFileSync(file("lines.txt"), "b\n".repeat(400));
  const options = [
    "--hidden-size",
    "4",
    "--embedding-size",
    "4",
    "--steps",
    "30",
    "--sequence-length",
    "10",
    "--batch-size",
    "8",
  ];
  const { status } = unrolled(["train", "lines.txt", "--out", "language", "--quiet", ...options]);
  expect(status).toBe(0);
  const asked = ["predict", "run", "cab.wav", "--language-model", "language"];
  // it knows no other letter
  expect(unrolled([...asked, "--language-weight", "1000"]).stdout).toBe("\n");
  expect(unrolled([...asked, "--language-weight", "0"]).stdout).toBe("cab\n");
  // "a" and "c" can't be written then, which is told
  expect(unrolled(asked).stderr).toBe(
    'unrolled: --language-model: its text has not had 2 of the 3 characters of the alphabet, which are hardly ever written now: "a", "c". Train it on a text that has them\n',
  );
  expect(unrolled([...asked, "--beams", "1"]).stderr).toContain("--beams: expected 2 or more with --language-model");
});

test("evaluate measures recordings of a folder or a table", () => {
  const { stdout } = unrolled(["evaluate", "run", "others", "--json"]);
  const { cer, wer, loss } = JSON.parse(stdout) as Record<string, number>;
  expect(cer).toBeLessThan(0.1);
  expect(wer).toBeGreaterThanOrEqual(cer);
  expect(loss).toBeGreaterThan(0);
  writeFileSync(file("others", "wrong.csv"), "file,text\n0.wav,abcabc\n");
  const wrong = unrolled(["evaluate", "run", join("others", "wrong.csv")]).stdout;
  expect(wrong).toContain("1 recording, 1 with errors; the worst:");
  expect(wrong).toMatch(/^ +\d+ {2}"abcabc" {2}"[abc]+" +others.0\.wav$/m);
});

/** The same sound with twice as many samples per second. */
const doubled = (samples: Float32Array): Float32Array => resample(samples, RATE, 2 * RATE);

/** Integers of 16 bits, as FLAC has them. */
const integers = (samples: Float32Array): number[] => Array.from(samples, (x) => Math.round(x * 32_767));

test("recordings at another rate, and in FLAC, say the same", () => {
  mkdirSync(file("fast"));
  for (const [i, text] of ["cab", "bca", "aab"].entries()) {
    const samples = sung(text, 40 + i);
    writeFileSync(file("fast", `${i}.wav`), encodeWav(doubled(samples), { sampleRate: 2 * RATE }));
    writeFileSync(file("fast", `${i + 3}.flac`), flacOf([integers(samples)], { sampleRate: RATE }));
  }
  const rows = ["cab", "bca", "aab", "cab", "bca", "aab"].map((text, i) => `${i}\t${text}`);
  writeFileSync(file("fast", "train.tsv"), ["path\tsentence", ...rows].join("\n"));
  const predicted = unrolled(["predict", "run", "fast"]);
  const texts = ["cab", "bca", "aab"];
  const names = ["0.wav", "1.wav", "2.wav", "3.flac", "4.flac", "5.flac"].map((name) => join("fast", name));
  expect(predicted.stdout).toBe(names.map((name, i) => `${name}\t${texts[i % 3]}\n`).join(""));
  expect(predicted.stderr).toContain("fast: 1 of 7 files are no .wav or .flac or .mp3 files and are passed over");
  const measured = unrolled(["evaluate", "run", "fast", "--json"]);
  expect((JSON.parse(measured.stdout) as { cer: number }).cer).toBe(0);
  expect(measured.stderr).toContain("3 of 6 recordings resampled to 4,000 samples per second, the rate of the model");
  expect(unrolled(["predict", "run"], readFileSync(file("fast", "3.flac"))).stdout).toBe("cab\n");
  const other = train("--steps", "1", "--sample-rate", "3000", "--out", "slow");
  expect(other.stderr).toContain(
    "66 of 66 recordings resampled to 3,000 samples per second; --sample-rate sets another",
  );
  const slow = unrolled(["predict", "slow", "cab.wav"]);
  expect(slow.status).toBe(0);
  writeFileSync(file("low.wav"), encodeWav(resample(sung("a", 1), RATE, 2000), { sampleRate: 2000 }));
  expect(unrolled(["predict", "run", "low.wav"]).stderr).toContain(
    "low.wav: 2,000 samples per second, the model's are 4,000: above 1,000 Hz there is nothing to hear",
  );
});

test("--skip-bad leaves out recordings that are broken or not there, and counts them", () => {
  mkdirSync(file("some"));
  for (let i = 0; i < 4; i++) writeFileSync(file("some", `${i}.wav`), encodeWav(sung("ab", i), { sampleRate: RATE }));
  writeFileSync(file("some", "4.wav"), "RIFF");
  writeFileSync(file("some", "5.wav"), encodeWav(new Float32Array(0), { sampleRate: RATE }));
  const rows = Array.from({ length: 7 }, (_, i) => `${i},ab`);
  writeFileSync(file("some", "train.csv"), ["clip,said", ...rows].join("\n"));
  const columns = ["--file-column", "clip", "--text-column", "said"];
  const run = (...args: string[]): Result =>
    unrolled([
      "train",
      "some",
      "--task",
      "transcribe",
      ...small,
      "--steps",
      "1",
      "--overwrite",
      "--out",
      "some-run",
      ...args,
    ]);
  expect(run().stderr).toContain('expected a column "file", got "clip", "said". --file-column names the column');
  expect(run(...columns).stderr).toMatch(/4\.wav: expected a WAV file .*\. --skip-bad leaves such files out/);
  const { status, stderr } = run(...columns, "--skip-bad");
  expect(status).toBe(0);
  expect(stderr).toMatch(
    /3 of 7 recordings left out: .*4\.wav: .*; .*5\.wav: expected samples, got none; .*line 8: expected the file "6"/,
  );
  // columns are those of the training
  expect(unrolled(["evaluate", "some-run", "some", "--skip-bad"]).stderr).toContain("3 of 7 recordings left out");
  const predicted = unrolled(["predict", "some-run", "some", "--skip-bad"]);
  expect(predicted.stdout.trimEnd().split("\n")).toHaveLength(4);
  expect(predicted.stderr).toContain("2 of 6 files left out");
});

test("--dry-run shows recordings as the model sees them", () => {
  const { stdout, status } = train("--dry-run", "--time-reduction", "4");
  expect(status).toBe(0);
  expect(stdout).toMatch(
    /songs.0\.wav, 0\.\d\d s\n +\d+ frames x 16, \d+ steps of 64\n +text +"[abc]+"\n +labels [123 ]+\n/,
  );
  expect(stdout).toMatch(
    /66 recordings \(\d+s, 4,000 samples per second\); lstm, 1 layer of 16 in both directions, 3 char/,
  );
});

test("a run that goes on is the run that was not stopped, and wants its recordings", () => {
  // whose rate does not depend on where it ends
  const noisy = ["--schedule", "constant", "--noise", "0.1", "--time-masks", "1", "--evaluate-every", "1000"];
  expect(train("--steps", "12", ...noisy, "--out", "whole").status).toBe(0);
  expect(train("--steps", "5", ...noisy, "--out", "part").status).toBe(0);
  expect(unrolled(["train", "--resume", "part", "--steps", "12", "--quiet", "--task", "transcribe"]).stderr).toBe("");
  expect(readFileSync(file("part", "model.safetensors"))).toEqual(readFileSync(file("whole", "model.safetensors")));
  const changed = file("songs", "3.wav");
  const before = readFileSync(changed);
  const louder = Buffer.from(before);
  louder.writeInt16LE(12_345, 500);
  writeFileSync(changed, louder);
  const { stderr, status } = unrolled([
    "train",
    "--resume",
    "part",
    "--steps",
    "50",
    "--quiet",
    "--task",
    "transcribe",
  ]);
  writeFileSync(changed, before);
  expect(status).not.toBe(0);
  expect(stderr).toContain("train resume training: expected");
});

test("what does not fit is refused in one line", () => {
  const refused = (args: readonly string[], expected: string, input?: Uint8Array): void => {
    const { status, stdout, stderr } = unrolled(args, input);
    expect(stderr.split("\n")).toHaveLength(2);
    expect(stderr).toContain(expected);
    expect(stdout).toBe("");
    expect(status).toBeGreaterThan(0);
  };
  writeFileSync(file("cut.wav"), readFileSync(file("cab.wav")).subarray(0, 1000));
  refused(["predict", "run", "cut.wav"], 'cut.wav: expected 4320 bytes in the chunk "data", got 956: cut off');
  refused(["predict", "run"], "standard input: expected a WAV file", Buffer.from("RIFF"));
  refused(["predict", "run", "nowhere.wav"], 'expected a file, got "nowhere.wav", which does not exist');
  mkdirSync(file("empty"));
  refused(["predict", "run", "empty"], "empty: expected .wav or .flac or .mp3 files, got none");
  writeFileSync(file("empty.wav"), encodeWav(new Float32Array(0), { sampleRate: RATE }));
  refused(["predict", "run", "empty.wav"], "empty.wav: expected samples, got none");
  writeFileSync(file("sound.ogg"), "OggS");
  refused(
    ["predict", "run", "sound.ogg"],
    "sound.ogg: expected a WAV, FLAC or MP3 file, got Ogg (Vorbis, Opus). Convert it",
  );
  refused(["evaluate", "run", "nowhere"], "nowhere: expected a folder of recordings or its table");
  mkdirSync(file("damaged"));
  writeFileSync(file("damaged", "x.wav"), "RIFF");
  writeFileSync(file("damaged", "transcripts.csv"), "file,text\nx,a\n");
  refused(["train", "damaged", "--task", "transcribe"], "x.wav: expected a WAV file");
});
