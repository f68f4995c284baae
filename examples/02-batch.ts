/** @file Three words at once: batch size 3, sequence length 5, input dim 4, hidden size 2. */
import { basicLstmCell, dynamicRnn, oneHot } from "unrolled";

const letters = "helo";
const words = ["hello", "eolll", "lleel"];

const ids = words.map((word) => Array.from(word, (letter) => letters.indexOf(letter)));
const xData = oneHot(ids, letters.length);
console.log(`inputs (${xData.shape.join(", ")})`);
xData.print();

const hiddenSize = 2;
const cell = basicLstmCell(hiddenSize);
const { outputs, state } = dynamicRnn(cell, xData);
console.log(`outputs (${outputs.shape.join(", ")})`);
outputs.print();
console.log("last cell state c");
state.c.print();
