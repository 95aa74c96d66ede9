import assert from "node:assert/strict";
import { test } from "node:test";
import type { StepRecord } from "../../lib/src/common/records";
import { take } from "../../lib/src/data/dataset";
import { evaluate } from "../../lib/src/network/evaluate";
import { buildLeNet5 } from "../../lib/src/network/lenet";
import { flatten } from "../../lib/src/train/gradient";
import { constant, cosine } from "../../lib/src/train/schedule";
import { Trainer } from "../../lib/src/train/trainer";
import { assertClose, assertSameBits } from "../helpers/assertions";
import { linear } from "../helpers/small-networks";
import { quick, tiny, train, validation } from "../helpers/small-runs";

test("trainer.history has a record an epoch, trainer.losses a number a step", async () => {
  const model = buildLeNet5({ seed: 1 });
  const [steps, epochs]: [StepRecord[], unknown[]] = [[], []];
  const schedule = cosine(0.02, { steps: 8 });
  const trainer = new Trainer(
    model,
    quick({
      train: take(train, 100),
      validation,
      schedule,
      onStep: (r) => steps.push(r),
      onEpoch: (r) => epochs.push(r),
    }),
  );
  await trainer.run();
  assert.deepEqual(epochs, trainer.history);
  assert.deepEqual(
    steps.map(({ step, epoch }) => [step, epoch]),
    [
      [0, 0],
      [1, 0],
      [2, 0],
      [3, 0],
      [4, 1],
      [5, 1],
      [6, 1],
      [7, 1],
    ],
  );
  assert.deepEqual(
    steps.map(({ learningRate }) => learningRate),
    Array.from({ length: 8 }, (_, step) => schedule(step)),
  );
  assert.deepEqual(
    trainer.losses,
    steps.map(({ loss }) => loss),
  );
  assert.equal(trainer.step, 8);
  assert.ok(steps.every(({ gradientNorm }) => Number.isNaN(gradientNorm)));
  for (const epoch of [0, 1]) {
    const record = trainer.history[epoch];
    const own = steps.filter((step) => step.epoch === epoch);
    // the last batch holds 4 images, the others 32
    const mean = (key: "loss" | "accuracy") =>
      own.reduce((sum, step, i) => sum + step[key] * (i < 3 ? 32 : 4), 0) / 100;
    assertClose(
      [record?.trainLoss as number, record?.trainAccuracy as number],
      [mean("loss"), mean("accuracy")],
      1e-12,
    );
    assert.deepEqual([record?.epoch, record?.learningRate], [epoch, schedule(4 * epoch + 3)]);
    assert.ok((record?.seconds as number) > 0 && (record?.seconds as number) < 60);
  }
  const measured = evaluate(model, validation);
  assert.deepEqual(
    [trainer.history[1]?.validationLoss, trainer.history[1]?.validationAccuracy],
    [measured.loss, measured.accuracy],
  );
  model.dispose();
});

test("trainer.run() prints a line an epoch and one at the end outside a notebook, and none of success when it fails", async (t) => {
  const log = t.mock.method(console, "log", () => undefined);
  const model = buildLeNet5({ seed: 1 });
  await new Trainer(model, quick({ display: undefined })).run();
  const lines = log.mock.calls.map((call) => String(call.arguments[0]));
  assert.equal(lines.length, 3);
  assert.match(lines[0] as string, /^epoch 1\/2 /);
  assert.match(lines[2] as string, /^Finished: 2 epochs/);
  await assert.rejects(new Trainer(model, quick({ display: undefined, schedule: constant(1e30) })).run());
  assert.equal(log.mock.callCount(), 3);
  model.dispose();
});

test("trainer.run() shows callbacks a model with the weights of the step or epoch, however steps are run", async () => {
  for (const callback of ["onStep", "onEpoch"] as const) {
    const seen: Float32Array[][] = [];
    for (const compiled of [true, false]) {
      const model = linear();
      const weights = [flatten(model.variables)];
      const look = () => {
        weights.push(flatten(model.variables));
      };
      await new Trainer(model, tiny({ compiled, parts: 1, [callback]: look, averageDecay: 0.5 })).run();
      assert.equal(weights.length, callback === "onStep" ? 7 : 3);
      weights.slice(1).forEach((now, i) => {
        assert.notDeepEqual(now, weights[i]);
      });
      seen.push(weights);
      model.dispose();
    }
    seen[0]?.forEach((weights, i) => {
      assertSameBits(weights, seen[1]?.[i] as Float32Array);
    });
  }
});
