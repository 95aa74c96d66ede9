/** The sanity check of Adebayo et al. 2018: an explanation must change when the network's weights are randomised. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { take } from "../../lib/src/data/dataset";
import { projectDataFolder } from "../../lib/src/data/mnist";
import { gradCam, hiResCam, layerCam } from "../../lib/src/explain/class-activation";
import { inputGradient, integratedGradients } from "../../lib/src/explain/saliency";
import { meanAndDeviation } from "../../lib/src/metrics/accuracy";
import { rankCorrelation } from "../../lib/src/metrics/rank-correlation";
import { loadLeNet5 } from "../../lib/src/network/checkpoint";
import { buildLeNet5 } from "../../lib/src/network/lenet";
import type { tf } from "../../lib/src/tensors/tensorflow";
import { digits } from "../helpers/data";
import { sample } from "../helpers/full";

const some = take(digits().test, 50);
const load = () => loadLeNet5(`${projectDataFolder()}/checkpoints/lenet5.safetensors`).model;
const trained = load();
const forgetful = sample([1, 2, 3], [1]).map((seed) => buildLeNet5({ seed }));
const headless = [1, 2, 3, 4, 5].map(withRandomLogits);
after(() => [trained, ...forgetful, ...headless].forEach((model) => void model.dispose()));

/** The trained network, of which only the last layer has forgotten. */
function withRandomLogits(seed: number): tf.LayersModel {
  const [model, fresh] = [load(), buildLeNet5({ seed })];
  model.getLayer("logits").setWeights(fresh.getLayer("logits").getWeights());
  fresh.dispose();
  return model;
}

const signed = { signed: true, upsampling: "none" } as const;
const methods: Record<string, (model: tf.LayersModel) => Float32Array> = {
  "gradCam at conv2": (model) => gradCam(model, some, some.labels, signed).data,
  "hiResCam at conv2": (model) => hiResCam(model, some, some.labels, signed).data,
  "hiResCam at conv1": (model) => hiResCam(model, some, some.labels, { ...signed, layer: "conv1" }).data,
  inputGradient: (model) => inputGradient(model, some, some.labels).data,
  integratedGradients: (model) => integratedGradients(model, some, some.labels, { steps: sample(32, 12) }).data,
  "layerCam at conv2": (model) => layerCam(model, some, some.labels, signed).data,
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

for (const name of ["gradCam at conv2", "hiResCam at conv2"]) {
  test(`${name} depends on the last layer: random logits leave a mean rank correlation below 0.2`, () => {
    const explain = methods[name] as (model: tf.LayersModel) => Float32Array;
    const each = headless.map((model) => similarity(explain, trained, model));
    assert.ok(Math.abs(meanAndDeviation(each).mean) < 0.2, each.join(", "));
  });
}

test("layerCam at conv2 depends little on the last layer: random logits leave a rank correlation above 0.3", () => {
  const explain = methods["layerCam at conv2"] as (model: tf.LayersModel) => Float32Array;
  const each = headless.map((model) => similarity(explain, trained, model));
  assert.ok(
    each.every((correlation) => correlation > 0.3),
    each.join(", "),
  );
});
