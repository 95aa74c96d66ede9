import { checkWhole, typeName } from "../common/checks";
import type { Dataset } from "./dataset";

/**
 * Holds a data set to what its type says, before anything is computed from it. No images are a data set too: what needs
 * some says so.
 * @param name words for the errors
 * @throws TypeError unless images and labels are uint8; Error unless the images are [n, height, width], of a pixel or
 *   more, and the labels as many; RangeError unless `classes` is a whole number in 1 … 256 and every label below it
 */
export function checkDataset(dataset: Dataset, name = `the ${dataset.role} set of ${dataset.name}`): void {
  const { images, labels, classes } = dataset;
  checkWhole(`\`classes\` of ${name}`, classes, { from: 1, to: 256 });
  // ndarray calls a Buffer's numbers by that name
  if (images?.dtype !== "uint8" && (images?.dtype as string) !== "buffer")
    throw new TypeError(
      `Expected images of ${name} as an ndarray of uint8, got ${images?.dtype ?? typeof images}: 0 is background, 255 ink.`,
    );
  const type = typeName(labels);
  if (type !== "Uint8Array")
    throw new TypeError(`Expected labels of ${name} as a Uint8Array, got ${type}: make one by \`Uint8Array.from\`.`);
  const [count, ...size] = images.shape;
  if (size.length !== 2 || size.includes(0))
    throw new Error(`Expected images of ${name} to be [n, height, width], got [${images.shape.join(", ")}].`);
  if (count !== labels.length)
    throw new Error(
      `Expected a label for each of ${count} images of ${name}, got ${labels.length}: they do not belong together.`,
    );
  if ((checked.get(labels) ?? Number.POSITIVE_INFINITY) <= classes) return;
  checkLabels(labels, classes, name);
  checked.set(labels, classes);
}

/** Labels that were looked at, with the number of classes that they fit: a loop asks for one image after the other. */
const checked = new WeakMap<Uint8Array, number>();

function checkLabels(labels: Uint8Array, classes: number, name: string): void {
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] as number;
    if (label >= classes)
      throw new RangeError(
        `Expected labels of ${name} in 0 … ${classes - 1}, got ${label} at index ${i}: ` +
          `load it with \`classes: ${largest(labels) + 1}\`.`,
      );
  }
}

const largest = (labels: Uint8Array): number => labels.reduce((a, b) => Math.max(a, b), 0);
