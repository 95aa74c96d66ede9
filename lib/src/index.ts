export { writeAtomically } from "./common/files";
export * from "./common/random";
export { type AffineRanges, affine, compose, horizontalFlip } from "./data/augment";
export { type BatchOptions, stepsPerEpoch } from "./data/batch-plan";
export * from "./data/batches";
export * from "./data/dataset";
export { elastic } from "./data/elastic";
export * from "./data/idx";
export * from "./data/image-map";
export type { Batch } from "./data/loader";
export * from "./data/mnist";
export * from "./data/results";
export * from "./explain/class-activation";
export * from "./explain/receptive-field";
export * from "./explain/saliency";
export type { Classes, Images } from "./explain/target";
export * from "./explain/upsampling";
export * from "./figures/bars";
export * from "./figures/figure";
export * from "./figures/heatmap";
export * from "./figures/images";
export * from "./figures/lines";
export * from "./figures/network-diagram";
export * from "./figures/progress";
export * from "./figures/render/png";
export * from "./figures/scatter";
export * from "./figures/show";
export * from "./figures/table";
export * from "./figures/text-image";
export * from "./figures/theme";
export * from "./int8/disk";
export { type Int8Engine, type Int8Options, inferInt8, int8Engine } from "./int8/engine";
export * from "./int8/file";
export * from "./int8/model";
export {
  type FixedPointMultiplier,
  fixedPoint,
  multiplyByFixedPoint,
  type Requantization,
  type Requantize,
  requantizer,
  roundHalfToEven,
} from "./int8/requantize";
export * from "./metrics/accuracy";
export * from "./metrics/calibration";
export * from "./metrics/class-report";
export * from "./metrics/label-errors";
export * from "./metrics/mcnemar";
export * from "./metrics/rank-correlation";
export * from "./metrics/risk-coverage";
export * from "./metrics/softmax";
export * from "./network/checkpoint";
export * from "./network/evaluate";
export * from "./network/graph";
export * from "./network/lenet";
export * from "./network/loss";
export { type Checkpoint, loadCheckpoint, type StoredTensor, saveCheckpoint } from "./network/safetensors";
export * from "./onnx/export";
export {
  decodeOnnx,
  type OnnxAttribute,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
  onnxTypes,
} from "./onnx/format";
export * from "./onnx/runtime";
export {
  channelScales,
  type FakeQuantOptions,
  fakeQuantize,
  fakeQuantizePerChannel,
  quantizationOf,
} from "./quantize/fake-quant";
export * from "./quantize/fold-batch-norm";
export * from "./quantize/lsq";
export * from "./quantize/qat";
export * from "./quantize/quantizable";
export { calibrate, type Range, type Ranges } from "./quantize/ranges";
export * from "./quantize/to-integers";
export { type Compilation, type Compiled, compile } from "./tensors/compile";
export * from "./tensors/tensorflow";
export { flatten, type GradientResult, lossAndGradient, type Trainable, trainable, unflatten } from "./train/gradient";
export * from "./train/interrupt";
export * from "./train/optimizer";
export * from "./train/options";
export * from "./train/schedule";
export * from "./train/trainer";
