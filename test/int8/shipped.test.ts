/** What lesson 10 promises of the int8 model that ships. */
import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { take } from "../../lib/src/data/dataset";
import { projectDataFolder } from "../../lib/src/data/mnist";
import { loadQuantization } from "../../lib/src/data/results";
import { loadQuantized } from "../../lib/src/int8/disk";
import { inferInt8 } from "../../lib/src/int8/engine";
import { countCorrect, predictionsOf } from "../../lib/src/metrics/accuracy";
import { loadLeNet5 } from "../../lib/src/network/checkpoint";
import { evaluate } from "../../lib/src/network/evaluate";
import { int8ToOnnx } from "../../lib/src/onnx/export";
import { runOnnx } from "../../lib/src/onnx/runtime";
import { fakeQuantized } from "../../lib/src/quantize/qat";
import { calibrate } from "../../lib/src/quantize/ranges";
import { toIntegers } from "../../lib/src/quantize/to-integers";
import { assertSameBits } from "../helpers/assertions";
import { digits } from "../helpers/data";
import { sample } from "../helpers/full";

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
  assert.equal(
    countCorrect(labels, predictionsOf(logits, { classes: 10 })) / 10_000,
    loadQuantization().seeds[0]?.qat8,
  );
});

const count = sample(10_000, 2000);
test(`a fake-quantised LeNet-5 and its integers see the same digit in each of ${count} test images`, () => {
  const { train, test: all } = digits();
  const data = take(all, count);
  const { model } = loadLeNet5(join(projectDataFolder(), "checkpoints", "lenet5.safetensors"));
  const network = fakeQuantized(model, { ranges: calibrate(model, take(train, count)) });
  const logits = inferInt8(toIntegers(network), Uint8Array.from(data.images.data.subarray(0, count * 784)));
  assert.equal(countCorrect(evaluate(network.infer, data).predictions, predictionsOf(logits, { classes: 10 })), count);
  network.dispose();
  model.dispose();
});
