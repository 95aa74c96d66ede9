/** The part of TensorFlow's SavedModel format that one graph without variables needs. */
import { protoMessages } from "../common/protobuf";

/** Element types of a tensor, by their number in the format (`DataType`). */
export const savedModelTypes = { float32: 1, int32: 3, bool: 10 } as const;

/** A setting of a node: exactly one field is given. */
export interface GraphAttribute {
  s?: Uint8Array;
  i?: number;
  f?: number;
  b?: boolean;
  type?: number;
  shape?: TensorShape;
  tensor?: { dtype: number; tensorShape: TensorShape; tensorContent: Uint8Array };
  list?: { s?: Uint8Array[]; i?: number[]; f?: number[]; b?: boolean[]; type?: number[] };
}

/** The lengths of a tensor's axes. */
export interface TensorShape {
  dim: { size: number }[];
}

/** One operation; an input is the name of a node, `name:1` is its second output. */
export interface GraphNode {
  name: string;
  op: string;
  input: string[];
  attr: Record<string, GraphAttribute>;
}

/** An input or output of the graph: the node's output that it names, its type and shape. */
export interface TensorInfo {
  name: string;
  dtype: number;
  tensorShape: TensorShape;
}

/** A graph with named inputs and outputs. */
export interface Graph {
  nodes: GraphNode[];
  inputs: Record<string, TensorInfo>;
  outputs: Record<string, TensorInfo>;
}

// the graph version of TensorFlow 2.9; later versions read it too, as no operation used here has changed
const producer = 1087;

/** The bytes of a `saved_model.pb` with TensorFlow's default tag and signature: always the same for the same graph. */
export function encodeSavedModel({ nodes, inputs, outputs }: Graph): Uint8Array {
  const metaGraph = {
    metaInfoDef: { tags: ["serve"] },
    graphDef: { node: nodes, versions: { producer } },
    signatureDef: { serving_default: { inputs, outputs, methodName: "tensorflow/serving/predict" } },
  };
  return savedModel.encode(savedModel.fromObject({ savedModelSchemaVersion: 1, metaGraphs: [metaGraph] })).finish();
}

const savedModel = protoMessages({
  SavedModel: { savedModelSchemaVersion: [1, "int64"], metaGraphs: [2, "MetaGraphDef", "repeated"] },
  MetaGraphDef: {
    metaInfoDef: [1, "MetaInfoDef"],
    graphDef: [2, "GraphDef"],
    signatureDef: [5, "SignatureDef", "map"],
  },
  MetaInfoDef: { tags: [4, "string", "repeated"] },
  GraphDef: { node: [1, "NodeDef", "repeated"], versions: [4, "VersionDef"] },
  VersionDef: { producer: [1, "int32"] },
  NodeDef: {
    name: [1, "string"],
    op: [2, "string"],
    input: [3, "string", "repeated"],
    attr: [5, "AttrValue", "map"],
  },
  AttrValue: {
    list: [1, "ListValue"],
    s: [2, "bytes"],
    i: [3, "int64"],
    f: [4, "float"],
    b: [5, "bool"],
    type: [6, "int32"],
    shape: [7, "TensorShapeProto"],
    tensor: [8, "TensorProto"],
  },
  ListValue: {
    s: [2, "bytes", "repeated"],
    i: [3, "int64", "repeated"],
    f: [4, "float", "repeated"],
    b: [5, "bool", "repeated"],
    type: [6, "int32", "repeated"],
  },
  TensorShapeProto: { dim: [2, "Dimension", "repeated"] },
  Dimension: { size: [1, "int64"] },
  TensorProto: { dtype: [1, "int32"], tensorShape: [2, "TensorShapeProto"], tensorContent: [4, "bytes"] },
  SignatureDef: {
    inputs: [1, "TensorInfo", "map"],
    outputs: [2, "TensorInfo", "map"],
    methodName: [3, "string"],
  },
  TensorInfo: { name: [1, "string"], dtype: [2, "int32"], tensorShape: [3, "TensorShapeProto"] },
}).lookupType("SavedModel");
