import type { tf } from "../tensors/tensorflow";
import { graphOf } from "./graph";

/**
 * Checks that a model computes what another one does, given the same weights: the same layers in one chain, by name and
 * kind, with the same settings. What matters in training alone does not count: initial weights, regularizers,
 * constraints, and whether a layer is frozen.
 * @throws an Error that names the first layer and setting that differ
 */
export function checkSameNetwork(model: tf.LayersModel, expected: tf.LayersModel): void {
  const [ours, theirs] = [graphOf(model), graphOf(expected)];
  const names = (tensors: typeof ours) => tensors.slice(1).map(({ sourceLayer }) => sourceLayer.name);
  if (names(ours).join() !== names(theirs).join())
    refuse(model, "layers", names(theirs).join(", "), names(ours).join(", "));
  const imageOf = ([input]: typeof ours) => `[n, ${input?.shape.slice(1).join(", ")}] of ${input?.dtype}`;
  if (imageOf(ours) !== imageOf(theirs)) refuse(model, "an input", imageOf(theirs), imageOf(ours));
  for (const [i, { sourceLayer, inputs }] of ours.entries()) {
    const layer = `layer \`${sourceLayer.name}\``;
    if (i > 0 && (inputs.length !== 1 || inputs[0] !== ours[i - 1]))
      refuse(
        model,
        `${layer} after`,
        ours[i - 1]?.sourceLayer.name,
        inputs.map((input) => input.sourceLayer.name),
      );
    if (i === 0) continue;
    const [has, wanted] = [settingsOf(sourceLayer), settingsOf((theirs[i] as (typeof ours)[0]).sourceLayer)];
    for (const key of Object.keys({ ...wanted, ...has }))
      if (text(has[key]) !== text(wanted[key])) refuse(model, `${layer} with \`${key}\``, wanted[key], has[key]);
  }
}

const forTraining = /(Initializer|Regularizer|Constraint)$|^trainable$/;

function settingsOf(layer: tf.layers.Layer): Record<string, unknown> {
  const { batchInputShape: _, dtype = "float32", ...config } = layer.getConfig();
  const settings = Object.entries({ kind: layer.getClassName(), ...config, dtype });
  return Object.fromEntries(settings.filter(([key]) => !forTraining.test(key)));
}

const text = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

function refuse({ name }: tf.LayersModel, what: string, expected: unknown, got: unknown): never {
  throw new Error(
    `Expected the network \`${name}\` to have ${what} ${text(expected)}, got ${text(got)}: ` +
      "a checkpoint holds what `buildLeNet5` builds; save another network with tfjs, `model.save`.",
  );
}
