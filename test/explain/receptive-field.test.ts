import assert from "node:assert/strict";
import { test } from "node:test";
import { type AxisField, receptiveField } from "../../lib/src/explain/receptive-field";
import { findImageLayer, type GraphTensor } from "../../lib/src/network/graph";
import { buildLeNet5 } from "../../lib/src/network/lenet";
import { tf } from "../../lib/src/tensors/tensorflow";

const { layers } = tf;
const at = (layer: tf.layers.Layer, ...inputs: GraphTensor[]) =>
  layer.apply(inputs.length === 1 ? (inputs[0] as GraphTensor) : inputs) as GraphTensor;
const conv = (kernelSize: number | number[], more: Partial<Parameters<typeof layers.conv2d>[0]> = {}) =>
  layers.conv2d({ filters: 2, kernelSize, ...more });

/** A model of images 31 × 26 made of what `build` puts behind the input. */
function functional(build: (input: GraphTensor) => GraphTensor): tf.LayersModel {
  const input = tf.input({ shape: [31, 26, 1] });
  return tf.model({ inputs: input, outputs: build(input) });
}

const chain = (...list: tf.layers.Layer[]) => functional((input) => list.reduce((x, layer) => at(layer, x), input));

for (const [padding, fields] of [
  ["same", { conv1: [1, 0, 5], pool1: [2, 0.5, 6], conv2: [2, 4.5, 14], pool2: [4, 5.5, 16] }],
  ["valid", { conv1: [1, 2, 5], pool1: [2, 2.5, 6], conv2: [2, 6.5, 14], pool2: [4, 7.5, 16] }],
] as const) {
  test(`receptiveField(LeNet-5, layer) has the numbers worked out by hand, conv1 padded "${padding}"`, () => {
    const model = buildLeNet5({ padding });
    for (const [name, [stride, first, size]] of Object.entries(fields)) {
      const axis = { stride, first, size };
      assert.deepEqual(receptiveField(model, name), [axis, axis]);
    }
    assert.deepEqual(receptiveField(model), receptiveField(model, "conv2"));
    model.dispose();
  });
}

/** Networks whose layer `last`, if its weights are positive, answers to every pixel that it can reach. */
const networks: Record<string, () => tf.LayersModel> = {
  "LeNet-5, same": () => buildLeNet5({ pooling: "average" }),
  "LeNet-5, valid": () => buildLeNet5({ pooling: "average", padding: "valid" }),
  "even kernels and strides, same, odd sizes": () =>
    chain(
      conv([4, 3], { strides: [3, 2], padding: "same" }),
      layers.averagePooling2d({ poolSize: [2, 3], strides: [1, 2], padding: "same" }),
      conv([2, 4], { padding: "same" }),
    ),
  "strides, same, sizes that divide": () =>
    chain(conv([6, 1]), conv(3, { strides: 2, padding: "same" }), conv([3, 2], { strides: [1, 2], padding: "same" })),
  "a kernel smaller than its stride": () => chain(conv([1, 2], { strides: [4, 7], padding: "same" }), conv(2)),
  dilated: () => chain(conv([3, 2], { dilationRate: [2, 3] }), conv([2, 3], { dilationRate: [3, 1], padding: "same" })),
  "dilated by one number": () => chain(conv([3, 4], { dilationRate: 2, padding: "same" })),
  "separable and depthwise": () =>
    chain(
      layers.depthwiseConv2d({ kernelSize: [3, 2], strides: [2, 2] }),
      layers.separableConv2d({ filters: 2, kernelSize: [2, 3], dilationRate: 2, padding: "same" }),
    ),
  "zero padding": () =>
    chain(
      conv([2, 1], { strides: 2 }),
      layers.zeroPadding2d({
        padding: [
          [1, 4],
          [3, 0],
        ],
      }),
      conv(3),
    ),
  "pixel by pixel": () =>
    chain(conv(3), layers.batchNormalization(), layers.dropout({ rate: 0.5 }), layers.reLU(), conv(2)),
  "residual and concatenated": () =>
    functional((input) => {
      const first = at(conv([2, 3], { strides: 2, padding: "same" }), input);
      const added = at(layers.add(), first, at(conv(5, { padding: "same" }), first));
      const both = at(layers.concatenate(), at(conv(3, { padding: "same" }), added), first);
      return at(conv([2, 1]), both);
    }),
};

/** Along each axis, the first and the last row or column of pixels that a cell of a layer answers to. */
function reach(model: tf.LayersModel, layer: GraphTensor, cell: readonly [number, number]): [number, number][] {
  const part = tf.model({ inputs: model.inputs, outputs: layer });
  const [height, width] = (model.inputs[0] as GraphTensor).shape.slice(1) as [number, number];
  // tfjs has no gradients of dilated convolutions; so one image for each row, with that row alone lit
  const answers = (images: tf.Tensor): [number, number] => {
    const value = (x: tf.Tensor) =>
      tf.sum(tf.slice(part.predict(x) as tf.Tensor4D, [0, ...cell], [-1, 1, 1]), [1, 2, 3]);
    const changes = Array.from(tf.sub(value(images), value(tf.zeros([1, height, width, 1]))).dataSync());
    const visible = (change: number) => change > 1e-4 * Math.max(...changes);
    return [changes.map(visible).indexOf(true), changes.map(visible).lastIndexOf(true)];
  };
  const lit = (shape: number[]) =>
    tf.mul(tf.reshape(tf.eye(shape[0] as number), shape), tf.ones([1, height, width, 1]));
  return tf.tidy(() => [answers(lit([height, height, 1, 1])), answers(lit([width, 1, width, 1]))]);
}

for (const [name, build] of Object.entries(networks)) {
  test(`receptiveField(model) is the box of pixels that a cell answers to: ${name}`, () => {
    const model = build();
    tf.tidy(() => model.setWeights(model.getWeights().map((weight) => tf.fill(weight.shape, 0.5))));
    const layer = findImageLayer(model);
    const fields = receptiveField(model, layer.sourceLayer.name);
    const image = (model.inputs[0] as GraphTensor).shape.slice(1) as [number, number];
    const ends = ({ stride, first, size }: AxisField, cell: number) =>
      [-1, 1].map((side) => first + cell * stride + (side * (size - 1)) / 2) as [number, number];
    // the first and the last cell along each axis whose field does not reach over the border
    const inside = fields.map((field, axis) => {
      const cells = Array.from({ length: layer.shape[axis + 1] as number }, (_, cell) => cell);
      const fits = ([low, high]: [number, number]) => low >= 0 && high < (image[axis] as number);
      return cells.filter((cell) => fits(ends(field, cell)));
    });
    for (const end of [0, -1]) {
      const cell = inside.map((cells) => cells.at(end)) as [number, number];
      assert.deepEqual(
        reach(model, layer, cell),
        fields.map((field, axis) => ends(field, cell[axis] as number)),
        `cell ${cell}`,
      );
    }
    assert.ok(inside.every((cells) => cells.length > 1));
    model.dispose();
  });
}

test("receptiveField(model, layer) refuses layers that it does not know, and says what to ask for instead", () => {
  const model = chain(conv(3), layers.upSampling2d({ name: "larger" }), conv(3, { name: "behind" }));
  const error =
    /^Error: Expected layers that slide, pad or work pixel by pixel, got larger \(UpSampling2D\): where its output lies on the input is not known; ask for `upsampling: "stretch"` instead\.$/;
  for (const name of ["larger", "behind", undefined]) assert.throws(() => receptiveField(model, name), error);
});

test("receptiveField(model, layer) refuses layers with their channels first", () => {
  for (const layer of [
    conv(3, { dataFormat: "channelsFirst", name: "turned" }),
    layers.averagePooling2d({ poolSize: 1, dataFormat: "channelsFirst", name: "turned" }),
    layers.zeroPadding2d({ padding: 1, dataFormat: "channelsFirst", name: "turned" }),
  ]) {
    const type = layer.getClassName();
    const message = `Expected layers with \`dataFormat: "channelsLast"\`, got turned (${type}) with "channelsFirst".`;
    assert.throws(() => receptiveField(chain(layer), "turned"), { name: "Error", message });
  }
});

test("receptiveField(model, layer) takes the widest of branches whose centres differ by less than a stride", () => {
  for (const merge of [layers.add({ name: "merged" }), layers.concatenate({ name: "merged" })]) {
    // an even kernel looks half a pixel further, along one axis
    const model = functional((input) => at(merge, input, at(conv([1, 2], { filters: 1, padding: "same" }), input)));
    assert.deepEqual(receptiveField(model, "merged")[1], { stride: 1, first: 0.5, size: 2 });
  }
  // the block of a residual network that halves the image
  const block = functional((input) => {
    const main = at(conv(3, { strides: 2, padding: "same", name: "main" }), input);
    return at(layers.add({ name: "merged" }), at(conv(1, { strides: 2, padding: "same" }), input), main);
  });
  assert.deepEqual(receptiveField(block, "merged"), receptiveField(block, "main"));
  assert.equal(receptiveField(block, "merged")[0].size, 3);
});

test("receptiveField(model, layer) does not ask about layers that are not on the way", () => {
  const model = functional((input) => {
    const side = at(layers.dense({ units: 2 }), at(layers.flatten(), input));
    return at(layers.concatenate(), side, at(layers.flatten(), at(conv(3, { name: "asked" }), input)));
  });
  assert.equal(receptiveField(model, "asked")[0].size, 3);
});

test("receptiveField(model, layer) refuses branches that lie on different grids", () => {
  const along = functional((input) => at(layers.concatenate({ axis: 1, name: "merged" }), input, input));
  assert.throws(() => receptiveField(along, "merged"), /got merged \(Concatenate\): where its output lies/);
  // the first centres are the same here, and those behind them not
  const strided = functional((input) => {
    const padding = layers.zeroPadding2d({
      padding: [
        [0, 14],
        [0, 12],
      ],
    });
    return at(layers.add({ name: "merged" }), at(conv(3), input), at(padding, at(conv(3, { strides: 2 }), input)));
  });
  assert.throws(() => receptiveField(strided, "merged"), /got merged \(Add\): where its output lies/);
});

test("receptiveField(model, layer) refuses layers that mix pixels along their axis, and takes the same along channels", () => {
  const axes: [number | number[], boolean][] = [
    [-1, true],
    [3, true],
    [1, false],
    [-2, false],
    [[1, 2, 3], false],
    [[-1, 2], false],
    [[3], true],
  ];
  for (const [axis, fits] of axes) {
    const list: tf.layers.Layer[] = [layers.layerNormalization({ axis, name: "mixing" })];
    if (typeof axis === "number") list.push(layers.softmax({ axis, name: "mixing" }));
    for (const layer of list) {
      const model = chain(conv(3), layer, conv(3));
      if (fits) assert.equal(receptiveField(model)[0].size, 5);
      else
        assert.throws(
          () => receptiveField(model),
          /got mixing \(\w+\): where its output lies on the input is not known/,
        );
      model.dispose();
    }
  }
});

test("receptiveField(model, layer) refuses a softmax with nothing said, which tfjs takes along the rows", () => {
  assert.throws(
    () => receptiveField(chain(conv(3), layers.softmax({ name: "mixing" })), "mixing"),
    /got mixing \(Softmax\)/,
  );
});

/** Layers that work on each pixel alone, also when their settings name rows or columns. */
const alone: Record<string, () => tf.layers.Layer> = {
  "batch normalisation of rows": () => layers.batchNormalization({ axis: 1 }),
  "PReLU with shared axes": () => layers.prelu({ sharedAxes: [1, 2] }),
  "PReLU without": () => layers.prelu(),
  "dropout of rows": () => layers.dropout({ rate: 0.5, noiseShape: [1, 31, 1, 1] }),
  "Gaussian noise": () => layers.gaussianNoise({ stddev: 1 }),
  "layer normalisation": () => layers.layerNormalization(),
  softmax: () => layers.softmax({ axis: -1 }),
  "softmax as an activation": () => layers.activation({ activation: "softmax" }),
  "leaky ReLU": () => layers.leakyReLU(),
};

for (const [name, build] of Object.entries(alone)) {
  test(`receptiveField(model) is right that a pixel answers to itself alone: ${name}`, () => {
    const model = chain(conv(1, { kernelInitializer: "ones", name: "first" }), build());
    const [layer] = model.layers.slice(-1) as [tf.layers.Layer];
    assert.equal(receptiveField(model, layer.name)[0].size, 1);
    tf.tidy(() => {
      const image = tf.ones([1, 31, 26, 1]);
      const spot = tf.oneHot(tf.tensor1d([9 * 26 + 4], "int32"), 31 * 26).reshape([1, 31, 26, 1]);
      const [before, after] = [image, tf.add(image, spot)].map((x) => model.predict(x) as tf.Tensor);
      const changed = tf.any(tf.notEqual(before as tf.Tensor, after as tf.Tensor), 3).dataSync();
      assert.ok(changed.every((change, pixel) => pixel === 9 * 26 + 4 || change === 0));
    });
    model.dispose();
  });
}

test("receptiveField(model, layer) refuses branches of which one is repeated over the rows or columns of another", () => {
  const input = tf.input({ shape: [2, 2, 1] });
  const single = at(layers.averagePooling2d({ poolSize: 2, strides: 1 }), input);
  const model = tf.model({ inputs: input, outputs: at(layers.multiply({ name: "merged" }), input, single) });
  assert.throws(() => receptiveField(model, "merged"), /got merged \(Multiply\): where its output lies/);
});
