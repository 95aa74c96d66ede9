import assert from "node:assert/strict";
import { test } from "node:test";
import { findImageLayer, type GraphTensor, graphOf, inputOf, runGraph, runToLogits } from "../../lib/src/network/graph";
import { buildLeNet5 } from "../../lib/src/network/lenet";
import { tf } from "../../lib/src/tensors/tensorflow";
import { assertClose, assertNoLeak } from "../helpers/assertions";

const { layers } = tf;
const random = (seed: number) => tf.initializers.randomNormal({ seed, mean: 0.1, stddev: 0.5 });
const conv = (name: string, more: Partial<Parameters<typeof layers.conv2d>[0]> = {}) =>
  layers.conv2d({ name, filters: 2, kernelSize: 3, padding: "same", kernelInitializer: random(1), ...more });
const dense = (name: string, more: Partial<Parameters<typeof layers.dense>[0]> = {}) =>
  layers.dense({ name, units: 3, kernelInitializer: random(2), biasInitializer: random(3), ...more });
const at = (layer: tf.layers.Layer, ...inputs: GraphTensor[]) =>
  layer.apply(inputs.length === 1 ? (inputs[0] as GraphTensor) : inputs) as GraphTensor;
const newInput = () => tf.input({ shape: [6, 5, 1] });

/** A model made of what `build` puts behind the input. */
function functional(build: (input: GraphTensor) => GraphTensor): tf.LayersModel {
  const input = newInput();
  return tf.model({ inputs: input, outputs: build(input) });
}

const head = (...tail: tf.layers.Layer[]): tf.Sequential =>
  tf.sequential({ layers: [conv("conv", { inputShape: [6, 5, 1] }), layers.flatten(), ...tail] });

const models: Record<string, () => tf.LayersModel> = {
  sequential: () => head(dense("logits")),
  "residual and concatenated": () =>
    functional((input) => {
      const first = at(conv("first", { activation: "relu" }), input);
      const added = at(layers.add({ name: "added" }), at(conv("second"), first), first);
      const both = at(layers.concatenate({ name: "both" }), first, added);
      return at(dense("logits"), at(layers.flatten(), both));
    }),
  nested: () =>
    functional((input) => {
      const inner = tf.sequential({ name: "inner", layers: [conv("a", { inputShape: [6, 5, 1] }), conv("b")] });
      return at(dense("logits"), at(layers.flatten(), at(conv("last"), at(inner, input))));
    }),
  "nested with two outputs": () =>
    functional((input) => {
      const inside = newInput();
      const first = at(conv("a"), inside);
      const inner = tf.model({ inputs: inside, outputs: [first, at(conv("b"), first)] });
      const [, second] = inner.apply(input) as unknown as GraphTensor[];
      return at(dense("logits"), at(layers.flatten(), at(conv("last"), second as GraphTensor)));
    }),
  "dropout and batch norm": () =>
    functional((input) => {
      const normed = at(layers.batchNormalization({ betaInitializer: "ones" }), at(conv("conv"), input));
      // asks for training, which inference overrules
      const dropped = layers.dropout({ rate: 0.9 }).apply(normed, { training: true }) as GraphTensor;
      return at(dense("logits"), at(layers.flatten(), dropped));
    }),
  "shared layer": () =>
    functional((input) => {
      const shared = conv("shared", { filters: 1, activation: "tanh" });
      return at(dense("logits"), at(layers.flatten(), at(shared, at(shared, input))));
    }),
};

const images = () => tf.randomNormal<tf.Rank.R4>([4, 6, 5, 1], 0, 1, "float32", 7);
const predict = (model: tf.LayersModel, x: tf.Tensor) => (model.predict(x) as tf.Tensor).dataSync();

for (const [name, build] of Object.entries(models)) {
  test(`runGraph(known, wanted) equals predict from the input and from a layer: ${name}`, () => {
    const model = build();
    tf.tidy(() => {
      const x = images();
      const [expected, input, output] = [predict(model, x), inputOf(model), model.outputs[0] as GraphTensor];
      assertClose(runGraph(new Map([[input, x]]), output).dataSync(), expected, 1e-5);
      const layer = findImageLayer(model);
      const value = runGraph(new Map([[input, x]]), layer);
      const part = tf.model({ inputs: model.inputs, outputs: layer });
      assertClose(value.dataSync(), predict(part, x), 1e-5);
      // the residual model needs its first layer again beside the last
      const more = name.startsWith("residual") ? [[input, x] as const] : [];
      assertClose(runGraph(new Map([...more, [layer, value]]), output).dataSync(), expected, 1e-5);
      if (more.length > 0) return;
      const zero = tf.zerosLike(x);
      const overruled = new Map<GraphTensor, tf.Tensor>([
        [input, zero],
        [layer, value],
      ]);
      assertClose(runGraph(overruled, output).dataSync(), expected, 1e-5);
      assert.notDeepEqual(predict(model, zero), expected);
    });
    model.dispose();
  });
}

class Scale extends layers.Layer {
  static className = "ScaleForTest";
  calls = 0;
  override call(inputs: tf.Tensor | tf.Tensor[], { by }: { by: number }): tf.Tensor {
    this.calls++;
    return tf.mul(Array.isArray(inputs) ? (inputs[0] as tf.Tensor) : inputs, by);
  }
}

test("runGraph(known, wanted) passes a layer's own arguments on and computes each tensor once", () => {
  const scale = new Scale({});
  const model = functional((input) => {
    const scaled = scale.apply(input, { by: 3 }) as GraphTensor;
    return at(layers.add(), scaled, at(layers.add(), scaled, input));
  });
  const known = new Map([[inputOf(model), tf.ones([1, 6, 5, 1])]]);
  scale.calls = 0;
  assert.deepEqual(new Set(runGraph(known, model.outputs[0] as GraphTensor).dataSync()), new Set([7]));
  assert.equal(scale.calls, 1);
  assert.equal(known.size, 1);
});

test("runGraph(known, wanted) can be differentiated with respect to a layer's output", () => {
  const model = head(dense("logits", { units: 1 }));
  const [flat, output] = [model.layers[1]?.output, model.outputs[0]] as [GraphTensor, GraphTensor];
  const gradient = tf.grad((x: tf.Tensor) => runGraph(new Map([[flat, x]]), output))(tf.ones([1, 60]));
  const kernel = model.layers[2]?.getWeights()[0];
  assertClose(gradient.dataSync(), kernel?.dataSync() ?? [], 1e-6);
});

test("runGraph(known, wanted) refuses to start without a value for the input", () => {
  const model = functional((input) => at(conv("conv"), input));
  const name = inputOf(model).sourceLayer.name;
  assert.throws(
    () => tf.tidy(() => runGraph(new Map(), model.outputs[0] as GraphTensor)),
    new RegExp(`^Error: Expected a value for the input ${name}, got none\\.$`),
  );
});

test("runToLogits(model, known) equals predict where there is no softmax", () => {
  for (const model of [head(dense("logits")), head(dense("squashed", { activation: "sigmoid" }))]) {
    tf.tidy(() => {
      const x = images();
      assertClose(runToLogits(model, new Map([[inputOf(model), x]])).dataSync(), predict(model, x), 1e-5);
    });
    model.dispose();
  }
});

test("runToLogits(model, known) gives what goes into a softmax, however the model ends in it", () => {
  const softmaxes: Record<string, tf.LayersModel> = {
    dense: head(dense("d", { activation: "softmax" })),
    "dense without bias": head(dense("d", { activation: "softmax", useBias: false })),
    "softmax layer": head(dense("d"), layers.softmax()),
    "activation layer": head(dense("d"), layers.activation({ activation: "softmax" })),
  };
  for (const [name, model] of Object.entries(softmaxes)) {
    tf.tidy(() => {
      const x = images();
      const logits = runToLogits(model, new Map([[inputOf(model), x]]));
      assertClose(tf.softmax(logits).dataSync(), predict(model, x), 1e-5);
      const flat = tf.model({ inputs: model.inputs, outputs: model.layers[1]?.output as GraphTensor });
      const [kernel, bias] = model.getLayer("d").getWeights() as [tf.Tensor2D, tf.Tensor?];
      const expected = tf.dot(flat.predict(x) as tf.Tensor, kernel);
      assertClose(logits.dataSync(), (bias ? tf.add(expected, bias) : expected).dataSync(), 1e-5);
      assert.equal(bias === undefined, name === "dense without bias");
    });
    model.dispose();
  }
});

test("runToLogits(model, known) finds a softmax before layers that leave numbers as they are, and in any kind of layer", () => {
  const softmax = { activation: "softmax" } as const;
  class Own extends tf.layers.Layer {
    static readonly className = "Own";
    private readonly dense = dense("inner", softmax) as unknown as tf.layers.Layer & { activation: object };
    activation = this.dense.activation;
    override build(shape: number[]): void {
      this.dense.build(shape);
      this.built = true;
    }
    override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
      this.dense.activation = this.activation;
      return this.dense.call(inputs, {}) as tf.Tensor;
    }
    override computeOutputShape(shape: number[]): number[] {
      return [shape[0] as number, 3];
    }
    override getClassName(): string {
      return Own.className;
    }
    override getConfig() {
      return { ...super.getConfig(), ...softmax };
    }
  }
  const ends: Record<string, tf.LayersModel> = {
    "a convolution, flattened": functional((x) =>
      at(layers.flatten(), at(layers.conv2d({ filters: 3, kernelSize: [6, 5], ...softmax }), x)),
    ),
    "dense, reshaped": head(dense("d", softmax), layers.reshape({ targetShape: [3] })),
    "dense, then linear": head(dense("d", softmax), layers.activation({ activation: "linear" })),
    "softmax layer, reshaped": head(dense("d"), layers.softmax(), layers.reshape({ targetShape: [3] })),
    "a layer of one's own": head(new Own({})),
  };
  for (const [name, model] of Object.entries(ends)) {
    tf.tidy(() => {
      const x = images();
      const logits = runToLogits(model, new Map([[inputOf(model), x]]));
      assertClose(tf.softmax(logits).dataSync(), predict(model, x), 1e-5);
      const sums = tf.sum(logits, 1).dataSync();
      assert.ok(
        sums.some((sum) => Math.abs(sum - 1) > 1e-3),
        name,
      );
      // the layer has its activation again
      assertClose(predict(model, x), tf.softmax(logits).dataSync(), 1e-5);
    });
    model.dispose();
  }
});

test("runToLogits(model, known) refuses a softmax that it cannot leave out, masks, and layers that remember images", () => {
  const rows = (...more: tf.layers.Layer[]) =>
    tf.sequential({ layers: [layers.reshape({ targetShape: [6, 5], inputShape: [6, 5, 1] }), ...more] });
  const refused: [tf.Sequential, RegExp][] = [
    [
      rows(layers.gru({ units: 3, activation: "softmax" })),
      /^Error: Expected a final softmax that can be left out, got one within/,
    ],
    [
      rows(layers.masking({ maskValue: 0 }), layers.lstm({ units: 3 })),
      /^Error: Expected layers without masks.*\(Masking\)/,
    ],
  ];
  for (const [model, message] of refused) {
    tf.tidy(() => {
      assert.throws(() => runToLogits(model, new Map([[inputOf(model), tf.ones([2, 6, 5, 1])]])), message);
    });
    model.dispose();
  }
  const stateful = tf.sequential({
    layers: [
      layers.reshape({ targetShape: [6, 5], batchInputShape: [2, 6, 5, 1] }),
      layers.lstm({ units: 3, stateful: true }),
    ],
  });
  const run = () => runToLogits(stateful, new Map([[inputOf(stateful), tf.ones([2, 6, 5, 1])]]));
  tf.tidy(() => assert.throws(run, /remember no earlier images, got `lstm_LSTM\d+` \(LSTM, `stateful`\)/));
});

test("runToLogits(model, known) refuses several outputs, and outputs that are no list of classes", () => {
  const input = newInput();
  const flat = at(layers.flatten(), input);
  const two = tf.model({ inputs: input, outputs: [at(dense("a"), flat), at(dense("b"), flat)] });
  const image = functional((x) => at(conv("conv"), x));
  const error = (got: string) =>
    new RegExp(`^Error: Expected a model with one output \\[n, classes\\], got ${got}\\.$`);
  assert.throws(() => runToLogits(two, new Map()), error("\\[.*3\\] and \\[.*3\\]"));
  assert.throws(() => runToLogits(image, new Map()), error("\\[.*6, 5, 2\\]"));
});

test("graphOf(model) lists every tensor once, each after those it comes from", () => {
  const order = graphOf((models["residual and concatenated"] as () => tf.LayersModel)());
  const names = order.map(({ sourceLayer }) => sourceLayer.name);
  assert.deepEqual(names.slice(1, 5), ["first", "second", "added", "both"]);
  assert.deepEqual([order.length, new Set(order).size, names.at(-1)], [7, 7, "logits"]);
});

test("findImageLayer(model, name) is the last convolution unless named, and any layer with an image as output", () => {
  const model = buildLeNet5();
  assert.equal(findImageLayer(model).sourceLayer.name, "conv2");
  assert.equal(findImageLayer(model, "pool2"), model.getLayer("pool2").output);
  const separable = functional((x) =>
    at(layers.separableConv2d({ name: "s", filters: 1, kernelSize: 3 }), at(conv("c"), x)),
  );
  assert.equal(findImageLayer(separable).sourceLayer.name, "s");
  const twice = (models["shared layer"] as () => tf.LayersModel)();
  assert.equal(findImageLayer(twice, "shared"), twice.getLayer("shared").getOutputAt(1));
  model.dispose();
});

test("findImageLayer(model, name) lists the layers there are, with their shapes", () => {
  const expected = "^Error: Expected `layer` to name a layer with an output \\[height, width, channels\\], got ";
  const there = "conv1 [28, 28, 6], pool1 [14, 14, 6], conv2 [10, 10, 16], pool2 [5, 5, 16].".replace(
    /[[\].]/g,
    "\\$&",
  );
  const model = buildLeNet5();
  for (const name of ["dense1", "conv3"])
    assert.throws(() => findImageLayer(model, name), new RegExp(`${expected}${name}: this model has ${there}$`));
  const plain = functional((input) => at(dense("logits"), at(layers.flatten(), input)));
  assert.throws(() => findImageLayer(plain), new RegExp(`${expected}no convolution: this model has none\\.$`));
});

test("inputOf(model) is the one input, and refuses two", () => {
  const [a, b] = [newInput(), newInput()];
  assert.equal(inputOf(tf.model({ inputs: a, outputs: at(conv("conv"), a) })), a);
  const two = tf.model({ inputs: [a, b], outputs: at(layers.add(), a, b) });
  assert.throws(() => inputOf(two), /^Error: Expected a model with one input, got one with 2\.$/);
});

test("runGraph(known, wanted) and runToLogits(model, known) leave no tensor behind under tf.tidy", async () => {
  for (const build of Object.values(models)) {
    const model = build();
    await assertNoLeak(() =>
      tf.tidy(() => {
        const known = new Map([[inputOf(model), images() as tf.Tensor]]);
        runGraph(known, findImageLayer(model));
        runToLogits(model, known);
      }),
    );
    model.dispose();
  }
});
