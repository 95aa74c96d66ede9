import { checkList, checkWhole, typeName } from "../common/checks";
import { type Interval, wilsonInterval } from "./accuracy";

/** How well one class is recognised. */
export interface ClassRow {
  label: number;
  /** how many images have this label */
  images: number;
  /** how many of them were predicted as another class */
  errors: number;
  /** 1 − recall with Wilson's interval; without images it could be anything: no estimate (NaN), 0 to 1 */
  errorRate: Interval;
  /** share of the images predicted as this class that have its label */
  precision: number;
  /** share of the images with this label that were predicted as it */
  recall: number;
  /** harmonic mean of precision and recall */
  f1: number;
}

export interface ClassReport {
  classes: ClassRow[];
  /** plain means over the classes that have images */
  macro: { precision: number; recall: number; f1: number };
  accuracy: number;
}

/** Images of one class predicted as another. */
export interface ConfusedPair {
  label: number;
  predicted: number;
  count: number;
  /** `count` as a share of the images with this label, with Wilson's interval */
  share: Interval;
}

/**
 * Precision, recall and F1 (van Rijsbergen 1979) of each class. A ratio of 0 to 0, such as the precision of a class
 * never predicted, counts as 0.
 * @param confusion [classes × classes] whole numbers, row = label, column = prediction, as `confusionMatrix` gives
 * @throws when the matrix is not square, holds other numbers or counts no image
 */
export function classReport(confusion: readonly (readonly number[])[]): ClassReport {
  checkConfusion(confusion);
  const columns = confusion.map((_, predicted) => confusion.map((row) => row[predicted] as number));
  const classes = confusion.map((row, label) => classRow(label, row, columns[label] as number[]));
  const seen = classes.filter(({ images }) => images > 0);
  if (seen.length === 0) throw new RangeError("Expected `confusion` to count at least one image, got none.");
  const mean = (key: "precision" | "recall" | "f1") => sum(seen.map((row) => row[key])) / seen.length;
  const total = sum(classes.map(({ images }) => images));
  return {
    classes,
    macro: { precision: mean("precision"), recall: mean("recall"), f1: mean("f1") },
    accuracy: sum(confusion.map((row, label) => row[label] as number)) / total,
  };
}

/**
 * The pairs of classes confused most often, most frequent first, then by label and by prediction.
 * @param confusion [classes × classes] whole numbers, row = label, column = prediction, as `confusionMatrix` gives
 * @param options.count how many pairs at most; pairs never confused are left out
 * @param options.merge counts a → b and b → a together, as a share of the images of both; then label < predicted
 * @throws when the matrix is not square or holds other numbers
 */
export function topConfusions(
  confusion: readonly (readonly number[])[],
  { count = 5, merge = false }: { count?: number; merge?: boolean } = {},
): ConfusedPair[] {
  checkConfusion(confusion);
  checkWhole("count", count, { above: 0 });
  const pairs: ConfusedPair[] = [];
  confusion.forEach((row, label) => {
    confusion.forEach((mirrored, predicted) => {
      if (label === predicted || (merge && label > predicted)) return;
      const times = (row[predicted] as number) + (merge ? (mirrored[label] as number) : 0);
      const images = sum(row) + (merge ? sum(mirrored) : 0);
      if (times > 0) pairs.push({ label, predicted, count: times, share: wilsonInterval(times, images) });
    });
  });
  return pairs.sort((a, b) => b.count - a.count).slice(0, count);
}

function classRow(label: number, row: readonly number[], column: readonly number[]): ClassRow {
  const correct = row[label] as number;
  const [images, predicted] = [sum(row), sum(column)];
  const errors = images - correct;
  return {
    label,
    images,
    errors,
    errorRate: images > 0 ? wilsonInterval(errors, images) : { estimate: Number.NaN, low: 0, high: 1 },
    precision: ratio(correct, predicted),
    recall: ratio(correct, images),
    f1: ratio(2 * correct, images + predicted),
  };
}

function checkConfusion(confusion: readonly (readonly number[])[]): void {
  const rows: unknown = confusion;
  if (!Array.isArray(rows))
    throw new TypeError(
      `Expected \`confusion\` as an array of rows, got ${typeName(rows)}: pass what \`confusionMatrix\` gives.`,
    );
  confusion.forEach((row, label) => {
    checkList(`row ${label} of \`confusion\``, row);
    if (row.length !== confusion.length)
      throw new Error(
        `Expected \`confusion\` to be square, got ${row.length} columns in row ${label} of ${confusion.length}.`,
      );
    const wrong = row.findIndex((count) => !(Number.isInteger(count) && count >= 0));
    if (wrong >= 0)
      throw new RangeError(
        `Expected \`confusion\` to hold whole numbers, 0 or more, got ${row[wrong]} in row ${label}, column ${wrong}` +
          ": pass counts, not shares.",
      );
  });
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

const ratio = (part: number, whole: number): number => (whole > 0 ? part / whole : 0);
