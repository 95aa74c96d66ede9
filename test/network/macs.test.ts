/** `layerTable`: its multiplications against counting them one by one, and its shapes in any model. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { random } from "../../lib/src/common/random";
import { networkDiagram } from "../../lib/src/figures/network-diagram";
import { buildLeNet5, layerTable } from "../../lib/src/network/lenet";
import { tf } from "../../lib/src/tensors/tensorflow";
import { randomNetwork } from "../helpers/random-network";

const { layers: make } = tf;

/** All positions of a grid, one after the other. */
function* positions([length, ...rest]: readonly number[]): Generator<number[]> {
  if (length === undefined) yield [];
  else for (let i = 0; i < length; i++) for (const others of positions(rest)) yield [i, ...others];
}

const count = (...grids: readonly number[][]): number => {
  let n = 0;
  for (const _ of positions(grids.flat())) n++;
  return n;
};

interface Case {
  layer: tf.layers.Layer;
  /** of the input, without n */
  input: number[];
  /** counts one by one, from the output's shape without n */
  expected(output: number[]): number;
}

/** A layer of each kind with settings of its own. */
function cases(seed: number): Case[] {
  const source = random(seed);
  const n = (from: number, to: number) => source.integer(from, to);
  const channels = n(1, 3);
  const [a, b, c, filters, multiplier] = [n(1, 3), n(1, 3), n(1, 2), n(1, 4), n(1, 2)];
  const settings = {
    filters,
    strides: n(1, 2),
    padding: n(0, 1) ? ("same" as const) : ("valid" as const),
    useBias: n(0, 1) === 1,
    trainable: n(0, 1) === 1,
  };
  const image = [7, 6, channels];
  const depth = { ...settings, kernelSize: [a, b] as [number, number], depthMultiplier: multiplier };
  const [units] = [n(1, 5)];
  return [
    { layer: make.dense({ ...settings, units }), input: [6], expected: () => count([6, units]) },
    { layer: make.dense({ ...settings, units }), input: [3, 6], expected: () => count([3], [6, units]) },
    { layer: make.dense({ ...settings, units }), input: [2, 3, 6], expected: () => count([2, 3], [6, units]) },
    {
      layer: make.conv1d({ ...settings, kernelSize: a }),
      input: [9, channels],
      expected: ([length]) => count([length as number, filters], [a, channels]),
    },
    {
      layer: make.conv2d({ ...settings, kernelSize: [a, b] }),
      input: image,
      expected: ([height, width]) => count([height as number, width as number, filters], [a, b, channels]),
    },
    {
      layer: make.conv2d({ ...settings, kernelSize: [a, b], dataFormat: "channelsFirst" }),
      input: [channels, 7, 6],
      expected: ([, height, width]) => count([height as number, width as number, filters], [a, b, channels]),
    },
    {
      layer: make.conv3d({ ...settings, kernelSize: [a, b, c] }),
      input: [4, 5, 4, channels],
      expected: (output) => count(output.slice(0, 3), [filters], [a, b, c, channels]),
    },
    {
      layer: make.depthwiseConv2d(depth),
      input: image,
      expected: ([height, width]) => count([height as number, width as number], [a, b], [channels, multiplier]),
    },
    {
      layer: make.separableConv2d(depth),
      input: image,
      expected: ([height, width]) =>
        count([height as number, width as number], [a, b], [channels, multiplier]) +
        count([height as number, width as number], [channels * multiplier, filters]),
    },
    {
      layer: make.conv2dTranspose({ ...settings, kernelSize: [a, b] }),
      input: image,
      expected: () => count(image, [a, b], [filters]),
    },
    { layer: make.maxPooling2d({ poolSize: 2 }), input: image, expected: () => 0 },
    { layer: make.flatten(), input: image, expected: () => 0 },
  ];
}

test("layerTable(model) counts the multiplications of every kind of layer that it knows, frozen ones too", () => {
  for (let seed = 0; seed < 12; seed++) {
    for (const { layer, input, expected } of cases(seed)) {
      const inputs = tf.input({ shape: input });
      const model = tf.model({ inputs, outputs: layer.apply(inputs) as tf.SymbolicTensor });
      const [row] = layerTable(model);
      assert.equal(row?.macs, expected(row?.shape ?? []), `${layer.getClassName()}, seed ${seed}`);
      model.dispose();
    }
  }
});

test("layerTable(model) says undefined of layers that it does not know, and of images of any size", () => {
  const macs = (input: tf.Shape, ...layers: tf.layers.Layer[]) => {
    const model = tf.sequential({ layers: [make.inputLayer({ inputShape: input }), ...layers] });
    const table = layerTable(model).map((row) => row.macs);
    model.dispose();
    return table;
  };
  assert.deepEqual(macs([4, 3], make.simpleRNN({ units: 2 })), [undefined]);
  assert.deepEqual(macs([4, 3], make.timeDistributed({ layer: make.dense({ units: 2 }) })), [undefined]);
  assert.deepEqual(macs([4, 4, 3], make.batchNormalization(), make.flatten()), [undefined, 0]);
  const conv = make.conv2d({ filters: 1, kernelSize: 3 });
  assert.deepEqual(macs([null, null, 1], conv, make.globalAveragePooling2d({})), [undefined, 0]);
});

test("layerTable(model) has a row for each use of a layer, its parameters once, and one for a model within", () => {
  const input = tf.input({ shape: [6, 6, 2] });
  const twice = make.conv2d({ name: "twice", filters: 2, kernelSize: 3 });
  const inner = tf.sequential({
    name: "inner",
    layers: [
      make.conv2d({ filters: 3, kernelSize: 1, inputShape: [2, 2, 2] }),
      make.flatten(),
      make.dense({ units: 4 }),
    ],
  });
  const outputs = [twice, twice, inner].reduce((x, layer) => layer.apply(x) as tf.SymbolicTensor, input);
  const model = tf.model({ inputs: input, outputs });
  assert.deepEqual(layerTable(model), [
    { name: "twice", type: "Conv2D", shape: [4, 4, 2], parameters: 38, macs: 16 * 36 },
    { name: "twice", type: "Conv2D", shape: [2, 2, 2], parameters: 0, macs: 4 * 36 },
    { name: "inner", type: "Sequential", shape: [4], parameters: 9 + 52, macs: 4 * 6 + 48 },
  ]);
  model.dispose();
});

test("layerTable(model) of layers with a place in another model is that of the new model, and can be drawn", () => {
  const trained = buildLeNet5({ seed: 1 });
  const head = make.dense({ name: "letters", units: 26 });
  const model = tf.sequential({ layers: [...trained.layers.slice(0, -1), head] });
  const rows = layerTable(model);
  assert.deepEqual(rows.slice(0, -1), layerTable(trained).slice(0, -1));
  assert.deepEqual(rows.at(-1), { name: "letters", type: "Dense", shape: [26], parameters: 2210, macs: 84 * 26 });
  assert.match(networkDiagram(rows).alt, /letters, 26 units/);
  // a layer may have other inputs in other models
  trained.getLayer("pool1").apply(tf.input({ shape: [40, 30, 6] }));
  assert.deepEqual(layerTable(model), rows);
  for (let seed = 0; seed < 12; seed++) {
    const network = randomNetwork(seed);
    const parameters = layerTable(network).reduce((all, row) => all + row.parameters, 0);
    const weights = new Set(network.layers.flatMap((layer) => layer.weights));
    const least = [...weights].reduce(
      (all, { shape }) => all + shape.reduce((n: number, m) => n * (m as number), 1),
      0,
    );
    assert.ok(parameters >= least && parameters > 0, `seed ${seed}`);
    network.dispose();
  }
});
