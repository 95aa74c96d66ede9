import assert from "node:assert/strict";
import { test } from "node:test";
import { type Random, random } from "../../lib/src/common/random";
import { compile, difference } from "../../lib/src/tensors/compile";
import { type NamedTensors, tf } from "../../lib/src/tensors/tensorflow";
import { sample } from "../helpers/full";
import { assertNothingLeft } from "../helpers/graphs";

/** A function of images [n, height, width, channels] that gives images again, perhaps of other sizes. */
type Part = (x: tf.Tensor4D) => tf.Tensor;

/** Parts of random settings, of which every graph must be the function. */
const pure: ((source: Random) => Part)[] = [
  (source) => {
    const [size, filters] = [source.integer(1, 3), source.integer(1, 4)];
    return (x) => {
      const count = size * size * (x.shape[3] as number) * filters;
      const kernel = tf.sin(tf.range(1, count + 1));
      return tf.conv2d(x, tf.reshape(kernel, [size, size, x.shape[3], filters]) as tf.Tensor4D, 1, "same");
    };
  },
  (source) => {
    const kind = source.integer(0, 1) === 0 ? "max" : "avg";
    return (x) => tf.pool(x, 2, kind, "same", 1);
  },
  () => (x) => {
    const channels = x.shape[3] as number;
    const mixing = tf.cos(tf.reshape(tf.range(0, channels * channels), [channels, channels]));
    return tf.reshape(tf.matMul(tf.reshape(x, [-1, channels]) as tf.Tensor2D, mixing as tf.Tensor2D), x.shape);
  },
  (source) => {
    const axis = source.integer(0, 3);
    return (x) => tf.sub(x, tf.mean(x, axis, true));
  },
  (source) => {
    const axis = source.integer(1, 3);
    return (x) => tf.add(x, tf.max(x, axis, true));
  },
  () => (x) => tf.where(tf.greater(x, 0), x, tf.mul(x, 0.1)),
  () => (x) => tf.mul(x, tf.cast(tf.cast(tf.greater(x, 0), "int32"), "float32")),
  (source) => {
    const axis = source.integer(1, 3);
    return (x) => {
      const half = Math.floor((x.shape[axis] as number) / 2);
      if (half === 0) return tf.neg(x);
      const [first, rest] = tf.split(x, [half, (x.shape[axis] as number) - half], axis) as [tf.Tensor, tf.Tensor];
      return tf.concat([rest, tf.tanh(first)], axis);
    };
  },
  (source) => {
    const axis = source.integer(1, 3);
    return (x) => {
      const last = (x.shape[axis] as number) - 1;
      return tf.gather(x, tf.tensor1d([last, 0, last], "int32"), axis);
    };
  },
  () => (x) => tf.transpose(tf.reverse(x, [1, 2]), [0, 2, 1, 3]),
  () => (x) => tf.softmax(x),
  () => (x) =>
    tf.relu(
      tf.pad(x, [
        [0, 0],
        [1, 0],
        [0, 1],
        [0, 0],
      ]),
    ),
  () => (x) => tf.grad((input) => tf.sum(tf.sigmoid(tf.relu(tf.square(input)))))(x),
  () => (x) => tf.slice(x, [0, 0, 0, 0], [-1, Math.max(1, (x.shape[1] as number) - 1), -1, -1]),
];

/** Parts that a graph would not repeat. */
const impure = (variable: tf.Variable): Part[] => [
  (x) => tf.mul(x, tf.unique(tf.reshape(x, [-1])).values.size),
  (x) => tf.mul(x, tf.sum(x).dataSync()[0] as number),
  (x) => tf.add(x, tf.randomUniform(x.shape)),
  (x) => {
    variable.assign(tf.add(variable, 1));
    return tf.neg(x);
  },
];

function composed(source: Random, extra?: Part): (x: tf.Tensor4D) => NamedTensors {
  const parts = Array.from({ length: source.integer(2, 6) }, () => pick(source, pure)(source));
  if (extra) parts.splice(source.integer(0, parts.length), 0, extra);
  return (x) =>
    tf.tidy(() => {
      const all: tf.Tensor[] = [x];
      for (const part of parts) all.push(part(all.at(-1) as tf.Tensor4D));
      return { y: all.at(-1) as tf.Tensor, sums: tf.stack(all.map((tensor) => tf.sum(tensor))) };
    });
}

const pick = <T>(source: Random, list: readonly T[]): T => list[source.integer(0, list.length - 1)] as T;

const seeds = Array.from({ length: sample(120, 24) }, (_, seed) => seed);

test("compile(inputs, f) of random functions gives a graph that is the function on other numbers", async () => {
  await assertNothingLeft(async () => {
    for (const seed of seeds) {
      const f = composed(random(seed));
      const [x, ...others] = [0, 1, 2].map((i) =>
        tf.randomNormal([2, 6, 5, 3], 0, 1, "float32", 10 * seed + i + 1),
      ) as [tf.Tensor4D, ...tf.Tensor4D[]];
      const { compiled, problem } = await compile({ x }, () => f(x));
      assert.equal(problem, undefined, `seed ${seed}`);
      for (const other of others) {
        const own = compiled?.run({ x: other }) as NamedTensors;
        const expected = f(other);
        assert.equal(difference(own, expected), undefined, `seed ${seed}`);
        assert.deepEqual(own.y?.shape, expected.y?.shape);
        tf.dispose([own, expected] as tf.TensorContainer);
      }
      compiled?.dispose();
      tf.dispose([x, ...others]);
    }
  });
});

test("compile(inputs, f) of random functions reports whatever a graph would not repeat, wherever it stands", async () => {
  const variable = tf.variable(tf.scalar(2));
  await assertNothingLeft(async () => {
    for (const seed of seeds) {
      const parts = impure(variable);
      const f = composed(random(seed), parts[seed % parts.length]);
      const x = tf.randomNormal([2, 6, 5, 3], 0, 1, "float32", seed + 1) as tf.Tensor4D;
      const { compiled, problem, outputs } = await compile({ x }, () => f(x));
      assert.equal(compiled, undefined, `seed ${seed}`);
      assert.match(problem as string, /^it |^UniqueV2: /);
      tf.dispose([outputs, x] as tf.TensorContainer);
    }
  });
  variable.dispose();
});
