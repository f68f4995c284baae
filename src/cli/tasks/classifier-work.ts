/** @file What `--task classify` and `--task image` have in common. */
import { randomStream } from "unrolled";
import {
  type Classification,
  type Classifier,
  type ClassifierExample,
  type ClassifierOptions,
  classifierTask,
  type ClassifierTaskOptions as TrainingOptions,
  confusionPicture,
  evaluateClassifier,
  type Pooling,
  splitExamples,
} from "unrolled/tasks";
import { count, networkOf, plural, table } from "../terminal/format.ts";
import { workSignal } from "../terminal/interruptible.ts";
import type { CLASSIFIER_OPTIONS } from "./classify-options.ts";
import { exampleTraining, type Split } from "./example-training.ts";
import { mistakesOf } from "./evaluated.ts";
import type { Evaluated, OptionsWith, Prediction, TaskTraining } from "./task.ts";

export type ClassifierTaskOptions = OptionsWith<typeof CLASSIFIER_OPTIONS> & { readonly pooling: Pooling };

export type ClassifierData = Split<ClassifierExample>;

/** Name of the picture of the confusion matrix in a run directory. */
const PICTURE = "confusion.svg";

export const splitOf = (
  examples: readonly ClassifierExample[],
  { validation, seed }: ClassifierTaskOptions,
): ClassifierData => splitExamples(examples, { validation, random: randomStream(seed).named("split") });

/** Options of the model that both share. */
export function modelOptions(
  { training, validation }: ClassifierData,
  { cell, dialect, hiddenSize, layers, dropout, seed, pooling, bidirectional }: ClassifierTaskOptions,
): ClassifierOptions {
  return {
    examples: training,
    // a rare class may be among those that are held out
    labels: [...new Set([...training, ...validation].map(({ label }) => label.normalize()))].toSorted(),
    bidirectional,
    cell,
    dialect,
    hiddenSize,
    layers,
    dropout,
    seed,
    pooling,
  };
}

export function trainingOf(
  model: Classifier,
  { training, validation }: ClassifierData,
  { batchSize, seed, classWeights }: ClassifierTaskOptions,
  more: Pick<TrainingOptions, "augment"> = {},
): TaskTraining {
  const task = classifierTask(model, { training, validation, batchSize, seed, classWeights, ...more });
  return exampleTraining(task, { training: training.length, validation: validation.length });
}

export function describeClassifier(model: Classifier, { training, validation }: ClassifierData, noun: string): string {
  const { pooling, labels } = model.config;
  const words = model.vocabulary === undefined ? "" : `, ${count(model.vocabulary.size)} different ${unitOf(model)}`;
  return `${plural(training.length + validation.length, noun)} (${plural(labels.length, "label")}${words}); ${networkOf(model.config)}, pooling ${pooling}`;
}

const unitOf = ({ vocabulary }: Classifier): string =>
  ({ char: "characters", byte: "bytes", word: "words" })[vocabulary?.unit ?? "word"];

/** Classes in the table: more are no table for people. */
const MOST_ROWS = 50;

/** The classes with most examples, in their order. */
function largest<C extends { readonly support: number }>(classes: readonly C[]): readonly C[] {
  if (classes.length <= MOST_ROWS) return classes;
  const kept = new Set(classes.toSorted((a, b) => b.support - a.support).slice(0, MOST_ROWS));
  return classes.filter((one) => kept.has(one));
}

/** Measures, a table by class and the picture. */
export async function evaluatedOf(model: Classifier, examples: readonly ClassifierExample[]): Promise<Evaluated> {
  const signal = workSignal();
  const found = await evaluateClassifier(model, examples, { signal });
  const { loss, measures, report, rocAuc, confusion, unknown } = found;
  const percent = (share: number): string => (100 * share).toFixed(2);
  const shown = largest(report.classes);
  const left = report.classes.length - shown.length;
  const rows = [
    ["", "precision", "recall", "F1", "examples"],
    ...[...shown, { label: "mean of classes", ...report.macro, support: examples.length }].map(
      ({ label, precision, recall, f1, support }) => [
        label,
        percent(precision),
        percent(recall),
        percent(f1),
        count(support),
      ],
    ),
  ];
  return {
    measures: { loss, ...measures, f1: report.macro.f1, ...(rocAuc !== undefined && { rocAuc }) },
    counts: { examples: examples.length },
    text: [
      table(rows, new Set([1, 2, 3, 4])),
      ...(left === 0 ? [] : [`${count(left)} classes with fewer examples are left out here`]),
      ...mistakesOf(
        "example",
        "label",
        unknown.map(({ label, ...rest }) => ({ ...rest, name: label })),
      ),
    ].join("\n"),
    pictures: { [PICTURE]: () => confusionPicture(confusion, `${count(examples.length)} examples`) },
  };
}

/**
 * An answer. `name` is what was classified, such as a file; none for a line of the standard input.
 * `join` is what `--json` and `--csv` say of the input. No classification is that of a blank line.
 */
export function predictionOf(
  found: Classification | undefined,
  name: string | undefined,
  join: Readonly<Record<string, string | number | null>>,
): Prediction {
  const { label = null, probability = null, probabilities = {} } = found ?? {};
  const own = found === undefined ? "" : `${found.label}\t${found.probability.toFixed(4)}`;
  return {
    text: name === undefined ? own : `${name}\t${own}`,
    json: { ...join, label, probability, probabilities: { ...probabilities } },
    rows: [{ ...join, label, probability }],
  };
}
