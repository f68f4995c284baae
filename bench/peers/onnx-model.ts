/**
 * @file Writes the ONNX model that generates one token: Gather -> LSTM of one step -> MatMul -> Add. The test suite's writer
 * (`test/onnx/onnx-writer.ts`) has the weights as inputs; here they are constants, so that the runtime can prepare them.
 *
 * Field numbers are those of onnx/onnx.proto; the wire format is https://protobuf.dev/programming-guides/encoding/.
 */
import type { Case } from "../cases.ts";
import { transposed, weightsOf } from "../numbers.ts";

type Bytes = readonly number[] | Uint8Array;

const FLOAT = 1;
const INT64 = 7;

/** Gate i, f, g, o of PyTorch -> its place in ONNX' i, o, f, c. */
const PLACE = [0, 2, 3, 1];

/** Inputs `id` int64 [1, 1], `h` and `c` [1, 1, H]; outputs `logits` [1, 1, V], `next_h`, `next_c`. */
export function generatorModel(task: Case): Uint8Array {
  const { vocabulary, hidden } = task;
  const { embedding, layers, weight, bias } = weightsOf(task);
  const [{ weightIh, weightHh, biasIh, biasHh }] = layers;
  const gates = (rows: Float32Array): Float32Array => reordered(rows, rows.length / 4);
  const state = [1, 1, hidden];
  const graph = join(
    field(1, node("Gather", ["embedding", "id"], ["x"])),
    field(1, node("LSTM", ["x", "W", "R", "B", "", "h", "c"], ["", "next_h", "next_c"], hiddenSize(hidden))),
    field(1, node("MatMul", ["next_h", "weight"], ["scores"])),
    field(1, node("Add", ["scores", "bias"], ["logits"])),
    field(2, text("generator")),
    constant("embedding", [vocabulary, hidden], embedding),
    constant("W", [1, 4 * hidden, hidden], gates(weightIh)),
    constant("R", [1, 4 * hidden, hidden], gates(weightHh)),
    constant("B", [1, 8 * hidden], Float32Array.from([...gates(biasIh), ...gates(biasHh)])),
    constant("weight", [hidden, vocabulary], transposed(weight, vocabulary, hidden)),
    constant("bias", [vocabulary], bias),
    field(11, valueInfo("id", INT64, [1, 1])),
    field(11, valueInfo("h", FLOAT, state)),
    field(11, valueInfo("c", FLOAT, state)),
    field(12, valueInfo("logits", FLOAT, [1, 1, vocabulary])),
    field(12, valueInfo("next_h", FLOAT, state)),
    field(12, valueInfo("next_c", FLOAT, state)),
  );
  return join(number(1, 10), field(7, graph), field(8, number(2, 22)));
}

function reordered(rows: Float32Array, size: number): Float32Array {
  const result = new Float32Array(rows.length);
  PLACE.forEach((place, gate) => result.set(rows.subarray(gate * size, (gate + 1) * size), place * size));
  return result;
}

/** NodeProto: input 1, output 2, op_type 4, attribute 5. */
const node = (op: string, inputs: readonly string[], outputs: readonly string[], attribute?: Uint8Array): Uint8Array =>
  join(
    ...inputs.map((name) => field(1, text(name))),
    ...outputs.map((name) => field(2, text(name))),
    field(4, text(op)),
    ...(attribute ? [field(5, attribute)] : []),
  );

/** AttributeProto: name 1, i 3, type 20 = INT. */
const hiddenSize = (value: number): Uint8Array => join(field(1, text("hidden_size")), number(3, value), number(20, 2));

/** TensorProto in initializer 5: dims 1, data_type 2, name 8, raw_data 9. */
const constant = (name: string, shape: readonly number[], values: Float32Array): Uint8Array =>
  field(
    5,
    join(
      ...shape.map((size) => number(1, size)),
      number(2, FLOAT),
      field(8, text(name)),
      field(9, new Uint8Array(values.buffer)),
    ),
  );

/** ValueInfoProto: name 1, type 2 = TypeProto: tensor_type 1 = { elem_type 1, shape 2 of dims 1 = { dim_value 1 } }. */
const valueInfo = (name: string, element: number, shape: readonly number[]): Uint8Array =>
  join(
    field(1, text(name)),
    field(2, field(1, join(number(1, element), field(2, join(...shape.map((size) => field(1, number(1, size)))))))),
  );

/** Seven bits a byte, lowest first; the top bit says that more follow. */
const varint = (value: number): number[] => (value > 127 ? [(value & 127) | 128, ...varint(value >>> 7)] : [value]);

const number = (id: number, value: number): Uint8Array => join(varint(id * 8), varint(value));

const field = (id: number, bytes: Bytes): Uint8Array => join(varint(id * 8 + 2), varint(bytes.length), bytes);

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

function join(...parts: readonly Bytes[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
