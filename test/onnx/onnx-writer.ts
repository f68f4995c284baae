/**
 * Writes an ONNX model that holds one recurrent node, so that a test can ask ONNX Runtime what
 * the operator computes. Only the few protobuf fields such a model needs are encoded; their
 * numbers are those of onnx/onnx.proto.
 *
 * Operators: https://onnx.ai/onnx/operators/onnx__RNN.html, onnx__LSTM.html and onnx__GRU.html.
 *
 * Letters: T steps, N batch rows, I input size, H hidden size, D directions (2 if bidirectional,
 * else 1), G gates (RNN 1: i; GRU 3: z,r,h; LSTM 4: i,o,f,c).
 */

export type RecurrentOp = "RNN" | "LSTM" | "GRU";
export type Direction = "forward" | "reverse" | "bidirectional";

/** The inputs that an ONNX recurrent operator may go without. */
export type OptionalInput = "B" | "sequence_lens" | "initial_h" | "initial_c" | "P";
export type RecurrentInput = "X" | "W" | "R" | OptionalInput;
export type RecurrentOutput = "Y" | "Y_h" | "Y_c";

/** The attributes of the node; one left out is not written, so the operator's default holds. */
export interface RecurrentNode {
  readonly op: RecurrentOp;
  /** H */
  readonly hiddenSize: number;
  readonly direction?: Direction | undefined;
  /** GRU only: the reset gate multiplies `h R + Rb` (true) or `h` itself (false). */
  readonly linearBeforeReset?: boolean | undefined;
  /** Per direction: RNN f; GRU f,g; LSTM f,g,h. */
  readonly activations?: readonly string[] | undefined;
  /** Used up in order by the activations that take an alpha, such as HardSigmoid. */
  readonly activationAlpha?: readonly number[] | undefined;
  readonly activationBeta?: readonly number[] | undefined;
  /** Bounds the input of every activation to [-clip, clip]. */
  readonly clip?: number | undefined;
  /** LSTM only: couples the gates, f = 1 - i. */
  readonly inputForget?: boolean | undefined;
}

export interface RecurrentModel extends RecurrentNode {
  /** Which optional inputs the graph has. */
  readonly inputs: readonly OptionalInput[];
}

export const GATES: Readonly<Record<RecurrentOp, number>> = { RNN: 1, LSTM: 4, GRU: 3 };

/** Operator inputs by position; a missing one keeps its place as an empty name. */
const INPUT_ORDER: Readonly<Record<RecurrentOp, readonly RecurrentInput[]>> = {
  RNN: ["X", "W", "R", "B", "sequence_lens", "initial_h"],
  LSTM: ["X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P"],
  GRU: ["X", "W", "R", "B", "sequence_lens", "initial_h"],
};

const OUTPUT_ORDER: Readonly<Record<RecurrentOp, readonly RecurrentOutput[]>> = {
  RNN: ["Y", "Y_h"],
  LSTM: ["Y", "Y_h", "Y_c"],
  GRU: ["Y", "Y_h"],
};

/** Opset 22 is the latest version of the three operators; IR 10 is the oldest that goes with it. */
const OPSET_VERSION = 22;
const IR_VERSION = 10;

const TENSOR_FLOAT = 1;
const TENSOR_INT32 = 6;

/** A fixed size, or a letter for a size that each run may choose. */
type Dimension = number | "T" | "N" | "I";

export const directionCount = (node: RecurrentNode): number => (node.direction === "bidirectional" ? 2 : 1);

/** The inputs the operator knows, in its order. */
export const inputsOf = (op: RecurrentOp): readonly RecurrentInput[] => INPUT_ORDER[op];

/** The outputs the operator has, in its order. */
export const outputsOf = (op: RecurrentOp): readonly RecurrentOutput[] => OUTPUT_ORDER[op];

/**
 * The shape of each input. X [T,N,I], W [D,G*H,I], R [D,G*H,H], B [D,2*G*H] (Wb then Rb),
 * sequence_lens [N], initial_h and initial_c [D,N,H], P [D,3*H] (i, o, f).
 */
export function inputShape(node: RecurrentNode, name: RecurrentInput): readonly Dimension[] {
  const directions = directionCount(node);
  const hidden = node.hiddenSize;
  const rows = GATES[node.op] * hidden;
  switch (name) {
    case "X":
      return ["T", "N", "I"];
    case "W":
      return [directions, rows, "I"];
    case "R":
      return [directions, rows, hidden];
    case "B":
      return [directions, 2 * rows];
    case "sequence_lens":
      return ["N"];
    case "P":
      return [directions, 3 * hidden];
    case "initial_h":
    case "initial_c":
      return [directions, "N", hidden];
    default:
      return name satisfies never;
  }
}

/** The shape of each output: Y [T,D,N,H], Y_h and Y_c [D,N,H]. */
export function outputShape(node: RecurrentNode, name: RecurrentOutput): readonly Dimension[] {
  const state: readonly Dimension[] = [directionCount(node), "N", node.hiddenSize];
  return name === "Y" ? ["T", ...state] : state;
}

/**
 * The bytes of a ModelProto with one RNN, LSTM or GRU node. The weights are graph inputs and T, N
 * and I are left open, so one session serves every weight and batch of the same node.
 */
export function recurrentModel(model: RecurrentModel): Uint8Array {
  refuseForeignInputs(model);
  const opset = varintField(2, OPSET_VERSION);
  return Uint8Array.from([...varintField(1, IR_VERSION), ...bytesField(7, graph(model)), ...bytesField(8, opset)]);
}

/** A typing slip here would otherwise give a model that silently ignores the input. */
function refuseForeignInputs(model: RecurrentModel): void {
  const known = INPUT_ORDER[model.op];
  for (const name of model.inputs) {
    if (!known.includes(name)) {
      throw new Error(`recurrentModel: expected ${model.op} inputs ${known.join(", ")}, got ${name}`);
    }
  }
}

/** GraphProto: node 1, name 2, input 11, output 12. */
function graph(model: RecurrentModel): number[] {
  const present = INPUT_ORDER[model.op].filter((name) => isPresent(model, name));
  return [
    ...bytesField(1, node(model)),
    ...textField(2, "recurrent"),
    ...present.flatMap((name) => bytesField(11, valueInfo(name, inputShape(model, name)))),
    ...OUTPUT_ORDER[model.op].flatMap((name) => bytesField(12, valueInfo(name, outputShape(model, name)))),
  ];
}

function isPresent(model: RecurrentModel, name: RecurrentInput): boolean {
  return name === "X" || name === "W" || name === "R" || model.inputs.includes(name);
}

/** NodeProto: input 1, output 2, op_type 4, attribute 5. */
function node(model: RecurrentModel): number[] {
  return [
    ...INPUT_ORDER[model.op].flatMap((name) => textField(1, isPresent(model, name) ? name : "")),
    ...OUTPUT_ORDER[model.op].flatMap((name) => textField(2, name)),
    ...textField(4, model.op),
    ...attributes(model).flatMap((attribute) => bytesField(5, attribute)),
  ];
}

function attributes(model: RecurrentNode): number[][] {
  const list = [intAttribute("hidden_size", model.hiddenSize), intAttribute("layout", 0)];
  if (model.direction !== undefined) list.push(textAttribute("direction", model.direction));
  if (model.linearBeforeReset !== undefined) {
    list.push(intAttribute("linear_before_reset", Number(model.linearBeforeReset)));
  }
  if (model.inputForget !== undefined) {
    list.push(intAttribute("input_forget", Number(model.inputForget)));
  }
  if (model.clip !== undefined) list.push(floatAttribute("clip", model.clip));
  if (model.activations) list.push(textsAttribute("activations", model.activations));
  if (model.activationAlpha) list.push(floatsAttribute("activation_alpha", model.activationAlpha));
  if (model.activationBeta) list.push(floatsAttribute("activation_beta", model.activationBeta));
  return list;
}

/*
 * AttributeProto: name 1, f 2, i 3, s 4, floats 7, strings 9, and type 20 with the values FLOAT 1,
 * INT 2, STRING 3, FLOATS 6, STRINGS 8.
 */
const attribute = (name: string, type: number, value: readonly number[]): number[] => [
  ...textField(1, name),
  ...value,
  ...varintField(20, type),
];
const floatAttribute = (name: string, value: number): number[] => attribute(name, 1, floatField(2, value));
const intAttribute = (name: string, value: number): number[] => attribute(name, 2, varintField(3, value));
const textAttribute = (name: string, value: string): number[] => attribute(name, 3, textField(4, value));
const floatsAttribute = (name: string, values: readonly number[]): number[] =>
  attribute(
    name,
    6,
    values.flatMap((value) => floatField(7, value)),
  );
const textsAttribute = (name: string, values: readonly string[]): number[] =>
  attribute(
    name,
    8,
    values.flatMap((value) => textField(9, value)),
  );

/** ValueInfoProto: name 1, type 2 = TypeProto: tensor_type 1 = { elem_type 1, shape 2 }. */
function valueInfo(name: RecurrentInput | RecurrentOutput, shape: readonly Dimension[]): number[] {
  const element = name === "sequence_lens" ? TENSOR_INT32 : TENSOR_FLOAT;
  const dimensions = shape.flatMap((size) => bytesField(1, dimension(size)));
  const tensor = [...varintField(1, element), ...bytesField(2, dimensions)];
  return [...textField(1, name), ...bytesField(2, bytesField(1, tensor))];
}

/** TensorShapeProto.Dimension: dim_value 1 or dim_param 2. */
const dimension = (size: Dimension): number[] => (typeof size === "number" ? varintField(1, size) : textField(2, size));

/*
 * Protobuf wire format, https://protobuf.dev/programming-guides/encoding/: a field is a key
 * (number * 8 + wire type) and a value; wire type 0 is a varint, 2 length-delimited, 5 four bytes.
 */

/** Seven bits a byte, lowest first; the top bit says that more follow. */
function varint(value: number): number[] {
  if (!Number.isInteger(value) || value < 0 || value > 0x7fffffff) {
    throw new Error(`varint: expected an integer from 0 to 2^31-1, got ${value}`);
  }
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return bytes;
}

const varintField = (field: number, value: number): number[] => [...varint(field * 8), ...varint(value)];

const bytesField = (field: number, bytes: readonly number[]): number[] => [
  ...varint(field * 8 + 2),
  ...varint(bytes.length),
  ...bytes,
];

const textField = (field: number, text: string): number[] => bytesField(field, [...new TextEncoder().encode(text)]);

function floatField(field: number, value: number): number[] {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return [...varint(field * 8 + 5), ...bytes];
}
