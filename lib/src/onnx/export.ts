import { checkWhole } from "../common/checks";
import { checkQuantized } from "../int8/check";
import type { Quantization, QuantizedModel, QuantizedWeightedLayer } from "../int8/model";
import { quantizable } from "../quantize/quantizable";
import type { tf } from "../tensors/tensorflow";
import { OnnxGraph } from "./graph";
import { type Kernel, OnnxNetwork } from "./network";

/** The names in an ONNX file, and how many images go in. */
export interface OnnxOptions {
  /** name of the graph */
  name?: string;
  documentation?: string;
  /** how many images go in at once: a whole number above 0, or a name that stands for any number */
  batch?: number | string;
}

/** `OnnxOptions`, and the format of the images. */
export interface Int8OnnxOptions extends OnnxOptions {
  /** `"float"`: float32 pixels in [0, 1], which the first node rounds to integers; `"uint8"`: raw pixels */
  input?: "float" | "uint8";
}

/**
 * Writes a float network as an ONNX file (operator set 13). ONNX images are [n, channels, height, width]: kernels are
 * reordered to that, and so are the inputs of the dense layer after a flatten, so that no transpose is needed. Batch
 * normalisation is folded into the layer before it.
 * @param model a Sequential of the layers that `quantizable` takes; it is left alone
 * @returns the file's bytes: input `images` float32 [n, channels, height, width], output `logits` float32 [n, classes]
 * @throws for any other layer, see `quantizable`, and for a `batch` that is neither a number of images nor a name
 */
export function floatToOnnx(
  model: tf.LayersModel,
  { name = model.name, documentation = "A float32 network; pixels in [0, 1].", batch = "N" }: OnnxOptions = {},
): Uint8Array {
  const { inputShape, layers } = quantizable(model);
  const graph = new OnnxGraph();
  const network = new OnnxNetwork(graph, "images", inputShape);
  for (const layer of layers) {
    if (!("kernel" in layer)) {
      network.add(layer);
    } else {
      network.addWeighted({ ...layer, kernel: layer.kernel.data }, (kernel, dims) => [
        graph.constant(`${layer.name}/kernel`, kernel, dims),
        graph.constant(`${layer.name}/bias`, layer.bias),
      ]);
    }
  }
  return toFile(graph, network, { inputShape, type: "float32", name, documentation, batch });
}

/**
 * Writes a quantised network as an ONNX file (operator set 13) in QDQ form: the operations of a float network, and
 * between them pairs of QuantizeLinear and DequantizeLinear that say where numbers are integers. ONNX Runtime fuses all
 * of it into integer kernels (from graph optimisation level "extended" on) and gives the bits of `inferInt8`; on x86
 * processors without VNNI only with the session option `session.x64quantprecision` = `"1"`, because their pairwise
 * products saturate at 16 bits.
 * @returns the file's bytes: input `images` float32 or uint8 [n, channels, height,
 *   width], output `logits` float32 [n, classes]
 * @throws when layers do not fit together, a ReLU's output has a zero point other than 0, or `batch` is neither a
 *   number of images nor a name
 */
export function int8ToOnnx(
  model: QuantizedModel,
  {
    name = "int8",
    documentation = "Activations uint8; weights int8 with a scale for each output channel; biases int32.",
    batch = "N",
    input = "float",
  }: Int8OnnxOptions = {},
): Uint8Array {
  if (input !== "float" && input !== "uint8") throw new Error(`Expected \`input\` to be float or uint8, got ${input}.`);
  checkQuantized(model);
  const graph = new OnnxGraph();
  const network = new OnnxNetwork(graph, "images", model.inputShape);
  let quantization = writeQuantization(graph, "images", model.input);
  let inputScale = model.input.scale;
  if (input === "float") network.value = quantize(graph, "images", network.value, quantization);
  network.value = dequantize(graph, "images", network.value, quantization);
  for (const layer of model.layers) {
    if (!("kernel" in layer)) {
      network.add(layer);
    } else {
      checkRelu(layer);
      const scale = inputScale;
      network.addWeighted(layer, (kernel, dims) => writeInt8Weights(graph, layer, scale, { kernel, dims }));
      if (layer.output === undefined) continue;
      quantization = writeQuantization(graph, layer.name, layer.output);
      inputScale = layer.output.scale;
    }
    // a pair also where no number changes: ONNX Runtime computes the layer after an unquantised flatten in float
    network.value = quantize(graph, layer.name, network.value, quantization);
    network.value = dequantize(graph, layer.name, network.value, quantization);
  }
  const type = input === "float" ? "float32" : "uint8";
  return toFile(graph, network, { inputShape: model.inputShape, type, name, documentation, batch });
}

/** Writes scale and zero point as constants; returns their names. */
function writeQuantization(graph: OnnxGraph, prefix: string, { scale, zeroPoint }: Quantization): string[] {
  return [
    graph.constant(`${prefix}/scale`, Float32Array.of(scale), []),
    graph.constant(`${prefix}/zeroPoint`, Uint8Array.of(zeroPoint), []),
  ];
}

const quantize = (graph: OnnxGraph, prefix: string, value: string, quantization: string[]): string =>
  graph.node("QuantizeLinear", `${prefix}/quantize`, [value, ...quantization]);

const dequantize = (graph: OnnxGraph, prefix: string, value: string, quantization: string[]): string =>
  graph.node("DequantizeLinear", `${prefix}/dequantize`, [value, ...quantization]);

/** Writes integer kernel, bias and scales, and nodes that make them float; returns those nodes' names. */
function writeInt8Weights(
  graph: OnnxGraph,
  { name, scales, bias }: QuantizedWeightedLayer,
  inputScale: number,
  { kernel, dims }: { kernel: Kernel; dims: number[] },
): [string, string] {
  const kernelInputs = [
    graph.constant(`${name}/kernel`, kernel, dims),
    graph.constant(`${name}/kernel/scales`, scales),
    graph.constant(`${name}/kernel/zeroPoints`, new Int8Array(scales.length)),
  ];
  const biasScales = scales.map((scale) => inputScale * scale);
  const biasInputs = [graph.constant(`${name}/bias`, bias), graph.constant(`${name}/bias/scales`, biasScales)];
  return [
    graph.node("DequantizeLinear", `${name}/kernel/dequantize`, kernelInputs, { axis: 0 }),
    graph.node("DequantizeLinear", `${name}/bias/dequantize`, biasInputs, { axis: 0 }),
  ];
}

/** With zero point 0, rounding to uint8 is the ReLU; with another one ONNX Runtime computes the layer in float. */
function checkRelu({ name, relu, output }: QuantizedWeightedLayer): void {
  if (relu && output && output.zeroPoint !== 0)
    throw new Error(
      `Expected the zero point 0 after the ReLU of \`${name}\`, got ${output.zeroPoint}: let its range begin at 0.`,
    );
}

function toFile(
  graph: OnnxGraph,
  { value, shape }: OnnxNetwork,
  {
    inputShape: [height, width, channels],
    type,
    batch,
    ...about
  }: Required<OnnxOptions> & { inputShape: readonly number[]; type: "float32" | "uint8" },
): Uint8Array {
  checkBatch(batch);
  return graph.toBytes(
    { name: "images", type, shape: [batch, channels as number, height as number, width as number] },
    value,
    { name: "logits", type: "float32", shape: [batch, ...shape] },
    about,
  );
}

function checkBatch(batch: number | string): void {
  if (typeof batch !== "string") checkWhole("batch", batch, { above: 0 });
  // in the format a name that looks like a number is a name still: readers would take any number of images
  else if (!/^[A-Za-z_]\w*$/.test(batch))
    throw new Error(
      `Expected \`batch\` to be a number or a name of letters, got ${JSON.stringify(batch)}: give a number as number, or "N".`,
    );
}
