/** A process that quantises one network, before and after training: settings in, result out, both JSON. */
import { statSync } from "node:fs";
import { join } from "node:path";
import {
  calibrate,
  countCorrect,
  encodeModel,
  evaluate,
  fakeQuantized,
  int8ToOnnx,
  loadLeNet5,
  loadMnist,
  mcnemar,
  predictionsOf,
  type QuantizationResults,
  runOnnx,
  saveQuantized,
  take,
  toIntegers,
} from "lenet-lab";
import { accuracyOf, type GridSettings, logitsOf, trainedOnGrid } from "./on-the-grid";

/** Everything that decides a run. */
export interface QuantizeSettings extends GridSettings {
  experiment: string;
  name: string;
  /** seed of the float network that it starts from, and of its own training */
  seed: number;
  /** training images whose activations give the ranges to start from */
  calibrationImages: number;
  /** where to save the int8 model, if it is to be kept */
  save?: string;
}

/** The result of a run; accuracies on the test set, those of quantised networks from their integers. */
export interface QuantizeResult extends Omit<QuantizationResults["seeds"][number], "seed"> {
  settings: QuantizeSettings;
  modelBytes: QuantizationResults["modelBytes"];
}

const { train, test } = loadMnist();

async function run(settings: QuantizeSettings): Promise<QuantizeResult> {
  const { seed, calibrationImages, save } = settings;
  const file = join("data", "checkpoints", `lenet5${seed === 0 ? "" : `-seed${seed}`}.safetensors`);
  const { model } = loadLeNet5(file);
  const float = evaluate(model, test);
  const ranges = calibrate(model, take(train, calibrationImages));
  const untrained = (weightBits: number) => fakeQuantized(model, { weightBits, weightScales: "largest", ranges });
  const trained = (weightBits: number) => trainedOnGrid(model, train, { weightBits, ranges, settings });

  const qat8 = await trained(8);
  const logits = logitsOf(qat8, test);
  const predictions = predictionsOf(logits, { classes: 10 });
  const integers = toIntegers(qat8);
  if (save) saveQuantized(save, integers);
  const fromOnnx = await runOnnx(int8ToOnnx(integers), Uint8Array.from(test.images.data));
  return {
    settings,
    float: float.accuracy,
    ptq8: accuracyOf(untrained(8), test),
    qat8: accuracyOf(qat8, test),
    ptq4: accuracyOf(untrained(4), test),
    qat4: accuracyOf(await trained(4), test),
    mcnemarP: mcnemar(test.labels, float.predictions, predictions).p,
    onnxIdenticalImages: countIdentical(logits, fromOnnx),
    fakeQuantizedAgrees: countCorrect(predictions, evaluate(qat8.infer, test).predictions),
    modelBytes: { float: statSync(file).size, int8: encodeModel(integers).length },
  };
}

function countIdentical(a: Float32Array, b: Float32Array): number {
  const bits = (logits: Float32Array) => new Int32Array(logits.buffer, logits.byteOffset, logits.length);
  const [first, second] = [bits(a), bits(b)];
  const images = Array.from({ length: a.length / 10 }, (_, i) => i);
  return images.filter((i) => first.slice(10 * i, 10 * (i + 1)).every((bit, k) => bit === second[10 * i + k])).length;
}

if (require.main === module) {
  run(JSON.parse(process.argv[2] as string)).then((result) => console.log(JSON.stringify(result)));
}
