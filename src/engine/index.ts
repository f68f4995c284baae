export { currentEngine } from "./select.ts";
export type {
  ActivationName,
  ArithmeticOp,
  BinaryOp,
  Block,
  ComparisonOp,
  Engine,
  EngineStats,
  GruForward,
  GruSpec,
  LstmForward,
  LstmSpec,
  NumericsClass,
  Operand,
  OptimizerUpdate,
  ReduceOp,
  UnaryOp,
} from "./engine.ts";
