export * from "./augment";
export { type BatchOptions, stepsPerEpoch } from "./batch-plan";
export * from "./batches";
export * from "./calibration";
export * from "./checkpoint";
export * from "./class-report";
export { type Compilation, type Compiled, compile } from "./compile";
export * from "./dataset";
export * from "./evaluate";
export * from "./explain";
export type { Classes, Images } from "./explain-target";
export {
  channelScales,
  type FakeQuantOptions,
  fakeQuantize,
  fakeQuantizePerChannel,
  quantizationOf,
} from "./fake-quant";
export * from "./figures";
export * from "./fold-batch-norm";
export { flatten, type GradientResult, lossAndGradient, type Trainable, trainable, unflatten } from "./gradient";
export * from "./heatmap";
export * from "./idx";
export * from "./image-map";
export * from "./images";
export { type Int8Engine, type Int8Options, inferInt8, int8Engine } from "./int8";
export * from "./interrupt";
export * from "./label-errors";
export * from "./lenet";
export type { Batch } from "./loader";
export * from "./loss";
export * from "./lsq";
export * from "./mcnemar";
export * from "./metrics";
export * from "./mnist";
export * from "./model-disk";
export * from "./model-file";
export * from "./model-graph";
export * from "./network-diagram";
export * from "./onnx";
export {
  decodeOnnx,
  type OnnxAttribute,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
  onnxTypes,
} from "./onnx-proto";
export * from "./onnx-runtime";
export * from "./optimizer";
export * from "./png";
export * from "./progress";
export * from "./quantizable";
export * from "./quantize";
export * from "./quantized-model";
export * from "./random";
export { calibrate, type Range, type Ranges } from "./ranges";
export * from "./rank-correlation";
export * from "./receptive-field";
export {
  type FixedPointMultiplier,
  fixedPoint,
  multiplyByFixedPoint,
  type Requantization,
  type Requantize,
  requantizer,
  roundHalfToEven,
} from "./requantize";
export * from "./results";
export * from "./risk-coverage";
export * from "./saliency";
export * from "./scatter";
export * from "./schedule";
export * from "./show";
export * from "./softmax";
export * from "./table";
export * from "./tensorflow";
export * from "./text-image";
export * from "./theme";
export * from "./to-integers";
export type { NamedTensors } from "./trace";
export * from "./train";
export * from "./train-options";
export * from "./upsampling";
