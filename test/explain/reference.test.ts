/** Holds explanations to Captum and PyTorch on the same weights: `scripts/reference/explain.py` wrote the fixture. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { type Dataset, subset } from "../../lib/src/data/dataset";
import { projectDataFolder } from "../../lib/src/data/mnist";
import { gradCam, hiResCam, layerCam, type MapOptions } from "../../lib/src/explain/class-activation";
import { inputGradient, integratedGradients } from "../../lib/src/explain/saliency";
import { loadLeNet5 } from "../../lib/src/network/checkpoint";
import { evaluate } from "../../lib/src/network/evaluate";
import type { tf } from "../../lib/src/tensors/tensorflow";
import { assertClose } from "../helpers/assertions";
import { digits } from "../helpers/data";
import { root } from "../helpers/root";

type Map2D = number[][];

interface Reference {
  about: { checkpoint: string; sha256: string };
  images: {
    index: number;
    label: number;
    predicted: number;
    other: number;
    logits: number[];
    gradCam: Map2D;
    gradCamSigned: Map2D;
    hiResCam: Map2D;
    layerCam: Map2D;
    gradCamConv1: Map2D;
    gradient: Map2D;
    integratedGradients: Map2D;
  }[];
}

const { about, images }: Reference = JSON.parse(readFileSync(join(root, "test", "fixtures", "explain.json"), "utf8"));
const checkpoint = join(projectDataFolder(), "checkpoints", about.checkpoint);
const predicted = images.map((image) => image.predicted);
const numbers = (
  key: "gradCam" | "gradCamSigned" | "hiResCam" | "layerCam" | "gradCamConv1" | "gradient" | "integratedGradients",
) => images.flatMap((image) => image[key].flat());
const raw: MapOptions = { upsampling: "none", normalize: false };

let model: tf.LayersModel;
let data: Dataset;
before(() => {
  model = loadLeNet5(checkpoint).model;
  data = subset(
    digits().test,
    images.map(({ index }) => index),
  );
});

test("the reference was made with the checkpoint that is here", () => {
  const { sha256 } = about;
  const got = createHash("sha256").update(readFileSync(checkpoint)).digest("hex");
  assert.equal(got, sha256, "run scripts/reference/explain.py again");
});

test("logits equal the reference's", () => {
  assertClose(
    evaluate(model, data).logits,
    images.flatMap(({ logits }) => logits),
    1e-4,
  );
});

test("gradCam equals the reference at both convolutions and for a difference of logits, to 1e-6", () => {
  const others = images.map(({ other }) => other);
  assertClose(gradCam(model, data, predicted, raw).data, numbers("gradCam"), 1e-6);
  assertClose(gradCam(model, data, predicted, { ...raw, layer: "conv1" }).data, numbers("gradCamConv1"), 1e-6);
  const difference = gradCam(model, data, predicted, { ...raw, signed: true, ratherThan: others });
  assertClose(difference.data, numbers("gradCamSigned"), 1e-6);
});

test("hiResCam and layerCam equal the reference to 1e-5", () => {
  assertClose(hiResCam(model, data, predicted, { ...raw, signed: true }).data, numbers("hiResCam"), 1e-5);
  assertClose(layerCam(model, data, predicted, raw).data, numbers("layerCam"), 1e-5);
});

test("inputGradient and integratedGradients equal the reference to 1e-5", () => {
  assertClose(inputGradient(model, data, predicted).data, numbers("gradient"), 1e-5);
  assertClose(integratedGradients(model, data, predicted, { steps: 64 }).data, numbers("integratedGradients"), 1e-5);
});
