/** Every setting of every layer is applied or refused by name: what is read is what the model computes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { take } from "../../lib/src/data/dataset";
import { hiResCam } from "../../lib/src/explain/class-activation";
import { receptiveField } from "../../lib/src/explain/receptive-field";
import { inferInt8 } from "../../lib/src/int8/engine";
import { buildLeNet5 } from "../../lib/src/network/lenet";
import { floatToOnnx } from "../../lib/src/onnx/export";
import { runOnnx } from "../../lib/src/onnx/runtime";
import { forwardPass, ownWeights } from "../../lib/src/quantize/forward-pass";
import { fakeQuantized } from "../../lib/src/quantize/qat";
import { quantizable } from "../../lib/src/quantize/quantizable";
import { calibrate } from "../../lib/src/quantize/ranges";
import { toIntegers } from "../../lib/src/quantize/to-integers";
import { tf } from "../../lib/src/tensors/tensorflow";
import { assertClose } from "../helpers/assertions";
import { noise } from "../helpers/data";
import { randomNetwork, randomWeights } from "../helpers/random-network";

const { layers: make } = tf;
const images = () => tf.randomUniform([3, 9, 8, 2], 0, 1, "float32", 1) as tf.Tensor4D;

type Kind =
  | "conv2d"
  | "batchNormalization"
  | "reLU"
  | "maxPooling2d"
  | "averagePooling2d"
  | "flatten"
  | "dense"
  | "activation";
type Layer = [kind: Kind, settings: Record<string, unknown>];

const chain = (): Layer[] => [
  ["conv2d", { name: "conv", filters: 3, kernelSize: 3, inputShape: [9, 8, 2] }],
  ["batchNormalization", { name: "norm" }],
  ["reLU", { name: "relu" }],
  ["maxPooling2d", { name: "max", poolSize: 2, strides: 1 }],
  ["averagePooling2d", { name: "average", poolSize: 2, strides: 1 }],
  ["flatten", { name: "flat" }],
  ["dense", { name: "hidden", units: 6 }],
  ["activation", { name: "act", activation: "relu" }],
  ["dense", { name: "logits", units: 4 }],
];

const sliding = { strides: [2, [1, 2]], padding: ["same", "valid", "causal"], dataFormat: ["channelsFirst"] };
const weighted = {
  activation: ["relu", "linear", "tanh", "relu6", "elu", "softmax"],
  useBias: [false],
  trainable: [false],
};
const values: Record<Kind, Record<string, unknown[]>> = {
  conv2d: { ...sliding, ...weighted, kernelSize: [1, [2, 3]], filters: [1], dilationRate: [2, [1, 2]] },
  batchNormalization: { axis: [-1, 1, 2, 3], epsilon: [0.1], scale: [false], center: [false], trainable: [false] },
  reLU: { maxValue: [6, 0.5, 0] },
  maxPooling2d: { ...sliding, poolSize: [3, [1, 2]] },
  averagePooling2d: { ...sliding, poolSize: [3, [1, 2]] },
  flatten: { dataFormat: ["channelsFirst"] },
  dense: { ...weighted, units: [1, 4] },
  activation: { activation: ["relu", "linear", "tanh", "relu6", "softmax"] },
};

/** The chain with each other value of each setting, with each layer left out, and with each layer after each other. */
function* variants(): Generator<Layer[]> {
  const all = chain();
  yield all;
  for (const [i, [kind, settings]] of all.entries()) {
    for (const [key, list] of Object.entries(values[kind]))
      for (const value of list)
        yield all.map((layer, at) => (at === i ? [kind, { ...settings, [key]: value }] : layer));
    if (i > 0) yield all.filter((_, at) => at !== i);
    for (const [other, more] of all.slice(1))
      yield [...all.slice(0, i + 1), [other, { ...more, name: "again" }], ...all.slice(i + 1)];
  }
}

/** The model with its logits, or nothing where tfjs cannot build or run it. */
function run(layers: Layer[]): { model: tf.Sequential; logits: Float32Array } | undefined {
  try {
    const model = tf.sequential({ layers: layers.map(([kind, settings]) => make[kind](settings as never)) });
    randomWeights(model, 5);
    return { model, logits: tf.tidy(() => (model.predict(images()) as tf.Tensor).dataSync()) as Float32Array };
  } catch {
    return undefined;
  }
}

/** What is read from the model, run; or the sentence that refuses it. */
function read(model: tf.Sequential): Float32Array | string {
  try {
    const { layers } = quantizable(model);
    return tf.tidy(() => forwardPass(layers, images(), ownWeights, (outputs) => outputs).dataSync()) as Float32Array;
  } catch (error) {
    return (error as Error).message;
  }
}

test("quantizable(model), run, gives the model's logits for every setting of every layer, or refuses the layer by name", () => {
  const count = { equal: 0, refused: 0 };
  for (const layers of variants()) {
    const built = run(layers);
    if (!built) continue;
    const { model, logits } = built;
    const got = read(model);
    if (typeof got === "string") {
      assert.match(
        got,
        /^Cannot convert layer `\w+` \(\w+\): expected .*, got .*: .*\.$|got `\w+`: end with logits\.$/,
      );
      count.refused++;
    } else {
      const largest = logits.reduce((most, logit) => Math.max(most, Math.abs(logit)), 1);
      assertClose(got, logits, 1e-5 * largest);
      count.equal++;
    }
    model.dispose();
  }
  assert.ok(count.equal > 50 && count.refused > 40, JSON.stringify(count));
});

test("quantizable(model), run, gives the logits of random networks, or refuses a layer by name: nested and taken from others too", () => {
  let equal = 0;
  for (let seed = 0; seed < 48; seed++) {
    const model = randomNetwork(seed, { plain: seed % 3 > 0 });
    randomWeights(model, seed);
    const logits = tf.tidy(() => (model.predict(images()) as tf.Tensor).dataSync()) as Float32Array;
    const got = read(model);
    if (typeof got === "string") assert.match(got, /^Cannot convert layer `\w+` \(\w+\): expected/);
    else {
      const largest = logits.reduce((most, logit) => Math.max(most, Math.abs(logit)), 1);
      assertClose(got, logits, 1e-5 * largest);
      equal++;
    }
    model.dispose();
  }
  assert.ok(equal > 20, `${equal}`);
});

test("a model of trained layers and a new head is exported, calibrated, quantised, converted and explained as any other", async () => {
  const trained = buildLeNet5({ seed: 1 });
  const data = take(noise("train", { count: 30 }), 30);
  const pixels = Uint8Array.from(data.images.data);
  const head = make.dense({ name: "letters", units: 26, kernelInitializer: tf.initializers.heNormal({ seed: 3 }) });
  const model = tf.sequential({ layers: [...trained.layers.slice(0, -1), head] });
  const logits = tf.tidy(() => {
    const scaled = tf.div(tf.tensor4d(Float32Array.from(pixels), [30, 28, 28, 1]), 255);
    return (model.predict(scaled) as tf.Tensor).dataSync() as Float32Array;
  });
  assertClose(await runOnnx(floatToOnnx(model), pixels), logits, 1e-4);
  const network = fakeQuantized(model, { ranges: calibrate(model, data) });
  const integers = inferInt8(toIntegers(network), pixels);
  const largest = logits.reduce((most, logit) => Math.max(most, Math.abs(logit)), 0);
  assertClose(integers, logits, 0.1 * largest);
  network.dispose();
  assert.deepEqual(hiResCam(model, data, 3).shape, [30, 28, 28]);
  assert.deepEqual(receptiveField(model), receptiveField(trained));
});

test("quantizable(model) refuses a layer that is used twice, and a model within, by name", () => {
  const first = () => make.conv2d({ name: "conv", filters: 2, kernelSize: 1, inputShape: [9, 8, 2] });
  const again = make.conv2d({ name: "again", filters: 2, kernelSize: 1 });
  const end = () => [make.flatten({ name: "flat" }), make.dense({ name: "logits", units: 2 })];
  const inner = tf.sequential({
    name: "inner",
    layers: [make.conv2d({ filters: 2, kernelSize: 1, inputShape: [9, 8, 2] })],
  });
  const cases: [tf.layers.Layer[], RegExp][] = [
    [
      [first(), again, again, ...end()],
      /^Error: Expected layers with names of their own, each used once, got `again` twice: build the model with two layers/,
    ],
    [
      [first(), inner, ...end()],
      /^Error: Cannot convert layer `inner` \(Sequential\): .*: add its layers one by one\.$/,
    ],
  ];
  for (const [layers, message] of cases) assert.throws(() => quantizable(tf.sequential({ layers })), message);
});
