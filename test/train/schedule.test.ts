import assert from "node:assert/strict";
import { test } from "node:test";
import { constant, cosine, type Schedule, stepDecay, warmUp } from "../../lib/src/train/schedule";
import { assertClose } from "../helpers/assertions";

const rates = (schedule: Schedule, steps: number): number[] =>
  Array.from({ length: steps }, (_, step) => schedule(step));

test("constant(rate) is the rate at every step", () => {
  assert.deepEqual([0, 1, 1e6].map(constant(0.1)), [0.1, 0.1, 0.1]);
});

test("stepDecay(rate, {every, factor}) falls by the factor after every so many steps", () => {
  const schedule = stepDecay(1, { every: 3, factor: 0.5 });
  assert.deepEqual(rates(schedule, 10), [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125]);
  assertClose([stepDecay(1, { every: 3 })(3)], [0.1]);
});

test("cosine(rate, {steps}) starts at the rate, is half of it in the middle, ends at 0 and stays there", () => {
  const schedule = cosine(0.8, { steps: 101 });
  assertClose(
    [schedule(0), schedule(25), schedule(50), schedule(75), schedule(100)],
    [0.8, 0.4 * (1 + Math.SQRT1_2), 0.4, 0.4 * (1 - Math.SQRT1_2), 0],
    1e-12,
  );
  assert.equal(schedule(100), schedule(1e9));
});

test("cosine(rate, {steps, floor}) ends at the floor and never rises", () => {
  const all = rates(cosine(0.8, { steps: 50, floor: 0.2 }), 60);
  assertClose([all[0] as number, all[49] as number, all[59] as number], [0.8, 0.2, 0.2], 1e-12);
  all.slice(1).forEach((rate, i) => {
    assert.ok(rate <= (all[i] as number));
  });
  assert.deepEqual(rates(cosine(0.5, { steps: 4, floor: 0.5 }), 6), new Array(6).fill(0.5));
  assert.equal(cosine(0.5, { steps: 1 })(0), 0.5);
});

test("warmUp(steps, schedule) rises in a straight line and joins without a jump", () => {
  const all = rates(warmUp(4, cosine(1, { steps: 96 })), 100);
  assertClose(all.slice(0, 5), [0.25, 0.5, 0.75, 1, 1], 1e-12);
  assert.equal(all[99], cosine(1, { steps: 96 })(95));
  const largest = Math.max(...all.slice(4).map((rate, i) => Math.abs(rate - (all[i + 3] as number))));
  assert.ok(largest < 0.02, `a jump of ${largest}`);
});

test("warmUp(steps, schedule) shifts any schedule", () => {
  assertClose(rates(warmUp(2, stepDecay(1, { every: 2, factor: 0.5 })), 7), [0.5, 1, 1, 1, 0.5, 0.5, 0.25]);
  assert.deepEqual(rates(warmUp(0, constant(0.3)), 3), [0.3, 0.3, 0.3]);
});

test("schedules are pure: a step has its rate in whatever order the steps come", () => {
  for (const schedule of [
    constant(1),
    stepDecay(1, { every: 3 }),
    cosine(1, { steps: 10 }),
    warmUp(3, cosine(1, { steps: 10 })),
  ]) {
    const forwards = rates(schedule, 20);
    const backwards = Array.from({ length: 20 }, (_, i) => schedule(19 - i)).reverse();
    assert.deepEqual(backwards, forwards);
  }
});

test("schedules refuse rates and lengths that make no sense", () => {
  for (const bad of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => constant(bad), /^RangeError: Expected `rate` to be a finite number above 0, got/);
    assert.throws(() => stepDecay(1, { every: bad }), /^RangeError: Expected `every`/);
    assert.throws(() => stepDecay(1, { every: 1, factor: bad }), /^RangeError: Expected `factor`/);
    assert.throws(() => cosine(1, { steps: bad }), /^RangeError: Expected `steps`/);
  }
  for (const floor of [-0.1, 1.1, Number.NaN])
    assert.throws(() => cosine(1, { steps: 5, floor }), /^RangeError: Expected `floor` in 0 … 1, got/);
  for (const steps of [-1, 0.5, Number.NaN])
    assert.throws(() => warmUp(steps, constant(1)), /^RangeError: Expected `steps` of warm-up/);
});
