import { checkFinite } from "../common/checks";
import type { EpochRecord, StepRecord, StopReason } from "../common/records";
import { unwritable } from "./labels";
import { svgToPng } from "./render/png";
import { liveOutput, pictureBundle } from "./show";
import { BoundedCurve, chartSize, trainingChart } from "./training-chart";

export interface TrainingDisplayOptions {
  epochs: number;
  stepsPerEpoch: number;
  imagesPerStep: number;
}

/** Shows a training run while it goes on: curves that grow in a notebook, a line an epoch elsewhere. */
export interface TrainingDisplay {
  /** cheap: draws at most four times a second */
  step(record: Omit<StepRecord, "gradientNorm">): void;
  epochEnd(record: EpochRecord): void;
  /** leaves the last state under the cell, with a summary */
  end(reason: StopReason): void;
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
  const [validationLoss, validationAccuracy] = [new BoundedCurve(), new BoundedCurve()];
  const began = performance.now();
  let [done, steps, drawn, rate] = [0, 0, 0, 0];
  let lastEpoch: EpochRecord | undefined;

  // epochs without steps are never under way
  const epochsAt = (steps: number) => (stepsPerEpoch > 0 ? steps / stepsPerEpoch : 0);
  const chart = (headline: string, detail: string) => {
    const curves = {
      loss: loss.points,
      accuracy: accuracy.points,
      validationLoss: validationLoss.points,
      validationAccuracy: validationAccuracy.points,
    };
    return trainingChart({ epochs, done: epochsAt(done), headline, detail, ...curves });
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
    const epoch = Math.min(epochs, Math.floor(epochsAt(done)) + 1);
    // nothing can be said of speed before time has passed
    const isTimed = Number.isFinite(remaining) && seconds > 0;
    const speed = isTimed ? `${whole(perSecond * imagesPerStep)} images/s · ${duration(remaining)} left · ` : "";
    draw(`Epoch ${epoch} of ${epochs}`, `${speed}learning rate ${written(rate, rate.toPrecision(3))}`);
  };

  return {
    step(record) {
      steps += 1;
      done = record.step + 1;
      rate = record.learningRate;
      loss.add(epochsAt(done), record.loss);
      accuracy.add(epochsAt(done), record.accuracy);
      if (output && performance.now() - drawn >= redrawEvery) drawRunning();
    },
    epochEnd(record) {
      lastEpoch = record;
      if (record.validationLoss !== undefined) validationLoss.add(record.epoch + 1, record.validationLoss);
      if (record.validationAccuracy !== undefined) validationAccuracy.add(record.epoch + 1, record.validationAccuracy);
      if (!output) console.log(epochLine(record, epochs));
      else if (performance.now() - drawn >= redrawEvery) drawRunning();
    },
    end(reason) {
      const seconds = (performance.now() - began) / 1000;
      const speed = steps > 0 && seconds > 0 ? ` · ${whole((steps * imagesPerStep) / seconds)} images/s` : "";
      const epochsDone =
        reason === "finished" ? `${epochs} epochs` : `${Number(epochsAt(done).toFixed(1))} of ${epochs} epochs`;
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

/**
 * A progress bar for `total` pieces of work, of none a full one; outside a kernel a line when it is done.
 * @throws RangeError unless `total` and each `count` of `tick` are finite, 0 or more
 */
export function progress(total: number, label: string): Progress {
  checkFinite("total", total, { from: 0 });
  const output = liveOutput();
  const began = performance.now();
  let [count, drawn] = [0, 0];
  const write = (line: string) => output?.update({ data: { "text/plain": line }, metadata: {} });
  return {
    tick(by = 1) {
      checkFinite("count", by, { from: 0 });
      count = Math.min(total, count + by);
      if (!output || performance.now() - drawn < redrawEvery) return;
      drawn = performance.now();
      const seconds = (drawn - began) / 1000;
      const remaining = (seconds / count) * (total - count);
      const left = Number.isFinite(remaining) ? `, ${duration(remaining)} left` : "";
      write(`${label} ${bar(total > 0 ? count / total : 1)} ${whole(count)} of ${whole(total)}${left}`);
    },
    done() {
      const line = `${label}: ${whole(count)} of ${whole(total)} in ${duration((performance.now() - began) / 1000)}`;
      if (output) write(line);
      else console.log(line);
    },
  };
}

function epochLine(record: EpochRecord, epochs: number): string {
  const epoch = `epoch ${String(record.epoch + 1).padStart(String(epochs).length)}/${epochs}`;
  return [
    epoch,
    ...epochWords(record),
    `rate ${written(record.learningRate, record.learningRate.toPrecision(3))}`,
    `${record.seconds.toFixed(1)} s`,
  ].join("  ");
}

function epochWords({ trainLoss, trainAccuracy, validationLoss, validationAccuracy }: EpochRecord): string[] {
  const measured = (name: string, loss?: number, accuracy?: number) => {
    const words = [
      loss !== undefined && `loss ${written(loss, loss.toFixed(4))}`,
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
  return written(share, `${(100 * share).toFixed(2)} %`);
}

/** A number as written, but in words where it is NaN: that is what a reader has to see of a run that has diverged. */
function written(value: number, text: string): string {
  if (Number.isNaN(value)) return "not a number";
  return Number.isFinite(value) ? text : unwritable(value);
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
