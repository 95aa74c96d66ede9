/** Which part of the WebAssembly kernel runs which layers of a network. */
import type { Activations, QuantizedActivations } from "../activations";
import type { QuantizedConv2d, QuantizedDense, QuantizedModel, QuantizedPool2d } from "../model";

/** What one part of the kernel does: a layer, or a convolution and the max-pooling of 2 × 2 windows after it. */
export interface Step {
  layer: QuantizedConv2d | QuantizedDense | QuantizedPool2d;
  input: QuantizedActivations;
  output: Activations;
  /** the convolution's output, before the pooling */
  pooled?: Activations;
}

/** The parts of the kernel, numbered as in `lib/assembly/layer.ts`. */
export const kinds = {
  end: 0,
  centre: 1,
  convolve: 2,
  convolveAndPool: 3,
  convolveImage: 4,
  dense: 5,
  logits: 6,
  maxPool: 7,
  averagePool: 8,
  averageAll: 9,
};

/** The name of a part of the kernel. */
export type Kind = keyof typeof kinds;

/**
 * The layers of a network that compute.
 * @throws for a kind of layer that the kernel does not run: the reference is left to run the network
 */
export function stepsOf({ layers }: QuantizedModel, flow: Activations[]): Step[] {
  const steps: Step[] = [];
  for (const [i, layer] of layers.entries()) {
    const [input, output] = [flow[i] as QuantizedActivations, flow[i + 1] as Activations];
    switch (layer.kind) {
      case "flatten":
        break;
      case "conv2d":
      case "dense":
      case "maxPool2d":
      case "averagePool2d":
        // a larger sum makes no smaller activation: the largest of four is requantised, and the bits are the same
        if (layer.kind === "maxPool2d" && isHalving(layer) && layers[i - 1]?.kind === "conv2d")
          steps.push({ ...(steps.pop() as Step), output, pooled: input });
        else steps.push({ layer, input, output });
        break;
      default:
        // a new kind: a step of its own, or `case` and `throw notCovered(layer.kind)`
        layer satisfies never;
    }
  }
  return steps;
}

const isHalving = ({ poolSize, strides }: QuantizedPool2d) => [...poolSize, ...strides].every((length) => length === 2);

/** The part of the kernel that runs a step. */
export function kindOf({ layer, input, output, pooled }: Step): Kind {
  const [height, width, channels] = grid(input.shape);
  const [rows, columns] = grid(output.shape);
  switch (layer.kind) {
    case "dense":
      return layer.output ? "dense" : "logits";
    case "maxPool2d":
      return "maxPool";
    case "averagePool2d": {
      const [poolHeight, poolWidth] = layer.poolSize;
      return poolHeight === height && poolWidth === width && rows * columns === 1 ? "averageAll" : "averagePool";
    }
    case "conv2d": {
      if (!pooled) return "convolve";
      const [convolvedRows, convolvedColumns] = grid(pooled.shape);
      const isWhole = 2 * rows <= convolvedRows && 2 * columns <= convolvedColumns && columns >= 4;
      const isDense = layer.strides.every((stride) => stride === 1);
      return isWhole && isDense && channels === 1 ? "convolveImage" : "convolveAndPool";
    }
  }
}

/** How many multiplications a step takes; of pooling, how many numbers it reads. */
export function multiplicationsOf({ layer, input, output, pooled }: Step): number {
  if (layer.kind === "dense") return layer.kernel.length;
  const [rows, columns, channels] = grid((pooled ?? output).shape);
  if (layer.kind === "conv2d") return rows * columns * layer.kernel.length;
  const [height, width] = grid(input.shape);
  return rows * columns * channels * Math.min(height, layer.poolSize[0]) * Math.min(width, layer.poolSize[1]);
}

/** [height, width, channels] of any activations. */
export function grid(shape: readonly number[]): [number, number, number] {
  return shape.length === 3 ? (shape as [number, number, number]) : [1, 1, shape[0] as number];
}

/** What makes `int8Engine` fall back to the reference. */
export function notCovered(what: string): Error {
  return new Error(
    `Expected a model that the WebAssembly engine covers, got ${what}: let \`engine\` be "auto" or "reference".`,
  );
}
