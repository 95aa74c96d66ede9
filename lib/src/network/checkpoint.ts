import { tf } from "../tensors/tensorflow";
import { graphOf } from "./graph";
import { buildLeNet5, type LeNet5Options, variantOf } from "./lenet";
import { loadCheckpoint, type StoredTensor, saveCheckpoint, sizeOf } from "./safetensors";
import { checkSameNetwork } from "./same-network";

/**
 * Saves a LeNet-5: its weights, and how to build it again.
 * @param options.options options of `buildLeNet5` that the model does not hold, such as its seed
 * @param options.about facts about the model, by name
 * @throws for a network that `buildLeNet5` cannot build again: the error names the layer and its setting
 */
export function saveLeNet5(
  model: tf.LayersModel,
  path: string,
  { options = {}, about = {} }: { options?: LeNet5Options; about?: Record<string, unknown> } = {},
): void {
  const variant = variantOf(model);
  for (const [name, value] of Object.entries(variant)) {
    const given = options[name as keyof typeof variant] ?? value;
    if (given !== value) throw new Error(`Expected \`${name}\` to be ${value}, as in the model, got ${given}.`);
  }
  const tensors = readWeights(model);
  const rebuilt = buildLeNet5({ ...options, ...variant });
  try {
    checkSameNetwork(model, rebuilt);
    // as `loadLeNet5` will do
    writeWeights(rebuilt, tensors);
  } finally {
    rebuilt.dispose();
  }
  saveCheckpoint(path, { tensors, metadata: { model: "lenet5", options: { ...options, ...variant }, about } });
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

/**
 * A model's weights by name, such as `conv1/kernel`: copies.
 * @throws when two weights have one name, as in a model that is made of two LeNets
 */
export function readWeights(model: tf.LayersModel): Record<string, StoredTensor> {
  const entries = [...namedWeights(model)].map(([name, weight]) => {
    const value = weight.read();
    return [name, { shape: value.shape, data: Float32Array.from(value.dataSync()) }];
  });
  return Object.fromEntries(entries);
}

/**
 * Sets a model's weights from what `readWeights` gave: all of them, or none when something does not fit.
 * @throws unless `tensors` hold the model's weights and no others, each of the shape that it has in the model
 */
export function writeWeights(model: tf.LayersModel, tensors: Record<string, StoredTensor>): void {
  const weights = namedWeights(model);
  for (const [name, weight] of weights) checkStored(name, weight.shape, tensors);
  const unknown = Object.keys(tensors).filter((name) => !weights.has(name));
  if (unknown.length > 0)
    throw new Error(
      `Expected weights of the model \`${model.name}\` alone, got ${listed(unknown)} too: ` +
        "leave out what it has no layer for, or build the model with that layer.",
    );
  for (const [name, weight] of weights) {
    const { data, shape } = tensors[name] as StoredTensor;
    const value = tf.tensor(data, shape);
    weight.write(value);
    value.dispose();
  }
}

function checkStored(name: string, shape: tf.Shape, tensors: Record<string, StoredTensor>): void {
  const stored = tensors[name];
  const got = stored ? `[${stored.shape.join(", ")}]` : `only ${Object.keys(tensors).join(", ") || "none"}`;
  if (stored?.shape.join() !== shape.join())
    throw new Error(`Expected weights \`${name}\` of shape [${shape.join(", ")}], got ${got}.`);
  const size = sizeOf(stored.shape);
  if (stored.data.length !== size)
    throw new Error(`Expected ${size} numbers for \`${name}\` ${got}, got ${stored.data.length}.`);
}

/** The weights by the name that their layer gave them: to `name`, tfjs adds `_1`, `_2` … when another model has it. */
function namedWeights(model: tf.LayersModel): Map<string, tf.LayerVariable> {
  // a layer used twice has its weights once; of a Sequential that begins in the middle of another model, the layers
  // that run before its first one are in the graph alone
  const all = new Set([...model.weights, ...graphOf(model).flatMap(({ sourceLayer }) => sourceLayer.weights)]);
  const weights = new Map<string, tf.LayerVariable>();
  const clashing = new Set<string>();
  for (const weight of all) {
    if (weights.has(weight.originalName)) clashing.add(weight.originalName);
    weights.set(weight.originalName, weight);
  }
  if (clashing.size === 0) return weights;
  throw new Error(
    `Expected weights with names of their own in the model \`${model.name}\`, got ${listed([...clashing])} more than ` +
      "once: give its layers different names, or read and write the models that it is made of one by one.",
  );
}

const listed = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(", ");
