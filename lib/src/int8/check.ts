/** Checks of a quantised model, so that the engines, the file and the export can rely on it. */

import { checkList, checkWhole, shown } from "../common/checks";
import { type Activations, checkObject, checkQuantization, checkSize, lengths } from "./activations";
import { kindNames, layerKind } from "./kinds";
import type { QuantizedLayer, QuantizedModel } from "./model";

/**
 * Checks that the layers of a quantised model fit together, that their numbers are in range, and that no accumulator
 * can leave int32 for any image.
 * @returns the activations that each layer reads, and last the logits: one item more than there are layers
 * @throws an Error that names the layer, what was expected and what came
 */
export function checkQuantized(model: QuantizedModel): Activations[] {
  checkObject("a quantised model", model, "`inputShape`, `input` and `layers`");
  const { inputShape, input, layers } = model;
  checkList("inputShape", inputShape);
  checkList("layers", layers);
  if (inputShape.length !== 3)
    throw new Error(`Expected \`inputShape\` to be [height, width, channels], got [${inputShape.join(", ")}].`);
  for (const length of inputShape) checkWhole("inputShape", length, lengths);
  checkSize("`inputShape`", inputShape);
  checkQuantization("`input`", input);
  checkWhole("the number of `layers`", layers.length, lengths);
  let before: Activations = { shape: inputShape, quantization: input };
  const flow = [before];
  const names = new Set<string>();
  for (const [i, layer] of layers.entries()) {
    checkObject(`layer ${i}`, layer, "`kind` and `name`");
    if (typeof layer.name !== "string" || !/^[\x20-\x7e]{1,255}$/.test(layer.name))
      throw new Error(`Expected \`name\` of layer ${i} to be 1 to 255 ASCII characters, got ${shown(layer.name)}.`);
    if (names.has(layer.name)) throw new Error(`Expected layers with names of their own, got ${layer.name} twice.`);
    names.add(layer.name);
    before = checkLayer(layer, before);
    flow.push(before);
  }
  if (before.quantization !== undefined)
    throw new Error(
      `Expected the last layer to be dense without \`output\`, which gives logits, got ${layers.at(-1)?.name}.`,
    );
  return flow;
}

function checkLayer(layer: QuantizedLayer, { shape, quantization }: Activations): Activations {
  const { kind, name } = layer;
  if (quantization === undefined)
    throw new Error(`Expected nothing after the logits, got ${name}: give the dense layer before it an \`output\`.`);
  if (!kindNames.includes(kind))
    throw new Error(`${name}: expected \`kind\` to be one of ${kindNames.join(", ")}, got ${kind}.`);
  return layerKind(kind).check(layer, { shape, quantization });
}
