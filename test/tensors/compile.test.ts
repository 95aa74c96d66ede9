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
  const whole = (x: tf.Tensor) =>
    runKernel("ArgMax", [typeAttribute("T", "float32"), typeAttribute("Tidx", "int32")], [x, tf.scalar(0, "int32")]);
  const random = () =>
    runKernel(
      "RandomUniform",
      [typeAttribute("dtype", "float32"), typeAttribute("T", "int32"), intAttribute("seed", 0)],
      [tf.tensor1d([3], "int32")],
    );
  await assertNothingLeft(async () => {
    for (const [f, problem] of [
      [
        (x: tf.Tensor) => ({ y: tf.reshape(tf.cast(whole(x), "float32"), [1]) }),
        /^TensorFlow does not run it as a graph: .*int64/,
      ],
      [(x: tf.Tensor) => ({ y: tf.add(x, random()) }), /^as a graph it gives another `y`$/],
    ] as const) {
      const found = await compileVector((x) => tf.tidy(() => f(x)));
      assert.match(found.problem as string, problem);
      assert.ok(found.outputs.y?.length);
    }
    const x = tf.scalar(2);
    const { problem, outputs } = await compile({ a: x, b: x }, () => ({ y: tf.square(x) }));
    assert.equal(problem, "b: a graph cannot tell it from another input, which is the same tensor");
    assert.deepEqual(numbers(outputs as NamedTensors), { y: [4] });
    tf.dispose([outputs, x] as tf.TensorContainer);
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

test("compile(inputs, f) takes inputs of any name, also those of the graph's own nodes", async () => {
  await assertNothingLeft(async () => {
    for (const name of ["two words", "", "größe", "a/b:0", "Square_1", "Placeholder_0", "Const_1"]) {
      const [x, other] = [tf.tensor1d([1, 2]), tf.tensor1d([3, 4])];
      const { compiled, problem } = await compile({ [name]: x }, () => tf.tidy(() => ({ y: tf.square(tf.add(x, 1)) })));
      assert.equal(problem, undefined, name);
      const result = compiled?.run({ [name]: other }) as NamedTensors;
      assert.deepEqual(numbers(result), { y: [16, 25] }, name);
      compiled?.dispose();
      tf.dispose([x, other, result] as tf.TensorContainer);
    }
  });
});

test("compiled.run(inputs) refuses to go on after a variable that f reads has been set, in whatever way f reads it", async () => {
  const speed = tf.variable(tf.scalar(2), false, "speed");
  const list = tf.variable(tf.ones([3]), true, "list");
  const ways: [tf.Variable, (x: tf.Tensor1D) => NamedTensors][] = [
    [speed, (x) => ({ y: tf.mul(x, speed) })],
    [speed, (x) => ({ y: tf.mul(x, speed.dataSync()[0] as number) })],
    [list, (x) => ({ y: tf.square(x), z: tf.clone(list) })],
    [list, (x) => ({ y: tf.reshape(tf.matMul(tf.reshape(list, [3, 1]), tf.reshape(x, [1, 3])), [9]) })],
    [list, (x) => ({ y: tf.variableGrads(() => tf.sum(tf.mul(x, tf.square(list))), [list]).grads.list as tf.Tensor })],
  ];
  const set = (variable: tf.Variable) => tf.tidy(() => variable.assign(tf.add(variable, 3)));
  await assertNothingLeft(async () => {
    const x = tf.tensor1d([1, 2, 3]);
    for (const [variable, f] of ways) {
      const { compiled, problem } = await compile({ x }, () => tf.tidy(() => f(x)), [speed]);
      assert.equal(problem, undefined);
      tf.dispose(compiled?.run({ x }) as NamedTensors);
      set(variable === speed ? list : speed);
      // to what it was
      tf.tidy(() => variable.assign(tf.mul(variable, 1)));
      tf.dispose(compiled?.run({ x }) as NamedTensors);
      set(variable);
      const message = new RegExp(`^Error: Expected the variable \`${variable.name}\` as it was .* has been set since`);
      assert.throws(() => compiled?.run({ x }), message);
      compiled?.dispose();
    }
    const { compiled } = await compile({ x, speed }, () => ({ y: tf.mul(x, speed) }));
    tf.tidy(() => speed.assign(tf.scalar(5)));
    const y = compiled?.run({ x, speed }).y as tf.Tensor;
    assert.deepEqual(Array.from(y.dataSync()), [5, 10, 15]);
    compiled?.dispose();
    tf.dispose([x, y]);
  });
  tf.dispose([speed, list]);
});

test("compile(inputs, f) reports by name a kernel whose output is as long as values say", async () => {
  const boxes = (x: tf.Tensor1D) => tf.tile(tf.reshape(x, [3, 1]), [1, 4]) as tf.Tensor2D;
  const float = typeAttribute("T", "float32");
  const segments = () => [float, typeAttribute("Tindices", "int32")];
  const cases: [string, (x: tf.Tensor1D) => tf.Tensor][] = [
    ["UniqueV2", (x) => tf.sum(tf.unique(x).values)],
    ["NonMaxSuppressionV3", (x) => tf.image.nonMaxSuppression(boxes(x), x, 3)],
    ["NonMaxSuppressionV5", (x) => tf.image.nonMaxSuppressionWithScore(boxes(x), x, 3).selectedScores as tf.Tensor],
    ["Where", (x) => tf.ones([runKernel("Where", [], [tf.greater(x, 1.5)]).shape[0] as number])],
    ["SegmentSum", (x) => runKernel("SegmentSum", segments(), [x, tf.tensor1d([0, 0, 1], "int32")])],
  ];
  await assertNothingLeft(async () => {
    for (const [kernel, f] of cases) {
      const { problem } = await compileVector((x) => tf.tidy(() => ({ y: f(x) })));
      assert.equal(problem, `${kernel}: the shape of its output depends on values`);
    }
    const padded = (x: tf.Tensor1D) =>
      tf.image.nonMaxSuppressionPadded(boxes(x), x, 3, 0.5, 0, true).selectedIndices as tf.Tensor;
    const { problem } = await compileVector((x) => tf.tidy(() => ({ y: padded(x) })));
    assert.equal(problem, undefined);
  });
});

test("compiled.run(inputs) says which inputs do not fit, and how", async () => {
  await assertNothingLeft(async () => {
    const [x, n] = [tf.tensor1d([1, 2]), tf.tensor1d([1, 2], "int32")];
    const [longer, gone] = [tf.tensor1d([1, 2, 3]), tf.tensor1d([1, 2])];
    gone.dispose();
    const { compiled } = await compile({ x, n }, () => ({ y: tf.square(x) }));
    const cases: [object, string, string][] = [
      [{}, "Error", "Expected inputs named `x`, `n`, got none: give each by its name."],
      [{ x }, "Error", "Expected inputs named `x`, `n`, got `x`: give each by its name."],
      [{ x, y: n }, "Error", "Expected inputs named `x`, `n`, got `x`, `y`: give each by its name."],
      [{ x, n, y: x }, "Error", "Expected inputs named `x`, `n`, got `x`, `n`, `y`: give each by its name."],
      [{ x: undefined, n }, "TypeError", "Expected `x` to be a tensor, got undefined."],
      [{ x: [1, 2], n }, "TypeError", "Expected `x` to be a tensor, got object."],
      [{ x: gone, n }, "Error", "Expected `x` to be a tensor that holds numbers, got a disposed one."],
      [{ x: n, n }, "Error", "Expected `x` of dtype float32, got int32: cast it, or compile again."],
      [{ x, n: x }, "Error", "Expected `n` of dtype int32, got float32: cast it, or compile again."],
      [{ x: longer, n }, "Error", "Expected `x` of shape [2], got [3]: compile again for other shapes."],
    ];
    for (const [inputs, name, message] of cases)
      assert.throws(() => compiled?.run(inputs as NamedTensors), { name, message });
    compiled?.dispose();
    tf.dispose([x, n, longer]);
  });
});

test("compiled.run(inputs) refuses to give an output of another shape than it was compiled with", async () => {
  await assertNothingLeft(async () => {
    const [shape, other] = [tf.tensor1d([1, 2], "int32"), tf.tensor1d([2, 2], "int32")];
    const attributes = [typeAttribute("T", "float32"), typeAttribute("index_type", "int32")];
    const fill = () => tf.tidy(() => ({ y: runKernel("Fill", attributes, [shape, tf.scalar(3)]) }));
    const { compiled } = await compile({ shape }, fill);
    const message =
      /^Error: Expected `y` of shape \[1,2\], as compiled, got \[2,2\]: its shape depends on the inputs' values/;
    assert.throws(() => compiled?.run({ shape: other }), message);
    compiled?.dispose();
    tf.dispose([shape, other]);
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
