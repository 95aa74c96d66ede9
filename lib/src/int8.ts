/**
 * The entry `lenet-lab/int8`: reads and runs a network in integers without TensorFlow, Plotly or Node's `fs`, in a
 * browser, a worker, or any other JavaScript engine.
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
