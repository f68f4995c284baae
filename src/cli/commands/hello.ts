import {
  adam,
  argmax,
  basicLstmCell,
  basicRnnCell,
  dynamicRnn,
  mean,
  oneHot,
  ones,
  reshape,
  scope,
  sequenceLoss,
  type Tensor,
  tensor,
  valueAndGrad,
} from "unrolled";
import { paint } from "../terminal/format.ts";
import { chartWidth, lossChart } from "../terminal/loss-history.ts";

const CHARACTERS = ["h", "e", "l", "o"];
const ids = (word: string): number[] => [...word].map((character) => CHARACTERS.indexOf(character));
const word = (predicted: Tensor): string => Array.from(predicted.values(), (id: number) => CHARACTERS[id]).join("");
const shape = (x: Tensor): string => `(${x.shape.join(", ")})`;

const say = (text: string): void => console.log(text);
const title = (text: string): void => say(`\n${paint("bold", text, process.stdout)}`);

/** Plays all acts. */
export function hello({ seed }: { readonly seed: number }): void {
  actOne(seed);
  actTwo(seed);
  actThree(seed);
}

function actOne(seed: number): void {
  title("Act 1. A cell reads a word");
  say('Each character of "hello" is a one-hot vector: input dimension 4, sequence length 5, batch size 1.');
  const x = oneHot([ids("hello")], 4);
  say(`x ${shape(x)}\n${x.toString()}`);
  say("A basic RNN cell with hidden size 2 gives two numbers at each step, and hands its state to the next.");
  const { outputs } = dynamicRnn(basicRnnCell(2, { seed }), x);
  say(`outputs ${shape(outputs)}\n${outputs.toString()}`);
}

function actTwo(seed: number): void {
  title("Act 2. A batch of three words");
  const words = ["hello", "eolll", "lleel"];
  say(`The words ${words.join(", ")} go through one LSTM cell side by side: batch size 3.`);
  const x = oneHot(words.map(ids), 4);
  const { outputs, state } = dynamicRnn(basicLstmCell(2, { seed }), x);
  say(`x ${shape(x)} -> outputs ${shape(outputs)}\n${outputs.toString()}`);
  say(`The last state has two parts, c ${shape(state.c)} and h ${shape(state.h)}.`);
}

function actThree(seed: number): void {
  title('Act 3. Learning that after "hell" comes "ello"');
  say(
    "The LSTM's outputs are the scores of the next character; sequenceLoss compares them with the right ones, Adam improves.",
  );
  const x = oneHot([ids("hell")], 4);
  const targets = tensor([ids("ello")], { dtype: "int32" });
  const [batchSize, sequenceLength] = targets.shape;
  const weights = ones([batchSize, sequenceLength]);
  const cell = basicLstmCell(CHARACTERS.length, { seed });
  const forward = (): Tensor => reshape(dynamicRnn(cell, x).outputs, [batchSize, sequenceLength, CHARACTERS.length]);
  scope(forward); // creates the parameters
  const parameters = cell.parameters();
  const optimizer = adam({ learningRate: 0.1 });
  let state = optimizer.init(parameters);
  const losses: number[] = [];
  let predicted = "";
  for (let step = 0; step < 200 && (predicted !== "ello" || step < 60); step++) {
    scope(() => {
      const { value, gradients, result } = valueAndGrad(() => {
        const logits = forward();
        return { value: mean(sequenceLoss(logits, targets, weights)), logits };
      }, parameters);
      state = optimizer.update(parameters, gradients, state);
      losses.push(value.item());
      const now = word(argmax(result.logits));
      if (now !== predicted || step % 20 === 0)
        say(`  step ${String(step).padStart(3)}  loss ${value.item().toFixed(4)}  hell -> ${now}`);
      predicted = now;
    });
  }
  const points = losses.map((loss, step): [number, number] => [step, loss]);
  const width = chartWidth(process.stdout.columns || 80);
  say(lossChart(points, { width, height: 10, title: `loss over ${losses.length} steps` }));
  say(paint("green", `hell -> ${predicted}`, process.stdout));
}
