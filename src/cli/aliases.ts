/**
 * @file Options of char-rnn (github.com/karpathy/char-rnn) and torch-rnn (github.com/jcjohnson/torch-rnn), so that their command lines work here.
 * They are written with underscores, and with one dash or two.
 */

type Alias =
  /** Ours, taking the same value. */
  | { readonly option: string }
  /** Its value is a file or directory that we take without an option. */
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
    dropout: { option: "--dropout" },
    seq_length: { option: "--sequence-length" },
    batch_size: { option: "--batch-size" },
    max_epochs: { option: "--epochs" },
    learning_rate: { option: "--learning-rate" },
    learning_rate_decay: { option: "--learning-rate-decay" },
    learning_rate_decay_after: { option: "--learning-rate-decay-after" },
    lr_decay_factor: { option: "--learning-rate-decay" },
    lr_decay_every: { option: "--learning-rate-decay-every" },
    grad_clip: { option: "--clip-norm" },
    val_frac: { option: "--validation" },
    eval_val_every: { option: "--evaluate-every" },
    checkpoint_every: { option: "--checkpoint-every" },
    checkpoint_dir: { option: "--out" },
    checkpoint_name: { option: "--out" },
    init_from: { option: "--init-from" },
    seed: { option: "--seed" },
    data_dir: { positional: true },
    input: { positional: true },
    input_txt: { positional: true },
    train_frac: { ignored: "use --validation for the part that is kept for evaluation" },
    test_frac: { ignored: "there is no test part; see unrolled evaluate" },
    decay_rate: { ignored: "RMSProp's default is used" },
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
    length: { option: "--length" },
    temperature: { option: "--temperature" },
    seed: { option: "--seed" },
    checkpoint: { positional: true },
    sample: { choose: (value) => (value === "0" ? ["--greedy"] : []) },
    verbose: { ignored: "there is nothing more to say" },
    ...gpuOptions,
  },
};

/** The arguments with foreign options translated, and what to tell about those that mean nothing here. */
export function translateAliases(args: readonly string[]): {
  translated: readonly string[];
  warnings: readonly string[];
} {
  const table = new Map(Object.entries(aliases[args[0]] ?? {}));
  const translated: string[] = args.slice(0, 1);
  const warnings: string[] = [];
  for (let i = 1; i < args.length; i++) {
    const written = args[i];
    const [, name, inline] = /^--?([a-z_]+)(?:=(.*))?$/s.exec(written) ?? [];
    const alias = name === undefined ? undefined : table.get(name);
    if (alias === undefined) {
      translated.push(written);
      continue;
    }
    const value = inline ?? args[++i];
    const values = value === undefined ? [] : [value];
    if ("ignored" in alias) warnings.push(`${written} is ignored: ${alias.ignored}`);
    else if ("option" in alias) translated.push(alias.option, ...values);
    else if ("positional" in alias) translated.push(...values);
    else translated.push(...alias.choose(value ?? ""));
  }
  return { translated, warnings };
}
