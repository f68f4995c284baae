/** @file What `--task transcribe` is, and its options. */
import { Option } from "commander";
import { integer, number } from "../terminal/values.ts";
import type { TaskDeclaration } from "./task.ts";

export const TRANSCRIBE: TaskDeclaration = {
  name: "transcribe",
  kind: "transcriber",
  summary: "Train a model that writes down what is said in recordings.",
  data: "folders of WAV files with a transcripts.csv or .tsv (file, text) or LJSpeech's metadata.csv, or such a table",
  options: [
    new Option("--features <kind>", "what a frame holds: energies in mel bands, or their cosine transform")
      .choices(["logMel", "mfcc"])
      .default("logMel"),
    new Option("--bands <n>", "mel bands").argParser(integer(1, 1024)).default(40),
    new Option("--coefficients <n>", "numbers of a frame with mfcc (default: 13)").argParser(integer(1, 1024)),
    new Option("--window <seconds>", "sound in a frame").argParser(number(0, 10)).default(0.025),
    new Option("--hop <seconds>", "from frame to frame").argParser(number(0, 10)).default(0.01),
    new Option("--low-hertz <x>", "lower edge of the bands").argParser(number(0)).default(20),
    new Option("--high-hertz <x>", "upper edge (default: half the sample rate)").argParser(number(0)),
    new Option("--time-reduction <n>", "frames that the layers read at once").argParser(integer(1, 64)).default(2),
    new Option(
      "--normalization <by>",
      "scale by the training data, or each recording by itself (default: utterance; global with --one-direction)",
    ).choices(["global", "utterance"]),
    new Option("--one-direction", "read from the beginning only, as a stream needs it"),
    new Option("--alphabet <characters>", "that can be written (default: those of the texts)"),
    new Option("--lower-case", "put the texts in lower case"),
    new Option("--noise <x>", "deviation of noise that is added to scaled frames while training")
      .argParser(number(0))
      .default(0),
    new Option("--time-masks <n>", "runs of frames that are silenced while training").argParser(integer(0)).default(0),
    new Option("--time-width <n>", "longest such run").argParser(integer(0)).default(10),
    new Option("--band-masks <n>", "runs of bands that are silenced while training").argParser(integer(0)).default(0),
    new Option("--band-width <n>", "widest such run").argParser(integer(0)).default(6),
  ],
  defaults: { hiddenSize: 128, batchSize: 16, learningRate: 0.005, clipNorm: 1 },
  predictOptions: [
    // without a default: tasks share it
    new Option("--beams <n>", "texts that are kept in the search").argParser(integer(1, 1000)),
    new Option("--language-model <dir>", "run or file of a model over characters that takes part in the search"),
    new Option("--language-weight <x>", "its weight (default: 0.5)").argParser(number(0)),
    new Option("--length-bonus <x>", "added for each character, against the language model's liking for short texts")
      .argParser(number(-1000))
      .default(0),
    new Option("--spectrogram <file>", "draw the recording with its text (SVG)"),
  ],
  examples: [
    "unrolled train recordings --task transcribe --epochs 20 --out runs/digits",
    "unrolled predict runs/digits recording.wav --beams 16 --spectrogram recording.svg",
    "unrolled evaluate runs/digits other-recordings",
  ],
  load: async () => {
    const { transcribeTask } = await import("./transcribe.ts");
    return transcribeTask;
  },
};
