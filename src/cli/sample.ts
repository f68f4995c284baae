import { randomInt } from "node:crypto";
import type { Command } from "commander";
import { useThreads } from "unrolled";
import { loadModel } from "unrolled/node";
import { asUsage, EXIT } from "./failure.ts";
import type { Finish } from "./program.ts";
import { threadsOption } from "./threads.ts";
import { collect, integer, number } from "./values.ts";

type SampleOptions = {
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

const EXAMPLES = `
Examples:
  unrolled sample runs/book --prime "Call me" --temperature 0.7
  unrolled sample runs/book --length 1000 --seed 7 --stop "CHAPTER"
  unrolled sample runs/book --primetext "Call me" --sample 0      (as in char-rnn)`;

export function addSample(program: Command, finish: Finish): void {
  program
    .command("sample")
    .description("Continue a text.")
    .argument("<dir>", "run directory or model file")
    .option("--prime <text>", "text to continue; printed first", "")
    .option("--length <n>", "tokens to draw", integer(0), 500)
    .option("--temperature <x>", "below 1 safer, above 1 wilder, 0 always the best", number(0), 1)
    .option("--greedy", "always take the most probable token")
    .option("--top-k <n>", "only the n most probable tokens", integer(1))
    .option("--top-p <p>", "only the most probable tokens that reach p together", number(0, 1))
    .option("--seed <n>", "same seed, same text (default: a new one, printed)", integer(0))
    .option("--stop <text>", "end before this text (repeatable)", collect)
    .addOption(threadsOption())
    .addHelpText("after", EXAMPLES)
    .action(async (directory: string, options: SampleOptions) => {
      finish(await sample(directory, options));
    });
}

async function sample(directory: string, options: SampleOptions): Promise<number> {
  if (options.threads !== undefined) useThreads(options.threads);
  const model = asUsage(() => loadModel(directory));
  const seed = options.seed ?? randomInt(2 ** 32);
  const stopped = new AbortController();
  const interrupt = (): void => stopped.abort();
  process.once("SIGINT", interrupt);
  // a reader that went away, such as `| head`, is no error
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    stopped.abort();
  });
  const greedy = options.greedy === true;
  model.vocabulary.encode(options.prime); // throws before anything is printed
  if (options.seed === undefined && !greedy) process.stderr.write(`seed ${seed}\n`);
  const text = model.generate(options.prime, {
    maxTokens: options.length,
    temperature: greedy ? 0 : options.temperature,
    seed,
    signal: stopped.signal,
    ...(options.topK !== undefined && { topK: options.topK }),
    ...(options.topP !== undefined && { topP: options.topP }),
    ...(options.stop && { stop: options.stop }),
  });
  let first = true;
  for await (const piece of text) {
    process.stdout.write(first ? options.prime + piece : piece);
    first = false;
  }
  process.stdout.write(first ? `${options.prime}\n` : "\n");
  process.off("SIGINT", interrupt);
  return stopped.signal.aborted && !process.stdout.errored ? EXIT.interrupted : EXIT.ok;
}
