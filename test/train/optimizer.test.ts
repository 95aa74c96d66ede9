import assert from "node:assert/strict";
import { test } from "node:test";
import { random } from "../../lib/src/common/random";
import { adam, clipNorm, type Optimizer, type OptimizerFactory, sgd } from "../../lib/src/train/optimizer";
import { assertClose, assertSameBits } from "../helpers/assertions";

const rates = [0.1, 0.1, 0.05, 0.02, 0.3];
const gradients = [
  [1, -2],
  [0.5, 3],
  [-1, 0],
  [2, 2],
  [0, -0.25],
];

/** The weights after each of five steps from (1, −1). */
function path(factory: OptimizerFactory): number[][] {
  const [optimizer, weights] = [factory(2), Float32Array.of(1, -1)];
  return gradients.map((gradient, i) => {
    optimizer.update(weights, Float32Array.from(gradient), rates[i] as number);
    return Array.from(weights);
  });
}

/** The same for a rule that changes one weight: (weight, gradient, rate, step) → weight. */
function byHand(makeRule: () => (w: number, g: number, rate: number, t: number) => number): number[][] {
  const rules = [makeRule(), makeRule()];
  const weights = [1, -1];
  return gradients.map((gradient, i) => {
    rules.forEach((rule, j) => {
      weights[j] = rule(weights[j] as number, gradient[j] as number, rates[i] as number, i + 1);
    });
    return [...weights];
  });
}

test("sgd({momentum: 0}) steps along the gradient", () => {
  assertClose(path(sgd({ momentum: 0 })).flat(), byHand(() => (w, g, rate) => w - rate * g).flat());
  assertClose(path(sgd({ momentum: 0, nesterov: false })).flat(), path(sgd({ momentum: 0 })).flat());
});

test("sgd({momentum, nesterov: false}) steps along the velocity", () => {
  const rule = () => {
    let v = 0;
    return (w: number, g: number, rate: number) => {
      v = 0.9 * v + g;
      return w - rate * v;
    };
  };
  assertClose(path(sgd({ nesterov: false })).flat(), byHand(rule).flat());
});

test("sgd() looks ahead by the momentum, as Nesterov's method does", () => {
  const rule = () => {
    let v = 0;
    return (w: number, g: number, rate: number) => {
      v = 0.9 * v + g;
      return w - rate * (g + 0.9 * v);
    };
  };
  assertClose(path(sgd()).flat(), byHand(rule).flat());
  // worked by hand: the first step moves by rate × 1.9 × gradient, the second by rate × (1.9 × 0.5 + 0.81 × 1)
  assertClose(
    path(sgd())
      .map(([w]) => w as number)
      .slice(0, 2),
    [1 - 0.19, 1 - 0.19 - 0.1 * 1.76],
  );
});

test("adam() divides the mean gradient by its root mean square, without the bias of a start at 0", () => {
  const rule = () => {
    let [m, s] = [0, 0];
    return (w: number, g: number, rate: number, t: number) => {
      m = 0.9 * m + 0.1 * g;
      s = 0.999 * s + 0.001 * g * g;
      return w - (rate * (m / (1 - 0.9 ** t))) / (Math.sqrt(s / (1 - 0.999 ** t)) + 1e-8);
    };
  };
  assertClose(path(adam()).flat(), byHand(rule).flat());
  // the first step has the length of the rate, whatever the gradient's size
  assertClose(path(adam())[0] as number[], [1 - 0.1, -1 + 0.1]);
});

test("adam({beta1, beta2, epsilon}) uses its constants", () => {
  const rule = () => {
    let [m, s] = [0, 0];
    return (w: number, g: number, rate: number, t: number) => {
      m = 0.5 * m + 0.5 * g;
      s = 0.8 * s + 0.2 * g * g;
      return w - (rate * (m / (1 - 0.5 ** t))) / (Math.sqrt(s / (1 - 0.8 ** t)) + 0.1);
    };
  };
  assertClose(path(adam({ beta1: 0.5, beta2: 0.8, epsilon: 0.1 })).flat(), byHand(rule).flat());
});

test("weightDecay shrinks weights by rate × decay beside the gradient's step, which it leaves alone", () => {
  for (const make of [sgd, adam]) {
    const [plain, decayed] = [make()(1), make({ weightDecay: 0.5 })(1)];
    const [a, b] = [Float32Array.of(3), Float32Array.of(3)];
    for (const rate of [0.1, 0.2, 0.1]) {
      const before = b[0] as number;
      const [step] = [a[0] as number];
      plain.update(a, Float32Array.of(0.7), rate);
      decayed.update(b, Float32Array.of(0.7), rate);
      assertClose([(b[0] as number) - before * (1 - rate * 0.5)], [(a[0] as number) - step], 1e-6);
    }
    assert.deepEqual(Object.values(plain.state().slots), Object.values(decayed.state().slots));
  }
});

test("optimizer.restore(state) goes on bit for bit as if never interrupted", () => {
  const source = random(3);
  const steps = Array.from({ length: 20 }, () => Float32Array.from({ length: 50 }, () => source.normal()));
  const run = (optimizer: Optimizer, weights: Float32Array, from: number, to: number) => {
    for (let i = from; i < to; i++) optimizer.update(weights, steps[i] as Float32Array, 0.01 * (i + 1));
  };
  for (const factory of [sgd({ weightDecay: 0.1 }), adam({ weightDecay: 0.1 })]) {
    const [whole, first, second] = [factory(50), factory(50), factory(50)];
    const [expected, weights] = [new Float32Array(50), new Float32Array(50)];
    run(whole, expected, 0, 20);
    run(first, weights, 0, 8);
    const saved = structuredClone(first.state());
    assert.equal(saved.updates, 8);
    first.update(weights.slice(), steps[0] as Float32Array, 9);
    second.restore(saved);
    run(second, weights, 8, 20);
    assertSameBits(weights, expected);
    assert.deepEqual(second.state(), whole.state());
  }
});

test("optimizer.restore(state) refuses another optimiser's state, or one of another size", () => {
  assert.throws(
    () => adam()(3).restore(sgd()(3).state()),
    /^Error: Expected the optimiser's "mean" with 3 numbers, got none\.$/,
  );
  assert.throws(
    () => sgd()(3).restore(sgd()(4).state()),
    /^Error: Expected the optimiser's "velocity" with 3 numbers, got 4\.$/,
  );
});

test("optimizer.settings say which optimiser it is", () => {
  assert.deepEqual(sgd({ weightDecay: 0.1 })(1).settings, {
    name: "sgd",
    momentum: 0.9,
    nesterov: true,
    weightDecay: 0.1,
  });
  assert.deepEqual(adam()(1).settings, { name: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 });
});

test("a factory makes optimisers that share nothing", () => {
  const factory = sgd();
  const [a, b] = [factory(1), factory(1)];
  a.update(Float32Array.of(0), Float32Array.of(1), 1);
  assert.deepEqual(b.state(), { updates: 0, slots: { velocity: Float32Array.of(0) } });
});

test("clipNorm(gradient, limit) scales down to the limit and returns the norm there was", () => {
  const gradient = Float32Array.of(3, -4, 12);
  assert.equal(clipNorm(gradient, 26), 13);
  assert.deepEqual(gradient, Float32Array.of(3, -4, 12));
  assert.equal(clipNorm(gradient, 6.5), 13);
  assertClose(gradient, [1.5, -2, 6]);
  const nothing = new Float32Array(2);
  assert.equal(clipNorm(nothing, 1), 0);
  assert.deepEqual(nothing, new Float32Array(2));
});

test("sgd(options) and adam(options) refuse constants outside their range", () => {
  for (const bad of [-0.1, 1, Number.NaN]) {
    assert.throws(() => sgd({ momentum: bad }), /^RangeError: Expected `momentum` in \[0, 1\), got/);
    assert.throws(() => adam({ beta1: bad }), /^RangeError: Expected `beta1` in \[0, 1\), got/);
    assert.throws(() => adam({ beta2: bad }), /^RangeError: Expected `beta2` in \[0, 1\), got/);
  }
  for (const weightDecay of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(
      () => sgd({ weightDecay }),
      /^RangeError: Expected `weightDecay` to be a finite number, 0 or more, got/,
    );
    assert.throws(() => adam({ weightDecay }), /^RangeError: Expected `weightDecay`/);
  }
  assert.throws(() => adam({ epsilon: 0 }), /^RangeError: Expected `epsilon` to be above 0, got 0\.$/);
});
