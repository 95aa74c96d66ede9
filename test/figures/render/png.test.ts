import assert from "node:assert/strict";
import { test } from "node:test";
import { bars } from "../../../lib/src/figures/bars";
import type { Figure } from "../../../lib/src/figures/figure";
import { heatmap } from "../../../lib/src/figures/heatmap";
import { lines } from "../../../lib/src/figures/lines";
import { networkDiagram } from "../../../lib/src/figures/network-diagram";
import { figureToPng, figureToSvg, svgToPng } from "../../../lib/src/figures/render/png";
import { scatter } from "../../../lib/src/figures/scatter";
import { decode } from "../../helpers/picture";

const x = Array.from({ length: 40 }, (_, i) => i + 1);
const y = x.map((step) => 2.3 * Math.exp(-step / 8));
const long = "a label so long that only an axis that makes room for it shows all";

const figures: Record<string, Figure> = {
  lines: lines(
    [
      { name: "training", x, y },
      { name: "validation", x, y: y.map((v) => v * 1.1) },
    ],
    { title: "Loss", xLabel: "epoch", yLabel: "cross-entropy", yScale: "log", marks: [{ x: 9, text: "warm-up ends" }] },
  ),
  "many lines": lines(
    Array.from({ length: 10 }, (_, i) => ({ name: `series number ${i}`, x, y })),
    { xLabel: "x", yLabel: "y" },
  ),
  bars: bars(x.slice(0, 10), [...y].slice(0, 10), { title: "Bars", xLabel: "digit", yLabel: "images" }),
  "horizontal bars": bars([long, "short"], [98.5, 99.5], {
    horizontal: true,
    errors: [0.1, 0.1],
    xLabel: "accuracy (%)",
  }),
  scatter: scatter({ x, y }, { groups: x.map((i) => i % 10), title: "Points", xLabel: "a", yLabel: "b" }),
  heatmap: heatmap(
    [
      [1000, 3],
      [2, 900],
    ],
    { hideDiagonalFromScale: true, title: "Confusion", xLabel: "predicted", yLabel: "true" },
  ),
  network: networkDiagram(
    [
      { name: "input", shape: [28, 28, 1] },
      { name: "conv1", shape: [24, 24, 6], detail: "5 × 5 convolution" },
      { name: "dense1", shape: [120], detail: "dense" },
    ],
    { title: "Net" },
  ),
};

test("figureToPng(figure) leaves nothing of a browser on globalThis", async () => {
  const before = Reflect.ownKeys(globalThis);
  await figureToPng(lines([{ name: "a", y: [1, 2] }]));
  assert.deepEqual(Reflect.ownKeys(globalThis), before);
  for (const name of ["window", "document", "HTMLElement"]) assert.equal(name in globalThis, false, name);
});

for (const [name, figure] of Object.entries(figures)) {
  test(`figureToPng draws ${name} at twice its size, whole and small`, async () => {
    const png = await figureToPng(figure);
    const picture = await decode(png);
    assert.deepEqual([picture.width, picture.height], [2 * figure.layout.width, 2 * figure.layout.height]);
    assert.ok(picture.ink > 0.01, `only ${picture.ink} of the picture is drawn on`);
    assert.equal(picture.touchesEdge(), false, "something is cut off at the edge");
    assert.ok(png.length < 60_000, `${png.length} bytes`);
  });
}

test("figureToPng(figure) does not change the figure", async () => {
  const figure = lines([{ name: "a", y: [1, 2] }], { title: "t" });
  const before = JSON.stringify(figure);
  await figureToPng(figure, { scale: 1 });
  assert.equal(JSON.stringify(figure), before);
});

test("figureToPng(figure) draws the same bytes twice", async () => {
  const figure = figures.lines as Figure;
  assert.deepEqual(await figureToPng(figure), await figureToPng(figure));
});

test("figureToPng(figure, {scale, width, height}) takes another size", async () => {
  const picture = await decode(await figureToPng(figures.lines as Figure, { scale: 1, width: 400, height: 300 }));
  assert.deepEqual([picture.width, picture.height], [400, 300]);
  await assert.rejects(figureToPng(figures.lines as Figure, { scale: 9 }), /`scale` to be between 0\.5 and 4, got 9/);
});

test("figureToSvg(figure) has every text of the figure", async () => {
  const svg = await figureToSvg(figures.lines as Figure);
  for (const text of ["Loss", "epoch", "cross-entropy", "training", "validation", "warm-up ends"])
    assert.ok(svg.includes(text), text);
});

test("svgToPng(svg) draws bold text wider than regular text", async () => {
  const width = async (weight: string) => {
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="300" height="40"><text x="5" y="25" font-size="20" font-weight="${weight}">Hamburgefonts</text></svg>`;
    return (await decode(svgToPng(svg, 1))).ink;
  };
  assert.ok((await width("bold")) > 1.15 * (await width("normal")));
});
