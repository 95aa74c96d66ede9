import assert from "node:assert/strict";
import { test } from "node:test";
import { random } from "../../lib/src/common/random";
import { wilsonInterval } from "../../lib/src/metrics/accuracy";
import {
  expectedCalibrationError,
  fitTemperature,
  reliability,
  topProbability,
} from "../../lib/src/metrics/calibration";
import { lossOfEach, softmax } from "../../lib/src/metrics/softmax";
import { assertClose } from "../helpers/assertions";
import { outcomes } from "../helpers/outcomes";

const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0) / values.length;

/** Logits, and labels drawn from their softmax at a temperature. */
function drawn(temperature: number, { seed = 1, count = 5000, classes = 5 } = {}) {
  const source = random(seed);
  const logits = Float32Array.from({ length: count * classes }, () => source.normal(0, 3));
  const probabilities = softmax(logits, { classes, temperature });
  const labels = Uint8Array.from({ length: count }, (_, i) => {
    let left = source.uniform();
    for (let j = 0; j < classes; j++) {
      left -= probabilities[i * classes + j] as number;
      if (left < 0) return j;
    }
    return classes - 1;
  });
  return { logits, labels };
}

test("reliability(confidences, correct) gives the hand-worked bins of equal width, the empty ones left out", () => {
  const bins = reliability([1, 0.3, 0.05, 0.95, 0.35, 0.9], [1, 0, 0, true, true, false]);
  assert.deepEqual(
    bins.map(({ low, high, images, accuracy }) => ({ low, high, images, accuracy })),
    [
      { low: 0, high: 0.1, images: 1, accuracy: wilsonInterval(0, 1) },
      { low: 0.3, high: 0.4, images: 2, accuracy: wilsonInterval(1, 2) },
      { low: 0.9, high: 1, images: 3, accuracy: wilsonInterval(2, 3) },
    ],
  );
  assertClose(
    bins.map(({ confidence }) => confidence),
    [0.05, 0.325, 0.95],
    1e-15,
  );
});

test("reliability(confidences, correct, {binning: 'mass'}) gives the hand-worked bins of as many images", () => {
  const bins = reliability([0.9, 0.5, 0.7, 0.6, 0.8], [1, 0, 1, 0, 0], { bins: 2, binning: "mass" });
  assert.deepEqual(
    bins.map(({ low, high, images, accuracy }) => [low, high, images, accuracy.estimate]),
    [
      [0.5, 0.6, 2, 0],
      [0.7, 0.9, 3, 2 / 3],
    ],
  );
  assertClose(
    bins.map(({ confidence }) => confidence),
    [0.55, 0.8],
    1e-15,
  );
});

test("reliability(confidences, correct) holds every image once, and each confidence within its edges", () => {
  const { confidences, correct } = outcomes(2);
  const right = correct.filter(Boolean).length;
  for (const binning of ["width", "mass"] as const) {
    for (const bins of [1, 7, 10, 100]) {
      const result = reliability(confidences, correct, { bins, binning });
      assert.equal(
        result.reduce((sum, { images }) => sum + images, 0),
        confidences.length,
      );
      assertClose([result.reduce((sum, { images, accuracy }) => sum + images * accuracy.estimate, 0)], [right], 1e-9);
      result.forEach(({ low, high, confidence }) => {
        assert.ok(low <= confidence + 1e-12 && confidence <= high + 1e-12, `${confidence} in ${low} … ${high}`);
      });
    }
  }
  const sizes = reliability(confidences, correct, { bins: 10, binning: "mass" }).map(({ images }) => images);
  assert.deepEqual([...new Set(sizes)].sort(), [20, 21]);
  assert.equal(reliability([0.2, 0.4], [1, 1], { bins: 10, binning: "mass" }).length, 2);
});

test("reliability(confidences, correct) puts a confidence at an edge into the bin that begins there", () => {
  for (const bins of [10, 49, 100]) {
    for (let bin = 0; bin < bins; bin++) {
      assert.equal(reliability([bin / bins], [1], { bins })[0]?.low, bin / bins);
    }
  }
});

test("expectedCalibrationError(bins) weights the distances by images", () => {
  const bins = reliability([0.25, 0.25, 0.75, 0.75, 0.75, 0.75], [1, 1, 1, 1, 0, 0]);
  assertClose([expectedCalibrationError(bins)], [(2 * 0.75 + 4 * 0.25) / 6], 1e-15);
  assert.equal(expectedCalibrationError(reliability([1, 1, 0], [1, 1, 0])), 0);
  assert.equal(expectedCalibrationError(reliability([1, 1], [0, 0])), 1);
  assert.throws(
    () => expectedCalibrationError([]),
    /^RangeError: Expected `bins` to hold at least one bin, got none\.$/,
  );
});

test("reliability(confidences, correct) refuses what makes no sense", () => {
  assert.throws(
    () => reliability([0.5, 1.5], [1, 1]),
    /^RangeError: Expected confidences in 0 … 1, got 1\.5 at index 1\.$/,
  );
  assert.throws(
    () => reliability([0.5, -0.5], [1, 1]),
    /^RangeError: Expected confidences in 0 … 1, got -0\.5 at index 1/,
  );
  for (const bins of [0, 2.5, Number.NaN])
    assert.throws(() => reliability([1], [1], { bins }), /^RangeError: Expected `bins` to be a whole number above 0/);
  assert.throws(
    () => reliability([1], [1], { binning: "masses" as "mass" }),
    /^Error: Expected `binning` to be "width" or "mass", got masses\.$/,
  );
});

test("topProbability(logits, {classes, temperature}) is the largest softmax probability of each image", () => {
  const logits = [Math.log(1), Math.log(3), 0, Math.log(5), Math.log(4), Math.log(1)];
  assertClose(topProbability(logits, { classes: 3 }), [3 / 5, 5 / 10], 1e-15);
  assertClose(topProbability(logits, { classes: 3, temperature: 0.5 }), [9 / 11, 25 / 42], 1e-15);
  assertClose(topProbability(new Float32Array(20), { classes: 10 }), [0.1, 0.1], 1e-15);
  assert.throws(
    () => topProbability([1, 2, 3], { classes: 2 }),
    /^Error: Expected `logits` to hold 2 numbers an image/,
  );
});

test("fitTemperature(logits, labels) makes the confidence the accuracy where all images are alike", () => {
  // softmax gives the first class 1 / (1 + exp(−2 / T)), which is 3/4 at T = 2 / ln 3
  assertClose([fitTemperature([2, 0, 2, 0, 2, 0, 2, 0], [0, 0, 1, 0])], [2 / Math.log(3)], 1e-9);
  assertClose([fitTemperature([9, 1, 9, 1, 1, 9], [0, 1, 1])], [8 / Math.log(2)], 1e-9);
});

test("fitTemperature(logits, labels) recovers the temperature the labels were drawn at", () => {
  for (const temperature of [0.5, 1, 2.5]) {
    const { logits, labels } = drawn(temperature);
    assertClose([fitTemperature(logits, labels) / temperature], [1], 0.06);
  }
});

test("fitTemperature(logits, labels) lowers the loss, below that of the temperatures beside it", () => {
  for (const seed of [1, 2, 3]) {
    const { logits, labels } = drawn(2, { seed, count: 200 });
    const fitted = fitTemperature(logits, labels);
    const loss = (temperature: number) => mean(lossOfEach(logits, labels, { temperature }));
    for (const other of [1, fitted * 0.98, fitted * 1.02]) assert.ok(loss(fitted) < loss(other));
  }
});

test("fitTemperature(logits, labels) gives a temperature that changes no prediction", () => {
  const { logits, labels } = drawn(2, { count: 200 });
  const temperature = fitTemperature(logits, labels);
  const predictions = (probabilities: Float64Array) =>
    Array.from(labels, (_, i) => {
      const row = probabilities.subarray(i * 5, i * 5 + 5);
      return row.indexOf(Math.max(...row));
    });
  assert.deepEqual(
    predictions(softmax(logits, { classes: 5, temperature })),
    predictions(softmax(logits, { classes: 5 })),
  );
});

test("fitTemperature(logits, labels) ends at 1/100 where all are right, at 100 where all are as wrong as can be", () => {
  const logits = [3, 0, 1, 500, -900, 20];
  assert.equal(fitTemperature(logits, [0, 0]), 1 / 100);
  assert.equal(fitTemperature(logits, [1, 1]), 100);
});

test("fitTemperature(logits, labels) is 1 where the loss does not depend on the temperature", () => {
  assert.equal(fitTemperature([2, 2, 2, -7, -7, -7], [0, 2]), 1);
  assert.equal(fitTemperature([5, -3], [0, 0]), 1);
  // one image that tells is enough
  assert.equal(fitTemperature([2, 2, 2, 0, 0, 1], [0, 2]), 1 / 100);
});

test("fitTemperature(logits, labels) refuses no images, unknown labels and a model that has diverged", () => {
  assert.throws(
    () => fitTemperature([], []),
    /^RangeError: Expected at least one image to fit a temperature, got none/,
  );
  assert.throws(() => fitTemperature([1, 2], [2]), /^RangeError: Expected labels in 0 … 1, got 2 at index 0\.$/);
  assert.throws(() => fitTemperature([1, 2, 3], [0, 1]), /^Error: Expected the same number of classes for each of 2/);
  assert.throws(
    () => fitTemperature([1, Number.NaN], [0]),
    /^RangeError: Expected `logits` to be finite, got NaN at index 1: look for/,
  );
});

test("fitTemperature(logits, labels) refuses logits that it cannot divide by 1/100, in their own words", () => {
  assert.throws(
    () => fitTemperature([1e307, -1e307], [0]),
    /^RangeError: Expected `logits` within ±1e300 to fit a temperature, got 1e\+307 at index 0\.$/,
  );
  assert.equal(fitTemperature([1e300, -1e300], [0]), 1);
  assert.equal(fitTemperature([1e300, -1e300], [1]), 100);
});
