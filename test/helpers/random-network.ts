import { random } from "../../lib/src/common/random";
import { graphOf } from "../../lib/src/network/graph";
import { tf } from "../../lib/src/tensors/tensorflow";

const { layers: make } = tf;

/** Draws all weights of a model: as if it had been trained, variances above 0. */
export function randomWeights(model: tf.LayersModel, seed: number): void {
  const source = random(seed, 1);
  const all = new Set([...model.weights, ...graphOf(model).flatMap(({ sourceLayer }) => sourceLayer.weights)]);
  for (const weight of all) {
    const draw = () => (weight.shape.length > 1 ? source.normal(0, 0.4) : source.uniform(0.3, 2));
    const size = weight.shape.reduce((product: number, length) => product * (length as number), 1);
    const value = tf.tensor(Float32Array.from({ length: size }, draw), weight.shape as number[]);
    weight.write(value);
    value.dispose();
  }
}

/**
 * A network of random layers for images [9, 8, 2], the same for the same seed: a chain; a chain of layers, some of them
 * frozen, that another model has too, from its beginning or its middle; or one with a model in it.
 * @param options.plain of layers that can be quantised alone
 */
export function randomNetwork(seed: number, { plain = false } = {}): tf.Sequential {
  const source = random(seed);
  const pick = <T>(...list: T[]): T => list[source.integer(0, list.length - 1)] as T;
  const activation = () => pick("relu", plain ? "relu" : "tanh", "linear") as "relu";
  const size = () => [source.integer(1, 3), source.integer(1, 3)] as [number, number];
  const shared = () => ({ padding: "same" as const, useBias: pick(true, false), trainable: pick(true, false) });
  const images: ((name: string) => tf.layers.Layer)[] = [
    (name) => make.conv2d({ name, filters: 3, kernelSize: size(), activation: activation(), ...shared() }),
    (name) => make.maxPooling2d({ name, poolSize: 2, strides: 1 }),
    (name) => make.averagePooling2d({ name, poolSize: [2, 1], strides: 1, padding: "same" }),
    (name) => make.depthwiseConv2d({ name, kernelSize: size(), depthMultiplier: pick(1, 2), ...shared() }),
    (name) => make.separableConv2d({ name, filters: 2, kernelSize: size(), ...shared() }),
    (name) => make.conv2dTranspose({ name, filters: 2, kernelSize: size(), ...shared() }),
    (name) => make.batchNormalization({ name, scale: pick(true, false), center: pick(true, false) }),
  ];
  if (plain) images.splice(3);
  const names = [...["conv", "conv_1", "conv_2", "conv_1_2"], ...["a", "a_1", "b", "b_10"]];
  const body = Array.from({ length: source.integer(2, 4) }, () => pick(...images)(names.shift() as string));
  const first = make.conv2d({ name: "first_1", filters: 2, kernelSize: 2, inputShape: [9, 8, 2], ...shared() });
  const head = () => [
    make.flatten({ name: "flat" }),
    make.dense({ name: "dense_1", units: 5, activation: "relu", ...shared() }),
    make.dense({ name: "logits", units: 4 }),
  ];
  const form = seed % 4;
  if (form === 0) return tf.sequential({ layers: [first, ...body, ...head()] });
  const trained = tf.sequential({ layers: [first, ...body, make.flatten(), make.dense({ name: "old", units: 2 })] });
  if (form === 1) return tf.sequential({ layers: [first, ...body, ...head()] });
  if (form === 2) return tf.sequential({ layers: [...body, ...head()] });
  const inner = tf.sequential({ name: "inner", layers: trained.layers.slice(0, -2) });
  const outer = make.conv2d({ name: "outer", filters: 2, kernelSize: 1, inputShape: [9, 8, 2] });
  return tf.sequential({ layers: pick(true, false) ? [inner, ...head()] : [outer, inner, ...head()] });
}
