import assert from "node:assert/strict";
import { test } from "node:test";
import { readWeights } from "../../lib/src/network/checkpoint";
import { evaluate } from "../../lib/src/network/evaluate";
import { buildLeNet5, type LeNet5Options, layerNames, layerTable, variantOf } from "../../lib/src/network/lenet";
import { tf } from "../../lib/src/tensors/tensorflow";
import { adam } from "../../lib/src/train/optimizer";
import { constant } from "../../lib/src/train/schedule";
import { Trainer } from "../../lib/src/train/trainer";
import { assertClose, assertNoLeak } from "../helpers/assertions";
import { noise } from "../helpers/data";
import { full } from "../helpers/full";

/** Builds a model, looks at it, and disposes it. */
function withModel<T>(options: LeNet5Options, look: (model: tf.Sequential) => T): T {
  const model = buildLeNet5(options);
  try {
    return look(model);
  } finally {
    model.dispose();
  }
}

const weightsOf = (options: LeNet5Options): Record<string, number[]> =>
  withModel(options, (model) =>
    Object.fromEntries(Object.entries(readWeights(model)).map(([name, { data }]) => [name, Array.from(data)])),
  );

test("buildLeNet5() has 61,706 parameters, and 44,426 without padding", () => {
  assert.equal(
    withModel({}, (model) => model.countParams()),
    61706,
  );
  assert.equal(
    withModel({ padding: "valid" }, (model) => model.countParams()),
    44426,
  );
  assert.equal(
    withModel({ classes: 47 }, (model) => model.countParams()),
    61706 + 37 * 85,
  );
});

test("layerTable(model) lists shape, parameters and multiply-accumulates of each layer", () => {
  const rows = withModel({}, layerTable);
  assert.deepEqual(rows, [
    { name: "conv1", type: "Conv2D", shape: [28, 28, 6], parameters: 156, macs: 117600 },
    { name: "pool1", type: "MaxPooling2D", shape: [14, 14, 6], parameters: 0, macs: 0 },
    { name: "conv2", type: "Conv2D", shape: [10, 10, 16], parameters: 2416, macs: 240000 },
    { name: "pool2", type: "MaxPooling2D", shape: [5, 5, 16], parameters: 0, macs: 0 },
    { name: "flatten", type: "Flatten", shape: [400], parameters: 0, macs: 0 },
    { name: "dense1", type: "Dense", shape: [120], parameters: 48120, macs: 48000 },
    { name: "dense2", type: "Dense", shape: [84], parameters: 10164, macs: 10080 },
    { name: "logits", type: "Dense", shape: [10], parameters: 850, macs: 840 },
  ]);
  assert.equal(
    rows.reduce((sum, { macs = Number.NaN }) => sum + macs, 0),
    416520,
  );
});

test("layerTable(model) holds for the variant without padding", () => {
  const rows = withModel({ padding: "valid", pooling: "average" }, layerTable);
  assert.deepEqual(
    rows.map(({ shape }) => shape),
    [[24, 24, 6], [12, 12, 6], [8, 8, 16], [4, 4, 16], [256], [120], [84], [10]],
  );
  assert.equal(rows[1]?.type, "AveragePooling2D");
});

test("buildLeNet5() names its layers by layerNames, for a second model too", () => {
  withModel({}, () => {
    withModel({}, (model) =>
      assert.deepEqual(
        model.layers.map(({ name }) => name),
        [...layerNames],
      ),
    );
  });
});

test("buildLeNet5() gives logits, not probabilities", () => {
  withModel({}, (model) => {
    tf.tidy(() => {
      const logits = model.predict(tf.randomUniform([3, 28, 28, 1], 0, 1, "float32", 1)) as tf.Tensor;
      assert.deepEqual(logits.shape, [3, 10]);
      assert.ok(logits.dataSync().some((value) => value < 0));
    });
  });
});

test("buildLeNet5({seed}) starts from the same weights for a seed, with each initializer, and from others for another", () => {
  for (const initializer of ["heUniform", "heNormal", "glorotUniform", "glorotNormal"] as const) {
    for (const seed of [0, 5])
      assert.deepEqual(
        weightsOf({ initializer, seed }),
        weightsOf({ initializer, seed }),
        `${initializer}, seed ${seed}`,
      );
    const [a, b] = [weightsOf({ initializer, seed: 0 }), weightsOf({ initializer, seed: 1 })];
    for (const name of Object.keys(a).filter((key) => key.endsWith("kernel")))
      assert.notDeepEqual(a[name], b[name], `${initializer} ${name}`);
  }
});

test("buildLeNet5({seed}) draws every layer of neighbouring seeds from numbers of its own", () => {
  const kernels = [0, 1, 2, 3].flatMap((seed) =>
    Object.entries(weightsOf({ seed })).flatMap(([name, values]) => (name.endsWith("kernel") ? [values] : [])),
  );
  // the same stream would give the same proportions, whatever the layer's range is
  const proportions = kernels.map(([a, b]) => ((a as number) / (b as number)).toFixed(4));
  assert.equal(new Set(proportions).size, 20);
});

test("buildLeNet5({initializer}) draws kernels of the right spread and biases of 0", () => {
  const fans = {
    "conv1/kernel": [25, 150],
    "conv2/kernel": [150, 400],
    "dense1/kernel": [400, 120],
    "dense2/kernel": [120, 84],
  } as const;
  for (const [initializer, variance] of [
    ["heUniform", ([fanIn]: readonly number[]) => 2 / (fanIn as number)],
    ["glorotUniform", ([fanIn, fanOut]: readonly number[]) => 2 / ((fanIn as number) + (fanOut as number))],
  ] as const) {
    const weights = weightsOf({ initializer, seed: 3 });
    for (const [name, fan] of Object.entries(fans)) {
      const kernel = weights[name] as number[];
      const measured = kernel.reduce((sum, w) => sum + w * w, 0) / kernel.length;
      assert.ok(
        Math.abs(measured / variance(fan) - 1) < (kernel.length < 200 ? 0.35 : 0.1),
        `${initializer} ${name}: ${measured}`,
      );
      assert.ok((weights[name.replace("kernel", "bias")] as number[]).every((bias) => bias === 0));
    }
  }
});

test("buildLeNet5(options) refuses words that it does not know, and numbers of classes that are none", () => {
  for (const name of ["padding", "activation", "pooling", "initializer"])
    assert.throws(
      () => buildLeNet5({ [name]: "mean" }),
      new RegExp(`^Error: Expected \`${name}\` to be .* or .*, got mean\\.$`),
    );
  for (const classes of [0, -1, 2.5, Number.NaN])
    assert.throws(() => buildLeNet5({ classes }), /^RangeError: Expected `classes` to be a whole number above 0, got/);
});

test("buildLeNet5({seed}) refuses seeds that are not whole", () => {
  for (const seed of [0.5, Number.NaN])
    assert.throws(() => buildLeNet5({ seed }), /^RangeError: Expected `seed` to be a whole number, got/);
});

test("the first convolution is four nested loops", () => {
  const { images } = noise("test", { count: 1 });
  const pixel = (y: number, x: number) => (y >= 0 && y < 28 && x >= 0 && x < 28 ? images.get(0, y, x) / 255 : 0);
  for (const [padding, size, border] of [
    ["same", 28, 2],
    ["valid", 24, 0],
  ] as const) {
    withModel({ padding, seed: 2 }, (model) => {
      const kernel = readWeights(model)["conv1/kernel"]?.data as Float32Array;
      const expected: number[] = [];
      for (let y = 0; y < size; y++) {
        for (let x = 0; x < size; x++) {
          for (let filter = 0; filter < 6; filter++) {
            let sum = 0;
            for (let i = 0; i < 5; i++)
              for (let j = 0; j < 5; j++)
                sum += pixel(y + i - border, x + j - border) * (kernel[(i * 5 + j) * 6 + filter] as number);
            expected.push(Math.max(0, sum));
          }
        }
      }
      const output = tf.tidy(() =>
        (
          model.getLayer("conv1").apply(
            tf.tensor4d(
              Float32Array.from(images.data, (p) => p / 255),
              [1, 28, 28, 1],
            ),
          ) as tf.Tensor
        ).dataSync(),
      );
      assertClose(output, expected, 1e-5);
    });
  }
});

test("pooling takes the maximum or the mean of 2 × 2", () => {
  const squares = [
    [1, 2, 5, 5],
    [3, 4, 5, 9],
  ].flat();
  for (const [pooling, expected] of [
    ["max", [4, 9]],
    ["average", [2.5, 6]],
  ] as const) {
    withModel({ pooling }, (model) => {
      const pooled = tf.tidy(() =>
        (model.getLayer("pool1").apply(tf.tensor4d(squares, [1, 2, 4, 1])) as tf.Tensor).dataSync(),
      );
      assert.deepEqual(Array.from(pooled), expected);
    });
  }
});

test("every variant of buildLeNet5 takes a step of training, and says which one it is", async () => {
  const train = noise("train", { count: 8 });
  // these have each padding, each activation and each pooling in them
  const some = [0, 5, 9];
  let number = 0;
  for (const padding of ["same", "valid"] as const) {
    for (const activation of ["relu", "tanh", "sigmoid"] as const) {
      for (const pooling of ["max", "average"] as const) {
        if (!full && !some.includes(number++)) continue;
        const model = buildLeNet5({ padding, activation, pooling });
        assert.deepEqual(variantOf(model), { padding, activation, pooling, classes: 10 });
        const before = readWeights(model);
        const { loss } = evaluate(model, train);
        await new Trainer(model, {
          train,
          epochs: 2,
          schedule: constant(1e-3),
          optimizer: adam(),
          display: false,
        }).run();
        assert.ok(evaluate(model, train).loss < loss, `${padding} ${activation} ${pooling}`);
        for (const [name, { data }] of Object.entries(readWeights(model)))
          assert.notDeepEqual(data, before[name]?.data, name);
        model.dispose();
      }
    }
  }
});

test("buildLeNet5().dispose() leaves no tensor behind", async () => {
  await assertNoLeak(() => withModel({}, (model) => tf.tidy(() => void model.predict(tf.zeros([1, 28, 28, 1])))));
});
