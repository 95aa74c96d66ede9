import { typeName } from "../common/checks";
import { encodeOnnx, type OnnxAttribute, type OnnxNode, type OnnxTensor, type OnnxValue, onnxTypes } from "./format";

/** A list of numbers whose class says its ONNX element type. */
export type OnnxData = Float32Array | Uint8Array | Int8Array | Int32Array;

/** An input or output of a graph: element type and shape; a length with a name may be any number. */
interface Port {
  name: string;
  type: keyof typeof onnxTypes;
  shape: (number | string)[];
}

/** Name and description in an ONNX file. */
interface About {
  name: string;
  documentation: string;
}

/**
 * QuantizeLinear and DequantizeLinear take one scale for each channel since operator set 13 (ONNX
 * 1.8, intermediate representation 7), and nothing here needs a later one: the lower the number,
 * the older the importers that take the file.
 */
const opset = { operators: 13, irVersion: 7 };

/** Collects constants and operations, in the order in which they run, and writes them as an ONNX file. */
export class OnnxGraph {
  readonly #nodes: OnnxNode[] = [];
  readonly #constants: OnnxTensor[] = [];
  readonly #names = new Set<string>();

  /** Adds a constant; `dims` is empty for a scalar. Returns its name. */
  constant(name: string, data: OnnxData, dims: number[] = [data.length]): string {
    this.#claim(name);
    const type = typesOfArrays[typeName(data)] as keyof typeof onnxTypes;
    // typed arrays are in the machine's byte order, which is little-endian wherever TensorFlow's library runs
    const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.#constants.push({ name, dims, dataType: onnxTypes[type], rawData });
    return name;
  }

  /** Adds an operation with one output. Returns the output's name, which is also the node's. */
  node(opType: string, name: string, input: string[], attributes: Record<string, number | number[]> = {}): string {
    this.#claim(name);
    const attribute = Object.entries(attributes).map(([key, value]) => toAttribute(key, value));
    this.#nodes.push({ name, opType, input, output: [name], attribute });
    return name;
  }

  /** Values go by their names: of two with one name, the second would be read where the first is meant. */
  #claim(name: string): void {
    if (this.#names.has(name))
      throw new Error(
        `Expected layers whose names do not begin others, and none called images, got \`${name}\` twice: rename the layer.`,
      );
    this.#names.add(name);
  }

  /** The file, with `value` as the one output, under the name that `output` gives it. */
  toBytes(input: Port, value: string, output: Port, { name, documentation }: About): Uint8Array {
    const rename = (names: string[]) => names.map((each) => (each === value ? output.name : each));
    return encodeOnnx({
      irVersion: opset.irVersion,
      producerName: "lenet-lab",
      docString: documentation,
      graph: {
        name,
        node: this.#nodes.map((node) => ({ ...node, input: rename(node.input), output: rename(node.output) })),
        initializer: this.#constants,
        input: [toValue(input)],
        output: [toValue(output)],
      },
      opsetImport: [{ domain: "", version: opset.operators }],
    });
  }
}

const typesOfArrays: Record<string, keyof typeof onnxTypes> = {
  Float32Array: "float32",
  Uint8Array: "uint8",
  Int8Array: "int8",
  Int32Array: "int32",
};

/** Numbers of `AttributeProto.AttributeType`. */
const attributeTypes = { int: 2, ints: 7 };

function toAttribute(name: string, value: number | number[]): OnnxAttribute {
  return Array.isArray(value)
    ? { name, type: attributeTypes.ints, ints: value }
    : { name, type: attributeTypes.int, i: value };
}

function toValue({ name, type, shape }: Port): OnnxValue {
  const dim = shape.map((length) => (typeof length === "string" ? { dimParam: length } : { dimValue: length }));
  return { name, type: { tensorType: { elemType: onnxTypes[type], shape: { dim } } } };
}
