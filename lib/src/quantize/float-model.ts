/** A network in float numbers, as plain data: `int8/model.ts` without the integers. */
import type { QuantizedLayer, QuantizedWeightedLayer } from "../int8/model";
import type { StoredTensor } from "../network/safetensors";

/** Weights as copies, any batch normalisation folded in; the output channel comes last. */
interface FloatWeights {
  kernel: StoredTensor;
  /** float32 [output channels]; zeros if the layer has none */
  bias: Float32Array;
}

/** A layer without what integers need; those without weights are the same in float and in integers. */
type InFloat<L extends QuantizedLayer> = L extends QuantizedWeightedLayer
  ? Omit<L, "kernel" | "bias" | "scales" | "bits" | "output"> & FloatWeights
  : L;

/** A layer that has weights. */
export type FloatWeightedLayer = InFloat<QuantizedWeightedLayer>;

/** A layer as plain data. */
export type FloatLayer = InFloat<QuantizedLayer>;

/** A network as plain float numbers: what fake quantisation and the ONNX export start from. */
export interface FloatModel {
  /** [height, width, channels] */
  inputShape: readonly [number, number, number];
  layers: readonly FloatLayer[];
}
