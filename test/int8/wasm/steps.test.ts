import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { checkQuantized } from "../../../lib/src/int8/check";
import type { QuantizedModel } from "../../../lib/src/int8/model";
import { kindOf, kinds, multiplicationsOf, stepsOf } from "../../../lib/src/int8/wasm/steps";
import { quantizedLeNet5 } from "../../helpers/quantized-lenet";
import { root } from "../../helpers/root";

const model = quantizedLeNet5();
const stepsIn = (network: QuantizedModel) => stepsOf(network, checkQuantized(network));

test("stepsOf(model) puts convolutions and the max-pooling after them together: LeNet-5 takes five steps", () => {
  const steps = stepsIn(model);
  assert.deepEqual(steps.map(kindOf), ["convolveImage", "convolveAndPool", "dense", "dense", "logits"]);
  assert.equal(
    steps.reduce((sum, step) => sum + multiplicationsOf(step), 0),
    416_520,
  );
});

test("stepsOf(model) leaves apart what is pooled otherwise", () => {
  const pooling = (change: object): QuantizedModel => ({
    ...model,
    layers: model.layers.map((layer) => (layer.kind === "maxPool2d" ? { ...layer, ...change } : layer)),
  });
  const kindsIn = (network: QuantizedModel) => stepsIn(network).map(kindOf).slice(0, 4);
  const [average, wide] = [pooling({ kind: "averagePool2d" }), pooling({ poolSize: [3, 2], padding: "same" })];
  assert.deepEqual(kindsIn(average), ["convolve", "averagePool", "convolve", "averagePool"]);
  assert.deepEqual(kindsIn(wide), ["convolve", "maxPool", "convolve", "maxPool"]);
});

test("the parts of the kernel are numbered as in lib/assembly/layer.ts", () => {
  const source = readFileSync(join(root, "lib", "assembly", "layer.ts"), "utf8");
  const [, names = ""] = /enum Kind \{([^}]*)\}/.exec(source) ?? [];
  assert.deepEqual(names.match(/\w+/g), Object.keys(kinds));
  assert.deepEqual(Object.values(kinds), [...Object.keys(kinds).keys()]);
});
