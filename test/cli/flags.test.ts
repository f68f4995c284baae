/** @file Flags are the library's options in kebab-case; those that are not are listed here with the reason. */
import { expect, test } from "vitest";
import { flagOf } from "../../src/cli/options/table.ts";
import { TASKS } from "../../src/cli/tasks/declarations.ts";
import { optionsOfTask } from "../../src/cli/tasks/task.ts";
import { declarationsOfEntry, ENTRIES, type EntryName } from "../helpers/declarations.ts";

/** Flags that no option of the library is called after, and why. */
const ofTheCommand: Readonly<Record<string, string>> = {
  "--out": "where the run directory is",
  "--overwrite": "about the run directory",
  "--resume": "a directory, from which the snapshot is read that the library's `resume` takes",
  "--init-from": "a directory, from which the model is read",
  "--config": "a file of options",
  "--dry-run": "trains nothing",
  "--quiet": "about the terminal",
  "--json": "about the terminal",
  "--csv": "about the terminal",
  "--plot": "a file to draw into",
  "--preset": "a set of options",
  "--checkpoint-every": "an option of `runDirectory(path).record`",
  "--stream": "chooses `streamCorpus`",
  "--freeze": "text for `groups`",
  "--rate-factors": "text for `groups`",
  "--optimizer": "a name in `optimizers`",
  "--keep-best": "`restoreBestWeights` of `earlyStopping`",
  "--plateau-factor": "`factor` of `reduceOnPlateau`",
  "--plateau-patience": "`patience` of `reduceOnPlateau`",
  "--warm-up": "`steps` of `warmUp`",
  "--rmsprop-decay": "`decay` of rmsprop; --decay would say nothing of what",
  "--learning-rate-decay": "`decay` of charRnn",
  "--learning-rate-decay-after": "`decayAfterEpochs` of charRnn",
  "--learning-rate-decay-every": "`every` of torchRnn",
  "--activation-penalty": "`penalties.activation`",
  "--temporal-activation-penalty": "`penalties.temporalActivation`",
  "--skip-bad": "`onBad` of the readers",
  "--text-column": "columns of files",
  "--label-column": "columns of files",
  "--values-column": "columns of files",
  "--id-column": "columns of files",
  "--value-columns": "columns of files",
  "--resize": "text for `size`",
  "--source-column": "columns of files",
  "--target-column": "columns of files",
  "--time-column": "`columns.time`",
  "--value-column": "`columns.value`",
  "--series-column": "`columns.series`",
  "--length": "`maxLength` of `generate`; `unrolled sample` has had it so from char-rnn",
};

/** Members of the public option types, and what public functions take in an object. */
function namesOf(): ReadonlySet<string> {
  const names = new Set<string>();
  for (const entry of Object.keys(ENTRIES) as EntryName[]) {
    const { exported, mentioned } = declarationsOfEntry(entry);
    for (const [name, texts] of [...exported, ...mentioned])
      if (/Options$|Config$|Augmentation$|^Penalties$|^FeatureSettings$/.test(name))
        for (const [, member] of texts.join("\n").matchAll(/^ {4}(?:readonly )?(\w+)\??:/gm)) names.add(member);
  }
  return names;
}

const flags = new Map(
  TASKS.flatMap((task) => [optionsOfTask(task), task.predictOptions, task.evaluateOptions ?? {}])
    .flatMap((table) => Object.keys(table))
    .map((name) => [flagOf(name), name]),
);

test("each flag is an option of the library, or stands in the list with its reason", () => {
  const names = namesOf();
  const others = [...flags].filter(([, name]) => !names.has(name)).map(([flag]) => flag);
  expect(others.filter((flag) => !Object.hasOwn(ofTheCommand, flag))).toEqual([]);
});

test("the list names no flag that is gone", () => {
  expect(Object.keys(ofTheCommand).filter((flag) => !flags.has(flag))).toEqual([]);
});
