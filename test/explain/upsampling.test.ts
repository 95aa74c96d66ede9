import assert from "node:assert/strict";
import { test } from "node:test";
import { type AxisField, receptiveField } from "../../lib/src/explain/receptive-field";
import { placing, type Upsampling } from "../../lib/src/explain/upsampling";
import { findImageLayer } from "../../lib/src/network/graph";
import { buildLeNet5 } from "../../lib/src/network/lenet";
import { tf } from "../../lib/src/tensors/tensorflow";
import { assertClose, assertNoLeak } from "../helpers/assertions";

const { layers } = tf;
const oneLayer = (layer: tf.layers.Layer) => tf.sequential({ layers: [layer] });

/** Models, with the layer that is meant in each where it is not the last convolution. */
const models: Record<string, [build: () => tf.LayersModel, layer?: string]> = {
  "LeNet-5, conv2": [() => buildLeNet5()],
  "LeNet-5, pool1": [() => buildLeNet5(), "pool1"],
  "LeNet-5 without padding, conv2": [() => buildLeNet5({ padding: "valid" })],
  "not square, strided": [
    () => oneLayer(layers.conv2d({ inputShape: [20, 34, 2], filters: 3, kernelSize: [3, 5], strides: [2, 3] })),
  ],
  "one cell": [() => oneLayer(layers.conv2d({ inputShape: [6, 9, 1], filters: 1, kernelSize: [4, 9], strides: 4 }))],
};

const someMaps = (shape: readonly (number | null)[]) =>
  tf.randomUniform<tf.Rank.R4>([2, ...(shape.slice(1) as [number, number, number])], -1, 1, "float32", 3);

/** Written out: linear between four cells, beyond the outer centres the nearest cell, 0 beyond half a stride. */
function placeByHand(maps: number[][][][], [height, width]: readonly [number, number], fields: readonly AxisField[]) {
  const [rows, columns] = fields as [AxisField, AxisField];
  const axis = ({ first, stride }: AxisField, pixel: number, cells: number) => {
    const place = (pixel - first) / stride;
    const clamped = Math.min(Math.max(place, 0), cells - 1);
    const low = Math.min(Math.floor(clamped), Math.max(0, cells - 2));
    return {
      covered: place >= -0.5 && place <= cells - 0.5,
      low,
      high: Math.min(low + 1, cells - 1),
      share: clamped - low,
    };
  };
  const values: number[] = [];
  for (const map of maps) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const v = axis(rows, y, map.length);
        const h = axis(columns, x, (map[0] as number[][]).length);
        for (let channel = 0; channel < (map[0]?.[0]?.length as number); channel++) {
          const value = (row: number, column: number) => map[row]?.[column]?.[channel] as number;
          const upper = value(v.low, h.low) * (1 - h.share) + value(v.low, h.high) * h.share;
          const lower = value(v.high, h.low) * (1 - h.share) + value(v.high, h.high) * h.share;
          values.push(v.covered && h.covered ? upper * (1 - v.share) + lower * v.share : 0);
        }
      }
    }
  }
  return values;
}

for (const [title, [build, name]] of Object.entries(models)) {
  test(`placing(model, layer, "aligned") equals four nested loops: ${title}`, () => {
    const model = build();
    const layer = findImageLayer(model, name);
    const { size, place } = placing(model, layer, "aligned");
    assert.deepEqual([...size], model.inputs[0]?.shape.slice(1, 3));
    tf.tidy(() => {
      const maps = someMaps(layer.shape);
      const placed = place(maps);
      assert.deepEqual(placed.shape, [2, ...size, layer.shape[3]]);
      assertClose(placed.dataSync(), placeByHand(maps.arraySync(), size, receptiveField(model, name)), 1e-5);
    });
    model.dispose();
  });

  test(`placing(model, layer, "stretch") covers the image and equals tf.image.resizeBilinear: ${title}`, () => {
    const model = build();
    const layer = findImageLayer(model, name);
    const { size, place } = placing(model, layer, "stretch");
    assert.deepEqual([...size], model.inputs[0]?.shape.slice(1, 3));
    tf.tidy(() => {
      const maps = someMaps(layer.shape);
      assertClose(place(maps).dataSync(), tf.image.resizeBilinear(maps, [...size], false, true).dataSync(), 1e-5);
      assert.equal(tf.min(place(tf.onesLike(maps))).dataSync()[0], 1);
    });
    model.dispose();
  });
}

test('placing(LeNet-5, conv2, "aligned") puts one bright cell where its receptive field has its centre', () => {
  const model = buildLeNet5();
  const { place } = placing(model, findImageLayer(model), "aligned");
  tf.tidy(() => {
    const lit = (row: number, column: number) => {
      const maps = tf.buffer([1, 10, 10, 1]);
      maps.set(1, 0, row, column, 0);
      return tf.squeeze<tf.Tensor2D>(place(maps.toTensor() as tf.Tensor4D), [0, 3]).arraySync();
    };
    // 4.5 + 2 · 3 = 10.5 down, 4.5 + 2 · 7 = 18.5 across; the next cells are two pixels further
    const inside = lit(3, 7);
    assertClose((inside[10] as number[]).slice(16, 22), [0, 0.1875, 0.5625, 0.5625, 0.1875, 0], 1e-6);
    assertClose(
      inside.slice(8, 14).map((row) => row[18] as number),
      [0, 0.1875, 0.5625, 0.5625, 0.1875, 0],
      1e-6,
    );
    // the outermost cell goes on for half a stride, and then there is nothing
    assertClose(
      lit(0, 0)
        .slice(2, 8)
        .map((row) => row[4] as number),
      [0, 0, 1, 0.75, 0.25, 0],
      1e-6,
    );
    assertClose((lit(9, 9)[23] as number[]).slice(20, 26), [0, 0.25, 0.75, 1, 0, 0], 1e-6);
  });
  model.dispose();
});

test('placing(model, layer, "none") leaves the tensor as it is', () => {
  const model = buildLeNet5();
  const { size, place } = placing(model, findImageLayer(model), "none");
  assert.deepEqual([...size], [10, 10]);
  tf.tidy(() => {
    const maps = someMaps([null, 10, 10, 1]);
    assert.equal(place(maps), maps);
  });
  model.dispose();
});

test("placing(model, layer, upsampling) stretches where it cannot align, and refuses to align", () => {
  const model = tf.sequential({
    layers: [
      layers.upSampling2d({ inputShape: [4, 4, 1], name: "larger" }),
      layers.conv2d({ filters: 1, kernelSize: 3 }),
    ],
  });
  const layer = findImageLayer(model);
  assert.throws(
    () => placing(model, layer, "aligned"),
    /larger \(UpSampling2D\).*ask for `upsampling: "stretch"` instead/,
  );
  assert.deepEqual([...placing(model, layer, "stretch").size], [4, 4]);
  model.dispose();
});

test("placing(model, layer, upsampling) refuses words that it does not know", () => {
  const model = buildLeNet5();
  assert.throws(
    () => placing(model, findImageLayer(model), "stretched" as Upsampling),
    /^Error: Expected `upsampling` to be "aligned", "stretch" or "none", got stretched\.$/,
  );
  model.dispose();
});

test("placing(model, layer, upsampling) leaves no tensor behind but the placed maps", async () => {
  const model = buildLeNet5();
  const maps = someMaps([null, 10, 10, 1]);
  for (const upsampling of ["aligned", "stretch"] as const) {
    await assertNoLeak(() => placing(model, findImageLayer(model), upsampling).place(maps).dispose());
  }
  maps.dispose();
  model.dispose();
});

test("placing(model, layer, upsampling) refuses an input of unknown size", () => {
  const model = tf.sequential({
    layers: [
      tf.layers.conv2d({ inputShape: [null, null, 1], filters: 1, kernelSize: 3 }),
      tf.layers.globalAveragePooling2d({}),
    ],
  });
  for (const upsampling of ["aligned", "stretch", "none"] as const) {
    assert.throws(
      () => placing(model, findImageLayer(model), upsampling),
      /^Error: Expected a model with an input of known size/,
    );
  }
  model.dispose();
});
