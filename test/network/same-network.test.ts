/** What a saved LeNet-5 can be: whatever `saveLeNet5` takes, `loadLeNet5` gives back with the same logits. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { loadLeNet5, saveLeNet5 } from "../../lib/src/network/checkpoint";
import { buildLeNet5, type LeNet5Options, layerNames } from "../../lib/src/network/lenet";
import { tf } from "../../lib/src/tensors/tensorflow";
import { assertNoLeak, assertSameBits } from "../helpers/assertions";
import { temporaryFolder } from "../helpers/data";
import { sample } from "../helpers/full";
import { randomWeights } from "../helpers/random-network";

/** A layer as data: its kind, a function of `tf.layers`, and its settings. */
interface Layer {
  kind:
    | "conv2d"
    | "maxPooling2d"
    | "averagePooling2d"
    | "flatten"
    | "dense"
    | "dropout"
    | "activation"
    | "batchNormalization";
  settings: Record<string, unknown>;
}

function lenet(options: LeNet5Options = {}): Layer[] {
  const { activation = "relu", padding = "same", pooling = "max" } = options;
  const pool = `${pooling}Pooling2d` as Layer["kind"];
  return [
    {
      kind: "conv2d",
      settings: { name: "conv1", filters: 6, kernelSize: 5, activation, padding, inputShape: [28, 28, 1] },
    },
    { kind: pool, settings: { name: "pool1", poolSize: 2 } },
    { kind: "conv2d", settings: { name: "conv2", filters: 16, kernelSize: 5, activation } },
    { kind: pool, settings: { name: "pool2", poolSize: 2 } },
    { kind: "flatten", settings: { name: "flatten" } },
    { kind: "dense", settings: { name: "dense1", units: 120, activation } },
    { kind: "dense", settings: { name: "dense2", units: 84, activation } },
    { kind: "dense", settings: { name: "logits", units: 10 } },
  ];
}

/** Other values of every setting that a layer of a LeNet-5 may have. */
const values: Record<string, unknown[]> = {
  name: ["other", "conv1_1"],
  filters: [5],
  kernelSize: [3, [5, 4]],
  strides: [1, 2, [2, 1], 3],
  padding: ["same", "valid"],
  dilationRate: [2],
  poolSize: [3, [2, 1]],
  units: [7],
  activation: ["relu", "tanh", "sigmoid", "elu", "linear", "softmax"],
  useBias: [false],
  dataFormat: ["channelsFirst"],
  inputShape: [
    [28, 28, 2],
    [29, 28, 1],
    [32, 32, 1],
  ],
  trainable: [false],
  kernelInitializer: ["zeros"],
  kernelRegularizer: ["l1l2"],
};

/** Whether layers of this kind have a setting: others would ignore it. */
function has(kind: Layer["kind"], setting: string): boolean {
  if (/filters|kernelSize|dilationRate/.test(setting)) return kind === "conv2d";
  if (/activation|useBias|kernel/.test(setting)) return kind === "conv2d" || kind === "dense";
  if (/strides|padding/.test(setting)) return kind === "conv2d" || /Pooling/.test(kind);
  if (setting === "poolSize") return /Pooling/.test(kind);
  if (setting === "units") return kind === "dense";
  return setting !== "dataFormat" || kind !== "dense";
}

const extra: Layer[] = [
  { kind: "dropout", settings: { name: "extra", rate: 0.5 } },
  { kind: "activation", settings: { name: "extra", activation: "relu" } },
  { kind: "batchNormalization", settings: { name: "extra" } },
];

/** Every LeNet that differs from one that can be built in a single thing, with a word that a refusal must hold. */
function* mutations(original: Layer[]): Generator<{ what: string; layers: Layer[]; named: RegExp }> {
  for (const [i, { kind, settings }] of original.entries()) {
    const name = settings.name as string;
    const change = (to: Layer) => original.map((layer, at) => (at === i ? to : layer));
    for (const [key, list] of Object.entries(values))
      for (const value of list)
        if (has(kind, key) && (key !== "inputShape" || i === 0))
          yield {
            what: `${name}.${key} = ${value}`,
            layers: change({ kind, settings: { ...settings, [key]: value } }),
            // the first convolution says which activation is everyone's
            named: new RegExp(`${name}|with \`${key}\`|${key === "inputShape" ? "input" : name}`),
          };
    for (const other of ["maxPooling2d", "averagePooling2d"] as const)
      if (/Pooling/.test(kind) && other !== kind)
        yield { what: `${name} is ${other}`, layers: change({ kind: other, settings }), named: /`pool.` with `kind`/ };
    yield { what: `without ${name}`, layers: original.filter((_, at) => at !== i), named: /layers|input/ };
    for (const layer of extra)
      yield {
        what: `${layer.kind} after ${name}`,
        layers: [...original.slice(0, i + 1), layer, ...original.slice(i + 1)],
        named: /extra/,
      };
  }
  const [conv1, pool1, conv2, ...rest] = original as [Layer, Layer, Layer];
  yield { what: "another order", layers: [conv1, conv2, pool1, ...rest], named: /conv1, conv2, pool1/ };
}

/** The model, or nothing where tfjs cannot build or run it. */
function built(layers: Layer[]): tf.Sequential | undefined {
  try {
    const make = ({ kind, settings }: Layer) => tf.layers[kind]({ ...settings } as never) as tf.layers.Layer;
    const model = tf.sequential({ name: "mine", layers: layers.map(make) });
    randomWeights(model, 3);
    logitsOf(model);
    return model;
  } catch {
    return undefined;
  }
}

function logitsOf(model: tf.Sequential): Float32Array {
  const shape = model.inputs[0]?.shape.slice(1) as [number, number, number];
  return tf.tidy(() => {
    const images = tf.randomUniform([4, ...shape], 0, 1, "float32", 1);
    return (model.predict(images) as tf.Tensor).dataSync() as Float32Array;
  });
}

test("every LeNet with a single other setting is saved and gives the same logits again, or is refused by name", (t) => {
  const path = join(temporaryFolder(t), "lenet.safetensors");
  const count = { saved: 0, refused: 0 };
  const originals: LeNet5Options[] = [{}, { activation: "tanh", padding: "valid", pooling: "average" }];
  for (const options of sample(originals, originals.slice(0, 1))) {
    for (const { what, layers, named } of mutations(lenet(options))) {
      const model = built(layers);
      if (model === undefined) continue;
      let refusal: string | undefined;
      try {
        saveLeNet5(model, path);
      } catch (error) {
        refusal = (error as Error).message;
      }
      if (refusal === undefined) {
        const loaded = loadLeNet5(path).model;
        assertSameBits(logitsOf(loaded), logitsOf(model), what);
        loaded.dispose();
        count.saved++;
      } else {
        assert.match(refusal, named, what);
        count.refused++;
      }
      model.dispose();
    }
  }
  assert.ok(count.saved > 25 && count.refused > 70, JSON.stringify(count));
});

test("saveLeNet5(model) names the layer and the setting, and writes no file", (t) => {
  const path = join(temporaryFolder(t), "lenet.safetensors");
  const layers = lenet();
  (layers[5] as Layer).settings.activation = "tanh";
  const model = built(layers) as tf.Sequential;
  assert.throws(() => saveLeNet5(model, path), {
    name: "Error",
    message:
      "Expected the network `mine` to have layer `dense1` with `activation` relu, got tanh: a checkpoint holds what " +
      "`buildLeNet5` builds; save another network with tfjs, `model.save`.",
  });
  assert.ok(!existsSync(path));
  model.dispose();
});

test("saveLeNet5(model, path, {options}) refuses options that the model contradicts, and leaves no tensor behind", async (t) => {
  const path = join(temporaryFolder(t), "lenet.safetensors");
  const model = buildLeNet5();
  assert.throws(
    () => saveLeNet5(model, path, { options: { padding: "valid" } }),
    /^Error: Expected `padding` to be same, as in the model, got valid\.$/,
  );
  assert.throws(() => saveLeNet5(model, path, { options: { seed: 0.5 } }), /^RangeError: Expected `seed`/);
  assert.ok(!existsSync(path));
  saveLeNet5(model, path, { options: { padding: "same", seed: 4 } });
  await assertNoLeak(() => assert.throws(() => saveLeNet5(tf.sequential(), path)));
  model.dispose();
});

test("saveLeNet5(model) takes a LeNet whose layers come from other models", (t) => {
  const path = join(temporaryFolder(t), "lenet.safetensors");
  const trained = buildLeNet5({ seed: 1, activation: "tanh" });
  const head = tf.layers.dense({ name: "logits", units: 5 });
  const model = tf.sequential({ name: "new", layers: [...trained.layers.slice(0, -1), head] });
  saveLeNet5(model, path);
  const loaded = loadLeNet5(path).model;
  assertSameBits(logitsOf(loaded), logitsOf(model));
  assert.deepEqual(
    loaded.layers.map(({ name }) => name),
    [...layerNames],
  );
  tf.dispose([loaded, model, trained].flatMap((each) => each.getWeights()));
});
