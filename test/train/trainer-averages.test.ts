import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { evaluate } from "../../lib/src/network/evaluate";
import { buildLeNet5 } from "../../lib/src/network/lenet";
import { flatten } from "../../lib/src/train/gradient";
import { trainable } from "../../lib/src/train/trainable";
import { Trainer } from "../../lib/src/train/trainer";
import { assertClose, assertSameBits } from "../helpers/assertions";
import { temporaryFolder } from "../helpers/data";
import { quick, validation, weightsAfter } from "../helpers/small-runs";

test("trainer.run() with {averageDecay} measures and ends with the moving average of the weights", async () => {
  const model = buildLeNet5({ seed: 1 });
  const { variables } = trainable(model);
  const average = flatten(variables);
  const trainer = new Trainer(
    model,
    quick({
      validation,
      averageDecay: 0.8,
      onStep: () =>
        flatten(variables).forEach((w, i) => {
          average[i] = 0.8 * (average[i] as number) + 0.2 * w;
        }),
    }),
  );
  await trainer.run();
  assertClose(flatten(variables), average, 1e-6);
  assert.equal(trainer.history[1]?.validationLoss, evaluate(model, validation).loss);
  assert.notDeepEqual(flatten(variables), await weightsAfter());
  model.dispose();
});

test("trainer.run() with {patience} stops when validation gets worse and goes back to the best weights", async (t) => {
  const path = join(temporaryFolder(t), "run.safetensors");
  const model = buildLeNet5({ seed: 1 });
  const { variables } = trainable(model);
  const atEpoch: Float32Array[] = [];
  // too fast from the third epoch on
  const schedule = (step: number) => (step < 8 ? 0.02 : 0.3);
  const options = quick({
    epochs: 20,
    validation,
    patience: 2,
    schedule,
    onEpoch: () => atEpoch.push(flatten(variables)),
    checkpoint: { path },
  });
  const trainer = new Trainer(model, options);
  assert.equal(await trainer.run(), "stopped early");
  assert.equal(trainer.history.length, 4);
  const losses = trainer.history.map(({ validationLoss }) => validationLoss as number);
  assert.equal(Math.min(...losses), losses[1]);
  assertSameBits(flatten(variables), atEpoch[1] as Float32Array);
  assert.equal(await trainer.run(), "stopped early");
  assert.equal(trainer.step, 16);
  // the same from the file
  const other = buildLeNet5({ seed: 1 });
  assert.equal(await new Trainer(other, options).run(), "stopped early");
  assertSameBits(flatten(trainable(other).variables), atEpoch[1] as Float32Array);
  model.dispose();
  other.dispose();
});
