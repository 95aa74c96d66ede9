import assert from "node:assert/strict";
import { test } from "node:test";
import { type NamedTensors, runKernel, tf, typeAttribute } from "../../lib/src/tensors/tensorflow";
import { trace } from "../../lib/src/tensors/trace";
import { assertClose, assertNoLeak } from "../helpers/assertions";

/** Traces a function of one vector, and gives what was found and the numbers that it returned. */
function traceOf(f: (x: tf.Tensor1D) => NamedTensors, variables?: tf.Variable[]) {
  const x = tf.tensor1d([1, 2, 3]);
  const { outputs, graph, problem } = trace({ x }, () => f(x), variables);
  const numbers = Object.fromEntries(
    Object.entries(outputs).map(([name, tensor]) => [name, Array.from(tensor.dataSync() as Float32Array)]),
  );
  tf.dispose([outputs, x] as tf.TensorContainer);
  return { numbers, graph, problem, ops: graph?.nodes.map(({ op }) => op) };
}

/** The constants of a graph, as float32. */
const constantsOf = ({ graph }: ReturnType<typeof traceOf>) =>
  (graph?.nodes ?? []).flatMap(({ op, attr }) =>
    op === "Const"
      ? [Array.from(new Float32Array(attr.value?.tensor?.tensorContent.slice().buffer as ArrayBuffer))]
      : [],
  );

test("trace(inputs, f) gives what f returns and every kernel between, in order, with what goes in", () => {
  const { numbers, graph, problem } = traceOf((x) => tf.tidy(() => ({ y: tf.square(tf.neg(x)) })));
  assert.equal(problem, undefined);
  assert.deepEqual(numbers, { y: [1, 4, 9] });
  assert.deepEqual(
    graph?.nodes.map(({ name, op, input }) => [name, op, input]),
    [
      ["Placeholder_0", "Placeholder", []],
      ["Neg_1", "Neg", ["Placeholder_0"]],
      ["Square_2", "Square", ["Neg_1"]],
    ],
  );
  assert.deepEqual(graph?.nodes[1]?.attr, { T: { type: 1 } });
  const tensorShape = { dim: [{ size: 3 }] };
  assert.deepEqual(graph?.inputs, { x: { name: "Placeholder_0:0", dtype: 1, tensorShape } });
  assert.deepEqual(graph?.outputs, { y: { name: "Square_2:0", dtype: 1, tensorShape } });
});

test("trace(inputs, f) holds what is not an input as a constant, as it is at that moment", () => {
  const outside = tf.tensor1d([7, 8, 9]);
  const found = traceOf((x) =>
    tf.tidy(() => ({ y: tf.add(tf.mul(x, outside), tf.tensor1d([0.5, 0.25, Math.fround(1 / 3)])) })),
  );
  assert.equal(found.problem, undefined);
  assert.deepEqual(constantsOf(found), [
    [7, 8, 9],
    [0.5, 0.25, Math.fround(1 / 3)],
  ]);
  outside.dispose();
});

test("trace(inputs, f) follows a gradient, and kernels that tfjs does not wrap", () => {
  const { ops, numbers, problem } = traceOf((x) => ({ y: tf.grad((input) => tf.sum(tf.relu(input)))(x) }));
  assert.equal(problem, undefined);
  assert.deepEqual(numbers.y, [1, 1, 1]);
  assert.ok(ops?.includes("Relu") && ops.includes("ReluGrad"), ops?.join());
  const alone = traceOf((x) => ({ y: runKernel("Softsign", [typeAttribute("T", "float32")], [x]) }));
  assert.deepEqual(alone.ops, ["Placeholder", "Softsign"]);
});

test("trace(inputs, f) tells the outputs of one kernel apart, and takes one tensor as several outputs", () => {
  const { graph, numbers } = traceOf((x) => {
    const [first, rest] = tf.split(x, [1, 2]) as [tf.Tensor, tf.Tensor];
    return { rest, first, again: tf.clone(rest) };
  });
  assert.deepEqual(numbers, { rest: [2, 3], first: [1], again: [2, 3] });
  const places = Object.fromEntries(Object.entries(graph?.outputs ?? {}).map(([key, { name }]) => [key, name]));
  const split = graph?.nodes.find(({ op }) => op.startsWith("Split"))?.name;
  assert.deepEqual(places, { rest: `${split}:1`, first: `${split}:0`, again: `${split}:1` });
});

test("trace(inputs, f) takes a constant as an output", () => {
  const found = traceOf(() => ({ y: tf.scalar(5) }));
  assert.deepEqual([found.problem, constantsOf(found)], [undefined, [[5]]]);
  const outside = tf.scalar(6);
  assert.deepEqual(constantsOf(traceOf(() => ({ y: tf.clone(outside) }))), [[6]]);
  outside.dispose();
});

test("trace(inputs, f) reports an output that is one of the inputs", () => {
  assert.deepEqual(traceOf((x) => ({ z: tf.square(x), y: tf.clone(x) })).problem, "its `y` is one of its inputs");
});

test("trace(inputs, f) reports that numbers are read, whoever reads them, and still returns what f does", () => {
  const problem = "it reads numbers of a tensor that depend on the batch";
  const readers: ((x: tf.Tensor1D) => NamedTensors)[] = [
    (x) => ({ y: tf.tensor1d(x.dataSync() as Float32Array) }),
    (x) => tf.tidy(() => ({ y: tf.tensor1d(tf.add(x, 0).arraySync() as number[]) })),
    (x) => {
      void x.data();
      return { y: tf.add(x, 0) };
    },
    // tfjs checks the indices first
    (x) => tf.tidy(() => ({ y: tf.add(tf.gather(tf.tensor1d([0, 1, 2, 3]), tf.cast(x, "int32")), 0) })),
  ];
  for (const reader of readers) {
    const found = traceOf(reader);
    assert.deepEqual([found.problem, found.graph, found.numbers.y], [problem, undefined, [1, 2, 3]]);
  }
});

test("trace(inputs, f) lets f read constants", () => {
  const { problem } = traceOf((x) =>
    tf.tidy(() => {
      const constant = tf.tensor1d([3, 4]);
      // also once a kernel has taken it
      const y = tf.mul(x, tf.slice(constant, 0, 1));
      return { y: tf.add(y, constant.dataSync()[1] as number) };
    }),
  );
  assert.equal(problem, undefined);
});

test("trace(inputs, f) reports a tensor that outlives f, but for outputs and the values of `variables`", () => {
  const state = tf.variable(tf.zeros([3]));
  const counted = (x: tf.Tensor) => {
    tf.tidy(() => state.assign(tf.mul(2, x)));
    return { y: tf.square(x) };
  };
  assert.equal(traceOf(counted).problem, "it keeps a tensor from one call to the next");
  assert.equal(traceOf(counted, [state]).problem, undefined);
  // also when no kernel made the value
  const setting = (x: tf.Tensor) => {
    tf.tidy(() => state.assign(tf.tensor1d([1, 2, 3])));
    return { y: tf.square(x) };
  };
  assert.equal(traceOf(setting).problem, "it keeps a tensor from one call to the next");
  assert.equal(traceOf(setting, [state]).problem, undefined);
  let kept: tf.Tensor | undefined;
  const keeping = traceOf((x) => {
    kept = tf.neg(x);
    return { y: tf.square(x) };
  });
  assert.equal(keeping.problem, "it keeps a tensor from one call to the next");
  tf.dispose([state, kept as tf.Tensor]);
});

test("trace(inputs, f) reports types that a graph does not take, and still returns what f does", () => {
  const asText = (x: tf.Tensor) => runKernel("AsString", [typeAttribute("T", "float32")], [x]);
  const message = (what: string, type: string) => `${what}: expected a tensor of float32, int32, bool, got ${type}`;
  const cases: [(x: tf.Tensor1D) => NamedTensors, string][] = [
    [() => ({ y: tf.tensor1d(["a", "b"]) }), message("its results", "string")],
    [(x) => ({ y: asText(x) }), message("its results", "string")],
    [(x) => ({ y: tf.complex(x, x) }), message("its results", "complex64")],
    [(x) => tf.tidy(() => ({ y: tf.stack([asText(x), tf.tensor1d(["a", "b", "c"])]) })), message("Pack", "string")],
  ];
  for (const [f, problem] of cases) {
    const x = tf.tensor1d([1, 2, 3]);
    const found = trace({ x }, () => f(x));
    assert.equal(found.problem, problem);
    assert.equal(found.graph, undefined);
    assert.ok((found.outputs.y as tf.Tensor).size > 0 && !found.outputs.y?.isDisposed);
    tf.dispose([found.outputs, x] as tf.TensorContainer);
  }
});

test("trace(inputs, f) reports an input of such a type", () => {
  const names = tf.tensor1d(["a"]);
  const { outputs, problem } = trace({ names }, () => ({ y: tf.scalar(1) }));
  assert.equal(problem, "names: expected a tensor of float32, int32, bool, got string");
  assertClose(outputs.y.dataSync(), [1], 0);
  tf.dispose([names, outputs.y]);
});

test("trace(inputs, f) reads whole numbers and truth values of JavaScript as their own types", () => {
  const found = traceOf(() => ({ a: tf.tensor1d([1, 256], "int32"), b: tf.tensor1d([true, false], "bool") }));
  const contents = found.graph?.nodes.flatMap(({ attr }) => {
    const { dtype, tensorContent } = attr.value?.tensor ?? {};
    return dtype === undefined ? [] : [[dtype, Array.from(tensorContent as Uint8Array)]];
  });
  assert.deepEqual(contents, [
    [3, [1, 0, 0, 0, 0, 1, 0, 0]],
    [10, [1, 0]],
  ]);
});

test("trace(inputs, f) leaves the backend as it was and no tensor behind, also when f throws", async () => {
  const backend = tf.backend() as unknown as Record<string, unknown>;
  const methods = ["executeSingleOutput", "executeMultipleOutputs", "readSync"];
  const before = methods.map((name) => backend[name]);
  const untouched = () => {
    for (const [i, name] of methods.entries()) {
      assert.equal(backend[name], before[i]);
      assert.equal(Object.hasOwn(backend, name), false, name);
    }
  };
  await assertNoLeak(() => {
    traceOf((x) => tf.tidy(() => ({ y: tf.square(tf.neg(x)) })));
    untouched();
    const x = tf.tensor1d([1]);
    const failing = () =>
      tf.tidy((): NamedTensors => {
        tf.square(x);
        throw new Error("on purpose");
      });
    assert.throws(() => trace({ x }, failing), /^Error: on purpose$/);
    untouched();
    // TensorFlow's own errors too
    assert.throws(() => trace({ x }, () => ({ y: runKernel("NoSuchKernel", [], [x]) })), /NoSuchKernel/);
    untouched();
    x.dispose();
  });
});
