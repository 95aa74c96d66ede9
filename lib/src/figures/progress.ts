import { svgToPng } from "./render/png";
import { liveOutput, pictureBundle } from "./show";
import { BoundedCurve, type CurvePoint, chartSize, trainingChart } from "./training-chart";

/** The report of one training step; epochs and steps count from 0. */
export interface StepInfo {
  epoch: number;
  step: number;
  loss: number;
  accuracy: number;
  learningRate: number;
}

/** The report of one training epoch. */
export interface EpochInfo {
  epoch: number;
  trainLoss: number;
  trainAccuracy: number;
  validationLoss?: number;
  validationAccuracy?: number;
  learningRate: number;
  seconds: number;
}

export interface TrainingDisplayOptions {
  epochs: number;
  stepsPerEpoch: number;
  imagesPerStep: number;
}

/** Shows a training run while it goes on: curves that grow in a notebook, a line an epoch elsewhere. */
export interface TrainingDisplay {
  /** cheap: draws at most four times a second */
  step(info: StepInfo): void;
  epochEnd(info: EpochInfo): void;
  /** leaves the last state under the cell, with a summary */
  end(reason: "finished" | "interrupted" | "stopped early"): void;
}

/** Shows how far a piece of work has come. */
export interface Progress {
  tick(count?: number): void;
  done(): void;
}

const redrawEvery = 250;

/** A display for a training run; call `step`, `epochEnd` and `end` as it goes. */
export function trainingDisplay({ epochs, stepsPerEpoch, imagesPerStep }: TrainingDisplayOptions): TrainingDisplay {
  const output = liveOutput();
  const [loss, accuracy] = [new BoundedCurve(), new BoundedCurve()];
  const validationLoss: CurvePoint[] = [];
  const validationAccuracy: CurvePoint[] = [];
  const began = performance.now();
  let [done, steps, drawn, rate] = [0, 0, 0, 0];
  let lastEpoch: EpochInfo | undefined;

  const chart = (headline: string, detail: string) => {
    const curves = { loss: loss.points, accuracy: accuracy.points, validationLoss, validationAccuracy };
    return trainingChart({ epochs, done: done / stepsPerEpoch, headline, detail, ...curves });
  };
  const draw = (headline: string, detail: string) => {
    drawn = performance.now();
    output?.update({
      data: { "image/svg+xml": chart(headline, detail), "text/plain": `${headline}. ${detail}` },
      metadata: {},
    });
  };
  const drawRunning = () => {
    const seconds = (performance.now() - began) / 1000;
    const perSecond = steps / seconds;
    const remaining = (epochs * stepsPerEpoch - done) / perSecond;
    const epoch = Math.min(epochs, Math.floor(done / stepsPerEpoch) + 1);
    const speed = `${whole(perSecond * imagesPerStep)} images/s · ${duration(remaining)} left · learning rate ${rate.toPrecision(3)}`;
    draw(`Epoch ${epoch} of ${epochs}`, speed);
  };

  return {
    step(info) {
      steps += 1;
      done = info.step + 1;
      rate = info.learningRate;
      loss.add(done / stepsPerEpoch, info.loss);
      accuracy.add(done / stepsPerEpoch, info.accuracy);
      if (output && performance.now() - drawn >= redrawEvery) drawRunning();
    },
    epochEnd(info) {
      lastEpoch = info;
      if (info.validationLoss !== undefined) validationLoss.push({ x: info.epoch + 1, y: info.validationLoss });
      if (info.validationAccuracy !== undefined)
        validationAccuracy.push({ x: info.epoch + 1, y: info.validationAccuracy });
      if (!output) console.log(epochLine(info, epochs));
      else if (performance.now() - drawn >= redrawEvery) drawRunning();
    },
    end(reason) {
      const seconds = (performance.now() - began) / 1000;
      const speed = steps > 0 ? ` · ${whole((steps * imagesPerStep) / seconds)} images/s` : "";
      const epochsDone =
        reason === "finished" ? `${epochs} epochs` : `${Number((done / stepsPerEpoch).toFixed(1))} of ${epochs} epochs`;
      const headline = `${reason[0]?.toUpperCase()}${reason.slice(1)}: ${epochsDone} in ${duration(seconds)}${speed}`;
      const detail = lastEpoch ? epochWords(lastEpoch).join(" · ") : "";
      if (!output) console.log(headline);
      // the last picture is a PNG: untrusted notebooks and GitHub do not show every SVG
      output?.update(
        pictureBundle({
          kind: "picture",
          png: svgToPng(chart(headline, detail)),
          ...chartSize,
          alt: `${headline}. ${detail}`,
        }),
      );
    },
  };
}

/** A progress bar for `total` pieces of work; outside a kernel a line when it is done. */
export function progress(total: number, label: string): Progress {
  if (!(total > 0)) throw new RangeError(`Expected \`total\` to be above 0, got ${total}.`);
  const output = liveOutput();
  const began = performance.now();
  let [count, drawn] = [0, 0];
  const write = (line: string) => output?.update({ data: { "text/plain": line }, metadata: {} });
  return {
    tick(by = 1) {
      count = Math.min(total, count + by);
      if (!output || performance.now() - drawn < redrawEvery) return;
      drawn = performance.now();
      const seconds = (drawn - began) / 1000;
      write(
        `${label} ${bar(count / total)} ${whole(count)} of ${whole(total)}, ${duration((seconds / count) * (total - count))} left`,
      );
    },
    done() {
      const line = `${label}: ${whole(count)} of ${whole(total)} in ${duration((performance.now() - began) / 1000)}`;
      if (output) write(line);
      else console.log(line);
    },
  };
}

function epochLine(info: EpochInfo, epochs: number): string {
  const epoch = `epoch ${String(info.epoch + 1).padStart(String(epochs).length)}/${epochs}`;
  return [epoch, ...epochWords(info), `rate ${info.learningRate.toPrecision(3)}`, `${info.seconds.toFixed(1)} s`].join(
    "  ",
  );
}

function epochWords({ trainLoss, trainAccuracy, validationLoss, validationAccuracy }: EpochInfo): string[] {
  const measured = (name: string, loss?: number, accuracy?: number) => {
    const words = [
      loss !== undefined && `loss ${loss.toFixed(4)}`,
      accuracy !== undefined && `accuracy ${percent(accuracy)}`,
    ];
    return `${name} ${words.filter(Boolean).join(", ")}`;
  };
  const training = measured("training", trainLoss, trainAccuracy);
  if (validationLoss === undefined && validationAccuracy === undefined) return [training];
  return [training, measured("validation", validationLoss, validationAccuracy)];
}

function bar(share: number): string {
  const full = Math.round(24 * share);
  return "█".repeat(full) + "░".repeat(24 - full);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** A duration in words: 0.4 s, 12 s, 3 min 05 s. */
function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const rounded = Math.round(seconds);
  if (rounded < 60) return `${rounded} s`;
  return `${Math.floor(rounded / 60)} min ${String(rounded % 60).padStart(2, "0")} s`;
}
