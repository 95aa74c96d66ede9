/** What notebook 05 promises of the int8 model that ships. */
import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  calibrate,
  countCorrect,
  evaluate,
  fakeQuantized,
  inferInt8,
  int8ToOnnx,
  loadLeNet5,
  loadQuantization,
  loadQuantized,
  predictionsOf,
  projectDataFolder,
  runOnnx,
  take,
  toIntegers,
} from "lenet-lab";
import { assertSameBits } from "../helpers/assertions";
import { digits } from "../helpers/data";

const path = join(projectDataFolder(), "checkpoints", "lenet5-int8.bin");

test("the shipped int8 model is as small as the results file says", () => {
  assert.equal(statSync(path).size, loadQuantization().modelBytes.int8);
});

test("the shipped int8 model gives the bits of ONNX Runtime for all 10,000 test images, and the accuracy that was measured", async () => {
  const { images, labels } = digits().test;
  const pixels = Uint8Array.from(images.data);
  const model = loadQuantized(path);
  const logits = inferInt8(model, pixels);
  assertSameBits(await runOnnx(int8ToOnnx(model), pixels), logits);
  assert.equal(countCorrect(labels, predictionsOf(logits)) / 10_000, loadQuantization().seeds[0]?.qat8);
});

test("a fake-quantised LeNet-5 and its integers see the same digit in each of the 10,000 test images", () => {
  const { train, test: data } = digits();
  const { model } = loadLeNet5(join(projectDataFolder(), "checkpoints", "lenet5.safetensors"));
  const network = fakeQuantized(model, { ranges: calibrate(model, take(train, 10_000)) });
  const logits = inferInt8(toIntegers(network), Uint8Array.from(data.images.data));
  assert.equal(countCorrect(evaluate(network.infer, data).predictions, predictionsOf(logits)), 10_000);
  network.dispose();
  model.dispose();
});
