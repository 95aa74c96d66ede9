/** A network in integers, as plain data: conversion makes it; inference, the model file and the ONNX export read it. */

/** How uint8 activations stand for real numbers: real = scale × (q − zeroPoint). */
export interface Quantization {
  /** a float32 number above 0 */
  scale: number;
  /** a whole number in 0 … 255 */
  zeroPoint: number;
}

/** The fields that a convolution and a dense layer share. */
interface Weighted {
  name: string;
  /** int8, each in −Q … Q, Q = 2^(bits − 1) − 1, output channel last; real weight = scales[output channel] × kernel */
  kernel: Int8Array;
  /** float32 [output channels] */
  scales: Float32Array;
  /** int32 [output channels], in units of (input scale × scales[channel]) */
  bias: Int32Array;
  /** bits of a weight, 2 … 8 */
  bits: number;
  /** negative outputs become 0 */
  relu: boolean;
}

/** 2-D convolution, kernel [height, width, input channels, output channels]. */
export interface QuantizedConv2d extends Weighted {
  kind: "conv2d";
  kernelSize: readonly [number, number];
  strides: readonly [number, number];
  /** `"same"` pads with the zero point of the input, the smaller half first, as TensorFlow does */
  padding: "same" | "valid";
  output: Quantization;
}

/** Dense layer, kernel [inputs, units]. */
export interface QuantizedDense extends Weighted {
  kind: "dense";
  /** absent in the last layer, whose outputs are float32 logits: accumulator × (input scale × scales[unit]) */
  output?: Quantization;
}

/** The fields of both kinds of pooling; their output has the quantisation of their input. */
interface Pool {
  name: string;
  poolSize: readonly [number, number];
  strides: readonly [number, number];
  padding: "same" | "valid";
}

/** Max-pooling. */
export interface QuantizedMaxPool2d extends Pool {
  kind: "maxPool2d";
}

/** Average pooling, each average rounded to a code; padding does not count. */
export interface QuantizedAveragePool2d extends Pool {
  kind: "averagePool2d";
}

/** Pooling of either kind. */
export type QuantizedPool2d = QuantizedMaxPool2d | QuantizedAveragePool2d;

/** From [height, width, channels] to one row, channels fastest; changes no number. */
export interface QuantizedFlatten {
  kind: "flatten";
  name: string;
}

/** A layer that has weights. */
export type QuantizedWeightedLayer = QuantizedConv2d | QuantizedDense;

/** A layer of a network in integers. */
export type QuantizedLayer = QuantizedWeightedLayer | QuantizedPool2d | QuantizedFlatten;

/** A network in integers; `toIntegers` makes one, `inferInt8` runs it. */
export interface QuantizedModel {
  /** [height, width, channels]; raw uint8 pixels have scale 1/255 and zero point 0: nothing to normalise */
  inputShape: readonly [number, number, number];
  input: Quantization;
  layers: readonly QuantizedLayer[];
}

/** The largest code Q of weights of so many bits: 127 for 8 bits, 7 for 4, 1 for 2. */
export function largestCode(bits: number): number {
  return 2 ** (bits - 1) - 1;
}

/** Runs a network on `count` images: from raw pixels, uint8 [count × size], to logits, float32 [count × classes]. */
export type RunImages = (pixels: Uint8Array, count: number) => Float32Array;
