/** A process that tries learning rates for training on the grid, on validation images: settings in, result out. */
import { calibrate, take } from "lenet-lab";
import { accuracyOf, trainedOnGrid } from "./on-the-grid";
import { type RunSettings, trainedLeNet5 } from "./run";

/** Everything that decides a run. */
export interface RateSettings extends RunSettings {
  measure: "validation";
  /** of the training on the grid, which starts from the float network of this run */
  grid: { epochs: number; weightDecay: number; rates: number[]; weightBits: number[] };
  calibrationImages: number;
}

/** The result of a run: accuracies of the integers on the validation images. */
export interface RateResult {
  settings: RateSettings;
  float: number;
  tried: { learningRate: number; weightBits: number; accuracy: number }[];
}

async function run(settings: RateSettings): Promise<RateResult> {
  const { seed, grid, calibrationImages } = settings;
  const { model, evaluation, train, measured } = await trainedLeNet5(settings);
  const ranges = calibrate(model, take(train, calibrationImages));
  const tried: RateResult["tried"] = [];
  for (const learningRate of grid.rates) {
    for (const weightBits of grid.weightBits) {
      const network = await trainedOnGrid(model, train, {
        weightBits,
        ranges,
        settings: { seed, epochs: grid.epochs, learningRate, weightDecay: grid.weightDecay },
      });
      tried.push({ learningRate, weightBits, accuracy: accuracyOf(network, measured) });
    }
  }
  return { settings, float: evaluation.accuracy, tried };
}

if (require.main === module) {
  run(JSON.parse(process.argv[2] as string)).then((result) => console.log(JSON.stringify(result)));
}
