/** What every metric does with NaN, infinities, no items, one, too many for a call's arguments, and with no classes. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  confusionMatrix,
  countCorrect,
  meanAndDeviation,
  predictionsOf,
  wilsonInterval,
} from "../../lib/src/metrics/accuracy";
import {
  expectedCalibrationError,
  fitTemperature,
  reliability,
  topProbability,
} from "../../lib/src/metrics/calibration";
import { classReport, topConfusions } from "../../lib/src/metrics/class-report";
import { confidentLearning, rankByLoss } from "../../lib/src/metrics/label-errors";
import { mcnemar } from "../../lib/src/metrics/mcnemar";
import { rankCorrelation } from "../../lib/src/metrics/rank-correlation";
import { riskCoverage } from "../../lib/src/metrics/risk-coverage";
import { lossOfEach, softmax } from "../../lib/src/metrics/softmax";
import { tf } from "../../lib/src/tensors/tensorflow";

import ndarray = require("ndarray");

type Numbers = readonly number[];

/** A metric on lists of numbers: for n images, a way to make each list, and which values an item may not have. */
interface Metric {
  measure: (...lists: Numbers[]) => unknown;
  lists: { make: (n: number) => Numbers; wrong: Numbers }[];
}

const { NaN: nan } = Number;
const classes = 3;
const notFinite = [nan, Infinity, -Infinity];
const noClass = [...notFinite, 0.5, -1];

const logits = { make: (n: number) => spread(n * classes, (i) => (i % 7) - 3), wrong: [nan, Infinity] };
const labels = { make: (n: number) => spread(n, (i) => i % classes), wrong: [...noClass, classes] };
const someClass = { ...labels, wrong: noClass };
const shares = { make: (n: number) => spread(n, (i) => (i % 11) / 10), wrong: [...notFinite, -0.1, 1.1] };
const correct = { make: (n: number) => spread(n, (i) => i % 2), wrong: [...noClass, 2] };
const anyNumbers = { make: (n: number) => spread(n, (i) => i % 13), wrong: [nan] };

const metrics: Record<string, Metric> = {
  predictionsOf: { measure: (x) => predictionsOf(x as Numbers, { classes }), lists: [logits] },
  softmax: { measure: (x) => softmax(x as Numbers, { classes }), lists: [logits] },
  topProbability: { measure: (x) => topProbability(x as Numbers, { classes }), lists: [logits] },
  lossOfEach: { measure: (x, y) => lossOfEach(x as Numbers, y as Numbers), lists: [logits, labels] },
  rankByLoss: { measure: (x, y) => rankByLoss(x as Numbers, y as Numbers), lists: [logits, labels] },
  confidentLearning: {
    // a class without images has no threshold, and says so
    measure: (x, y) => {
      const { thresholds, ...rest } = confidentLearning(x as Numbers, y as Numbers);
      return { thresholds: thresholds.filter((_, j) => (y as Numbers).includes(j)), ...rest };
    },
    lists: [logits, labels],
  },
  fitTemperature: { measure: (x, y) => fitTemperature(x as Numbers, y as Numbers), lists: [logits, labels] },
  confusionMatrix: {
    measure: (x, y) => confusionMatrix(x as Numbers, y as Numbers, { classes }),
    lists: [labels, labels],
  },
  countCorrect: { measure: (x, y) => countCorrect(x as Numbers, y as Numbers), lists: [someClass, someClass] },
  mcnemar: {
    measure: (x, y, z) => mcnemar(x as Numbers, y as Numbers, z as Numbers),
    lists: [someClass, someClass, someClass],
  },
  meanAndDeviation: {
    measure: (x) => meanAndDeviation(x as Numbers),
    lists: [{ ...anyNumbers, wrong: notFinite }],
  },
  reliability: { measure: (x, y) => reliability(x as Numbers, y as Numbers), lists: [shares, correct] },
  "reliability by mass": {
    measure: (x, y) => reliability(x as Numbers, y as Numbers, { binning: "mass" }),
    lists: [shares, correct],
  },
  expectedCalibrationError: {
    measure: (x, y) => expectedCalibrationError(reliability(x as Numbers, y as Numbers)),
    lists: [shares, correct],
  },
  riskCoverage: { measure: (x, y) => riskCoverage(x as Numbers, y as Numbers), lists: [anyNumbers, correct] },
  rankCorrelation: { measure: (x, y) => rankCorrelation(x as Numbers, y as Numbers), lists: [anyNumbers, anyNumbers] },
};

test("a logit of −∞ rules a class out; an image without any other is refused, and so is a temperature for it", () => {
  const masked = [1, -Infinity, 2, -Infinity, 3, -Infinity];
  assert.deepEqual([...predictionsOf(masked, { classes })], [2, 1]);
  const [first, ruledOut, last] = softmax(masked, { classes });
  assert.ok(Math.abs((first as number) + (last as number) - 1) < 1e-12 && ruledOut === 0);
  assert.deepEqual([...topProbability(masked, { classes })].at(-1), 1);
  assert.equal(lossOfEach(masked, [0, 0])[1], Infinity);
  assert.deepEqual(
    rankByLoss(masked, [0, 0]).map(({ index }) => index),
    [1, 0],
  );
  const alone = /^RangeError: Expected `logits` with a finite one for each image, got −∞ alone up to index 5\.$/;
  assert.throws(() => softmax([1, 2, 3, -Infinity, -Infinity, -Infinity], { classes }), alone);
  assert.throws(() => fitTemperature(masked, [0, 1]), /^RangeError: Expected .*, got -Infinity at index 1/);
});

const tensor = tf.tensor1d([0, 1]);
const noLists: [value: unknown, got: string][] = [
  [ndarray(new Float32Array(6), [6]), "an ndarray: pass its `.data`"],
  [tensor, "a tensor: call `dataSync()`"],
  [new Set([0, 1]), "Set: spread it, `[...it]`"],
  [new Map([[0, 1]]), "Map: spread it, `[...it]`"],
  [new ArrayBuffer(6), "ArrayBuffer"],
  [{}, "Object"],
  ["012012", '"012012"'],
  [7, "7"],
  [undefined, "undefined"],
  [null, "null"],
];
after(() => tensor.dispose());

/** A copy with another item at `place`. */
const changed = <T>(list: readonly T[], place: number, item: T): T[] =>
  list.map((old, i) => (i === place ? item : old));

function spread(count: number, item: (i: number) => number): Numbers {
  return Array.from({ length: count }, (_, i) => item(i));
}

/** All numbers in a result, however deep. */
function numbersIn(result: unknown): number[] {
  if (typeof result === "number") return [result];
  if (ArrayBuffer.isView(result)) return Array.from(result as Float64Array);
  return typeof result === "object" && result !== null ? Object.values(result).flatMap(numbersIn) : [];
}

/** The result has finite numbers only, or the error says what was expected and what came. */
function assertAnswersOrRefuses(name: string, work: () => unknown): void {
  let result: unknown;
  try {
    result = work();
  } catch (error) {
    assert.match(`${error}`, /^(Range|Type)?Error: Expected .*, got .*\.$/, name);
    return;
  }
  const numbers = numbersIn(result);
  assert.ok(numbers.every(Number.isFinite), `${name} gives ${numbers.find((x) => !Number.isFinite(x))}`);
}

for (const [name, { measure, lists }] of Object.entries(metrics)) {
  const good = (n: number) => lists.map(({ make }) => make(n));

  test(`${name} refuses an item that is none, and says at which index`, () => {
    lists.forEach(({ make, wrong }, k) => {
      for (const value of wrong) {
        const list = changed(make(6), 4, value);
        const work = () => measure(...changed(good(6), k, list));
        assert.throws(
          work,
          ({ name: kind, message }: Error) =>
            kind === "RangeError" &&
            /^Expected .*, got .* at index 4[.:]/.test(message) &&
            message.includes(`${value}`),
          `list ${k} with ${value}`,
        );
      }
    });
  });

  test(`${name} refuses what is no list, and says how to make one of it`, () => {
    lists.forEach((_, k) => {
      for (const [value, got] of noLists) {
        const work = () => measure(...changed(good(6), k, value as Numbers));
        assert.throws(
          work,
          ({ name: kind, message }: Error) =>
            kind === "TypeError" && /^Expected `\w+` as a list, got /.test(message) && message.endsWith(`got ${got}.`),
          `list ${k} as ${got}`,
        );
      }
    });
  });

  test(`${name} of no, one and 150,001 images is finite, or refused in a sentence`, () => {
    for (const n of [0, 1, 150_001]) assertAnswersOrRefuses(`${name} of ${n}`, () => measure(...good(n)));
  });

  test(`${name} refuses lists that do not belong together`, () => {
    lists.forEach(({ make }, k) => {
      const shorter = make(6).slice(0, -1);
      if (lists.length > 1 || make === logits.make)
        assert.throws(() => measure(...changed(good(6), k, shorter)), /^Error: Expected .*, got .*\.$/);
    });
  });
}

test("metrics of one image with 150,001 classes are finite, or refused in a sentence", () => {
  const many = 150_001;
  const wide = spread(many, (i) => i % 7);
  const measures: Record<string, () => unknown> = {
    predictionsOf: () => predictionsOf(wide, { classes: many }),
    softmax: () => softmax(wide, { classes: many }),
    topProbability: () => topProbability(wide, { classes: many }),
    lossOfEach: () => lossOfEach(wide, [0]),
    rankByLoss: () => rankByLoss(wide, [0]),
    confidentLearning: () => confidentLearning(wide, [0]),
    fitTemperature: () => fitTemperature(wide, [0]),
    confusionMatrix: () => confusionMatrix([0], [0], { classes: many }),
  };
  for (const [name, work] of Object.entries(measures)) assertAnswersOrRefuses(name, work);
});

test("predictionsOf, softmax, topProbability and confusionMatrix refuse to guess how many classes there are", () => {
  const readers = [
    (options: { classes: number }) => predictionsOf(new Float32Array(260), options),
    (options: { classes: number }) => softmax(new Float32Array(260), options),
    (options: { classes: number }) => topProbability(new Float32Array(260), options),
    (options: { classes: number }) => confusionMatrix([0], [0], options),
  ];
  for (const read of readers) {
    for (const [options, got] of [
      [undefined, "undefined"],
      [{}, "none"],
      [{ temperature: 1 }, "none"],
      [26, "26"],
    ])
      assert.throws(() => read(options as { classes: number }), {
        name: "TypeError",
        message: `Expected \`{ classes }\`, got ${got}: say how many classes there are, such as \`{ classes: 10 }\`.`,
      });
    for (const wrong of [0, -1, 2.5, nan, Infinity])
      assert.throws(() => read({ classes: wrong }), /^RangeError: Expected `classes` to be a whole number.*, got/);
    assert.throws(() => read({ classes: "10" as unknown as number }), /^TypeError: Expected `classes`.*, got "10"\.$/);
  }
  // uint8 holds no others
  assert.throws(() => predictionsOf([], { classes: 257 }), /^RangeError: Expected `classes` .* in 1 … 256, got 257\.$/);
});

test("metrics of counts refuse counts that are not whole", () => {
  for (const wrong of [...notFinite, 0.5, -1]) {
    assert.throws(() => wilsonInterval(wrong, 5), /^RangeError: Expected `correct` .*, got/);
    assert.throws(() => wilsonInterval(0, wrong), /^RangeError: Expected `total` .*, got/);
    for (const measure of [classReport, topConfusions])
      assert.throws(() => measure([[wrong]]), /^RangeError: Expected `confusion` to hold whole numbers, .*, got/);
  }
  const [bin] = reliability([0.5], [1]);
  assert.ok(bin);
  for (const wrong of [nan, -1, Infinity])
    for (const change of [{ images: wrong }, { confidence: wrong }, { accuracy: { ...bin.accuracy, estimate: wrong } }])
      assert.throws(
        () => expectedCalibrationError([bin, { ...bin, ...change }]),
        /^RangeError: Expected .* of bin 1 to be a .*, got/,
      );
});

test("riskCoverage(confidences, predictions) is refused: it asks whether they are right", () => {
  assert.throws(
    () => riskCoverage([0.9, 0.8], [1, 7]),
    /^RangeError: Expected `correct` to hold true and false, or 1 and 0, got 7 at index 1: say of each prediction/,
  );
});

test("riskCoverage and rankCorrelation order infinities as they order numbers", () => {
  const infinite = [Infinity, -Infinity, 0, Infinity];
  assert.deepEqual(
    riskCoverage(infinite, [1, 0, 1, 1]).map(({ coverage, errors, threshold }) => [coverage, errors, threshold]),
    [
      [0.75, 0, 0],
      [1, 1, -Infinity],
    ],
  );
  assert.equal(rankCorrelation(infinite, infinite), rankCorrelation([9, 1, 2, 9], [9, 1, 2, 9]));
});

test("metrics of tables refuse ndarrays in their place, and as their rows", () => {
  const array = ndarray(new Float32Array(4), [2, 2]) as unknown as number[][];
  for (const measure of [classReport, topConfusions]) {
    assert.throws(
      () => measure(array),
      /^TypeError: Expected `confusion` as an array of rows, got Object: pass what `confusionMatrix` gives\.$/,
    );
    assert.throws(
      () => measure([[1, 0], array as unknown as number[]]),
      /^TypeError: Expected row 1 of `confusion` as a list, got an ndarray: pass its `\.data`\.$/,
    );
  }
  assert.throws(
    () => expectedCalibrationError(new Set(reliability([0.5], [1])) as never),
    /^TypeError: Expected `bins` as a list, got Set/,
  );
});

test("metrics refuse items that are no numbers with a TypeError that shows them", () => {
  for (const [wrong, got] of [
    ["1", '"1"'],
    [1n, "1n"],
    [undefined, "undefined"],
  ] as [never, string][]) {
    const error = { name: "TypeError", message: new RegExp(`, got ${got} at index 1[.:]`) };
    assert.throws(() => softmax([0, wrong], { classes: 2 }), error);
    assert.throws(() => riskCoverage([0, 1], [true, wrong]), error);
    assert.throws(() => rankCorrelation([0, 1], [0, wrong]), error);
    assert.throws(() => lossOfEach([0, 1, 2, 3], [0, wrong]), error);
  }
});
