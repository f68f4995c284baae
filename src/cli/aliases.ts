/**
 * @file The option names of char-rnn and torch-rnn (Lua Torch, so `-rnn_size 256` with one dash), as other spellings of ours.
 * `_` for `-` needs no row: `-learning_rate` is `--learning-rate`.
 */
import type { Command } from "commander";

type Alias =
  | string // another name of this option; "" makes its value an argument
  | { readonly to: (value: string) => string[]; readonly defaults?: readonly string[] }
  | { readonly ignored: string; readonly value: boolean };

const ignored = (reason: string, value = true): Alias => ({ ignored: reason, value });
const oneMachine = ignored("there is no GPU to choose");

export const TRAIN_ALIASES: Readonly<Record<string, Alias>> = {
  rnn_size: "hidden-size",
  num_layers: "layers",
  seq_length: "sequence-length",
  model: "cell",
  model_type: "cell",
  wordvec_size: "embedding-size",
  max_epochs: "epochs",
  grad_clip: "clip-norm",
  decay_rate: "rmsprop-decay",
  // torch-rnn lowers the rate every 5 epochs unless told otherwise
  lr_decay_factor: { to: (value) => ["--learning-rate-decay", value], defaults: ["--learning-rate-decay-every", "5"] },
  lr_decay_every: { to: (value) => ["--learning-rate-decay-every", value], defaults: ["--learning-rate-decay", "0.5"] },
  val_frac: "validation",
  train_frac: { to: (value) => ["--validation", complement(value)] },
  eval_val_every: "evaluate-every",
  checkpoint_dir: "out",
  checkpoint_name: "out",
  data_dir: "",
  input: "",
  input_txt: "",
  input_h5: "",
  input_json: ignored("the vocabulary is made from the text"),
  output_h5: ignored("text needs no preprocessing"),
  output_json: ignored("text needs no preprocessing"),
  test_frac: ignored("all text but --validation is trained on"),
  encoding: ignored("text is UTF-8; other bytes need --unit byte"),
  savefile: ignored("the model's file has one name"),
  reset_iterations: ignored("steps are always counted from 0"),
  batchnorm: ignored("there is no batch normalisation"),
  speed_benchmark: ignored("the speed is always shown"),
  memory_benchmark: ignored("there is no memory benchmark"),
  accurate_gpu_timing: oneMachine,
  gpuid: oneMachine,
  opencl: oneMachine,
  gpu: oneMachine,
  gpu_backend: oneMachine,
};

export const SAMPLE_ALIASES: Readonly<Record<string, Alias>> = {
  primetext: "prime",
  start_text: "prime",
  checkpoint: "",
  model: "",
  sample: { to: (value) => (value === "0" ? ["--greedy"] : []) },
  verbose: ignored("there is nothing more to say"),
  gpuid: oneMachine,
  opencl: oneMachine,
  gpu: oneMachine,
  gpu_backend: oneMachine,
};

/** What the tools do without options, as ours. They stand before what was typed, so that it wins. */
export const PRESETS: Readonly<Record<"char-rnn" | "torch-rnn", readonly string[]>> = {
  "char-rnn": words(
    "--cell lstm --hidden-size 128 --layers 2 --dropout 0 --sequence-length 50 --batch-size 50 --optimizer rmsprop --rmsprop-decay 0.95",
    "--learning-rate 0.002 --learning-rate-decay 0.97 --learning-rate-decay-after 10 --clip-norm 5 --validation 0.05",
    "--evaluate-every 1000 --checkpoint-every 1000 --seed 123",
  ),
  "torch-rnn": words(
    "--cell lstm --hidden-size 128 --layers 2 --embedding-size 64 --dropout 0 --sequence-length 50 --batch-size 50 --optimizer adam",
    "--learning-rate 0.002 --learning-rate-decay 0.5 --learning-rate-decay-every 5 --clip-norm 5 --validation 0.1",
    "--evaluate-every 1000 --checkpoint-every 1000",
  ),
};

/** `args` of one command in our own spelling. `warn` gets a line for each option that has no meaning here. */
export function translate(
  args: readonly string[],
  command: Command,
  aliases: Readonly<Record<string, Alias>>,
  warn: (line: string) => void,
): string[] {
  const takesValue = new Map(command.options.map((option) => [option.long?.slice(2) ?? "", option.required]));
  const defaults: string[] = [];
  const result: string[] = [];
  for (let at = 0; at < args.length; at++) {
    if (args[at] === "--") return [...defaults, ...result, ...args.slice(at)];
    const [, typed = "", inline] = /^--?([a-z][\w-]+)(?:=(.*))?$/is.exec(args[at]) ?? [];
    const dashed = typed.replaceAll("_", "-");
    const alias = Object.hasOwn(aliases, typed) ? aliases[typed] : takesValue.has(dashed) ? dashed : undefined;
    if (alias === undefined) {
      result.push(args[at]);
      continue;
    }
    const value = (): string[] => (inline === undefined ? args.slice(++at, at + 1) : [inline]);
    if (typeof alias === "string") {
      const own = alias === "" ? [] : [`--${alias}`];
      const rest = alias === "" || takesValue.get(alias) === true ? value() : [];
      if (alias === "preset") defaults.push(...(Object.hasOwn(PRESETS, rest[0]) ? PRESETS[rest[0] as keyof typeof PRESETS] : []));
      result.push(...own, ...rest);
    } else if ("ignored" in alias) {
      if (alias.value) value();
      warn(`${args[at - (alias.value && inline === undefined ? 1 : 0)].split("=")[0]} is ignored: ${alias.ignored}`);
    } else {
      defaults.push(...(alias.defaults ?? []));
      result.push(...value().flatMap(alias.to));
    }
  }
  return [...defaults, ...result];
}

/** "0.95" -> "0.05"; what is no number stays as it is, to be refused later. */
function complement(text: string): string {
  const part = Number(text);
  return text === "" || Number.isNaN(part) ? text : String(Number((1 - part).toFixed(12)));
}

function words(...lines: string[]): string[] {
  return lines.join(" ").split(" ");
}
