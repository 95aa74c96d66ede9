/** The sanity check of Adebayo et al. 2018: an explanation of a network must change when the network is made to forget. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  buildLeNet5,
  gradCam,
  hiResCam,
  inputGradient,
  integratedGradients,
  layerCam,
  loadLeNet5,
  projectDataFolder,
  rankCorrelation,
  take,
  type tf,
} from "lenet-lab";
import { digits } from "./helpers/data";

const some = take(digits().test, 50);
const trained = loadLeNet5(`${projectDataFolder()}/checkpoints/lenet5.safetensors`).model;
const forgetful = [1, 2, 3].map((seed) => buildLeNet5({ seed }));
after(() => [trained, ...forgetful].forEach((model) => void model.dispose()));

const signed = { signed: true, upsampling: "none" } as const;
const methods: Record<string, (model: tf.LayersModel) => Float32Array> = {
  "gradCam at conv2": (model) => gradCam(model, some, some.labels, signed).data,
  "hiResCam at conv2": (model) => hiResCam(model, some, some.labels, signed).data,
  "hiResCam at conv1": (model) => hiResCam(model, some, some.labels, { ...signed, layer: "conv1" }).data,
  inputGradient: (model) => inputGradient(model, some, some.labels).data,
  integratedGradients: (model) => integratedGradients(model, some, some.labels, { steps: 32 }).data,
  "layerCam at conv1": (model) => layerCam(model, some, some.labels, { ...signed, layer: "conv1" }).data,
};

/** Mean rank correlation, over images, of what two networks are said to look at. */
function similarity(explain: (model: tf.LayersModel) => Float32Array, a: tf.LayersModel, b: tf.LayersModel): number {
  const [first, second] = [explain(a), explain(b)];
  const size = first.length / some.labels.length;
  const each = Array.from(some.labels, (_, i) =>
    rankCorrelation(first.subarray(i * size, (i + 1) * size), second.subarray(i * size, (i + 1) * size)),
  );
  return each.reduce((sum, value) => sum + value, 0) / each.length;
}

for (const name of [
  "gradCam at conv2",
  "hiResCam at conv2",
  "hiResCam at conv1",
  "inputGradient",
  "integratedGradients",
]) {
  test(`${name} is another map once the weights are random: rank correlation below 0.2`, () => {
    const explain = methods[name] as (model: tf.LayersModel) => Float32Array;
    assert.ok(similarity(explain, trained, trained) > 0.999);
    for (const model of forgetful) {
      const correlation = similarity(explain, trained, model);
      assert.ok(Math.abs(correlation) < 0.2, `${correlation}`);
    }
  });
}

test("layerCam at conv1 fails the check: it shows the ink, whatever the weights", () => {
  const explain = methods["layerCam at conv1"] as (model: tf.LayersModel) => Float32Array;
  for (const model of forgetful) assert.ok(similarity(explain, trained, model) > 0.2);
});
