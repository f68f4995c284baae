export { checkedEngine } from "./checked.ts";
export type { Anomaly } from "./checked.ts";
export { setMemoryAdvice } from "./memory-advice.ts";
export { NUMERICS_VERSION } from "./numerics-version.ts";
export { engineReport, useThreads } from "./report.ts";
export { onEachReplay, isRecorded, Recording, withoutRecording } from "./recording.ts";
export { currentEngine, withEngine } from "./select.ts";
export type {
  ActivationName,
  Answers,
  ArithmeticOp,
  BinaryOp,
  Block,
  ComparisonOp,
  CountingEngine,
  Engine,
  EngineReport,
  EngineStats,
  GruForward,
  GruSpec,
  LayerInputGradients,
  LayerInputs,
  LstmForward,
  LstmSpec,
  NumericsClass,
  Operand,
  OptimizerPreparation,
  OptimizerUpdate,
  Questions,
  ReduceOp,
  UnaryOp,
} from "./engine.ts";
