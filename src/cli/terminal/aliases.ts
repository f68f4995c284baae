/**
 * @file Options of char-rnn (github.com/karpathy/char-rnn) and torch-rnn
 * (github.com/jcjohnson/torch-rnn), so that their command lines work here. They are written with
 * underscores, and with one dash or two.
 */

type Alias =
  /**
   * Ours, taking the same value. `unless` stands before everything that was typed, so that what was
   * typed wins.
   */
  | { readonly option: string; readonly unless?: readonly string[] }
  /** A file or directory, which this command takes without an option. */
  | { readonly positional: true }
  /** Has a value and means nothing here; the reason. */
  | { readonly ignored: string }
  /** Depends on the value. */
  | { readonly choose: (value: string) => readonly string[] };

const noGpu: Alias = { ignored: "there is no GPU engine" };
const gpuOptions: Readonly<Record<string, Alias>> = { gpuid: noGpu, gpu: noGpu, gpu_backend: noGpu, opencl: noGpu };

const aliases: Readonly<Record<string, Readonly<Record<string, Alias>>>> = {
  train: {
    rnn_size: { option: "--hidden-size" },
    num_layers: { option: "--layers" },
    model: { option: "--cell" },
    model_type: { option: "--cell" },
    wordvec_size: { option: "--embedding-size" },
    seq_length: { option: "--sequence-length" },
    max_epochs: { option: "--epochs" },
    // torch-rnn lowers the rate every 5 epochs unless another interval is given
    lr_decay_factor: { option: "--learning-rate-decay", unless: ["--learning-rate-decay-every", "5"] },
    lr_decay_every: { option: "--learning-rate-decay-every" },
    grad_clip: { option: "--clip-norm" },
    val_frac: { option: "--validation" },
    eval_val_every: { option: "--evaluate-every" },
    checkpoint_dir: { option: "--out" },
    checkpoint_name: { option: "--out" },
    data_dir: { positional: true },
    input: { positional: true },
    input_txt: { positional: true },
    train_frac: { choose: (value) => ["--validation", complement(value)] },
    test_frac: { ignored: "there is no test part; see unrolled evaluate" },
    decay_rate: { option: "--rmsprop-decay" },
    batchnorm: { ignored: "there is no batch normalisation" },
    savefile: { ignored: "the model is saved as model.safetensors" },
    print_every: { ignored: "progress is always shown" },
    reset_iterations: { ignored: "steps are counted from 1" },
    speed_benchmark: { ignored: "the speed is always shown" },
    memory_benchmark: { ignored: "there is no such figure" },
    ...gpuOptions,
  },
  sample: {
    primetext: { option: "--prime" },
    start_text: { option: "--prime" },
    checkpoint: { positional: true },
    sample: { choose: (value) => (value === "0" ? ["--greedy"] : []) },
    verbose: { ignored: "there is nothing more to say" },
    ...gpuOptions,
  },
};

/**
 * The arguments with foreign options translated, and what to tell about those that mean nothing
 * here. `_` for `-` and one dash for two are understood in our own options as well, of which
 * `takesValue` knows the names.
 */
export function translateAliases(
  args: readonly string[],
  takesValue: ReadonlyMap<string, boolean>,
): { translated: readonly string[]; warnings: readonly string[] } {
  const table = new Map(Object.entries(aliases[args[0]] ?? {}));
  const translated: string[] = [];
  const first: string[] = [];
  const warnings: string[] = [];
  let i = 1;
  for (; i < args.length && args[i] !== "--"; i++) {
    const written = args[i];
    const [, name = "", inline] = /^--?([a-z][\w-]+)(?:=(.*))?$/s.exec(written) ?? [];
    const own = `--${name.replaceAll("_", "-")}`;
    const alias = table.get(name) ?? (takesValue.has(own) ? { option: own } : undefined);
    if (alias === undefined) {
      translated.push(written);
      continue;
    }
    const hasValue = !("option" in alias) || takesValue.get(alias.option) === true;
    const value = inline ?? (hasValue ? args[++i] : undefined);
    const values = value === undefined ? [] : [value];
    if ("ignored" in alias) {
      warnings.push(`${written} is ignored: ${alias.ignored}`);
    } else if ("option" in alias) {
      first.push(...(alias.unless ?? []));
      // one word, so that a flag that takes no value refuses it
      translated.push(...(inline === undefined ? [alias.option, ...values] : [`${alias.option}=${inline}`]));
    } else if ("positional" in alias) {
      translated.push(...values);
    } else {
      translated.push(...alias.choose(value ?? ""));
    }
  }
  return { translated: [...args.slice(0, 1), ...first, ...translated, ...args.slice(i)], warnings };
}

/** "0.95" -> "0.05"; what is no number stays as it is, to be refused later. */
function complement(text: string): string {
  const part = Number(text);
  return text === "" || Number.isNaN(part) ? text : String(Number((1 - part).toFixed(12)));
}
