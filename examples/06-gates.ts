/** @file What an LSTM does at each letter of a word: every gate and both states of every step. */
import { dynamicRnn, lstmCell, oneHot } from "unrolled";

const word = process.argv[2] ?? "hello";
const letters = [...new Set(word)];
const inputs = oneHot([Array.from(word, (letter) => letters.indexOf(letter))], letters.length);

const cell = lstmCell({ units: 3, seed: 1 });
const { trace } = dynamicRnn(cell, inputs, { trace: true });

const meaning = [
  ["i", "input gate"],
  ["f", "forget gate"],
  ["g", "candidate"],
  ["o", "output gate"],
  ["c", "cell state"],
  ["h", "output"],
] as const;
console.log(`${"".padEnd(16)}${Array.from(word, (letter) => letter.padStart(8)).join("")}`);
for (const [name, title] of meaning) {
  const values = trace[name].values(); // [1, T, 3]
  for (let unit = 0; unit < 3; unit++) {
    const row = Array.from(word, (_, step) => values[3 * step + unit].toFixed(3).padStart(8)).join("");
    console.log(`${`${title} ${name}${unit}`.padEnd(16)}${row}`);
  }
}
