/** The report on the terminal: medians with their spread, then curves, then kernels. */
import type { BenchSpread, ScalingCurve } from "lenet-lab";
import { alignedRow, columnWidths } from "../lib/src/common/text";
import type { Measured } from "./results";

/** All of a run as text. */
export function report(results: Measured): string {
  const { training, inference, memory, scaling, kernels } = results;
  const sections = [
    `Measured on ${results.machine}, ${results.date}`,
    training &&
      `Training: seconds an epoch of ${thousands(training.images)} images (peer ÷ ours, median, middle half)\n${times(training.secondsPerEpoch, training.spread.secondsPerEpoch, training.variants, 2)}`,
    inference &&
      `One image, one thread: microseconds (peer ÷ ours, median, middle half)\n${times(inference.microseconds, inference.spread.microseconds, inference.variants.image, 1)}`,
    inference &&
      `Batches of ${thousands(inference.batch)}, two threads: images a second (peer ÷ ours, median, middle half)\n${times(inference.imagesPerSecond, inference.spread.imagesPerSecond, inference.variants.batch, 0)}`,
    scaling && scalingText(scaling),
    kernels && kernelText(kernels),
    memory && `Training memory: tensors after ${thousands(memory.steps)} steps − before: ${memory.tensors}`,
    `How: ${results.protocol}.\n${threadText(results)}`,
    `Versions: ${Object.entries(results.versions)
      .map((pair) => pair.join(" "))
      .join(", ")}`,
  ];
  return `${sections.filter((section) => section !== undefined).join("\n\n")}\n`;
}

function times(
  medians: Record<string, number>,
  spread: Record<string, BenchSpread>,
  variants: Record<string, { variant: string }>,
  digits: number,
): string {
  const ours = medians.ours as number;
  const number = (value: number) => (digits === 0 ? thousands(Math.round(value)) : value.toFixed(digits));
  const rows = Object.entries(medians).map(([name, median]) => {
    const { low, high } = spread[name] as BenchSpread;
    const ratio = `× ${(median / ours).toFixed(2)}`;
    return [name, ratio, number(median), `${number(low)} … ${number(high)}`, variants[name]?.variant ?? ""];
  });
  return columns(rows);
}

function scalingText({ imagesPerSecond, images, parameters }: NonNullable<Measured["scaling"]>): string {
  const curve = ({ of, at, seconds, slope, r2 }: ScalingCurve) =>
    `Epoch against ${of}: seconds ∝ ${of}^${slope.toFixed(2)} (R² ${r2.toFixed(3)})\n${columns(at.map((x, i) => [thousands(x), `${(seconds[i] as number).toFixed(3)} s`]))}`;
  const [first] = imagesPerSecond ?? [];
  const header = [
    "batch",
    ...(imagesPerSecond ?? []).map(({ threads }) => `${threads} thread${threads > 1 ? "s" : ""}`),
  ];
  const rows = first?.batch.map((batch, i) => [
    thousands(batch),
    ...(imagesPerSecond ?? []).map((each) => thousands(Math.round(each.imagesPerSecond[i] as number))),
  ]);
  const speed = rows && `Our images a second against the batch\n${columns([header, ...rows])}`;
  return [images && curve(images), parameters && curve(parameters), speed].filter(Boolean).join("\n\n");
}

function kernelText({ steps, rows }: NonNullable<Measured["kernels"]>): string {
  const total = rows.reduce((sum, { microseconds }) => sum + microseconds, 0);
  const shown = rows.slice(0, 15).map(({ kernel, calls, microseconds }) => {
    const share = `${((100 * microseconds) / total).toFixed(1)} %`;
    return [kernel, `${short(calls)} calls`, `${microseconds.toFixed(0)} µs`, share];
  });
  return `A training step of 128 images, kernel by kernel (mean of ${steps}): ${(total / 1000).toFixed(2)} ms\n${columns(shown)}`;
}

function threadText({ training, inference }: Measured): string {
  const list = (told: Record<string, string>) =>
    Object.entries(told)
      .map(([name, how]) => `${name}: ${how}`)
      .join("; ");
  const lines = [
    training && `Threads in training are set by: ${list(training.threadsToldBy)}.`,
    inference && `Threads in inference are set by: ${list(inference.threadsToldBy)}.`,
  ];
  return lines.filter(Boolean).join("\n");
}

/** Rows with their cells below each other. */
function columns(rows: string[][]): string {
  const widths = columnWidths(rows);
  return rows.map((row) => `  ${alignedRow(row, widths)}`).join("\n");
}

const thousands = (value: number) => value.toLocaleString("en");
const short = (value: number) =>
  Math.abs(value) >= 1000 ? thousands(Math.round(value)) : `${Number(value.toFixed(2))}`;
