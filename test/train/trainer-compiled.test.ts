import assert from "node:assert/strict";
import { test } from "node:test";
import { affine, compose } from "../../lib/src/data/augment";
import { take } from "../../lib/src/data/dataset";
import { elastic } from "../../lib/src/data/elastic";
import type { ImageMap } from "../../lib/src/data/image-map";
import { buildLeNet5 } from "../../lib/src/network/lenet";
import { type Loss, softmaxCrossEntropy } from "../../lib/src/network/loss";
import { tf } from "../../lib/src/tensors/tensorflow";
import { flatten } from "../../lib/src/train/gradient";
import { adam } from "../../lib/src/train/optimizer";
import type { TrainOptions } from "../../lib/src/train/options";
import { constant } from "../../lib/src/train/schedule";
import { trainable } from "../../lib/src/train/trainable";
import { Trainer } from "../../lib/src/train/trainer";
import { assertClose, assertSameBits } from "../helpers/assertions";
import { dense } from "../helpers/small-networks";
import { quick, tiny, train, validation, weightsAfter } from "../helpers/small-runs";

/** Trains a fresh LeNet-5 on few images both ways and holds weights and losses against each other. */
async function assertCompiledIsNot(name: string, more: Partial<TrainOptions>): Promise<void> {
  const [asGraph, byKernels] = await Promise.all(
    [true, false].map(async (compiled) => {
      const model = buildLeNet5({ seed: 1 });
      const trainer = new Trainer(model, quick({ train: take(train, 40), batchSize: 8, ...more, compiled, parts: 1 }));
      assert.equal(await trainer.run(), "finished");
      if (compiled) assert.equal(trainer.notCompiled, undefined, name);
      const weights = flatten(trainable(model).variables);
      model.dispose();
      return { weights, losses: Float32Array.from(trainer.losses), history: trainer.history };
    }),
  );
  assertSameBits(asGraph?.losses as Float32Array, byKernels?.losses as Float32Array, `of the losses with ${name}`);
  assertSameBits(asGraph?.weights as Float32Array, byKernels?.weights as Float32Array, `of the weights with ${name}`);
  const told = (history?: readonly object[]) => history?.map((record) => ({ ...record, seconds: 0 }));
  assert.deepEqual(told(asGraph?.history), told(byKernels?.history), name);
}

const ownMap: ImageMap = (images, source) => tf.mul(images, source.uniform(0.5, 1));

for (const [name, more] of Object.entries({
  "no options": {},
  "affine()": { augment: affine() },
  "elastic(), validation and a moving average": { augment: elastic(), validation, averageDecay: 0.9 },
  "a map of one's own": { augment: ownMap },
  "two maps, one of one's own": { augment: compose(affine(), ownMap) },
  "an odd last batch": { train: take(train, 35), augment: affine() },
  "an odd last batch of two": { train: take(train, 13), epochs: 4 },
  "one step an epoch": { batchSize: 40, epochs: 4, augment: affine() },
  "larger batches than there are images": { batchSize: 500, epochs: 3 },
  "one step": { batchSize: 40, epochs: 1 },
  "a limit for the gradient": { maxGradientNorm: 0.5, optimizer: adam(), schedule: constant(1e-3) },
} satisfies Record<string, Partial<TrainOptions>>)) {
  test(`trainer.run() with {parts: 1} gives the same bits compiled and not: ${name}`, () =>
    assertCompiledIsNot(name, more));
}

test("trainer.run() in two parts learns what it learns in one, but for rounding", async () => {
  const runs = [1, 2, 3].map((parts) => weightsAfter({ parts, epochs: 1, augment: affine() }));
  const [whole, ...divided] = await Promise.all(runs);
  for (const weights of divided) {
    assert.notDeepEqual(weights, whole);
    assertClose(weights, whole as Float32Array, 1e-5);
  }
});

test("trainer.run() computes a loss that is no mean over images on whole batches, also when {parts} are asked for", async () => {
  // weighs each image by its share in the batch's loss: halves would give something else
  const loss: Loss = (logits, labels) => tf.square(softmaxCrossEntropy(logits, labels)) as tf.Scalar;
  assertSameBits(await weightsAfter({ loss, parts: 2 }), await weightsAfter({ loss, compiled: false }));
});

test("trainer.run() shows an image map without parts the weights of the step before, compiled or not", async () => {
  const seen: Float32Array[][] = [];
  for (const compiled of [true, false]) {
    const model = buildLeNet5({ seed: 1 });
    const weights: Float32Array[] = [];
    const augment: ImageMap = (images) => {
      weights.push(flatten(trainable(model).variables));
      return images;
    };
    await new Trainer(model, quick({ augment, compiled, parts: 1 })).run();
    assert.equal(new Set(weights.map(([first]) => first)).size, 8);
    seen.push(weights);
    model.dispose();
  }
  seen[0]?.forEach((weights, i) => {
    assertSameBits(weights, seen[1]?.[i] as Float32Array, `before step ${i}`);
  });
});

test("trainer.run() takes an image map that changes the size of images from step to step", async () => {
  // a network for any size: convolution, then the mean of each channel
  const make = () =>
    tf.sequential({
      layers: [
        tf.layers.conv2d({
          ...{ filters: 10, kernelSize: 3, inputShape: [null, null, 1] as unknown as number[] },
          kernelInitializer: tf.initializers.heNormal({ seed: 3 }),
        }),
        tf.layers.globalAveragePooling2d({}),
      ],
    });
  const augment: ImageMap = (images, source) => {
    const size = source.integer(0, 1) === 0 ? 20 : 28;
    return tf.image.resizeBilinear(images, [size, size]);
  };
  const losses: number[][] = [];
  for (const compiled of [true, false]) {
    const model = make();
    const trainer = new Trainer(model, quick({ augment, compiled }));
    await trainer.run();
    if (compiled) assert.equal(trainer.notCompiled, undefined);
    losses.push([...trainer.losses]);
    model.dispose();
  }
  assertClose(losses[0] as number[], losses[1] as number[], 1e-4);
});

test("trainer.run() trains a network with batch normalisation as with {compiled: false}, moving averages included", async () => {
  const states: Float32Array[] = [];
  for (const compiled of [undefined, false]) {
    const model = dense({ between: tf.layers.batchNormalization() });
    await new Trainer(model, tiny({ compiled, epochs: 3 })).run();
    states.push(flatten(model.weights.map((weight) => weight.read())));
    model.dispose();
  }
  assertClose(states[0] as Float32Array, states[1] as Float32Array, 1e-5);
});
