import assert from "node:assert/strict";
import { test } from "node:test";
import { bars, histogram } from "../../../lib/src/figures/bars";
import type { Figure } from "../../../lib/src/figures/figure";
import { heatmap } from "../../../lib/src/figures/heatmap";
import { lines } from "../../../lib/src/figures/lines";
import { networkDiagram } from "../../../lib/src/figures/network-diagram";
import { figureToPng, figureToSvg, svgToPng } from "../../../lib/src/figures/render/png";
import { scatter } from "../../../lib/src/figures/scatter";
import { sample } from "../../helpers/full";
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

test("figureToSvg draws a bar for each of labels that repeat, and each label under its bar", async () => {
  const svg = await figureToSvg(bars(["same", "other", "same", "same"], [1, 2, 3, 4], { valueText: false }));
  assert.equal(svg.match(/class="point"/g)?.length, 4);
  assert.equal(svg.match(/>same</g)?.length, 3);
});

test("figureToSvg draws a line of 150,000 points, and a matrix of 160,000 cells", async () => {
  const y = Float32Array.from({ length: 150_000 }, (_, i) => Math.sin(i / 5000));
  assert.match(await figureToSvg(lines([{ name: "long", y }])), /class="js-line"/);
  const matrix = Array.from({ length: 400 }, (_, row) => Array.from(y.subarray(row, row + 400)));
  assert.match(await figureToSvg(heatmap(matrix)), /<image[^>]+data:image\/png/);
});

test("figureToSvg draws 150,000 points and bars: some of the points, and the outline of the bars", async () => {
  const values = Float32Array.from({ length: 150_000 }, (_, i) => Math.sin(i / 5000));
  const places = Array.from(values, (_, i) => i);
  const groups = places.map((i) => i % 3);
  const points = await figureToSvg(scatter({ x: places, y: values }, { groups }));
  assert.equal(points.match(/class="point"/g)?.length, 5001);
  const outlines: (() => Figure)[] = [
    () => histogram([...places, places.length], values),
    () => bars(places, values),
    () => bars(places, values, { horizontal: true }),
  ];
  for (const make of sample(outlines, outlines.slice(0, 1))) {
    const svg = await figureToSvg(make());
    assert.match(svg, /class="js-fill"/);
  }
});

test("20,000 points and 4,000 bars are still drawn one by one, for a browser too", () => {
  const typesOf = (figure: Figure) => new Set(figure.data.map((trace) => (trace as { type: string }).type));
  const list = (count: number) => Array.from({ length: count }, (_, i) => i);
  for (const [count, type] of [
    [20_000, "scatter"],
    [20_001, "scattergl"],
  ] as const)
    assert.deepEqual(typesOf(scatter({ x: list(count), y: list(count) })), new Set([type]));
  for (const [count, type] of [
    [4000, "bar"],
    [4001, "scatter"],
  ] as const) {
    assert.deepEqual(typesOf(bars(list(count), list(count))), new Set([type]));
    assert.deepEqual(typesOf(histogram(list(count + 1), list(count))), new Set([type]));
  }
});

test("figureToPng(figure, {width, height, scale}) refuses sizes that cannot be drawn", async () => {
  const figure = lines([{ name: "a", y: [1, 2] }]);
  for (const width of [Number.NaN, 0, -5]) {
    await assert.rejects(
      figureToPng(figure, { width }),
      /^RangeError: Expected `width` to be a finite number, 10 or more/,
    );
    await assert.rejects(
      figureToSvg(figure, { height: width }),
      /^RangeError: Expected `height` to be a finite number/,
    );
  }
  await assert.rejects(
    figureToPng(figure, { width: 1e6 }),
    /^RangeError: Expected a picture of at most 40,000,000 pixels/,
  );
  await assert.rejects(
    figureToPng(figure, { width: 5000, height: 5000 }),
    /pass a smaller `width`, `height` or `scale`/,
  );
});
