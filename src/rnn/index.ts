export { attention, ATTENTION_KINDS } from "./attention.ts";
export type { AttendedMemory, Attention, AttentionKind, AttentionOptions } from "./attention.ts";
export { bidirectionalDynamicRnn, stackBidirectionalDynamicRnn } from "./bidirectional.ts";
export type {
  BidirectionalOptions,
  BidirectionalResult,
  Directions,
  StackBidirectionalOptions,
  StackBidirectionalResult,
} from "./bidirectional.ts";
export type {
  BuildOptions,
  Cell,
  Gates,
  Parameters,
  SequenceContext,
  SequenceInputs,
  SequenceResult,
  State,
  StateSize,
  StepContext,
  StepResult,
  Trace,
} from "./cell.ts";
export { CELL_NAMES, cellByName } from "./cells/by-name.ts";
export { DIALECT_NAMES } from "./cells/dialect.ts";
export type { CellName, StatesByName, TracesByName } from "./cells/by-name.ts";
export { gruCell } from "./cells/gru-cell.ts";
export type { GruCellOptions, GruState, GruTrace } from "./cells/gru-cell.ts";
export type { Dialect } from "./cells/dialect.ts";
export { layerNormLstmCell } from "./cells/layer-norm-lstm-cell.ts";
export type { LayerNormLstmCellOptions, LayerNormVariant } from "./cells/layer-norm-lstm-cell.ts";
export { basicLstmCell, lstmCell } from "./cells/lstm-cell.ts";
export type { LstmCellOptions, LstmState, LstmTrace } from "./cells/lstm-cell.ts";
export { minGruCell } from "./cells/min-gru-cell.ts";
export type { MinGruCellOptions, MinGruState, MinGruTrace } from "./cells/min-gru-cell.ts";
export { basicRnnCell, rnnCell } from "./cells/rnn-cell.ts";
export type { RnnCellOptions, RnnState } from "./cells/rnn-cell.ts";
export { checkSampling, greedy, sampleToken } from "./decoding.ts";
export type { SamplingOptions } from "./decoding.ts";
export { dynamicRnn, runSequence } from "./dynamic-rnn.ts";
export type { DynamicRnnOptions, DynamicRnnResult, Lengths } from "./dynamic-rnn.ts";
export { gateRanges, isGated } from "./gates.ts";
export type { GateRange } from "./gates.ts";
export { constant, glorotNormal, glorotUniform, normal, orthogonal, truncatedNormal, uniform } from "./initializers.ts";
export type { Initializer } from "./initializers.ts";
export { parameterSet, withParameterBudget } from "./parameter-set.ts";
export type { ParameterDeclarations, ParameterSet } from "./parameter-set.ts";
export { rawRnn, unroll } from "./raw-rnn.ts";
export type { RawRnnDecision } from "./raw-rnn.ts";
export { sequenceLoss } from "./sequence-loss.ts";
export type { SequenceLossOptions } from "./sequence-loss.ts";
export { CarriedState } from "./carried-state.ts";
export { carryInto, detachState, zeroState } from "./state.ts";
export { attentionInputSize, attentionWrapper } from "./wrappers/attention-wrapper.ts";
export type { AttentionState, AttentionWrapperOptions } from "./wrappers/attention-wrapper.ts";
export { dropoutWrapper } from "./wrappers/dropout-wrapper.ts";
export type { DropoutOptions } from "./wrappers/dropout-wrapper.ts";
export { multiRnnCell } from "./wrappers/multi-rnn-cell.ts";
export type { ByLayer, MultiRnnState } from "./wrappers/multi-rnn-cell.ts";
export { inputProjectionWrapper, outputProjectionWrapper } from "./wrappers/projection-wrappers.ts";
export { highwayWrapper, residualWrapper } from "./wrappers/skip-wrappers.ts";
export { weightedMean } from "./weighted-mean.ts";
export { classWeights } from "./class-weights.ts";
