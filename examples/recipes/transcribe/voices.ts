/** @file Spoken numbers, synthesised by espeak-ng: voices that a model learns from, and others that it is tested on. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomStream, type RandomStream } from "unrolled";
import { decodeWav, type Utterance } from "unrolled/tasks";

/** espeak-ng's own rate. */
export const SAMPLE_RATE = 22050;

/** Accents with variants; none of the tested variants is among the learnt ones. */
const ACCENTS = ["en-gb", "en-us", "en-gb-scotland", "en-gb-x-rp"];
export const TRAINING_VOICES: readonly string[] = ACCENTS.flatMap((accent) =>
  ["m1", "m2", "m3", "m4", "f1", "f2", "f3"].map((variant) => `${accent}+${variant}`),
);
export const TEST_VOICES: readonly string[] = ["en-gb+m7", "en-us+f4", "en-gb-x-rp+f5", "en-gb-scotland+m6"];

const SMALL =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(
    " ",
  );
const TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split(" ");

/** A number below 1000 in words. */
export function wordsOf(n: number): string {
  if (n < 20) return SMALL[n];
  if (n < 100) return TENS[Math.floor(n / 10) - 2] + (n % 10 === 0 ? "" : ` ${SMALL[n % 10]}`);
  return `${SMALL[Math.floor(n / 100)]} hundred${n % 100 === 0 ? "" : ` ${wordsOf(n % 100)}`}`;
}

const pick = <T>(list: readonly T[], random: RandomStream): T => list[random.integer(list.length)];

/** Numbers up to `largest`, each by a voice of the list at a speed of 130 to 200 words a minute and a pitch of 25 to 75. */
export function spokenNumbers(
  count: number,
  { voices, largest, seed }: { readonly voices: readonly string[]; readonly largest: number; readonly seed: number },
): Utterance[] {
  const spoken = Array.from({ length: count }, (_, i) => {
    const random = randomStream(seed).at(i);
    const text = wordsOf(random.integer(largest + 1));
    const voice = pick(voices, random);
    const [speed, pitch] = [130 + random.integer(71), 25 + random.integer(51)];
    return { text, voice, file: join(folder, `${seed}-${i}.wav`), options: `-v ${voice} -s ${speed} -p ${pitch}` };
  });
  // one shell for all: to start a program from here takes longer than to speak a number. Through files, since what is piped has no true size in its head
  run("espeak-ng", ["--version"]);
  const commands = spoken.map(({ text, file, options }) => `espeak-ng ${options} -w '${file}' '${text}'\n`);
  run("sh", ["-e"], commands.join(""));
  return spoken.map(({ text, voice, file }) => ({
    text,
    samples: decodeWav(readFileSync(file), `espeak-ng "${text}"`).samples,
    name: `${voice}: ${text}`,
  }));
}

const folder = mkdtempSync(join(tmpdir(), "unrolled-voices-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

function run(program: string, args: readonly string[], input = ""): void {
  try {
    execFileSync(program, args, { input, stdio: ["pipe", "ignore", "ignore"] });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    const install = "Debian, Ubuntu: apt-get install -y espeak-ng    macOS: brew install espeak-ng";
    throw new Error(`espeak-ng, which speaks the numbers, is not installed:\n  ${install}`, { cause: error });
  }
}
