import assert from "node:assert/strict";
import { test } from "node:test";
import { affine } from "../../lib/src/data/augment";
import { type BatchOptions, type BatchPlan, batchPlans, stepsPerEpoch } from "../../lib/src/data/batch-plan";
import { noise } from "../helpers/data";

const plans = (count: number, options: BatchOptions): BatchPlan[] => [
  ...batchPlans(noise("train", { count }), options),
];

/** What a plan says, with a number from its source of randomness. */
const told = ({ step, epoch, indices, random }: BatchPlan) => ({ step, epoch, indices, drawn: random.uniform() });

test("batchPlans(data, {batchSize, epochs}) goes through the places in order, and counts steps and epochs", () => {
  assert.deepEqual(
    plans(5, { batchSize: 2, epochs: 2 }).map(({ step, epoch, indices }) => [step, epoch, indices]),
    [
      [0, 0, [0, 1]],
      [1, 0, [2, 3]],
      [2, 0, [4]],
      [3, 1, [0, 1]],
      [4, 1, [2, 3]],
      [5, 1, [4]],
    ],
  );
  assert.deepEqual(
    plans(3, { batchSize: 10, epochs: 2 }).map(({ indices }) => indices),
    [
      [0, 1, 2],
      [0, 1, 2],
    ],
  );
  assert.deepEqual(plans(3, { epochs: 0 }), []);
});

test("batchPlans(data, {fromStep}) goes on as if it had begun at 0, whatever was drawn before", () => {
  const options = { batchSize: 3, epochs: 3, shuffle: true, seed: 4 };
  const whole = plans(10, options).map(told);
  assert.equal(whole.length, 12);
  for (let fromStep = 0; fromStep <= 13; fromStep++)
    assert.deepEqual(plans(10, { ...options, fromStep }).map(told), whole.slice(fromStep));
});

test("batchPlans(data, {shuffle, seed}) gives every place once an epoch, and each batch numbers of its own", () => {
  const all = plans(20, { batchSize: 6, epochs: 2, shuffle: true, seed: 1 }).map(told);
  const orders = [0, 1].map((epoch) => all.filter((plan) => plan.epoch === epoch).flatMap(({ indices }) => indices));
  for (const order of orders)
    assert.deepEqual(
      [...order].sort((a, b) => a - b),
      Array.from({ length: 20 }, (_, i) => i),
    );
  assert.notDeepEqual(orders[0], orders[1]);
  assert.equal(new Set(all.map(({ drawn }) => drawn)).size, 8);
});

test("batchPlans(validation or test, {map or shuffle}) refuses before there is any tensor", () => {
  for (const role of ["validation", "test"] as const) {
    for (const options of [{ shuffle: true }, { map: affine() }])
      assert.throws(
        () => batchPlans(noise(role), options).next(),
        new RegExp(`^Error: Expected a training set to shuffle or augment, got the ${role} set of noise: `),
      );
    assert.equal([...batchPlans(noise(role), { batchSize: 20 })].length, 1);
  }
});

test("batchPlans(data, options) refuses counts that are not whole, and data without images", () => {
  for (const name of ["batchSize", "epochs", "fromStep"]) {
    for (const value of [-1, 0.5, Number.NaN])
      assert.throws(
        () => plans(20, { [name]: value }),
        new RegExp(`^RangeError: Expected \`${name}\` to be a whole number`),
      );
  }
  assert.throws(() => plans(0, {}), /^RangeError: Expected images in the train set of noise, got none\.$/);
});

test("stepsPerEpoch(data, batchSize) counts the last smaller batch", () => {
  assert.deepEqual(
    [1, 6, 7, 20, 21].map((size) => stepsPerEpoch(noise("train"), size)),
    [20, 4, 3, 1, 1],
  );
});
