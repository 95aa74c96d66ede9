import ndarray from "ndarray";
import { bars, histogram } from "../../lib/src/figures/bars";
import { graphDiagram } from "../../lib/src/figures/graph-diagram";
import { heatmap } from "../../lib/src/figures/heatmap";
import { imageGrid } from "../../lib/src/figures/images";
import { labelText } from "../../lib/src/figures/labels";
import { lines } from "../../lib/src/figures/lines";
import { networkDiagram } from "../../lib/src/figures/network-diagram";
import { scatter } from "../../lib/src/figures/scatter";
import { table } from "../../lib/src/figures/table";

/** What every builder is given: numbers, and a label for each. */
export interface Input {
  values: number[];
  labels: (string | number)[];
}

const of = (...values: number[]): Input => ({ values, labels: values.map((_, i) => `label ${i}`) });
const many = Array.from({ length: 150_000 }, (_, i) => Math.sin(i / 1000));

/** Inputs that are hard on a figure, by name. */
export const nastyInputs: Readonly<Record<string, Input>> = {
  "one NaN": of(1, Number.NaN, 3),
  "only NaN": of(Number.NaN, Number.NaN),
  "NaN at both ends": of(Number.NaN, 2, 1, Number.NaN),
  infinities: of(Number.POSITIVE_INFINITY, 1, Number.NEGATIVE_INFINITY, 2),
  "null from JSON": of(...(JSON.parse("[1, null, 3]") as number[])),
  zeros: of(0, 0, 0),
  "a positive constant": of(3, 3, 3),
  "a negative constant": of(-2, -2, -2),
  "one value": of(5),
  nothing: of(),
  "repeated labels": { values: [1, 2, 3, 4], labels: [4, 9, 4, 7] },
  "empty labels": { values: [1, 2], labels: ["", ""] },
  "labels of every object": { values: [1, 2], labels: ["constructor", "__proto__"] },
  "labels that are no number": { values: [1, 2], labels: [Number.NaN, Number.POSITIVE_INFINITY] },
  "labels of markup": { values: [1, 2, 3, 4], labels: ["<b>loud", "&lt;5", "<9", "two<br>lines"] },
  "numbers of six digits": of(123456, 123457, 123458),
  "a plateau": of(2.502585, 2.502586, 2.502586, 2.502584),
  times: of(1.7e12, 1.7e12 + 1, 1.7e12 + 2),
  "zeros and negatives": of(0, 5, -1, 0, 70, 80),
  "within a decade": of(210, 300, 690),
  "one decade and a half": of(2, 3, 50),
  "600 decades": of(1e-300, 1, 1e300),
  "numbers of many zeros": of(-1e30, 1e15, 3e-20, -0),
  "150,000 values": { values: many, labels: many.map((_, i) => i) },
  "150,000 values of seven labels": { values: many, labels: many.map((_, i) => i % 7) },
};

/** A square of the values, row by row, as far as they go: at most 400 × 400. */
function square(values: number[]): number[][] {
  const side = Math.min(400, Math.floor(Math.sqrt(values.length)));
  return Array.from({ length: side }, (_, row) => values.slice(row * side, (row + 1) * side));
}

function image(values: number[]): ndarray.NdArray {
  const part = values.slice(0, 784);
  return ndarray(Float64Array.from(part), [1, part.length]);
}

/** Every public builder that makes something of numbers and labels, by name. */
export const builders = {
  bars: ({ values, labels }: Input) => bars(labels, values),
  "horizontal bars": ({ values, labels }: Input) => bars(labels, values, { horizontal: true }),
  "bars on a logarithmic axis": ({ values, labels }: Input) => bars(labels, values, { valueScale: "log" }),
  "errors of bars": ({ values, labels }: Input) =>
    bars(
      labels,
      values.map(() => 1),
      { errors: values },
    ),
  "intervals of bars": ({ values, labels }: Input) =>
    bars(
      labels,
      values.map(() => 1),
      { errors: { low: values, high: values } },
    ),
  histogram: ({ values }: Input) =>
    histogram(
      Array.from({ length: values.length + 1 }, (_, i) => i),
      values,
    ),
  lines: ({ values }: Input) => lines([{ name: "line", y: values }]),
  "lines on a logarithmic axis": ({ values }: Input) => lines([{ name: "line", y: values }], { yScale: "log" }),
  "lines on two logarithmic axes": ({ values }: Input) =>
    lines([{ name: "line", x: values, y: values }], { xScale: "log", yScale: "log" }),
  "histogram on a logarithmic axis": ({ values }: Input) =>
    histogram(
      Array.from({ length: values.length + 1 }, (_, i) => i),
      values,
      { yScale: "log" },
    ),
  "x of lines": ({ values }: Input) => lines([{ name: "line", x: values, y: values.map(() => 1) }], { xScale: "log" }),
  "bands of lines": ({ values }: Input) =>
    lines([{ name: "line", y: values.map(() => 1), band: { low: values, high: values } }], { yScale: "log" }),
  "names of lines": ({ values, labels }: Input) =>
    lines(
      (labels.length > 20 ? [] : labels).map((name, i) => ({ name: labelText(name), y: [values[i] as number, 1] })),
    ),
  "marks of lines": ({ values }: Input) =>
    lines([{ name: "line", y: [1, 2] }], { marks: values.slice(0, 20).map((x) => ({ x, text: "mark" })) }),
  scatter: ({ values }: Input) => scatter({ x: values, y: values }),
  "groups of points": ({ values, labels }: Input) =>
    scatter({ x: values, y: values }, { groups: values.map((_, i) => i % 5), groupNames: labels }),
  heatmap: ({ values }: Input) => heatmap(square(values)),
  "diverging heatmap": ({ values }: Input) => heatmap(square(values), { colours: "diverging" }),
  "heatmap without its diagonal": ({ values }: Input) => heatmap(square(values), { hideDiagonalFromScale: true }),
  "names of a heatmap": ({ values, labels }: Input) => {
    const some = values.slice(0, 400);
    return heatmap([some, some], { rows: ["a", "a"], columns: labels.slice(0, 400), details: () => "more" });
  },
  table: ({ values, labels }: Input) =>
    table(values.slice(0, 2000).map((value, i) => ({ label: labels[i] as string | number, value }))),
  "columns of a table": ({ values, labels }: Input) =>
    table(
      values.slice(0, 200).map((value, i) => ({ [labelText(labels[i] as string | number)]: value })),
      { digits: {} },
    ),
  "images in ink": ({ values }: Input) => imageGrid(image(values), { colours: "ink" }),
  "images in heat": ({ values }: Input) => imageGrid(image(values), { colours: "heat", range: "each" }),
  "diverging images": ({ values }: Input) => imageGrid(image(values), { colours: "diverging", range: "all" }),
  "maps over images": ({ values }: Input) => imageGrid(image(values), { overlay: image(values) }),
  "captions of images": ({ values, labels }: Input) => {
    const some = values.slice(0, 100);
    return imageGrid(
      some.map((value) => image([value])),
      { captions: labels.slice(0, 100) },
    );
  },
  "steps of a computation": ({ values, labels }: Input) =>
    graphDiagram(
      values.slice(0, 50).map((value, i) => ({
        name: labelText(labels[i] as string | number),
        value,
        inputs: [],
        slopes: [],
        gradient: value,
      })),
    ),
  "shapes of a network": ({ values, labels }: Input) =>
    networkDiagram(
      values.map((units, i) => ({
        name: `layer ${i}`,
        shape: [units],
        detail: `after ${labelText(labels[i] as string | number)}`,
      })),
    ),
} as const;

type Door = (list: never) => unknown;

/** Every list of numbers that a builder takes, by name; each door takes two. */
export const numberDoors: Readonly<Record<string, Door>> = {
  "y of lines": (y) => lines([{ name: "a", y }]),
  "x of lines": (x) => lines([{ name: "a", x, y: [1, 2] }]),
  "low band of lines": (low) => lines([{ name: "a", y: [1, 2], band: { low, high: [3, 4] } }]),
  "high band of lines": (high) => lines([{ name: "a", y: [1, 2], band: { low: [0, 0], high } }]),
  "x of points": (x) => scatter({ x, y: [1, 2] }),
  "y of points": (y) => scatter({ x: [1, 2], y }),
  "groups of points": (groups) => scatter({ x: [1, 2], y: [1, 2] }, { groups }),
  "values of bars": (values) => bars(["a", "b"], values),
  "errors of bars": (errors) => bars(["a", "b"], [1, 2], { errors }),
  "low errors of bars": (low) => bars(["a", "b"], [1, 2], { errors: { low, high: [3, 4] } }),
  "high errors of bars": (high) => bars(["a", "b"], [1, 2], { errors: { low: [0, 0], high } }),
  "edges of a histogram": (edges) => histogram(edges, [1]),
  "counts of a histogram": (counts) => histogram([0, 1, 2], counts),
  "rows of a heatmap": (row) => heatmap([row]),
};

/** Every list of labels that a builder takes, by name; each door takes two. */
export const labelDoors: Readonly<Record<string, Door>> = {
  "labels of bars": (labels) => bars(labels, [1, 2]),
  "names of groups": (groupNames) => scatter({ x: [1, 2], y: [1, 2] }, { groups: [0, 1], groupNames }),
  "texts under the mouse": (hover) => scatter({ x: [1, 2], y: [1, 2] }, { hover }),
  "names of rows": (rows) => heatmap([[1], [2]], { rows }),
  "names of columns": (columns) => heatmap([[1, 2]], { columns }),
  "captions of images": (captions) => imageGrid([image([1]), image([2])], { captions }),
};

/** What is no list of numbers, nor of labels, with the words for it. */
export const wrongLists: readonly (readonly [unknown, string])[] = [
  [ndarray(new Float32Array(2), [2]), "an ndarray: pass its `.data`"],
  [{ dataSync: () => [1, 2], shape: [2] }, "a tensor: pass `await tensor.data()`"],
  [new Set([1, 2]), "a Set: pass `[...]` of its values"],
  ["12", "a string"],
  [7, "a number"],
  [() => 1, "a function"],
  [[1n, 2n], "a bigint: pass `Number(…)` of it at index 0"],
  [BigInt64Array.of(1n, 2n), "a bigint: pass `Number(…)` of it at index 0"],
  [[new Date(0), new Date(1)], "a Date: pass its `.getTime()` at index 0"],
  [[[1], [2]], "an Array at index 0"],
];

/** An option of each builder that takes words, called with another. */
export const unknownWords: Readonly<Record<string, (word: never) => unknown>> = {
  xScale: (xScale) => lines([{ name: "a", y: [1, 2] }], { xScale }),
  yScale: (yScale) => lines([{ name: "a", y: [1, 2] }], { yScale }),
  valueScale: (valueScale) => bars(["a"], [1], { valueScale }),
  "yScale of a histogram": (yScale) => histogram([0, 1], [1], { yScale }),
  "colours of a heatmap": (colours) => heatmap([[1]], { colours }),
  "colours of images": (colours) => imageGrid(image([1]), { colours }),
  "range of images": (range) => imageGrid(image([1]), { range }),
  align: (side) => table([{ a: 1 }], { align: { a: side } }),
};

/** Options that are numbers, called with one that is none. */
export const oddNumbers: Readonly<Record<string, (value: number) => unknown>> = {
  columns: (columns) => imageGrid(image([1]), { columns }),
  gap: (gap) => imageGrid(image([1]), { gap }),
  scale: (scale) => imageGrid(image([1]), { scale }),
  "limits of images": (limit) => imageGrid(image([1]), { range: [0, limit] }),
  "limits of a heatmap": (limit) => heatmap([[1]], { range: [0, limit] }),
  "limits of lines": (limit) => lines([{ name: "a", y: [1, 2] }], { yRange: [0, limit] }),
  "limits of bars": (limit) => bars(["a"], [1], { range: [0, limit] }),
  digits: (digits) => table([{ a: 1 }], { digits }),
  "width of lines": (width) => lines([{ name: "a", y: [1, 2] }], { width }),
  "height of bars": (height) => bars(["a"], [1], { height }),
  "width of points": (width) => scatter({ x: [1], y: [1] }, { width }),
  "height of a heatmap": (height) => heatmap([[1]], { height }),
  "width of a network": (width) =>
    networkDiagram(
      [1, 2].map((n) => ({ name: "a", shape: [n] })),
      { width },
    ),
};

/** A sentence as errors have it: what was expected, what came. */
export const namedSentence = /^Expected .+(, got .+\.|, they do not: .+\.)$/s;
