import { tf } from "../tensors/tensorflow";
import { buildLeNet5, type LeNet5Options, variantOf } from "./lenet";
import { loadCheckpoint, type StoredTensor, saveCheckpoint } from "./safetensors";

/**
 * Saves a LeNet-5: its weights, and how to build it again.
 * @param options.options options of `buildLeNet5` that the model does not hold, such as its seed
 * @param options.about facts about the model, by name
 */
export function saveLeNet5(
  model: tf.LayersModel,
  path: string,
  { options = {}, about = {} }: { options?: LeNet5Options; about?: Record<string, unknown> } = {},
): void {
  saveCheckpoint(path, {
    tensors: readWeights(model),
    metadata: { model: "lenet5", options: { ...options, ...variantOf(model) }, about },
  });
}

/** Builds the LeNet-5 that `saveLeNet5` saved, with its weights; the caller disposes the model. */
export function loadLeNet5(path: string): { model: tf.Sequential; about: Record<string, unknown> } {
  const { tensors, metadata } = loadCheckpoint(path);
  if (metadata.model !== "lenet5")
    throw new Error(`${path}: expected a saved LeNet-5, got ${JSON.stringify(metadata.model)}.`);
  const model = buildLeNet5(metadata.options as LeNet5Options);
  writeWeights(model, tensors);
  return { model, about: metadata.about as Record<string, unknown> };
}

/** A model's weights by name, such as `conv1/kernel`: copies. */
export function readWeights(model: tf.LayersModel): Record<string, StoredTensor> {
  const entries = model.weights.map((weight) => {
    const value = weight.read();
    return [weightName(weight.name), { shape: value.shape, data: Float32Array.from(value.dataSync()) }];
  });
  return Object.fromEntries(entries);
}

/** Sets a model's weights from what `readWeights` gave. */
export function writeWeights(model: tf.LayersModel, tensors: Record<string, StoredTensor>): void {
  for (const weight of model.weights) {
    const name = weightName(weight.name);
    const stored = tensors[name];
    if (stored === undefined || stored.shape.join() !== weight.shape.join()) {
      const got = stored ? `[${stored.shape.join(", ")}]` : `only ${Object.keys(tensors).join(", ")}`;
      throw new Error(`Expected weights \`${name}\` of shape [${weight.shape.join(", ")}], got ${got}.`);
    }
    const value = tf.tensor(stored.data, stored.shape);
    weight.write(value);
    value.dispose();
  }
}

/** tfjs adds `_1`, `_2` … to the weights' names of the second, third … model with the same layers. */
function weightName(name: string): string {
  return name.replace(/_\d+$/, "");
}
