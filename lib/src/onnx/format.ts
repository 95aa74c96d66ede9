/** The part of the ONNX file format that our models need: messages of `onnx.proto`, written and read by protobufjs. */
import { protoMessages } from "../common/protobuf";

/** Element types of an ONNX tensor, by their number in the format (`TensorProto.DataType`). */
export const onnxTypes = { float32: 1, uint8: 2, int8: 3, int32: 6 } as const;

/** A constant: weights, scales, zero points. Bytes are little-endian. */
export interface OnnxTensor {
  name: string;
  dims: number[];
  dataType: number;
  rawData: Uint8Array;
}

/** A setting of a node: one whole number, one float32 number, or a list of whole numbers. */
export interface OnnxAttribute {
  name: string;
  type: number;
  i?: number;
  f?: number;
  ints?: number[];
}

/** One operation; inputs and outputs are names of values. */
export interface OnnxNode {
  name: string;
  opType: string;
  input: string[];
  output: string[];
  attribute: OnnxAttribute[];
}

/** An input or output; a length of its shape is a number, or a name where any number is allowed. */
export interface OnnxValue {
  name: string;
  type: {
    tensorType: { elemType: number; shape: { dim: { dimValue?: number; dimParam?: string }[] } };
  };
}

/** A whole ONNX file. */
export interface OnnxModel {
  irVersion: number;
  producerName: string;
  producerVersion?: string;
  docString?: string;
  graph: {
    name: string;
    docString?: string;
    node: OnnxNode[];
    initializer: OnnxTensor[];
    input: OnnxValue[];
    output: OnnxValue[];
  };
  opsetImport: { domain?: string; version: number }[];
}

/** The bytes of an `.onnx` file; the same model always gives the same bytes. */
export function encodeOnnx(model: OnnxModel): Uint8Array {
  return modelProto.encode(modelProto.fromObject(model)).finish();
}

/**
 * Reads an `.onnx` file; fields that our models do not use are skipped.
 * @throws when the bytes are not a protocol buffer of an ONNX model with a graph
 */
export function decodeOnnx(bytes: Uint8Array): OnnxModel {
  let model: OnnxModel;
  try {
    model = modelProto.toObject(modelProto.decode(bytes), { longs: Number, arrays: true }) as OnnxModel;
  } catch (error) {
    throw new Error(`Expected the bytes of an ONNX model, got ${bytes.length} others (${(error as Error).message}).`);
  }
  if (model.graph === undefined) throw new Error(`Expected an ONNX model with a graph in ${bytes.length} bytes.`);
  return model;
}

const modelProto = protoMessages({
  ModelProto: {
    irVersion: [1, "int64"],
    producerName: [2, "string"],
    producerVersion: [3, "string"],
    docString: [6, "string"],
    graph: [7, "GraphProto"],
    opsetImport: [8, "OperatorSetIdProto", "repeated"],
  },
  OperatorSetIdProto: { domain: [1, "string"], version: [2, "int64"] },
  GraphProto: {
    node: [1, "NodeProto", "repeated"],
    name: [2, "string"],
    initializer: [5, "TensorProto", "repeated"],
    docString: [10, "string"],
    input: [11, "ValueInfoProto", "repeated"],
    output: [12, "ValueInfoProto", "repeated"],
  },
  NodeProto: {
    input: [1, "string", "repeated"],
    output: [2, "string", "repeated"],
    name: [3, "string"],
    opType: [4, "string"],
    attribute: [5, "AttributeProto", "repeated"],
  },
  AttributeProto: {
    name: [1, "string"],
    f: [2, "float"],
    i: [3, "int64"],
    ints: [8, "int64", "repeated"],
    type: [20, "int32"],
  },
  TensorProto: {
    dims: [1, "int64", "repeated"],
    dataType: [2, "int32"],
    name: [8, "string"],
    rawData: [9, "bytes"],
  },
  ValueInfoProto: { name: [1, "string"], type: [2, "TypeProto"] },
  TypeProto: { tensorType: [1, "TypeProtoTensor"] },
  TypeProtoTensor: { elemType: [1, "int32"], shape: [2, "TensorShapeProto"] },
  TensorShapeProto: { dim: [1, "Dimension", "repeated"] },
  Dimension: { dimValue: [1, "int64"], dimParam: [2, "string"] },
}).lookupType("ModelProto");
