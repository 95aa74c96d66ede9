import { type GraphTensor, graphOf } from "../network/graph";
import { tf } from "../tensors/tensorflow";
import type { FloatLayer, FloatModel, FloatWeightedLayer } from "./float-model";
import { foldBatchNorm } from "./fold-batch-norm";
import { floatKind, floatKindNames, isRelu, numbers, refuse } from "./kinds";

/**
 * Reads a model that can be quantised: Conv2D, Dense, MaxPooling2D, AveragePooling2D and Flatten, ReLU as an activation
 * or a layer of its own, BatchNormalization directly after a Conv2D or Dense (folded into it), and at the end a Dense
 * that gives logits. Layers may come from another model. Makes no tensor and leaves the model alone.
 * @throws for any other layer, by its name and type, with what to do instead; for a model that is not a Sequential, or
 *   that takes images of any size; for two layers of one name; and for weights that are not finite numbers
 */
export function quantizable(model: tf.LayersModel): FloatModel {
  if (!(model instanceof tf.Sequential))
    throw new Error(`Expected a Sequential, whose layers form a chain, got the model \`${model.name}\`.`);
  const layers: FloatLayer[] = [];
  // not `model.layers`: a Sequential that begins in the middle of another model runs the layers before that too
  for (const output of graphOf(model)) {
    const layer = output.sourceLayer;
    const read = readers[layer.getClassName()] ?? refuseLayer;
    const { dataFormat } = layer.getConfig();
    if (dataFormat === "channelsFirst")
      refuse(layer, "`dataFormat` channelsLast", dataFormat, "build it with channelsLast");
    read(layer, layers, output);
  }
  const last = layers.at(-1);
  if (last?.kind !== "dense" || last.relu) {
    throw new Error(
      `Expected a Dense layer without activation at the end, got \`${last?.name ?? "no layer"}\`: end with logits.`,
    );
  }
  checkNames(layers);
  layers.forEach(checkNumbers);
  return { inputShape: inputShapeOf(model), layers };
}

function inputShapeOf(model: tf.Sequential): [number, number, number] {
  const shape = model.inputs[0]?.shape.slice(1) ?? [];
  if (shape.length !== 3 || shape.includes(null))
    throw new Error(
      `Expected images [height, width, channels] of one size as input, got [${shape.map((n) => n ?? "any").join(", ")}].`,
    );
  return shape as [number, number, number];
}

/** Ranges, bits and weights go by the names of layers. */
function checkNames(layers: readonly FloatLayer[]): void {
  const names = layers.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined)
    throw new Error(
      `Expected layers with names of their own, each used once, got \`${twice}\` twice: ` +
        "build the model with two layers of different names.",
    );
}

function checkNumbers(layer: FloatLayer): void {
  if (!("kernel" in layer)) return;
  for (const [what, values] of Object.entries({ kernel: layer.kernel.data, bias: layer.bias })) {
    const wrong = values.find((value) => !Number.isFinite(value));
    if (wrong !== undefined)
      throw new Error(
        `Expected finite numbers in the ${what} of \`${layer.name}\`, got ${wrong}: ` +
          "training has failed; train again with a lower learning rate.",
      );
  }
}

/** Adds a layer to those before it, or merges it into the last of them. */
type Reader = (layer: tf.layers.Layer, before: FloatLayer[], output: GraphTensor) => void;

const readers: Record<string, Reader> = {
  InputLayer: () => {},
  ...Object.fromEntries(floatKindNames.map((kind) => [floatKind(kind).className, readerOf(kind)])),
  ReLU: (layer, before) => {
    const { maxValue } = layer.getConfig();
    if (typeof maxValue === "number")
      refuse(layer, "no `maxValue`", String(maxValue), "use a ReLU without an upper end");
    weightedBefore(layer, before).relu = true;
  },
  Activation: (layer, before) => {
    const { activation } = layer.getConfig();
    if (!isRelu(layer, String(activation))) return;
    weightedBefore(layer, before).relu = true;
  },
  BatchNormalization: (layer, before) => {
    const target = weightedBefore(layer, before);
    if (target.relu) {
      refuse(layer, "linear outputs to normalise", `those of \`${target.name}\` after ReLU`, "put ReLU after it");
    }
    const folded = foldBatchNorm({ kernel: target.kernel.data, bias: target.bias }, batchNorm(layer, target));
    target.kernel = { shape: target.kernel.shape, data: folded.kernel };
    target.bias = folded.bias;
  },
};

function readerOf(kind: FloatLayer["kind"]): Reader {
  return (layer, before, output) => {
    before.push({ kind, ...floatKind(kind).read(layer, output) } as FloatLayer);
  };
}

function batchNorm(layer: tf.layers.Layer, { name, kernel, bias }: FloatWeightedLayer) {
  const { axis, epsilon, scale, center } = layer.getConfig() as Record<string, unknown>;
  const last = kernel.shape.length - 1;
  if (axis !== -1 && axis !== last)
    refuse(layer, "`axis` of the channels (last)", String(axis), `normalise the outputs of \`${name}\` by channel`);
  const stored = layer.getWeights().map(numbers);
  const [gamma, beta] = [
    scale === false ? new Float32Array(bias.length).fill(1) : (stored.shift() as Float32Array),
    center === false ? new Float32Array(bias.length) : (stored.shift() as Float32Array),
  ];
  const [mean, variance] = stored as [Float32Array, Float32Array];
  return { gamma, beta, mean, variance, epsilon: epsilon as number };
}

function weightedBefore(layer: tf.layers.Layer, before: FloatLayer[]): FloatWeightedLayer {
  const previous = before.at(-1);
  if (previous !== undefined && "kernel" in previous) return previous;
  return refuse(layer, "a Conv2D or Dense directly before", previous?.name ?? "nothing", "move it there");
}

const insteadOf: Record<string, string> = {
  Dropout: "build the model without it and copy the weights; it does nothing in inference",
  GlobalAveragePooling2D: "use an AveragePooling2D as large as the image, and a Flatten after it",
  Softmax: "end with logits; the loss applies softmax",
  ...Object.fromEntries(["Sequential", "Model", "Functional"].map((type) => [type, "add its layers one by one"])),
};

function refuseLayer(layer: tf.layers.Layer): never {
  const instead = insteadOf[layer.getClassName()] ?? "build the model without it";
  return refuse(layer, `only ${Object.keys(readers).slice(1).join(", ")}`, layer.getClassName(), instead);
}
