/** Checks of what the metrics take: logits, labels, predictions. Errors say at which index the wrong one stands. */
import { type Bounds, checkList, checkWhole, shown } from "../common/checks";

/**
 * The option `classes`, which has no default: a list of logits does not tell how many belong to an image.
 * @throws TypeError without it, RangeError unless it is a whole number within `bounds`
 */
export function classesOf(options: { classes: number }, bounds: Bounds = { above: 0 }): number {
  // JavaScript may leave the options out, or pass the number itself
  const classes = (options as Partial<typeof options> | undefined | null)?.classes;
  if (classes === undefined)
    throw new TypeError(
      `Expected \`{ classes }\`, got ${typeof options === "object" ? "none" : options}: ` +
        "say how many classes there are, such as `{ classes: 10 }`.",
    );
  checkWhole("classes", classes, bounds);
  return classes;
}

/**
 * @param logits [n × classes], row by row
 * @throws TypeError unless they are a list, Error when the last image has fewer logits than classes, RangeError at the
 *   first logit that is neither finite nor −∞, which rules a class out, and at an image whose classes are all ruled out
 */
export function checkLogits(logits: ArrayLike<number>, classes: number): void {
  checkList("logits", logits);
  if (logits.length % classes !== 0)
    throw new Error(`Expected \`logits\` to hold ${classes} numbers an image, got ${logits.length} in all.`);
  const advice = "look for NaN in the weights and the images";
  checkEach(logits, (x) => Number.isFinite(x) || x === -Infinity, "Expected `logits` to be finite", advice);
  let ruledOut = 0;
  for (let i = 0; i < logits.length; i++) {
    ruledOut = i % classes === 0 ? 0 : ruledOut;
    if (logits[i] === -Infinity) ruledOut += 1;
    if (ruledOut === classes)
      throw new RangeError(`Expected \`logits\` with a finite one for each image, got −∞ alone up to index ${i}.`);
  }
}

/**
 * @throws TypeError unless the labels are a list, RangeError at the first that is not a whole number in 0 … classes − 1
 */
export function checkLabels(labels: ArrayLike<number>, classes: number): void {
  checkList("labels", labels);
  checkEach(labels, (label) => isClass(label) && label < classes, `Expected labels in 0 … ${classes - 1}`);
}

/**
 * @param lists `labels`, and predictions by their names
 * @throws TypeError unless all are lists, Error unless they are of the same length, RangeError at the first item that
 *   is not a whole number, 0 or more
 */
export function checkPredictions(lists: { labels: ArrayLike<number>; [name: string]: ArrayLike<number> }): void {
  for (const [name, values] of Object.entries(lists)) checkList(name, values);
  const { length } = lists.labels;
  for (const values of Object.values(lists)) {
    if (values.length !== length)
      throw new Error(`Expected one prediction for each of ${length} labels, got ${values.length}.`);
  }
  for (const [name, values] of Object.entries(lists)) checkAreClasses(name, values);
}

function checkAreClasses(name: string, values: ArrayLike<number>): void {
  checkEach(values, isClass, `Expected \`${name}\` to hold whole numbers, 0 or more`);
}

/**
 * @param expected the beginning of the error's sentence; `advice`, its end
 * @throws at the first item that is not right: RangeError for a number, TypeError for anything else
 */
export function checkEach<T extends number | boolean>(
  values: ArrayLike<T>,
  isRight: (value: T) => boolean,
  expected: string,
  advice?: string,
): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as T;
    if (isRight(value)) continue;
    const Kind = typeof value === "number" ? RangeError : TypeError;
    throw new Kind(`${expected}, got ${shown(value)} at index ${i}${advice ? `: ${advice}` : ""}.`);
  }
}

/** Any number, the infinities too. */
export const isNumber = (value: number): boolean => typeof value === "number" && !Number.isNaN(value);

const isClass = (value: number): boolean => Number.isInteger(value) && value >= 0;
