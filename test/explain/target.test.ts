import assert from "node:assert/strict";
import { test } from "node:test";
import { toTensors } from "../../lib/src/data/batches";
import { take } from "../../lib/src/data/dataset";
import { gradCam, hiResCam, layerCam } from "../../lib/src/explain/class-activation";
import { inputGradient, integratedGradients } from "../../lib/src/explain/saliency";
import { explainInChunks, shapeOf } from "../../lib/src/explain/target";
import { buildLeNet5 } from "../../lib/src/network/lenet";
import { tf } from "../../lib/src/tensors/tensorflow";
import { assertNoLeak } from "../helpers/assertions";
import { digits } from "../helpers/data";

const some = take(digits().test, 5);

test("explainInChunks(model, images, options, work) gives what work gave, end to end", () => {
  const model = buildLeNet5();
  const seen: number[][] = [];
  const { data, count } = explainInChunks(model, some, { classes: 3, batchSize: 2, size: 784 }, ({ images, sign }) => {
    seen.push([images.shape[0], ...sign.dataSync().slice(0, 4)]);
    return images;
  });
  assert.equal(count, 5);
  assert.deepEqual(seen, [
    [2, 0, 0, 0, 1],
    [2, 0, 0, 0, 1],
    [1, 0, 0, 0, 1],
  ]);
  tf.tidy(() => assert.deepEqual(data, toTensors(some).images.dataSync()));
  model.dispose();
});

test("explainInChunks(model, images, options, work) leaves no tensor behind when work fails", async () => {
  const model = buildLeNet5();
  const work = () => {
    tf.zeros([3]);
    throw new Error("work failed");
  };
  await assertNoLeak(() =>
    assert.throws(() => explainInChunks(model, some, { classes: 3, size: 1 }, work), /^Error: work failed$/),
  );
  model.dispose();
});

test("shapeOf(images) is that of the tensor that the model gets", () => {
  assert.deepEqual(shapeOf(some), [5, 28, 28, 1]);
  tf.tidy(() => assert.deepEqual(shapeOf(tf.zeros([2, 3, 4, 5])), [2, 3, 4, 5]));
});

const methods = { gradCam, hiResCam, layerCam, inputGradient, integratedGradients };

for (const [name, explain] of Object.entries(methods)) {
  test(`${name} refuses NaN in images and weights, and labels beyond the classes, and leaves no tensor behind`, async () => {
    const model = buildLeNet5();
    const { images } = toTensors(some);
    const steps = { steps: 2 };
    await assertNoLeak(() => {
      for (const wrong of [Number.NaN, Infinity, -Infinity]) {
        const pixels = images.dataSync().slice();
        pixels[784 + 5] = wrong;
        const spoilt = tf.tensor4d(pixels, images.shape);
        assert.throws(() => explain(model, spoilt, 3, steps), {
          name: "RangeError",
          message: `Expected \`images\` to be finite, got ${wrong} at index 789 of all its numbers.`,
        });
        spoilt.dispose();
      }
      assert.throws(
        () => explain(model, { ...some, classes: 5 }, 3, steps),
        /^RangeError: Expected labels of the test set of mnist in 0 … 4, got 7 at index 0: load it with `classes: 8`\.$/,
      );
    });
    const kernels = model.getWeights();
    const nan = tf.fill(kernels[2]?.shape as number[], Number.NaN);
    model.setWeights(kernels.map((kernel, i) => (i === 2 ? nan : kernel)));
    await assertNoLeak(() =>
      assert.throws(
        () => explain(model, images, 3, steps),
        /^RangeError: Expected finite gradients, got NaN for image 0: look for NaN in the weights\.$/,
      ),
    );
    tf.dispose([images, nan]);
    model.dispose();
  });
}

for (const [name, explain] of Object.entries(methods)) {
  test(`${name} refuses images, classes and baselines of another type in a sentence`, async () => {
    const model = buildLeNet5();
    const { images, labels } = toTensors(some);
    const whole = tf.cast(images, "int32") as tf.Tensor4D;
    await assertNoLeak(() => {
      assert.throws(() => explain(model, whole, 1), {
        name: "TypeError",
        message: "Expected `images` as float32, got int32: call `toFloat()`.",
      });
      for (const [wrong, got] of [
        [some.images, "Object"],
        [[[1]], "Array"],
        [undefined, "Undefined"],
      ] as const)
        assert.throws(() => explain(model, wrong as never, 1), {
          name: "TypeError",
          message: `Expected \`images\` as a tensor or a data set, got ${got}: see \`toTensors\`.`,
        });
      for (const [wrong, got] of [
        [labels, "a tensor: call `dataSync()`"],
        [new Set([1, 2, 3, 4, 5]), "Set: spread it, `[...it]`"],
        ["01234", '"01234"'],
      ] as [never, string][]) {
        const message = (list: string) => `Expected \`${list}\` as a list, got ${got}.`;
        assert.throws(() => explain(model, images, wrong), { name: "TypeError", message: message("classes") });
        assert.throws(() => explain(model, images, 1, { ratherThan: wrong }), {
          name: "TypeError",
          message: message("ratherThan"),
        });
      }
      assert.throws(
        () => explain(model, images, [1, 2, 3, 4, "5"] as never),
        /^TypeError: Expected `classes` in 0 … 9, got "5" at index 4\.$/,
      );
    });
    const baseline = tf.zeros([28, 28, 1], "int32") as tf.Tensor3D;
    assert.throws(
      () => integratedGradients(model, some, 3, { baseline }),
      /^TypeError: Expected `baseline` as float32, got int32: call `toFloat\(\)`\.$/,
    );
    tf.dispose([images, labels, whole, baseline]);
    model.dispose();
  });
}

test("integratedGradients(…, {baseline}) refuses NaN in a baseline", () => {
  const model = buildLeNet5();
  const baseline = tf.fill([28, 28, 1], Number.NaN) as tf.Tensor3D;
  assert.throws(
    () => integratedGradients(model, some, 3, { baseline }),
    /^RangeError: Expected `baseline` to be finite, got NaN at index 0/,
  );
  tf.dispose(baseline);
  model.dispose();
});
