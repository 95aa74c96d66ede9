import { judges } from "../../lib/src/exercises/lesson-05";
import { holdsJudges } from "../helpers/judging";

interface Entry {
  value: number;
  inputs: Entry[];
  slopes: number[];
}

const record = (value: number, inputs: Entry[], slopes: number[]) => ({ name: "", value, inputs, slopes, gradient: 0 });
const values = (entries: Entry[]) => entries.map(({ value }) => value);
const product = (a: Entry[], b: Entry[]) => a.reduce((sum, each, i) => sum + each.value * (b[i] as Entry).value, 0);
const roots = [25, 150, 400, 120, 84].map((n) => Math.sqrt(2 / n));

holdsJudges(judges, {
  "05-1": { right: [8, 8.04], wrong: [12, 2, 7, 4, "some"], secret: /\b8\b|eight/ },
  "05-2": {
    right: [
      (a: Entry) => record(Math.max(0, a.value), [a], [a.value > 0 ? 1 : 0]),
      (a: Entry) => (a.value > 0 ? record(a.value, [a], [1]) : record(0, [a], [0])),
    ],
    wrong: [
      (a: Entry) => record(Math.max(0, a.value), [a], [1]),
      (a: Entry) => record(Math.max(0, a.value), [a], [a.value]),
      (a: Entry) => record(Math.abs(a.value), [a], [a.value > 0 ? 1 : 0]),
      (a: Entry) => Math.max(0, a.value),
      (a: Entry) => record(Math.max(0, a.value), [], []),
      () => undefined,
      1,
    ],
    secret: /> 0 \? 1|slope (is|of) 1/,
  },
  "05-3": { right: [10, 10.0], wrong: [0, 61_706, 850, 6, [10]], secret: /\b10\b|logits/ },
  "05-4": { right: [20, 19.98], wrong: [1, 200, 400, "many"], secret: /\b20\b|root/ },
  "05-a": { right: [[2, 5], new Float32Array([2, 5])], wrong: [[5, 2], [2, 3], [3, 5], [2], 2], secret: /\b5\b/ },
  "05-b": {
    right: [roots, roots.map((root) => Number(root.toFixed(4))), roots.map((root) => Number(root.toFixed(3)))],
    wrong: [
      [25, 150, 400, 120, 84],
      roots.map((root) => root ** 2),
      roots.map((root, i) => (i === 1 ? 0.28 : root)),
      [0.2877, 0.1164, 0.0705, 0.1297, 0.1559],
      roots.slice(1),
      5,
    ],
    secret: /150|\.11/,
  },
  "05-c": {
    right: [
      [Math.log(10), 0],
      [Number(Math.log(10).toFixed(3)), 0],
      [2.3, 0],
    ],
    wrong: [[0, 0], [2.3, 0.1], [2.579, 0], 5],
    secret: /2\.3|ln 10/,
  },
  "05-d": {
    right: [
      (w: Entry[], x: Entry[]) => record(product(w, x), [...w, ...x], [...values(x), ...values(w)]),
      (w: Entry[], x: Entry[]) => record(product(w, x), [...x, ...w], [...values(w), ...values(x)]),
    ],
    wrong: [
      (w: Entry[], x: Entry[]) => record(product(w, x), [...w, ...x], [...values(w), ...values(x)]),
      (w: Entry[], x: Entry[]) => record(product(w, x), w, values(x)),
      (w: Entry[], x: Entry[]) => record(product(w, x), [...w, ...x], values(x)),
      (w: Entry[], x: Entry[]) => product(w, x),
      (w: Entry[], x: Entry[]) => record(0, [...w, ...x], [...values(x), ...values(w)]),
      () => undefined,
    ],
    secret: /values?\(x|input values/,
  },
});
