/** A process that quantises one network, before and after training: settings in, result out, both JSON. */
import { statSync } from "node:fs";
import { join } from "node:path";
import {
  affine,
  calibrate,
  cosine,
  countCorrect,
  encodeModel,
  evaluate,
  fakeQuantized,
  int8Engine,
  int8ToOnnx,
  loadLeNet5,
  loadMnist,
  mcnemar,
  predictionsOf,
  type QuantizationResults,
  type QuantizedTrainable,
  runOnnx,
  saveQuantized,
  sgd,
  stepsPerEpoch,
  Trainer,
  take,
  toIntegers,
} from "lenet-lab";

/** Everything that decides a run. */
export interface QuantizeSettings {
  experiment: string;
  name: string;
  /** seed of the float network that it starts from, and of its own training */
  seed: number;
  epochs: number;
  learningRate: number;
  weightDecay: number;
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
const pixels = Uint8Array.from(test.images.data);

async function run(settings: QuantizeSettings): Promise<QuantizeResult> {
  const { seed, calibrationImages, save } = settings;
  const file = join("data", "checkpoints", `lenet5${seed === 0 ? "" : `-seed${seed}`}.safetensors`);
  const { model } = loadLeNet5(file);
  const float = evaluate(model, test);
  const ranges = calibrate(model, take(train, calibrationImages));
  const untrained = (weightBits: number) => fakeQuantized(model, { weightBits, weightScales: "largest", ranges });
  const trained = async (weightBits: number) => {
    const steps = settings.epochs * stepsPerEpoch(train, 128);
    const network = fakeQuantized(model, { weightBits, ranges, freezeStep: Math.round((2 / 3) * steps) });
    await learn(network, settings, steps);
    return network;
  };
  const accuracy = (network: QuantizedTrainable) =>
    countCorrect(test.labels, predictionsOf(logitsOf(network), { classes: 10 })) / 10_000;

  const qat8 = await trained(8);
  const logits = logitsOf(qat8);
  const integers = toIntegers(qat8);
  if (save) saveQuantized(save, integers);
  const fromOnnx = await runOnnx(int8ToOnnx(integers), pixels);
  return {
    settings,
    float: float.accuracy,
    ptq8: accuracy(untrained(8)),
    qat8: accuracy(qat8),
    ptq4: accuracy(untrained(4)),
    qat4: accuracy(await trained(4)),
    mcnemarP: mcnemar(test.labels, float.predictions, predictionsOf(logits, { classes: 10 })).p,
    onnxIdenticalImages: countIdentical(logits, fromOnnx),
    fakeQuantizedAgrees: countCorrect(predictionsOf(logits, { classes: 10 }), evaluate(qat8.infer, test).predictions),
    modelBytes: { float: statSync(file).size, int8: encodeModel(integers).length },
  };
}

async function learn(network: QuantizedTrainable, settings: QuantizeSettings, steps: number): Promise<void> {
  const { seed, epochs, learningRate, weightDecay } = settings;
  const trainer = new Trainer(network, {
    train,
    epochs,
    seed,
    augment: affine(),
    optimizer: sgd({ weightDecay }),
    schedule: cosine(learningRate, { steps }),
  });
  if ((await trainer.run()) === "interrupted") process.exit(130);
}

/** The logits of the integer network for the test images. */
function logitsOf(network: QuantizedTrainable): Float32Array {
  return int8Engine(toIntegers(network))(pixels);
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
