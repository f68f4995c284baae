/**
 * @file The messages of an ONNX file, field by field: onnx.proto of https://github.com/onnx/onnx.
 * Only what networks are made of is kept.
 */
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { FormatError, sentence } from "../../base/index.ts";
import {
  emptyAttribute,
  type OnnxAttribute,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
} from "./messages.ts";

/** Deepest nesting of graphs. */
const MOST_DEPTH = 32;
/** Most values of one message, such as nodes of a graph. */
const MOST_ITEMS = 10_000_000;

/** One field of a message that is being read. */
class Field {
  readonly where: string;
  readonly number: number;
  readonly #reader: BinaryReader;
  readonly #type: WireType;

  constructor(where: string, number: number, type: WireType, reader: BinaryReader) {
    this.where = where;
    this.number = number;
    this.#type = type;
    this.#reader = reader;
  }

  bytes(): Uint8Array {
    this.#expect(WireType.LengthDelimited);
    return this.#reader.bytes();
  }

  text(): string {
    this.#expect(WireType.LengthDelimited);
    return this.#reader.string();
  }

  /** An integer of up to 64 bits that is exact in a number. */
  integer(): number {
    this.#expect(WireType.Varint);
    return this.#exact(this.#reader.int64());
  }

  float(): number {
    this.#expect(WireType.Bit32);
    return this.#reader.float();
  }

  /** Adds one integer or, packed, many. */
  integersInto(list: number[]): void {
    this.#packed(WireType.Varint, (reader) => list.push(this.#exact(reader.int64())), list);
  }

  floatsInto(list: number[]): void {
    this.#packed(WireType.Bit32, (reader) => list.push(reader.float()), list);
  }

  doublesInto(list: number[]): void {
    this.#packed(WireType.Bit64, (reader) => list.push(reader.double()), list);
  }

  skip(): void {
    this.#reader.skip(this.#type, this.number);
  }

  #packed(type: WireType, add: (reader: BinaryReader) => void, list: readonly number[]): void {
    if (this.#type !== WireType.LengthDelimited) {
      this.#expect(type);
      add(this.#reader);
      return;
    }
    const bytes = this.#reader.bytes();
    const inside = new BinaryReader(bytes);
    while (inside.pos < inside.len) {
      add(inside);
      if (list.length > MOST_ITEMS) throw this.#error(`at most ${MOST_ITEMS} numbers`, "more");
    }
  }

  #exact(value: bigint | string): number {
    const number = Number(value);
    // the largest integers stand for "to the end"
    if (!Number.isSafeInteger(number)) return number > 0 ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER;
    return number;
  }

  #expect(type: WireType): void {
    if (this.#type !== type) throw this.#error(`wire type ${type} in field ${this.number}`, String(this.#type));
  }

  #error(expected: string, got: string): FormatError {
    return new FormatError(sentence(this.where, expected, got));
  }
}

/** Calls `read` for each field of a message. Errors of the wire format become FormatErrors. */
function eachField(where: string, bytes: Uint8Array, read: (field: Field) => void): void {
  const reader = new BinaryReader(bytes);
  try {
    while (reader.pos < reader.len) {
      const [number, type] = reader.tag();
      read(new Field(where, number, type, reader));
    }
  } catch (error) {
    if (error instanceof FormatError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new FormatError(sentence(where, "a message of ONNX", `one that is damaged (${reason})`), { cause: error });
  }
}

/** The messages of a file. Throws FormatError. */
export function readOnnxModel(where: string, bytes: Uint8Array): OnnxModel {
  const model: OnnxModel = {
    irVersion: 0,
    producer: "",
    producerVersion: "",
    graph: undefined,
    opsets: new Map(),
    metadata: new Map(),
    functions: [],
  };
  eachField(where, bytes, (field) => {
    if (field.number === 1) model.irVersion = field.integer();
    else if (field.number === 2) model.producer = field.text();
    else if (field.number === 3) model.producerVersion = field.text();
    else if (field.number === 7) model.graph = readGraph(where, field.bytes(), 0);
    else if (field.number === 8) {
      let [domain, version] = ["", 0];
      eachField(where, field.bytes(), (inner) => {
        if (inner.number === 1) domain = inner.text();
        else if (inner.number === 2) version = inner.integer();
        else inner.skip();
      });
      model.opsets.set(domain, version);
    } else if (field.number === 14) model.metadata.set(...readPair(where, field.bytes()));
    else if (field.number === 25) {
      eachField(where, field.bytes(), (inner) => {
        if (inner.number === 1) model.functions.push(inner.text());
        else inner.skip();
      });
    } else field.skip();
  });
  return model;
}

function readPair(where: string, bytes: Uint8Array): [key: string, value: string] {
  const pair: [string, string] = ["", ""];
  eachField(where, bytes, (field) => {
    if (field.number === 1) pair[0] = field.text();
    else if (field.number === 2) pair[1] = field.text();
    else field.skip();
  });
  return pair;
}

function readGraph(where: string, bytes: Uint8Array, depth: number): OnnxGraph {
  if (depth > MOST_DEPTH)
    throw new FormatError(sentence(where, `at most ${MOST_DEPTH} graphs inside each other`, "more"));
  const graph: OnnxGraph = { name: "", nodes: [], initializers: [], inputs: [], outputs: [], isSparse: false };
  eachField(where, bytes, (field) => {
    if (field.number === 1) graph.nodes.push(readNode(where, field.bytes(), depth));
    else if (field.number === 2) graph.name = field.text();
    else if (field.number === 5) graph.initializers.push(readTensor(where, field.bytes()));
    else if (field.number === 11) graph.inputs.push(readValue(where, field.bytes()));
    else if (field.number === 12) graph.outputs.push(readValue(where, field.bytes()));
    else if (field.number === 15) {
      graph.isSparse = true;
      field.skip();
    } else field.skip();
  });
  return graph;
}

function readNode(where: string, bytes: Uint8Array, depth: number): OnnxNode {
  const node: OnnxNode = { name: "", op: "", domain: "", inputs: [], outputs: [], attributes: [] };
  eachField(where, bytes, (field) => {
    if (field.number === 1) node.inputs.push(field.text());
    else if (field.number === 2) node.outputs.push(field.text());
    else if (field.number === 3) node.name = field.text();
    else if (field.number === 4) node.op = field.text();
    else if (field.number === 5) node.attributes.push(readAttribute(where, field.bytes(), depth));
    else if (field.number === 7) node.domain = field.text();
    else field.skip();
  });
  return node;
}

function readAttribute(where: string, bytes: Uint8Array, depth: number): OnnxAttribute {
  const attribute = emptyAttribute("");
  eachField(where, bytes, (field) => {
    if (field.number === 1) attribute.name = field.text();
    else if (field.number === 2) attribute.number = field.float();
    else if (field.number === 3) attribute.number = field.integer();
    else if (field.number === 4) attribute.text = field.bytes();
    else if (field.number === 5) attribute.tensor = readTensor(where, field.bytes());
    else if (field.number === 6) attribute.graph = readGraph(where, field.bytes(), depth + 1);
    else if (field.number === 7) field.floatsInto(attribute.floats);
    else if (field.number === 8) field.integersInto(attribute.integers);
    else if (field.number === 9) attribute.texts.push(field.bytes());
    else if (field.number === 20) attribute.type = field.integer();
    else if (field.number === 21) attribute.reference = field.text();
    else field.skip();
  });
  return attribute;
}

function readTensor(where: string, bytes: Uint8Array): OnnxTensor {
  const tensor: OnnxTensor = {
    name: "",
    dims: [],
    type: 0,
    raw: undefined,
    floats: [],
    doubles: [],
    integers: [],
    external: new Map(),
  };
  eachField(where, bytes, (field) => {
    if (field.number === 1) field.integersInto(tensor.dims);
    else if (field.number === 2) tensor.type = field.integer();
    else if (field.number === 4) field.floatsInto(tensor.floats);
    else if (field.number === 5 || field.number === 7 || field.number === 11) field.integersInto(tensor.integers);
    else if (field.number === 8) tensor.name = field.text();
    else if (field.number === 9) tensor.raw = field.bytes();
    else if (field.number === 10) field.doublesInto(tensor.doubles);
    else if (field.number === 13) tensor.external.set(...readPair(where, field.bytes()));
    else field.skip();
  });
  return tensor;
}

function readValue(where: string, bytes: Uint8Array): OnnxValue {
  const value: OnnxValue = { name: "", type: 0, shape: undefined };
  eachField(where, bytes, (field) => {
    if (field.number === 1) value.name = field.text();
    else if (field.number === 2) {
      eachField(where, field.bytes(), (type) => {
        if (type.number === 1) readTensorType(where, type.bytes(), value);
        else type.skip();
      });
    } else field.skip();
  });
  return value;
}

function readTensorType(where: string, bytes: Uint8Array, value: OnnxValue): void {
  eachField(where, bytes, (field) => {
    if (field.number === 1) value.type = field.integer();
    else if (field.number === 2) {
      const shape: (number | string | null)[] = [];
      eachField(where, field.bytes(), (inner) => {
        if (inner.number !== 1) return inner.skip();
        let size: number | string | null = null;
        eachField(where, inner.bytes(), (dimension) => {
          if (dimension.number === 1) size = dimension.integer();
          else if (dimension.number === 2) size = dimension.text() || null;
          else dimension.skip();
        });
        shape.push(size);
      });
      value.shape = shape;
    } else field.skip();
  });
}
