import assert from "node:assert/strict";
import { test } from "node:test";
import { toTensors } from "../../lib/src/data/batches";
import { take } from "../../lib/src/data/dataset";
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
