export { evaluateNode, isKnownOp } from "./evaluate-node.ts";
export type { Attribute, NetworkGraph, NetworkNode, NetworkValue } from "./graph.ts";
export { network, networkKinds } from "./network.ts";
export type { Network, NetworkConstant, NetworkContents, NetworkRunOptions, NetworkStepsOptions } from "./network.ts";
export { RECURRENT_ACTIVATIONS } from "./ops/recurrent-steps.ts";
