import assert from "node:assert/strict";
import { test } from "node:test";
import { compile } from "../../lib/src/tensors/compile";
import { intAttribute, type NamedTensors, runKernel, tf, typeAttribute } from "../../lib/src/tensors/tensorflow";
import { assertClose, assertSameBits } from "../helpers/assertions";
import { assertNothingLeft } from "../helpers/graphs";

const numbers = (tensors: NamedTensors) =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, Array.from(tensor.dataSync())]));

/** Compiles a function of [1, 2, 3] and gives why it is not, or its outputs for 10 times that. */
async function compileVector(
  f: (x: tf.Tensor1D) => NamedTensors,
): Promise<{ outputs: Record<string, number[]>; problem?: string }> {
  const x = tf.tensor1d([1, 2, 3]);
  try {
    const { compiled, problem, outputs } = await compile({ x }, () => f(x));
    if (!compiled) {
      const result = { problem, outputs: numbers(outputs) };
      tf.dispose(outputs);
      return result;
    }
    const tenfold = tf.tensor1d([10, 20, 30]);
    const result = compiled.run({ x: tenfold });
    const found = { outputs: numbers(result) };
    tf.dispose([tenfold, result] as tf.TensorContainer);
    compiled.dispose();
    return found;
  } finally {
    x.dispose();
  }
}

test("compile(inputs, f) runs f for other numbers than it was traced with", async () => {
  const cases: [(x: tf.Tensor1D) => NamedTensors, Record<string, number[]>][] = [
    [(x) => ({ y: tf.square(x), constant: tf.scalar(3) }), { y: [100, 400, 900], constant: [3] }],
    [(x) => tf.tidy(() => ({ y: tf.add(tf.sum(x), 1) })), { y: [61] }],
    [
      (x) => {
        const [a, b] = tf.split(x, [1, 2]) as [tf.Tensor, tf.Tensor];
        return { b, a, same: tf.clone(b) };
      },
      { b: [20, 30], a: [10], same: [20, 30] },
    ],
    [(x) => ({ y: tf.argMax(x), z: tf.greater(x, 15) }), { y: [2], z: [0, 1, 1] }],
    [(x) => ({ y: tf.grad((input) => tf.sum(tf.mul(input, tf.square(input))))(x) }), { y: [300, 1200, 2700] }],
    [(x) => tf.tidy(() => ({ y: tf.zeros([0, 2]), z: tf.neg(x) })), { y: [], z: [-10, -20, -30] }],
  ];
  await assertNothingLeft(async () => {
    for (const [f, outputs] of cases) assert.deepEqual(await compileVector(f), { outputs });
  });
});

test("compile(inputs, f) takes whole numbers and truth values as inputs, and inputs that f does not use", async () => {
  await assertNothingLeft(async () => {
    const inputs = { a: tf.tensor1d([3, 4], "int32"), b: tf.tensor1d([true, false], "bool"), c: tf.scalar(1) };
    const f = () => tf.tidy(() => ({ y: tf.where(inputs.b, inputs.a, tf.mul(inputs.a, tf.scalar(2, "int32"))) }));
    const { compiled } = await compile(inputs, f);
    const result = compiled?.run(inputs) as NamedTensors;
    assert.deepEqual([result.y?.dtype, numbers(result)], ["int32", { y: [3, 8] }]);
    compiled?.dispose();
    tf.dispose([result, inputs] as tf.TensorContainer);
  });
});

test("compile(inputs, f, variables) assigns nothing when the graph runs: f sets variables as its own steps go on", async () => {
  const variable = tf.variable(tf.zeros([2]));
  await assertNothingLeft(async () => {
    const w = tf.tensor1d([1, 2]);
    const f = () => {
      tf.tidy(() => variable.assign(tf.mul(w, 2)));
      return { y: tf.square(variable) };
    };
    const { compiled } = await compile({ w }, f, [variable]);
    const other = tf.tensor1d([5, 6]);
    const y = compiled?.run({ w: other }).y as tf.Tensor;
    assert.deepEqual(Array.from(y.dataSync()), [100, 144]);
    assert.deepEqual(Array.from(variable.dataSync()), [2, 4]);
    compiled?.dispose();
    tf.dispose([w, other, y]);
  });
  variable.dispose();
});

test("compile(inputs, f) reports what a graph cannot repeat, with what f returned the first time", async () => {
  let calls = 0;
  const drawn: number[] = [];
  const state = tf.variable(tf.zeros([3]));
  const cases: [(x: tf.Tensor1D) => NamedTensors, RegExp, number[]][] = [
    [(x) => ({ y: tf.tensor1d(x.dataSync() as Float32Array) }), /^it reads numbers of a tensor/, [1, 2, 3]],
    [
      (x) => {
        calls += 1;
        return { y: tf.mul(x, calls) };
      },
      /^it does not do the same each time: it draws random numbers or counts its calls$/,
      [1, 2, 3],
    ],
    [
      (x) =>
        tf.tidy(() => {
          const noise = tf.randomUniform([3]);
          if (drawn.length === 0) drawn.push(...noise.dataSync());
          return { y: tf.add(tf.mul(x, 0), noise) };
        }),
      /^it does not do the same each time/,
      drawn,
    ],
    [
      (x) => {
        tf.tidy(() => state.assign(tf.add(state, x)));
        return { y: tf.mul(state, 1) };
      },
      /^it keeps a tensor from one call to the next$/,
      [1, 2, 3],
    ],
    [(x) => ({ y: tf.clone(x) }), /^its `y` is one of its inputs$/, [1, 2, 3]],
  ];
  await assertNothingLeft(async () => {
    for (const [f, problem, y] of cases) {
      const found = await compileVector(f);
      assert.match(found.problem as string, problem);
      assert.deepEqual(found.outputs.y, y);
    }
  });
  assert.deepEqual(Array.from(state.dataSync()), [1, 2, 3], "a function that keeps state is called once");
  state.dispose();
});

test("compile(inputs, f) reports a graph that TensorFlow does not load, does not run, or that gives something else", async (t) => {
  // a kernel whose whole numbers are too long for tfjs says so on the console
  t.mock.method(console, "warn", () => undefined);
  const where = (x: tf.Tensor) => runKernel("Where", [], [tf.greater(x, 1.5)]);
  const random = () =>
    runKernel(
      "RandomUniform",
      [typeAttribute("dtype", "float32"), typeAttribute("T", "int32"), intAttribute("seed", 0)],
      [tf.tensor1d([3], "int32")],
    );
  await assertNothingLeft(async () => {
    for (const [f, problem] of [
      [(x: tf.Tensor) => ({ y: tf.cast(where(x), "float32") }), /^TensorFlow does not run it as a graph: .*int64/],
      [(x: tf.Tensor) => ({ y: tf.add(x, random()) }), /^as a graph it gives another `y`$/],
    ] as const) {
      const found = await compileVector((x) => tf.tidy(() => f(x)));
      assert.match(found.problem as string, problem);
      assert.ok(found.outputs.y?.length);
    }
    const x = tf.scalar(2);
    // a name that TensorFlow refuses; and one tensor under two names, which a graph cannot tell apart
    for (const inputs of [{ "not a name": x }, { a: x, b: x }] as NamedTensors[]) {
      const { problem, outputs } = await compile(inputs, () => ({ y: tf.square(x) }));
      assert.match(problem as string, /^TensorFlow does not run it as a graph: /);
      assert.deepEqual(numbers(outputs as NamedTensors), { y: [4] });
      tf.dispose(outputs as tf.TensorContainer);
    }
    x.dispose();
  });
});

test("compile(inputs, f) works without a folder for temporary files, but kernel by kernel", async () => {
  const before = process.env.TMPDIR;
  process.env.TMPDIR = "/no such folder";
  try {
    const { problem, outputs } = await compileVector((x) => ({ y: tf.square(x) }));
    assert.match(problem as string, /^TensorFlow does not run it as a graph: ENOENT/);
    assert.deepEqual(outputs, { y: [1, 4, 9] });
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
});

test("compile(inputs, f) passes on what f throws, at the first call and at the second", async () => {
  for (const failing of [0, 1]) {
    let calls = 0;
    const f = (x: tf.Tensor) =>
      tf.tidy(() => {
        const y = tf.square(x);
        if (calls++ === failing) throw new Error(`call ${failing}`);
        return { y };
      });
    await assertNothingLeft(() => assert.rejects(compileVector(f), new RegExp(`^Error: call ${failing}$`)));
  }
});

test("compiled.run(inputs) refuses inputs that are missing or of other names", async () => {
  await assertNothingLeft(async () => {
    const x = tf.tensor1d([1, 2]);
    const { compiled } = await compile({ x }, () => ({ y: tf.square(x) }));
    for (const inputs of [{}, { y: x }, { x, y: x }] as NamedTensors[])
      assert.throws(() => compiled?.run(inputs), /input names are x/);
    compiled?.dispose();
    x.dispose();
  });
});

test("compiled.run(inputs) refuses another shape than it was compiled for", async () => {
  await assertNothingLeft(async () => {
    const [x, longer] = [tf.tensor1d([1, 2]), tf.tensor1d([1, 2, 3])];
    const { compiled } = await compile({ x }, () => ({ y: tf.square(x) }));
    assert.throws(() => compiled?.run({ x: longer }), /^Error: Expected `x` of shape \[2\], got \[3\]: compile again/);
    compiled?.dispose();
    tf.dispose([x, longer]);
  });
});

test("compile(inputs, f) reports a function that draws at random only now and then", async () => {
  await assertNothingLeft(async () => {
    const { problem } = await compileVector((x) => (Math.random() < 0 ? { y: tf.neg(x) } : { y: tf.square(x) }));
    assert.match(problem as string, /^it does not do the same each time/);
  });
});

test("compiled functions run side by side and again after one of them is gone", async () => {
  await assertNothingLeft(async () => {
    const x = tf.tensor1d([0.1, 0.2, 0.3]);
    const [first, second] = await Promise.all([
      compile({ x }, () => ({ y: tf.exp(x) })),
      compile({ x }, () => ({ y: tf.sin(x) })),
    ]);
    const once = first.compiled?.run({ x }) as { y: tf.Tensor };
    second.compiled?.dispose();
    const twice = first.compiled?.run({ x }) as { y: tf.Tensor };
    assertSameBits(twice.y.dataSync() as Float32Array, once.y.dataSync() as Float32Array);
    assertClose(once.y.dataSync(), [0.1, 0.2, 0.3].map(Math.exp), 1e-6);
    first.compiled?.dispose();
    tf.dispose([x, once.y, twice.y]);
  });
});
