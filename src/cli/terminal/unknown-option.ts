/** @file What is said of an option that a command doesn't have. */

/** Options by the command that was typed, and by others that a user may mean. */
export type KnownOptions = {
  readonly command: string;
  /** Flags of the command, such as "--text-column". */
  readonly own: readonly string[];
  /** The task that is trained, and flags of the other tasks by their names. */
  readonly task?: string;
  readonly others?: Readonly<Record<string, readonly string[]>>;
};

/** Names that other tools have for options. */
const SYNONYMS: Readonly<Record<string, readonly string[]>> = {
  lr: ["--learning-rate"],
  rate: ["--learning-rate"],
  alpha: ["--learning-rate"],
  bs: ["--batch-size"],
  bsz: ["--batch-size"],
  e: ["--epochs"],
  "n-epochs": ["--epochs"],
  "num-epochs": ["--epochs"],
  "max-epochs": ["--epochs"],
  "max-steps": ["--steps"],
  iterations: ["--steps"],
  units: ["--hidden-size"],
  dim: ["--hidden-size"],
  size: ["--hidden-size"],
  "hidden-dim": ["--hidden-size"],
  "hidden-units": ["--hidden-size"],
  "num-hidden": ["--hidden-size"],
  "n-hidden": ["--hidden-size"],
  depth: ["--layers"],
  "n-layers": ["--layers"],
  "num-layers": ["--layers"],
  rnn: ["--cell"],
  "rnn-type": ["--cell"],
  "embed-dim": ["--embedding-size"],
  "embedding-dim": ["--embedding-size"],
  "val-split": ["--validation"],
  "validation-split": ["--validation"],
  "test-size": ["--validation", "--held-out"],
  "early-stopping": ["--patience"],
  warmup: ["--warm-up"],
  "warmup-steps": ["--warm-up"],
  "max-grad-norm": ["--clip-norm"],
  clip: ["--clip-norm"],
  wd: ["--weight-decay"],
  silent: ["--quiet"],
  force: ["--overwrite"],
  f: ["--overwrite"],
  j: ["--json"],
  workers: ["--threads"],
  delimiter: ["--separator"],
  delim: ["--separator"],
  sep: ["--separator"],
  charset: ["--encoding"],
  "date-column": ["--time-column"],
  "target-col": ["--value-column", "--label-column", "--target-column"],
  target: ["--target-column", "--value-column", "--label-column"],
  id: ["--id-column"],
  freq: ["--frequency"],
  tz: ["--time-zone"],
  steps: ["--horizon", "--length"],
  prompt: ["--prime"],
  "max-tokens": ["--length"],
  "max-new-tokens": ["--length"],
  n: ["--length"],
  t: ["--temperature"],
  beam: ["--beams"],
  "beam-size": ["--beams"],
  "beam-width": ["--beams"],
  "num-beams": ["--beams"],
};

/**
 * The message about `flag`, or undefined where there is no more to say than that it is unknown:
 * that it belongs to another task, that its name is the beginning of others, or that the output is
 * redirected.
 */
export function unknownOption(
  flag: string,
  { command, own, task = "", others = {} }: KnownOptions,
): string | undefined {
  const got = `expected an option of this command, got ${flag}`;
  if (/^--?o(?:ut(?:put)?(?:-file)?)?$/.test(flag)) {
    if (own.includes("--out")) return flag === "--out" ? undefined : `${got} (Did you mean --out?)`;
    const example = command === "predict" ? "--csv > pred.csv" : "> output.txt";
    return `${got}. It prints to the standard output: redirect that, as in ${example}`;
  }
  const meant = (SYNONYMS[flag.replace(/^--?/, "").replaceAll("_", "-")] ?? []).find((one) => own.includes(one));
  if (meant !== undefined) return `${got} (Did you mean ${meant}?)`;
  const owners = Object.keys(others).filter((name) => others[name].includes(flag));
  if (owners.length > 0)
    return `expected an option of --task ${task}, got ${flag}, which belongs to --task ${owners.join(", ")}`;
  const longer = (flags: readonly string[]): string[] => flags.filter((one) => one.startsWith(flag) && one !== flag);
  if (!/^--\w{3}/.test(flag)) return undefined;
  const found = longer(own);
  if (found.length > 0 && found.length <= 3) return `${got} (Did you mean ${found.join(" or ")}?)`;
  const [name] = Object.keys(others).filter((one) => longer(others[one]).length > 0);
  return found.length > 0 || name === undefined
    ? undefined
    : `${got} (Did you mean ${longer(others[name])[0]} of --task ${name}?)`;
}
