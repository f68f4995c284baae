/** @file One word through one cell: a sequence of 5 letters goes in, 5 vectors of 2 numbers come out. */
import { basicRnnCell, dynamicRnn, tensor } from "unrolled";

// each letter as a one-hot vector
const h = [1, 0, 0, 0];
const e = [0, 1, 0, 0];
const l = [0, 0, 1, 0];
const o = [0, 0, 0, 1];

const hiddenSize = 2;
const cell = basicRnnCell(hiddenSize);
const xData = tensor([[h, e, l, l, o]]);
console.log(`inputs (${xData.shape.join(", ")})`);
xData.print();

const { outputs, state } = dynamicRnn(cell, xData);
console.log(`outputs (${outputs.shape.join(", ")})`);
outputs.print();
console.log("last state, equal to the last output");
state.h.print();
