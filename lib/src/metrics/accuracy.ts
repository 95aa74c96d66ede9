/** An estimate with the interval that holds the true value in 95 of 100 such experiments. */
export interface Interval {
  estimate: number;
  low: number;
  high: number;
}

/**
 * Wilson's score interval for a proportion (Wilson 1927): right where the usual ± formula fails, near 0 and 1.
 * @param correct how many of `total` succeeded
 * @param z standard normal quantile: 1.96 for 95 %
 */
export function wilsonInterval(correct: number, total: number, z = 1.96): Interval {
  if (!(total > 0 && correct >= 0 && correct <= total)) {
    throw new RangeError(`Expected \`correct\` in 0 … \`total\` and \`total\` above 0, got ${correct} of ${total}.`);
  }
  const estimate = correct / total;
  const centre = (estimate + z ** 2 / (2 * total)) / (1 + z ** 2 / total);
  const half = (z * Math.sqrt((estimate * (1 - estimate)) / total + z ** 2 / (4 * total ** 2))) / (1 + z ** 2 / total);
  return { estimate, low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/** How often each class (row) was predicted as each class (column). */
export function confusionMatrix(labels: ArrayLike<number>, predictions: ArrayLike<number>, classes = 10): number[][] {
  checkSameLength(labels, predictions);
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < labels.length; i++) {
    const row = matrix[labels[i] as number];
    const predicted = predictions[i] as number;
    if (row?.[predicted] === undefined) {
      throw new RangeError(
        `Expected classes in 0 … ${classes - 1}, got ${labels[i]} predicted as ${predicted} at index ${i}.`,
      );
    }
    row[predicted] += 1;
  }
  return matrix;
}

/**
 * The class with the largest logit, for each image; the first of several equal ones.
 * @param logits [n × classes], row by row
 */
export function predictionsOf(logits: ArrayLike<number>, { classes = 10 }: { classes?: number } = {}): Uint8Array {
  if (logits.length % classes !== 0)
    throw new Error(`Expected \`logits\` to hold ${classes} numbers an image, got ${logits.length} in all.`);
  return Uint8Array.from({ length: logits.length / classes }, (_, i) => {
    let best = 0;
    for (let j = 1; j < classes; j++) {
      if ((logits[i * classes + j] as number) > (logits[i * classes + best] as number)) best = j;
    }
    return best;
  });
}

/** How many predictions equal their label. */
export function countCorrect(labels: ArrayLike<number>, predictions: ArrayLike<number>): number {
  checkSameLength(labels, predictions);
  let correct = 0;
  for (let i = 0; i < labels.length; i++) if (labels[i] === predictions[i]) correct += 1;
  return correct;
}

/** The mean, and the standard deviation of a sample (dividing by n − 1; 0 for a single value). */
export function meanAndDeviation(values: ArrayLike<number>): { mean: number; deviation: number } {
  const list = Array.from(values);
  if (list.length === 0) throw new RangeError("Expected at least one value, got none.");
  const mean = list.reduce((a, b) => a + b, 0) / list.length;
  const squares = list.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: list.length > 1 ? Math.sqrt(squares / (list.length - 1)) : 0 };
}

function checkSameLength(labels: ArrayLike<number>, predictions: ArrayLike<number>): void {
  if (labels.length !== predictions.length) {
    throw new Error(`Expected one prediction for each of ${labels.length} labels, got ${predictions.length}.`);
  }
}
