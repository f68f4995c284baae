/** @file The messages that ONNX files are made of, as far as networks need them. */

/** A tensor in the file; its data lie in one of the lists, or in another file. */
export type OnnxTensor = {
  name: string;
  dims: number[];
  /** Number of the element type. */
  type: number;
  raw: Uint8Array | undefined;
  floats: number[];
  doubles: number[];
  /** Integers of the fields for 32 and 64 bits. */
  integers: number[];
  /** Place of the data, if in another file: location, offset, length. */
  external: Map<string, string>;
};

export type OnnxAttribute = {
  name: string;
  number: number | undefined;
  text: Uint8Array | undefined;
  tensor: OnnxTensor | undefined;
  graph: OnnxGraph | undefined;
  floats: number[];
  integers: number[];
  texts: Uint8Array[];
  /** Number of the kind of attribute; 0 where the file does not say. */
  type: number;
  /** Attribute of the function around it that it stands for. */
  reference: string;
};

export type OnnxNode = {
  name: string;
  op: string;
  domain: string;
  inputs: string[];
  outputs: string[];
  attributes: OnnxAttribute[];
};

export type OnnxValue = {
  name: string;
  /** Number of the element type; 0 where it is no tensor. */
  type: number;
  /** Undefined where the rank is not known. */
  shape: (number | string | null)[] | undefined;
};

export type OnnxGraph = {
  name: string;
  nodes: OnnxNode[];
  initializers: OnnxTensor[];
  inputs: OnnxValue[];
  outputs: OnnxValue[];
  /** Whether it has tensors in a sparse form. */
  isSparse: boolean;
};

export type OnnxModel = {
  irVersion: number;
  producer: string;
  producerVersion: string;
  graph: OnnxGraph | undefined;
  /** Version of each operator set by its domain. */
  opsets: Map<string, number>;
  metadata: Map<string, string>;
  /** Names of functions that the file defines. */
  functions: string[];
};

/** An attribute without a value yet. */
export const emptyAttribute = (name: string): OnnxAttribute => ({
  name,
  number: undefined,
  text: undefined,
  tensor: undefined,
  graph: undefined,
  floats: [],
  integers: [],
  texts: [],
  type: 0,
  reference: "",
});
