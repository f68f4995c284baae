/** @file The bytes of an ONNX file: onnx.proto of https://github.com/onnx/onnx. */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { OnnxAttribute, OnnxGraph, OnnxModel, OnnxNode, OnnxTensor, OnnxValue } from "./messages.ts";

/** Encodes a model. The same model gives the same bytes. */
export function writeOnnxModel({
  irVersion,
  producer,
  producerVersion,
  graph,
  opsets,
  metadata,
}: OnnxModel): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Varint).int64(irVersion);
  if (producer !== "") writer.tag(2, WireType.LengthDelimited).string(producer);
  if (producerVersion !== "") writer.tag(3, WireType.LengthDelimited).string(producerVersion);
  if (graph !== undefined) message(writer, 7, () => writeGraph(writer, graph));
  for (const [domain, version] of opsets) {
    message(writer, 8, () => {
      if (domain !== "") writer.tag(1, WireType.LengthDelimited).string(domain);
      writer.tag(2, WireType.Varint).int64(version);
    });
  }
  for (const pair of metadata) message(writer, 14, () => writePair(writer, pair));
  return writer.finish();
}

function message(writer: BinaryWriter, field: number, write: () => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  write();
  writer.join();
}

const writePair = (writer: BinaryWriter, [key, value]: readonly [string, string]): void => {
  writer.tag(1, WireType.LengthDelimited).string(key).tag(2, WireType.LengthDelimited).string(value);
};

function writeGraph(writer: BinaryWriter, { name, nodes, initializers, inputs, outputs }: OnnxGraph): void {
  for (const node of nodes) message(writer, 1, () => writeNode(writer, node));
  writer.tag(2, WireType.LengthDelimited).string(name);
  for (const tensor of initializers) message(writer, 5, () => writeTensor(writer, tensor));
  for (const value of inputs) message(writer, 11, () => writeValue(writer, value));
  for (const value of outputs) message(writer, 12, () => writeValue(writer, value));
}

function writeNode(writer: BinaryWriter, { name, op, domain, inputs, outputs, attributes }: OnnxNode): void {
  for (const input of inputs) writer.tag(1, WireType.LengthDelimited).string(input);
  for (const output of outputs) writer.tag(2, WireType.LengthDelimited).string(output);
  if (name !== "") writer.tag(3, WireType.LengthDelimited).string(name);
  writer.tag(4, WireType.LengthDelimited).string(op);
  for (const attribute of attributes) message(writer, 5, () => writeAttribute(writer, attribute));
  if (domain !== "") writer.tag(7, WireType.LengthDelimited).string(domain);
}

/** Kinds of attributes by their numbers in onnx.proto. */
export const ATTRIBUTE_TYPES = {
  float: 1,
  integer: 2,
  text: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  integers: 7,
  texts: 8,
} as const;

function writeAttribute(writer: BinaryWriter, attribute: OnnxAttribute): void {
  const { name, type, number = 0, text, tensor, graph, floats, integers, texts } = attribute;
  writer.tag(1, WireType.LengthDelimited).string(name);
  if (type === ATTRIBUTE_TYPES.float) writer.tag(2, WireType.Bit32).float(number);
  else if (type === ATTRIBUTE_TYPES.integer) writer.tag(3, WireType.Varint).int64(number);
  else if (text !== undefined) writer.tag(4, WireType.LengthDelimited).bytes(text);
  else if (tensor !== undefined) message(writer, 5, () => writeTensor(writer, tensor));
  else if (graph !== undefined) message(writer, 6, () => writeGraph(writer, graph));
  else if (type === ATTRIBUTE_TYPES.floats) for (const value of floats) writer.tag(7, WireType.Bit32).float(value);
  else if (type === ATTRIBUTE_TYPES.integers) for (const value of integers) writer.tag(8, WireType.Varint).int64(value);
  else for (const value of texts) writer.tag(9, WireType.LengthDelimited).bytes(value);
  writer.tag(20, WireType.Varint).int64(type);
}

/** Writes a tensor with raw data, which is little-endian. */
function writeTensor(writer: BinaryWriter, { name, dims, type, raw = new Uint8Array() }: OnnxTensor): void {
  for (const size of dims) writer.tag(1, WireType.Varint).int64(size);
  writer.tag(2, WireType.Varint).int64(type);
  if (name !== "") writer.tag(8, WireType.LengthDelimited).string(name);
  writer.tag(9, WireType.LengthDelimited).bytes(raw);
}

function writeValue(writer: BinaryWriter, { name, type, shape }: OnnxValue): void {
  writer.tag(1, WireType.LengthDelimited).string(name);
  // a type that is left out is found by whoever reads the graph
  if (type === 0) return;
  message(writer, 2, () =>
    message(writer, 1, () => {
      writer.tag(1, WireType.Varint).int64(type);
      if (shape === undefined) return;
      message(writer, 2, () => {
        for (const size of shape) {
          message(writer, 1, () => {
            if (typeof size === "number") writer.tag(1, WireType.Varint).int64(size);
            else if (size !== null) writer.tag(2, WireType.LengthDelimited).string(size);
          });
        }
      });
    }),
  );
}
