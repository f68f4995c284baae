export { gemm8, pack8 } from "./gemm";
export { gruBackward, gruForward } from "./gru";
export { crossEntropy, crossEntropyBackward } from "./loss";
export { lstmBackward, lstmForward } from "./lstm";
export { adam } from "./optimizer";
export { rnnBackward, rnnForward } from "./rnn";
export { addRows, columnSums } from "./rows";
