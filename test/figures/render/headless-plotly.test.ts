import assert from "node:assert/strict";
import { test } from "node:test";
import { headlessPlotly } from "../../../lib/src/figures/render/headless-plotly";
import { tf } from "../../../lib/src/tensors/tensorflow";

const figure = { data: [{ type: "heatmap", z: [[0, 1]], showscale: false }], layout: {} };

test("headlessPlotly() loads plotly.js once", () => {
  assert.equal(headlessPlotly(), headlessPlotly());
});

test("headlessPlotly().toImage paints heat maps on a real canvas", async () => {
  const address = await headlessPlotly().toImage(figure, { format: "svg", width: 300, height: 200 });
  assert.match(decodeURIComponent(address), /<image[^>]+data:image\/png;base64,iVBOR/);
});

test("TensorFlow.js works before and after plotly.js is loaded, on its native backend", async () => {
  const sum = () => tf.tidy(() => tf.sum(tf.matMul(tf.ones([2, 3]), tf.ones([3, 2]))).dataSync()[0]);
  assert.equal(sum(), 12);
  await headlessPlotly().toImage(figure, { format: "svg", width: 300, height: 200 });
  assert.equal(sum(), 12);
  assert.equal(tf.getBackend(), "tensorflow");
  assert.equal(tf.env().platformName, "node");
});
