import assert from "node:assert/strict";
import { test } from "node:test";
import { affine, compose, horizontalFlip } from "../../lib/src/data/augment";
import { type BatchOptions, batchPlans } from "../../lib/src/data/batch-plan";
import { toTensors } from "../../lib/src/data/batches";
import { elastic } from "../../lib/src/data/elastic";
import { type ImageMap, imageMap } from "../../lib/src/data/image-map";
import { Loader } from "../../lib/src/data/loader";
import { compile } from "../../lib/src/tensors/compile";
import { tf } from "../../lib/src/tensors/tensorflow";
import { assertNoLeak, assertSameBits } from "../helpers/assertions";
import { noise } from "../helpers/data";
import { assertNothingLeft } from "../helpers/graphs";

const data = noise("train", { count: 11, size: 12 });
const options: BatchOptions = { batchSize: 4, epochs: 2, shuffle: true, seed: 3 };

const halved: ImageMap = (images, random) => tf.mul(images, random.uniform());
const same: ImageMap = (images) => images;

const maps: [string, ImageMap | undefined][] = [
  ["no map", undefined],
  ["affine()", affine()],
  ["elastic()", elastic()],
  ["a map of several parts", compose(elastic(), horizontalFlip(), affine())],
  ["a map without parts", halved],
  ["a map with and one without parts", compose(affine(), halved)],
  ["a map that changes nothing", same],
];

/** The images of every batch as the plan, `toTensors` and the map make them. */
function expected(map?: ImageMap): Float32Array[] {
  return Array.from(batchPlans(data, { ...options, map }), ({ indices, random }) =>
    tf.tidy(() => {
      const { images } = toTensors(data, indices);
      return (map ? map(images, random) : images).dataSync().slice() as Float32Array;
    }),
  );
}

for (const [name, map] of maps) {
  test(`new Loader(data, {map}) with ${name} gives the same bits whether advance() makes the images or is given them`, async () => {
    const images = expected(map);
    for (const given of [false, true]) {
      await assertNoLeak(() => {
        const loader = new Loader(data, { ...options, map });
        for (const [step, pixels] of images.entries()) {
          assert.equal(loader.batch?.step, step);
          assertSameBits(loader.batch?.images.dataSync() as Float32Array, pixels, `of batch ${step}`);
          loader.advance(given && loader.upcoming ? loader.makeUpcoming() : undefined);
        }
        assert.equal(loader.batch, undefined);
        loader.dispose();
      });
    }
  });
}

test("loader.makeUpcoming() is a graph of loader.upcoming, which gives the same bits for every full batch", async () => {
  const [, ...images] = expected(affine());
  await assertNothingLeft(async () => {
    const loader = new Loader(data, { ...options, map: affine() });
    const make = () => ({ upcoming: loader.makeUpcoming() });
    const { compiled, problem } = await compile(loader.upcoming ?? {}, make);
    assert.equal(problem, undefined);
    for (const pixels of images) {
      if (loader.upcoming?.indices?.size === 4) {
        const made = compiled?.run(loader.upcoming) as { upcoming: tf.Tensor4D };
        assertSameBits(made.upcoming.dataSync() as Float32Array, pixels);
        loader.advance(made.upcoming);
      } else loader.advance();
    }
    compiled?.dispose();
    loader.dispose();
  });
});

test("loader.batch has labels, step and epoch, and is undefined after the last one", () => {
  const loader = new Loader(data, { ...options, shuffle: false });
  const seen: unknown[] = [];
  for (; loader.batch; loader.advance())
    seen.push([loader.batch.step, loader.batch.epoch, Array.from(loader.batch.labels.dataSync())]);
  const labels = Array.from(data.labels);
  assert.deepEqual(
    seen,
    [0, 1].flatMap((epoch) => [0, 1, 2].map((i) => [3 * epoch + i, epoch, labels.slice(4 * i, 4 * i + 4)])),
  );
  assert.equal(loader.upcoming, undefined);
  loader.advance();
  assert.equal(loader.batch, undefined);
  loader.dispose();
});

test("loader.upcoming is undefined at the last batch, and shapes tell a full batch from what is left", () => {
  const loader = new Loader(data, { ...options, epochs: 1, map: affine() });
  const sizes = [];
  for (; loader.batch; loader.advance()) {
    const { indices, draws0, packed, white } = loader.upcoming ?? {};
    sizes.push([indices?.shape, draws0?.shape, packed?.shape, white?.shape]);
  }
  assert.deepEqual(sizes, [
    [[4], [4, 8], [11, 36], []],
    [[3], [3, 8], [11, 36], []],
    [undefined, undefined, undefined, undefined],
  ]);
  loader.dispose();
});

test("new Loader(data, {epochs or fromStep}) beyond the end has no batch", async () => {
  for (const more of [{ epochs: 0 }, { fromStep: 6 }, { fromStep: 60 }]) {
    await assertNoLeak(() => {
      const loader = new Loader(data, { ...options, ...more });
      assert.deepEqual([loader.batch, loader.upcoming], [undefined, undefined]);
      loader.dispose();
    });
  }
});

test("loader.advance() disposes the batch before, loader.dispose() all the rest, twice too", async () => {
  await assertNoLeak(() => {
    const loader = new Loader(data, { ...options, map: elastic() });
    const { images, labels } = loader.batch ?? assert.fail();
    loader.advance();
    assert.deepEqual([images.isDisposed, labels.isDisposed, loader.batch?.images.isDisposed], [true, true, false]);
    loader.dispose();
    loader.dispose();
    assert.equal(loader.batch, undefined);
  });
});

test("a Loader leaves no tensor behind when its map throws, at once or at a later batch, in whichever part", async () => {
  let left = 0;
  const fails = () => {
    if (left-- === 0) throw new Error("a faulty map");
  };
  const draw = () => [tf.scalar(1)];
  const parts: ImageMap[] = [
    imageMap({
      draws: 1,
      draw,
      apply: (images) => {
        const twice = tf.mul(images, 2) as tf.Tensor4D;
        fails();
        return twice;
      },
    }),
    imageMap({
      draws: 1,
      draw: () => {
        fails();
        return draw();
      },
      apply: (images) => tf.mul(images, 2) as tf.Tensor4D,
    }),
    (images) => {
      const twice = tf.mul(images, 2) as tf.Tensor4D;
      fails();
      return twice;
    },
  ];
  for (const map of parts) {
    for (const batch of [0, 1, 3]) {
      left = batch;
      await assertNoLeak(() => {
        let loader: Loader | undefined;
        assert.throws(() => {
          loader = new Loader(data, { ...options, map });
          while (loader.batch) loader.advance();
        }, /^Error: a faulty map$/);
        loader?.dispose();
      });
    }
  }
});

test("two loaders of the same data and map do not disturb each other", () => {
  const map = compose(affine(), elastic());
  const images = expected(map);
  const [one, two] = [new Loader(data, { ...options, map }), new Loader(data, { ...options, map, fromStep: 2 })];
  for (let step = 0; step < 4; step++) {
    assertSameBits(one.batch?.images.dataSync() as Float32Array, images[step] as Float32Array);
    assertSameBits(two.batch?.images.dataSync() as Float32Array, images[step + 2] as Float32Array);
    one.advance();
    two.advance();
  }
  one.dispose();
  two.dispose();
});

test("a Loader refuses a map that gives other than float32 images, as many as it got, and names it", async () => {
  const fewer = (images: tf.Tensor4D) => tf.slice(images, 0, 1);
  const whole = (images: tf.Tensor4D) => tf.cast(images, "int32") as tf.Tensor4D;
  const flat = (images: tf.Tensor4D) => tf.reshape(images, [images.shape[0], -1]) as unknown as tf.Tensor4D;
  const nothing = () => undefined as unknown as tf.Tensor4D;
  for (const [apply, got] of [
    [fewer, "float32 \\[1, 12, 12, 1\\]"],
    [whole, "int32 \\[4, 12, 12, 1\\]"],
    [flat, "float32 \\[4, 144\\]"],
    [nothing, "Undefined \\[\\]"],
  ] as const) {
    const inParts = imageMap({ draws: 0, draw: () => [], apply });
    for (const [map, name] of [
      [apply, `the map ${apply.name}`],
      [inParts, "`map`"],
    ] as const) {
      const message = new RegExp(
        `^Error: Expected ${name} to give float32 \\[4, height, width, channels\\], got ${got}: a map`,
      );
      await assertNoLeak(() => assert.throws(() => new Loader(data, { ...options, map }), message));
    }
  }
});
