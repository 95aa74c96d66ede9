import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { encodeSavedModel, type Graph, type GraphAttribute, savedModelTypes } from "../../lib/src/tensors/saved-model";
import { tf } from "../../lib/src/tensors/tensorflow";
import { assertClose, assertNoLeak } from "../helpers/assertions";
import { temporaryFolder } from "../helpers/data";

const shape = (...sizes: number[]) => ({ dim: sizes.map((size) => ({ size })) });
const { float32, int32, bool } = savedModelTypes;
const text = (value: string): GraphAttribute => ({ s: new TextEncoder().encode(value) });

/** A constant of the graph. */
function constant(name: string, dtype: number, numbers: Int32Array | Float32Array, ...sizes: number[]) {
  const tensor = { dtype, tensorShape: shape(...sizes), tensorContent: new Uint8Array(numbers.buffer) };
  return { name, op: "Const", input: [], attr: { dtype: { type: dtype }, value: { tensor } } };
}

/** Every kind of setting, both orders of a split, a type that is no float: x [1, 4, 4, 1] → see the test. */
const graph = (): Graph => ({
  nodes: [
    {
      name: "x",
      op: "Placeholder",
      input: [],
      attr: { dtype: { type: float32 }, shape: { shape: shape(1, 4, 4, 1) } },
    },
    {
      name: "pool",
      op: "MaxPool",
      input: ["x"],
      attr: {
        T: { type: float32 },
        ksize: { list: { i: [1, 2, 2, 1] } },
        strides: { list: { i: [1, 2, 2, 1] } },
        padding: text("VALID"),
        data_format: text("NHWC"),
      },
    },
    { name: "leaky", op: "LeakyRelu", input: ["pool"], attr: { T: { type: float32 }, alpha: { f: 0.25 } } },
    constant("axis", int32, Int32Array.of(1)),
    {
      name: "halves",
      op: "Split",
      input: ["axis", "leaky"],
      attr: { T: { type: float32 }, num_split: { i: 2 } },
    },
    constant("all", int32, Int32Array.of(0, 1, 2, 3), 4),
    {
      name: "sum",
      op: "Sum",
      input: ["halves:1", "all"],
      attr: { T: { type: float32 }, Tidx: { type: int32 }, keep_dims: { b: false } },
    },
    constant("bounds", float32, Float32Array.of(0.5, -1e30), 2),
    { name: "above", op: "Greater", input: ["sum", "bounds"], attr: { T: { type: float32 } } },
  ],
  inputs: { image: { name: "x:0", dtype: float32, tensorShape: shape(1, 4, 4, 1) } },
  outputs: {
    upper: { name: "halves:0", dtype: float32, tensorShape: shape(1, 1, 2, 1) },
    sum: { name: "sum:0", dtype: float32, tensorShape: shape() },
    above: { name: "above:0", dtype: bool, tensorShape: shape(2) },
  },
});

test("encodeSavedModel(graph) gives the same bytes for the same graph, and others for another", () => {
  const bytes = encodeSavedModel(graph());
  assert.deepEqual(encodeSavedModel(graph()), bytes);
  const other = graph();
  (other.nodes[2]?.attr.alpha as GraphAttribute).f = 0.26;
  assert.notDeepEqual(encodeSavedModel(other), bytes);
});

test("encodeSavedModel(graph) names inputs and outputs where tfjs's own reader looks for them", async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, "saved_model.pb"), encodeSavedModel(graph()));
  const [metaGraph, ...others] = await tf.node.getMetaGraphsFromSavedModel(folder);
  assert.equal(others.length, 0);
  assert.deepEqual(metaGraph?.tags, ["serve"]);
  const { inputs, outputs } = metaGraph?.signatureDefs.serving_default ?? assert.fail();
  const told = (infos: typeof inputs) =>
    Object.fromEntries(Object.entries(infos).map(([key, { name, tfDtype }]) => [key, [name, tfDtype]]));
  assert.deepEqual(told(inputs), { image: ["x:0", "DT_FLOAT"] });
  assert.deepEqual(told(outputs), {
    upper: ["halves:0", "DT_FLOAT"],
    sum: ["sum:0", "DT_FLOAT"],
    above: ["above:0", "DT_BOOL"],
  });
});

test("encodeSavedModel(graph) is a graph that TensorFlow runs as it is written", async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, "saved_model.pb"), encodeSavedModel(graph()));
  await assertNoLeak(async () => {
    const model = await tf.node.loadSavedModel(folder);
    const rows = [
      [-8, -7, 1, 2],
      [-6, -5, 3, 4],
      [-4, -9, 0, 0],
      [-9, -9, 0, 7],
    ];
    const image = tf.tensor4d(rows.flat(), [1, 4, 4, 1]);
    const { upper, sum, above } = model.predict({ image }) as tf.NamedTensorMap;
    assert.deepEqual(upper?.shape, [1, 1, 2, 1]);
    assertClose(upper?.dataSync() ?? [], [-1.25, 4], 0);
    assertClose(sum?.dataSync() ?? [], [6], 0);
    assert.deepEqual(above?.arraySync(), [1, 1]);
    tf.dispose([image, upper, sum, above] as tf.Tensor[]);
    model.dispose();
  });
});
