/** @file What `unrolled train` says while it runs. */
import type { LanguageModel, TrainEvent } from "unrolled";
import type { Display } from "./display.ts";
import { count, duration, paint, plural, real } from "./format.ts";
import { LossHistory } from "./loss-history.ts";
import type { TrainFlags } from "./train-options.ts";

type Step = Extract<TrainEvent, { kind: "step" }>;

/** Seconds between lines where nothing can be redrawn. */
const LINE_SECONDS = 5;
/** Weight of the newest step in the shown loss and speed. */
const SMOOTHING = 0.05;

const bits = (value: number): string => `${value.toFixed(3)} bits/char`;

export class TrainReport {
  readonly #display: Display;
  readonly #flags: TrainFlags;
  readonly #history = new LossHistory();
  #loss: number | undefined;
  #secondsPerStep: number | undefined;
  #bits: number | undefined;
  #printed = 0;

  constructor(display: Display, flags: TrainFlags) {
    this.#display = display;
    this.#flags = flags;
  }

  /** Bits per character at the last evaluation. */
  get bitsPerCharacter(): number | undefined {
    return this.#bits;
  }

  header(model: LanguageModel, tokens: number, perEpoch: number, file: string, stream: NodeJS.WriteStream): void {
    const { config, vocabulary } = model;
    const { sequenceLength, batchSize, optimizer, learningRate, steps, epochs, seconds } = this.#flags;
    const noun = { char: "character", byte: "byte", word: "word" }[vocabulary.unit];
    const limits = [
      ...(steps === undefined ? [] : [plural(steps, "step")]),
      ...(epochs === undefined ? [] : [plural(epochs, "epoch")]),
      ...(seconds === undefined ? [] : [duration(seconds)]),
    ];
    const row = (name: string, text: string): void => this.#display.line(`${paint("dim", name.padEnd(8), stream)} ${text}`);
    row("corpus", `${plural(tokens, noun)}, ${count(vocabulary.size)} different`);
    row("model", `${config.cell}, ${plural(config.layers, "layer")} of ${config.hiddenSize}: ${plural(model.parameterCount, "parameter")}`);
    row("training", `${limits.join(" or ") || "50 epochs"}, ${plural(perEpoch, "step")} per epoch`);
    row("", `${batchSize} rows of ${sequenceLength} per step, ${optimizer} at ${learningRate}`);
    row("saves to", file);
    this.#display.line(paint("dim", "Ctrl-C stops and saves.", stream));
    this.#display.line("");
  }

  step(event: Step): void {
    const blend = (old: number | undefined, next: number): number => (old === undefined ? next : old + SMOOTHING * (next - old));
    if (event.skipped) this.#display.line(`step ${count(event.step)}: the loss or gradient was not finite, step left out`);
    else this.#loss = blend(this.#loss, event.loss);
    const tokens = this.#flags.batchSize * this.#flags.sequenceLength;
    this.#secondsPerStep = blend(this.#secondsPerStep, tokens / event.tokensPerSecond);
    this.#history.add(event.step, event.loss);
    this.#display.status(this.#parts(event));
    const { printEvery } = this.#flags;
    const due =
      printEvery === undefined ? !this.#display.live && event.seconds - this.#printed >= LINE_SECONDS : event.step % printEvery === 0;
    if (!due) return;
    this.#printed = event.seconds;
    this.#display.line(this.#parts(event).join("  "));
  }

  evaluation({ step, epoch, loss, bitsPerCharacter }: Extract<TrainEvent, { kind: "evaluation" }>): void {
    this.#bits = bitsPerCharacter;
    this.#display.line(`step ${count(step)}  epoch ${epoch.toFixed(2)}  validation loss ${real(loss)}  ${bits(bitsPerCharacter)}`);
  }

  chart(): void {
    const text = this.#history.chart(this.#display.columns);
    if (text !== undefined) this.#display.line(`\n${text}\n`);
  }

  /** Most important first. */
  #parts({ step, steps, epoch, seconds }: Step): string[] {
    const limit = this.#flags.seconds;
    const speed = this.#secondsPerStep ?? NaN;
    const left = Math.min(steps === undefined ? Infinity : (steps - step) * speed, limit === undefined ? Infinity : limit - seconds);
    const tokens = this.#flags.batchSize * this.#flags.sequenceLength;
    return [
      `step ${count(step)}${steps === undefined ? "" : `/${count(steps)}`}`,
      `loss ${this.#loss === undefined ? "?" : real(this.#loss)}`,
      `${duration(left)} left`,
      `${count(tokens / speed)} tokens/s`,
      ...(this.#bits === undefined ? [] : [`validation ${bits(this.#bits)}`]),
      `epoch ${epoch.toFixed(2)}`,
    ];
  }
}
