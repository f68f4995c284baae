/** @file Teaches a cell the next letter: "hell" goes in, "ello" should come out. */
import {
  adam,
  argmax,
  basicLstmCell,
  dynamicRnn,
  mean,
  oneHot,
  ones,
  reshape,
  scope,
  sequenceLoss,
  tensor,
  valueAndGrad,
} from "unrolled";

const letters = "helo";
const [batchSize, sequenceLength, numClasses, hiddenSize, learningRate] = [1, 4, 4, 4, 0.05];
const X = oneHot([[0, 1, 2, 2]], numClasses); // h e l l
const Y = tensor([[1, 2, 2, 3]], { dtype: "int32" }); // e l l o
const weights = ones([batchSize, sequenceLength]);

const cell = basicLstmCell(hiddenSize);
cell.build(numClasses);
const predict = () => reshape(dynamicRnn(cell, X).outputs, [batchSize, sequenceLength, numClasses]);
const loss = () => mean(sequenceLoss(predict(), Y, weights));

const parameters = cell.parameters();
const optimizer = adam({ learningRate });
let state = optimizer.init(parameters);
let text = "";
for (let step = 0; text !== "ello" && step < 500; step++) {
  scope(() => {
    const { value, gradients } = valueAndGrad(loss, parameters);
    text = Array.from(argmax(predict(), 2).values(), (id) => letters[id]).join("");
    console.log(`step ${step}  loss ${value.item().toFixed(4)}  "${text}"`);
    state = optimizer.update(parameters, gradients, state);
  });
}
