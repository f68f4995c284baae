import { randomInt } from "node:crypto";
import { generate, loadLanguageModel, useThreads } from "unrolled";
import { interruptible, workSignal } from "../terminal/interruptible.ts";
import { LANGUAGE_MODEL } from "../tasks/language-model-options.ts";
import { expectTask, taskOfModel, typedModel } from "../tasks/task-of.ts";
import { warn, write } from "../terminal/output.ts";

export type SampleOptions = {
  prime: string;
  length: number;
  temperature: number;
  topK?: number;
  topP?: number;
  seed?: number;
  stop?: string[];
  greedy?: boolean;
  threads?: number;
};

/** Prints the text. */
export async function sample(directory: string, options: SampleOptions): Promise<void> {
  if (options.threads !== undefined) useThreads(options.threads);
  const bytes = typedModel(directory, "unrolled sample RUN --prime TEXT");
  expectTask(taskOfModel(bytes), LANGUAGE_MODEL, directory);
  const model = loadLanguageModel(bytes);
  const seed = options.seed ?? randomInt(2 ** 32);
  const greedy = options.greedy === true;
  model.vocabulary.encode(options.prime); // throws before anything is printed
  if (options.seed === undefined && !greedy) warn(`seed ${seed}`);
  await interruptible(async () => {
    const text = generate(model, options.prime, {
      maxLength: options.length,
      temperature: greedy ? 0 : options.temperature,
      seed,
      signal: workSignal(),
      ...(options.topK !== undefined && { topK: options.topK }),
      ...(options.topP !== undefined && { topP: options.topP }),
      ...(options.stop && { stop: options.stop }),
    });
    let first = true;
    for await (const piece of text) {
      write(first ? options.prime + piece : piece);
      first = false;
    }
    write(first ? `${options.prime}\n` : "\n");
  });
}
