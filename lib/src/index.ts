/** The public names of the library: each is used by a lesson, a script or the README. */

// common: what every room uses
export { writeAtomically } from "./common/files";
export { type Random, random } from "./common/random";
export type { EpochRecord, StepRecord, StopReason } from "./common/records";
// data: the images and their batches
export { type AffineRanges, affine, compose, horizontalFlip } from "./data/augment";
export { type BatchOptions, stepsPerEpoch } from "./data/batch-plan";
export { batches, toTensors } from "./data/batches";
export { type Dataset, folds, split, subset, take } from "./data/dataset";
export { readDrawing } from "./data/drawing";
export { elastic } from "./data/elastic";
export { type IdxArray, readIdx, writeIdx } from "./data/idx";
export type { ImageMap } from "./data/image-map";
export type { Batch } from "./data/loader";
export { loadIdx, loadMnist, mnistFolder, projectDataFolder, type TrainAndTest } from "./data/mnist";
export {
  type BatchCurve,
  type Bench,
  type BenchSpread,
  type BenchVariant,
  type Comparison,
  type CrossValidation,
  type InferenceEngine,
  loadBench,
  loadComparison,
  loadCrossValidation,
  loadQuantization,
  loadRateSearch,
  loadTestResults,
  type Mistake,
  type QuantizationResults,
  type RateSearch,
  type ScalingCurve,
  type TestResults,
  type TrainingEngine,
} from "./data/results";
// exercises: what a lesson's `check` says
export { check } from "./exercises/check";
// explain: why the network gives an answer
export { gradCam, hiResCam, layerCam, type MapOptions, type Maps } from "./explain/class-activation";
export { type AxisField, type ReceptiveField, receptiveField } from "./explain/receptive-field";
export {
  type IntegratedGradientsOptions,
  inputGradient,
  integratedGradients,
  type PixelMaps,
  type SaliencyOptions,
} from "./explain/saliency";
export type { Classes, Images } from "./explain/target";
export { type Placing, placing, type Upsampling } from "./explain/upsampling";
// figures: data to pictures
export { type BarsOptions, bars, type HistogramOptions, histogram } from "./figures/bars";
export { type DrawingPad, drawingPad, type PadWeights } from "./figures/drawing-pad";
export type { Figure, FigureLayout, FigureOptions } from "./figures/figure";
export { type ComputationStep, graphDiagram } from "./figures/graph-diagram";
export { type HeatmapOptions, heatmap } from "./figures/heatmap";
export type { ColourMap, RangeRule } from "./figures/image-colours";
export { type GreyImages, type ImageGridOptions, imageGrid, type Picture } from "./figures/images";
export { type LineSeries, type LinesOptions, lines } from "./figures/lines";
export { networkDiagram } from "./figures/network-diagram";
export type { DiagramLayer } from "./figures/network-layout";
export { type Progress, progress } from "./figures/progress";
export { figureToPng, type PngOptions } from "./figures/render/png";
export { type Points, type ScatterOptions, scatter } from "./figures/scatter";
export { quick, type Showable, show } from "./figures/show";
export { type Table, type TableOptions, type TableRow, table } from "./figures/table";
export { type TextImageOptions, textImage } from "./figures/text-image";
export { colourOf, ink } from "./figures/theme";
// int8: the network in integers
export { loadQuantized, saveQuantized } from "./int8/disk";
export { type Int8Engine, type Int8Options, inferInt8, int8Engine } from "./int8/engine";
export { decodeModel, encodeModel } from "./int8/file";
export type {
  Quantization,
  QuantizedAveragePool2d,
  QuantizedConv2d,
  QuantizedDense,
  QuantizedFlatten,
  QuantizedLayer,
  QuantizedMaxPool2d,
  QuantizedModel,
  QuantizedPool2d,
} from "./int8/model";
export { type Requantization, roundHalfToEven } from "./int8/requantize";
// metrics: how good a network is, and how certain that is
export {
  confusionMatrix,
  countCorrect,
  type Interval,
  meanAndDeviation,
  predictionsOf,
  wilsonInterval,
} from "./metrics/accuracy";
export {
  expectedCalibrationError,
  fitTemperature,
  type ReliabilityBin,
  type ReliabilityOptions,
  reliability,
  topProbability,
} from "./metrics/calibration";
export { type ClassReport, type ClassRow, type ConfusedPair, classReport, topConfusions } from "./metrics/class-report";
export {
  type ConfidentLearning,
  confidentLearning,
  type KnownError,
  knownMnistErrors,
  rankByLoss,
  type Suspect,
} from "./metrics/label-errors";
export { mcnemar, type PairedComparison } from "./metrics/mcnemar";
export { rankCorrelation } from "./metrics/rank-correlation";
export { type RiskPoint, riskCoverage } from "./metrics/risk-coverage";
export { lossOfEach, type SoftmaxOptions, softmax } from "./metrics/softmax";
// network: LeNet-5, its loss and its file
export { loadLeNet5, readWeights, saveLeNet5, writeWeights } from "./network/checkpoint";
export { type Evaluation, evaluate, type Forward, type Inferring } from "./network/evaluate";
export { findImageLayer } from "./network/graph";
export { buildLeNet5, type LayerName, type LayerRow, type LeNet5Options, layerTable } from "./network/lenet";
export { type Loss, softmaxCrossEntropy } from "./network/loss";
export type { StoredTensor } from "./network/safetensors";
// onnx: the network for other engines
export { floatToOnnx, type Int8OnnxOptions, int8ToOnnx, type OnnxOptions } from "./onnx/export";
export { type OnnxRunOptions, runOnnx } from "./onnx/runtime";

// quantize: rounding to integers, and training for it
export { type FakeQuantOptions, fakeQuantize } from "./quantize/fake-quant";
export { type FakeQuantizedOptions, fakeQuantized, type QuantizedTrainable, type WeightCodes } from "./quantize/qat";
export { calibrate, type Range, type Ranges } from "./quantize/ranges";
export { accumulatorBounds, toIntegers } from "./quantize/to-integers";
// tensors: TensorFlow, and compiled functions
export { type Compilation, type Compiled, compile } from "./tensors/compile";
export { type KernelAttribute, type NamedTensors, runKernel, tf, typeAttribute } from "./tensors/tensorflow";
// train: one step, and a run
export { flatten, type GradientResult, lossAndGradient } from "./train/gradient";
export { adam, type Optimizer, type OptimizerFactory, type OptimizerState, sgd } from "./train/optimizer";
export type { TrainOptions } from "./train/options";
export { constant, cosine, type Schedule, stepDecay, warmUp } from "./train/schedule";
export { type Constraint, type NetworkState, type Trainable, trainable } from "./train/trainable";
export { Trainer } from "./train/trainer";
