/** What notebook 04 promises of the shipped network and its errors. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import {
  type Dataset,
  type Evaluation,
  evaluate,
  gradCam,
  hiResCam,
  inputGradient,
  integratedGradients,
  knownMnistErrors,
  layerCam,
  loadLeNet5,
  projectDataFolder,
  rankByLoss,
  subset,
  type tf,
} from "lenet-lab";
import { digits } from "../helpers/data";

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
    assert.equal(method(model, errors, guesses, { ratherThan: errors.labels }).shape[0], 42, method.name);
});

test("a ranking by loss finds ten of the fifteen known wrong labels in its first fifty", () => {
  const ranking = rankByLoss(result.logits, digits().test.labels).slice(0, 50);
  const found = knownMnistErrors.filter(({ index }) => ranking.some((suspect) => suspect.index === index));
  assert.ok(found.length >= 10, `${found.length}`);
});
