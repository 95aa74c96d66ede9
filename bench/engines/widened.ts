import { tf } from "lenet-lab";

/** LeNet-5 with so many times the channels and units in every layer but the last. */
export function widened(width: number): tf.Sequential {
  const scaled = (size: number) => Math.max(1, Math.round(size * width));
  const start = (seed: number) => tf.initializers.heUniform({ seed });
  const conv = (filters: number, seed: number, more = {}) =>
    tf.layers.conv2d({
      filters: scaled(filters),
      kernelSize: 5,
      activation: "relu",
      kernelInitializer: start(seed),
      ...more,
    });
  const dense = (units: number, seed: number) =>
    tf.layers.dense({ units: scaled(units), activation: "relu", kernelInitializer: start(seed) });
  const pool = () => tf.layers.maxPooling2d({ poolSize: 2, strides: 2 });
  return tf.sequential({
    layers: [
      conv(6, 1, { padding: "same", inputShape: [28, 28, 1] }),
      pool(),
      conv(16, 2),
      pool(),
      tf.layers.flatten(),
      dense(120, 3),
      dense(84, 4),
      tf.layers.dense({ units: 10, kernelInitializer: start(5) }),
    ],
  });
}
