/**
 * The second door of the library, `lenet-lab/int8`: a network in integers from the bytes of its file to its answers, without
 * TensorFlow, Plotly or Node's `fs`. It runs in a browser, in a worker, and in any engine that has the language alone.
 */
export { type Int8Engine, type Int8Options, inferInt8, int8Engine } from "./int8/engine";
export { decodeModel, encodeModel } from "./int8/file";
export type {
  Quantization,
  QuantizedConv2d,
  QuantizedDense,
  QuantizedFlatten,
  QuantizedLayer,
  QuantizedModel,
  QuantizedPool2d,
} from "./int8/model";
export { predictionsOf } from "./metrics/accuracy";
export { type SoftmaxOptions, softmax } from "./metrics/softmax";
