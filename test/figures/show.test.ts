import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import ndarray from "ndarray";
import { bars } from "../../lib/src/figures/bars";
import { imageGrid } from "../../lib/src/figures/images";
import { bundleOf, inKernel, liveOutput, show } from "../../lib/src/figures/show";
import { table } from "../../lib/src/figures/table";
import { asKernel, printed } from "../helpers/kernel";
import { root } from "../helpers/root";

const figure = bars(["a", "b"], [1, 2], { title: "Two" });
const picture = imageGrid(ndarray(new Uint8Array(16), [1, 4, 4]), { alt: "a square" });
const sheet = table([{ a: 1 }]);

test("outside a kernel show(…items) prints their words, in order", async () => {
  assert.equal(inKernel(), false);
  assert.deepEqual(await printed(() => show(figure, picture, sheet)), [figure.alt, "a square", sheet.text]);
});

test("outside a kernel there is no live output", () => {
  assert.equal(liveOutput(), undefined);
});

test("show needs neither plotly.js nor tslab outside a kernel", () => {
  const script = `require("./lib/src/figures/show").show({ kind: "table", html: "", text: "hi" }).then(() =>
    console.log(Object.keys(require.cache).filter((file) => /plotly\\.js-dist|node_modules.(jsdom|tslab).dist/.test(file)).length))`;
  const output = execFileSync(process.execPath, ["--import", "tsx", "-e", script], {
    cwd: root,
    encoding: "utf8",
  });
  assert.equal(output, "hi\n0\n");
});

test("bundleOf(figure) holds the interactive figure, a PNG at its own size, and words", async () => {
  const { data, metadata } = await bundleOf(figure);
  assert.deepEqual(Object.keys(data), ["application/vnd.plotly.v1+json", "image/png", "text/plain"]);
  const plotly = data["application/vnd.plotly.v1+json"] as {
    data: object;
    layout: object;
    config: { displaylogo: boolean };
  };
  assert.deepEqual([plotly.data, plotly.layout, plotly.config.displaylogo], [figure.data, figure.layout, false]);
  const png = Buffer.from(data["image/png"] as string, "base64");
  assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [figure.layout.width, figure.layout.height]);
  assert.equal(data["text/plain"], figure.alt);
  assert.deepEqual(metadata, { "image/png": { alt: figure.alt } });
});

test("bundleOf(still figure) is a picture of twice its pixels at its CSS size, and words", async () => {
  const { data, metadata } = await bundleOf({ ...figure, still: true });
  assert.deepEqual(Object.keys(data), Object.keys((await bundleOf(picture)).data));
  const { width, height } = figure.layout;
  const png = Buffer.from(data["image/png"] as string, "base64");
  assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [2 * width, 2 * height]);
  assert.deepEqual(metadata, { "image/png": { width, alt: figure.alt } });
});

test("bundleOf(picture) is shown at its CSS size; bundleOf(table) is HTML and text", async () => {
  assert.deepEqual((await bundleOf(picture)).metadata, { "image/png": { width: picture.width, alt: "a square" } });
  assert.deepEqual((await bundleOf(sheet)).data, { "text/html": sheet.html, "text/plain": sheet.text });
});

test("in a kernel show writes to the cell that called it, in order, also when not awaited at once", async () => {
  const messages = await asKernel(async () => {
    const first = show(figure);
    const second = show(sheet);
    await Promise.all([first, second]);
  });
  assert.deepEqual(
    messages.map(({ data }) => data["text/plain"]),
    [figure.alt, sheet.text],
  );
  assert.ok(messages.every(({ update }) => !update));
});

test("in a kernel an item that fails rejects its own show, not the next", async () => {
  const broken = { ...figure, layout: { ...figure.layout, width: Number.NaN } };
  const messages = await asKernel(async () => {
    await assert.rejects(show(broken));
    await show(sheet);
  });
  assert.deepEqual(
    messages.map(({ data }) => data["text/plain"]),
    [sheet.text],
  );
});

test("a live output is shown once and then overwritten in place", async () => {
  const messages = await asKernel(() => {
    const output = liveOutput();
    for (const text of ["one", "two"]) output?.update({ data: { "text/plain": text }, metadata: {} });
  });
  assert.deepEqual(
    messages.map(({ update }) => update),
    [false, true],
  );
  const [first, second] = messages.map(({ transient }) => transient.display_id);
  assert.ok(first !== undefined && first === second);
});
