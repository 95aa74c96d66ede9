/** Networks for images of 4 × 4 that differ in what they keep from step to step, and in what training reads of them. */
import { random } from "../../lib/src/common/random";
import { type FakeQuantizedOptions, fakeQuantized, type QuantizedTrainable } from "../../lib/src/quantize/qat";
import { tf } from "../../lib/src/tensors/tensorflow";
import { type Trainable, trainable } from "../../lib/src/train/trainable";
import { dense } from "./small-networks";

/** What a trainer takes, ready to be disposed. */
export type Network = { model: tf.LayersModel | Trainable; quantized?: QuantizedTrainable; dispose(): void };

/** A layer that scales by 1 + the running mean of its inputs, which it keeps in a weight; another one counts calls. */
class Running extends tf.layers.Layer {
  static readonly className = "Running";
  private mean?: tf.layers.Layer["weights"][number];
  private count?: tf.layers.Layer["weights"][number];
  override build(): void {
    this.mean = this.addWeight("mean", [1], "float32", tf.initializers.zeros(), undefined, false);
    this.count = this.addWeight("count", [1], "int32", tf.initializers.zeros(), undefined, false);
    this.built = true;
  }
  override call(inputs: tf.Tensor | tf.Tensor[], { training }: { training?: boolean }): tf.Tensor {
    return tf.tidy(() => {
      const x = (Array.isArray(inputs) ? inputs[0] : inputs) as tf.Tensor;
      const mean = this.mean?.read() as tf.Tensor;
      const moved = tf.add(tf.mul(mean, 0.9), tf.mul(tf.mean(x), 0.1));
      if (training) this.mean?.write(tf.reshape(moved, [1]));
      if (training) this.count?.write(tf.add(this.count.read(), tf.scalar(1, "int32")));
      return tf.mul(x, tf.add(1, training ? moved : mean));
    });
  }
  override getClassName(): string {
    return Running.className;
  }
}

const { layers } = tf;

/** A Sequential of the layers between a Flatten and the logits. */
const chain = (...between: tf.layers.Layer[]): tf.Sequential =>
  tf.sequential({
    layers: [layers.flatten({ inputShape: [4, 4, 1] }), ...between, layers.dense({ units: 10 })],
  });

const hidden = (more: Partial<Parameters<typeof layers.dense>[0]> = {}) =>
  layers.dense({ units: 6, activation: "relu", ...more });

function convolution(...after: tf.layers.Layer[]): tf.Sequential {
  const conv = layers.conv2d({ filters: 3, kernelSize: 3, inputShape: [4, 4, 1] });
  return tf.sequential({ layers: [conv, ...after, layers.flatten(), layers.dense({ units: 10 })] });
}

function twoBranches(): tf.LayersModel {
  const image = tf.input({ shape: [4, 4, 1] });
  const at = (layer: tf.layers.Layer, x: tf.SymbolicTensor) => layer.apply(x) as tf.SymbolicTensor;
  const features = at(layers.conv2d({ filters: 2, kernelSize: 3 }), image);
  const left = at(layers.batchNormalization(), features);
  const right = at(layers.dropout({ rate: 0.3 }), features);
  const joined = layers.concatenate().apply([left, right]) as tf.SymbolicTensor;
  return tf.model({ inputs: image, outputs: at(layers.dense({ units: 10 }), at(layers.flatten(), joined)) });
}

/** A model within a model, one half frozen. */
function nested(): tf.LayersModel {
  const inner = tf.sequential({
    layers: [
      layers.conv2d({ filters: 3, kernelSize: 3, inputShape: [4, 4, 1], trainable: false }),
      layers.batchNormalization({ trainable: false }),
      layers.conv2d({ filters: 2, kernelSize: 2 }),
      layers.batchNormalization(),
    ],
  });
  return tf.sequential({ layers: [inner, layers.flatten(), layers.dense({ units: 10 })] });
}

/** No layers model: a linear classifier whose bias is moved by its own hand, and which counts its calls. */
function own(): Trainable & { dispose(): void } {
  const base = seeded(chain());
  const { forward, infer, variables } = trainable(base);
  const shift = tf.variable(tf.zeros([10]));
  let calls = 0;
  return {
    forward: (images) =>
      tf.tidy(() => {
        calls += 1;
        const logits = tf.mul(forward(images), 1 + 0.5 * Math.sin(calls)) as tf.Tensor2D;
        shift.assign(tf.add(tf.mul(shift, 0.8), tf.mul(tf.mean(logits, 0), 0.2)));
        return tf.sub(logits, shift);
      }),
    infer: (images) => tf.tidy(() => tf.sub((infer as typeof forward)(images), tf.mul(shift, Math.cos(calls)))),
    variables,
    state: {
      variables: [shift],
      save: () => ({ calls }),
      restore: (saved) => {
        calls = (saved as { calls: number }).calls;
      },
    },
    dispose: () => {
      base.dispose();
      shift.dispose();
    },
  };
}

function seeded<T extends tf.LayersModel>(model: T): T {
  const source = random(11);
  for (const weight of new Set(model.weights)) {
    if (/moving_variance|gamma|count/.test(weight.name)) continue;
    const values = Float32Array.from({ length: weight.read().size }, () => source.normal(0, 0.4));
    const value = tf.tensor(values, weight.shape as number[]);
    weight.write(value);
    value.dispose();
  }
  return model;
}

const ofLayers = (make: () => tf.LayersModel) => (): Network => {
  const model = seeded(make());
  return { model, dispose: () => void model.dispose() };
};

const onGrid =
  (make: () => tf.Sequential, options: FakeQuantizedOptions = {}) =>
  (): Network => {
    const float = seeded(make());
    const quantized = fakeQuantized(float, { decay: 0.8, ...options });
    const dispose = () => {
      quantized.dispose();
      float.dispose();
    };
    return { model: quantized, quantized, dispose };
  };

/** Each makes the same network at every call, in any process. */
export const runNetworks: Record<string, () => Network> = {
  plain: ofLayers(() => dense()),
  "batch normalisation": ofLayers(() => convolution(layers.batchNormalization(), layers.reLU())),
  dropout: ofLayers(() => chain(hidden(), layers.dropout({ rate: 0.4 }))),
  "dropout of a seed, and noise": ofLayers(() =>
    chain(hidden(), layers.dropout({ rate: 0.4, seed: 3 }), layers.gaussianNoise({ stddev: 0.2 })),
  ),
  "frozen layers": ofLayers(() =>
    chain(hidden({ trainable: false }), layers.batchNormalization({ trainable: false }), hidden()),
  ),
  "regularisers and constraints": ofLayers(() =>
    chain(
      hidden({ kernelRegularizer: tf.regularizers.l2({ l2: 0.01 }), biasConstraint: "nonNeg" }),
      hidden({ kernelConstraint: tf.constraints.maxNorm({ maxValue: 0.7 }), biasRegularizer: "l1l2" }),
    ),
  ),
  "a custom layer": ofLayers(() => chain(hidden(), new Running({}))),
  "two branches": ofLayers(twoBranches),
  "a model within a model": ofLayers(nested),
  "a softmax at the end": ofLayers(() => tf.sequential({ layers: [chain(hidden()), layers.softmax()] })),
  "no layers model": () => {
    const model = own();
    return { model, dispose: model.dispose };
  },
  "8 bits, frozen ranges": onGrid(() => convolution(layers.reLU()), { startStep: 2, freezeStep: 5 }),
  "8 bits, batch normalisation folded": onGrid(() => convolution(layers.batchNormalization(), layers.reLU())),
  "4 bits": onGrid(() => chain(hidden(), hidden()), { weightBits: 4 }),
  "2 bits, average pooling": onGrid(() => convolution(layers.reLU(), layers.averagePooling2d({ poolSize: 2 })), {
    weightBits: 2,
    freezeStep: 4,
  }),
  "8 bits, a frozen layer and a regulariser": onGrid(() =>
    chain(hidden({ trainable: false }), hidden({ kernelRegularizer: "l1l2" })),
  ),
};
