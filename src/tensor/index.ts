export { assign } from "./assign.ts";
export { capture } from "./capture.ts";
export { full, oneHot, ones, randomTensor, range, tensor, zeros } from "./create.ts";
export type { Distribution, TensorOptions } from "./create.ts";
export { activate, hardSigmoid, hardSigmoid02, relu, sigmoid, softplus, softsign, tanh } from "./ops/activations.ts";
export { add, div, mul, sub } from "./ops/arithmetic.ts";
export type { Value } from "./ops/arithmetic.ts";
export { broadcastTo, sum } from "./ops/broadcast.ts";
export { cast } from "./ops/cast.ts";
export {
  equal,
  greater,
  greaterEqual,
  isFinite,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  notEqual,
  where,
} from "./ops/compare.ts";
export { convolution, transposedConvolution } from "./ops/convolution.ts";
export type { ConvolutionOptions, TransposedConvolutionOptions } from "./ops/convolution.ts";
export { crfBestPaths, crfLogLikelihood, crfLogNormalizer, crfMarginals, crfViterbi } from "./ops/crf.ts";
export type { CrfConstraints, CrfPath, CrfScores, CrfViterbiOptions } from "./ops/crf.ts";
export { ctcLogProbability, ctcLoss } from "./ops/ctc.ts";
export type { CtcOptions } from "./ops/ctc.ts";
export { cumulativeSum } from "./ops/cumulative.ts";
export { dropout } from "./ops/dropout.ts";
export { einsum } from "./ops/einsum.ts";
export { abs, exp, floor, log, log1p, neg, reciprocal, sign, sqrt, square } from "./ops/elementwise.ts";
export { clip, maximum, minimum } from "./ops/extremes.ts";
export { dft, stft } from "./ops/fourier.ts";
export type { DftOptions, StftOptions } from "./ops/fourier.ts";
export { gather, scatterAdd, takeLast, takeSteps } from "./ops/gather.ts";
export { gatherElements, gatherNd, scatterElements, scatterNd, topK, trilu } from "./ops/indexing.ts";
export type { ScatterOptions, TopKOptions, TriluOptions } from "./ops/indexing.ts";
export { layerNorm } from "./ops/layer-norm.ts";
export { negativeBinomialLoss, normalLoss, studentTLoss } from "./ops/likelihood.ts";
export { linear } from "./ops/linear.ts";
export { matmul } from "./ops/matmul.ts";
export {
  concat,
  expandDims,
  flip,
  pad,
  reshape,
  slice,
  split,
  squeeze,
  stack,
  swapLeading,
  transpose,
} from "./ops/move.ts";
export { batchNormalization, groupNormalization, instanceNormalization } from "./ops/normalization.ts";
export type { BatchNormalizationOptions, BatchStatistics } from "./ops/normalization.ts";
export { padWith, tile } from "./ops/pad-modes.ts";
export type { PadMode, PadWithOptions } from "./ops/pad-modes.ts";
export { averagePool, globalAveragePool, globalMaxPool, maxPool } from "./ops/pooling.ts";
export type { AveragePoolOptions, MaxPoolOptions } from "./ops/pooling.ts";
export { pow } from "./ops/power.ts";
export { hardmax, prod } from "./ops/product.ts";
export { celu, elu, gelu, hardSwish, leakyRelu, mish, prelu, selu, thresholdedRelu } from "./ops/rectifiers.ts";
export type { GeluOptions } from "./ops/rectifiers.ts";
export { gruSequence, lstmSequence, rnnSequence } from "./ops/recurrent.ts";
export type { GruOperands, LstmOperands, SequenceOperands, TableInputs } from "./ops/recurrent.ts";
export { gruStep, lstmStep, rnnStep } from "./ops/recurrent-steps.ts";
export type { KernelOperands } from "./ops/recurrent-steps.ts";
export { argmax, argmin, logSumExp, max, mean, min } from "./ops/reduce.ts";
export { resize } from "./ops/resize.ts";
export type { ResizeCoordinates, ResizeOptions, ResizeRounding } from "./ops/resize.ts";
export { ceil, isInf, isNaN, mod, round } from "./ops/rounding.ts";
export type { IsInfOptions, ModOptions } from "./ops/rounding.ts";
export { maskSequence, reverseSequence } from "./ops/sequence.ts";
export { logSoftmax, softmax, sparseSoftmaxCrossEntropy } from "./ops/softmax.ts";
export { acos, acosh, asin, asinh, atan, atanh, cos, cosh, erf, sin, sinh, tan } from "./ops/trigonometric.ts";
export type { WindowOptions } from "./ops/windows.ts";
export { onEachReplay } from "../engine/index.ts";
export { detach, grad, valueAndGrad, withoutGradient } from "./tape.ts";
export { isAllFinite, Keeper, memory, OpenScope, outsideScopes, scope, Tensor } from "./tensor.ts";
export type { NestedArray } from "./tensor.ts";
