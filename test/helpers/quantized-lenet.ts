import { join } from "node:path";
import type { Quantization, QuantizedModel } from "../../lib/src/int8/model";
import { roundHalfToEven } from "../../lib/src/int8/requantize";
import { loadCheckpoint } from "../../lib/src/network/safetensors";
import { root } from "./root";

/** The trained float LeNet-5 that ships. */
export const checkpoint = join(root, "data", "checkpoints", "lenet5.safetensors");

/** About the largest activations over some training images; constants, so that all machines make the same integers. */
const largest = { conv1: 4.5, conv2: 11, dense1: 14, dense2: 9.5 };

/**
 * The trained LeNet-5 in integers, by the simplest recipe there is: weights by the largest magnitude of each output
 * channel, activations from 0 to `largest`.
 */
export function quantizedLeNet5(bits: 8 | 4 | 2 = 8): QuantizedModel {
  const { tensors } = loadCheckpoint(checkpoint);
  const input = { scale: Math.fround(1 / 255), zeroPoint: 0 };
  const output = (name: keyof typeof largest): Quantization => ({
    scale: Math.fround(largest[name] / 255),
    zeroPoint: 0,
  });
  const weighted = (name: string, { scale: inputScale }: Quantization) => {
    const kernel = tensors[`${name}/kernel`]?.data as Float32Array;
    const bias = tensors[`${name}/bias`]?.data as Float32Array;
    const limit = 2 ** (bits - 1) - 1;
    const scales = new Float32Array(bias.length);
    for (const [i, weight] of kernel.entries()) {
      const channel = i % bias.length;
      scales[channel] = Math.max(scales[channel] as number, Math.abs(weight) / limit);
    }
    const scaleOf = (i: number) => scales[i % bias.length] as number;
    return {
      name,
      kernel: Int8Array.from(kernel, (weight, i) => roundHalfToEven(weight / scaleOf(i))),
      scales,
      bias: Int32Array.from(bias, (value, i) => roundHalfToEven(value / Math.fround(inputScale * scaleOf(i)))),
      bits,
      relu: name !== "logits",
    };
  };
  const conv = { kind: "conv2d", kernelSize: [5, 5], strides: [1, 1] } as const;
  const pool = { kind: "maxPool2d", poolSize: [2, 2], strides: [2, 2], padding: "valid" } as const;
  return {
    inputShape: [28, 28, 1],
    input,
    layers: [
      { ...conv, ...weighted("conv1", input), padding: "same", output: output("conv1") },
      { ...pool, name: "pool1" },
      { ...conv, ...weighted("conv2", output("conv1")), padding: "valid", output: output("conv2") },
      { ...pool, name: "pool2" },
      { kind: "flatten", name: "flatten" },
      { kind: "dense", ...weighted("dense1", output("conv2")), output: output("dense1") },
      { kind: "dense", ...weighted("dense2", output("dense1")), output: output("dense2") },
      { kind: "dense", ...weighted("logits", output("dense2")) },
    ],
  };
}
