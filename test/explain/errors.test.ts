/** What lessons 07 and 08 promise of the shipped network and its errors. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { type Dataset, subset } from "../../lib/src/data/dataset";
import { projectDataFolder } from "../../lib/src/data/mnist";
import { gradCam, hiResCam, layerCam } from "../../lib/src/explain/class-activation";
import { inputGradient, integratedGradients } from "../../lib/src/explain/saliency";
import { knownMnistErrors, rankByLoss } from "../../lib/src/metrics/label-errors";
import { loadLeNet5 } from "../../lib/src/network/checkpoint";
import { type Evaluation, evaluate } from "../../lib/src/network/evaluate";
import type { tf } from "../../lib/src/tensors/tensorflow";
import { digits } from "../helpers/data";
import { sample } from "../helpers/full";

let model: tf.LayersModel;
let result: Evaluation;
let errors: Dataset;
let guesses: number[];
before(() => {
  const { test: data } = digits();
  model = loadLeNet5(`${projectDataFolder()}/checkpoints/lenet5.safetensors`).model;
  result = evaluate(model, data);
  const wrong = Array.from(data.labels.keys()).filter((i) => result.predictions[i] !== data.labels[i]);
  errors = subset(data, wrong);
  guesses = wrong.map((i) => result.predictions[i] as number);
});

test("the shipped network misreads 42 test images", () => {
  assert.equal(errors.labels.length, 42);
});

test("each method explains all errors in one call", () => {
  for (const method of [gradCam, hiResCam, layerCam, inputGradient, integratedGradients])
    assert.equal(
      method(model, errors, guesses, { ratherThan: errors.labels, ...sample({}, { steps: 16 }) }).shape[0],
      42,
      method.name,
    );
});

test("a ranking by loss finds ten of the fifteen known wrong labels in its first fifty", () => {
  const ranking = rankByLoss(result.logits, digits().test.labels).slice(0, 50);
  const found = knownMnistErrors.filter(({ index }) => ranking.some((suspect) => suspect.index === index));
  assert.ok(found.length >= 10, `${found.length}`);
});
