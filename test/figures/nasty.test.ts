import assert from "node:assert/strict";
import { test } from "node:test";
import vm from "node:vm";
import { JSDOM } from "jsdom";
import { figureToSvg } from "../../lib/src/figures/render/png";
import { sample } from "../helpers/full";
import {
  builders,
  labelDoors,
  namedSentence,
  nastyInputs,
  numberDoors,
  oddNumbers,
  unknownWords,
  wrongLists,
} from "../helpers/nasty-figures";

type Made = ReturnType<(typeof builders)[keyof typeof builders]>;

/** What a builder makes of an input, or the sentence by which it refuses it. */
function make(builder: (typeof builders)[keyof typeof builders], input: keyof typeof nastyInputs): Made | string {
  try {
    return builder(nastyInputs[input] as { values: number[]; labels: (string | number)[] });
  } catch (error) {
    return String((error as Error).message);
  }
}

/** Numbers that JSON would turn into null. */
function lostInJson(value: unknown, path = "figure"): string[] {
  if (typeof value === "number") return Number.isFinite(value) ? [] : [`${path} is ${value}`];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => lostInJson(part, `${path}.${key}`));
}

for (const [name, builder] of Object.entries(builders)) {
  test(`${name}: whatever comes is drawn or refused by a sentence, with words that a reader can read`, () => {
    for (const input of Object.keys(nastyInputs)) {
      const made = make(builder, input);
      if (typeof made === "string") {
        assert.match(made, namedSentence, input);
        // no picture for nothing, nor for layers without a size; everything else is drawn
        assert.ok(/at least|none/.test(made) || name === "shapes of a network", `${input}: ${made}`);
        continue;
      }
      const words = made.kind === "table" ? made.text + made.html : made.alt;
      assert.doesNotMatch(words, /NaN|undefined|Infinity|null/, input);
      if (made.kind === "figure") assert.deepEqual(lostInJson(made).slice(0, 3), [], input);
    }
  });
}

test("every figure of nasty inputs can be drawn", async () => {
  const inputs = Object.entries(nastyInputs).filter(([, { values }]) => values.length < 100);
  for (const [i, [name, builder]] of Object.entries(builders).entries()) {
    for (const [j, [input]] of inputs.entries()) {
      const made = make(builder, input);
      if (typeof made === "string" || made.kind !== "figure" || sample(false, (i + j) % 13 !== 0)) continue;
      // jsdom and plotly write what they could not place as NaN
      assert.doesNotMatch(await figureToSvg(made), /NaN|undefined|Infinity/, `${name}, ${input}`);
    }
  }
});

test("labels that look like markup are written letter by letter, in the words and in the picture", async () => {
  const { labels } = nastyInputs["labels of markup"] as { labels: string[] };
  for (const name of ["bars", "horizontal bars", "names of lines", "groups of points", "names of a heatmap"] as const) {
    const made = make(builders[name], "labels of markup");
    assert.ok(typeof made !== "string" && made.kind === "figure", name);
    const { document } = new JSDOM(await figureToSvg(made), { contentType: "image/svg+xml" }).window;
    const drawn = [...document.querySelectorAll("text")].map((text) => text.textContent);
    for (const label of labels) {
      assert.ok(drawn.includes(label), `${name}: ${label} among ${drawn}`);
      if (/lines|points/.test(name)) assert.ok(made.alt.includes(label), `${name}: ${made.alt}`);
    }
  }
  const network = make(builders["shapes of a network"], "labels of markup");
  assert.ok(typeof network !== "string" && network.kind === "figure");
  assert.match(await figureToSvg(network), /after &amp;lt;5</);
});

test("no text of data reaches Plotly as markup, in any figure", () => {
  for (const [name, builder] of Object.entries(builders)) {
    const made = make(builder, "labels of markup");
    if (typeof made === "string" || made.kind !== "figure") continue;
    // the name of a group in the legend is shown nowhere
    const shown = JSON.stringify([made.data, made.layout], (key, value) => (key === "legendgroup" ? "" : value));
    assert.doesNotMatch(shown, /<b>loud|[^;]&lt;5|<9|two<br>lines/, name);
  }
});

test("points that differ where they are drawn stay apart, and whole x stay what they are", () => {
  for (const input of ["numbers of six digits", "a plateau", "times"] as const) {
    const { values } = nastyInputs[input] as { values: number[] };
    for (const [name, axis] of [
      ["lines", "y"],
      ["lines on a logarithmic axis", "y"],
      ["x of lines", "x"],
      ["scatter", "x"],
      ["scatter", "y"],
    ] as const) {
      const { data } = builders[name]({ values, labels: [] });
      const [trace] = data as Record<"x" | "y", number[]>[];
      assert.equal(new Set(trace?.[axis]).size, new Set(values).size, `${name}, ${input}`);
      if (axis === "x" && input !== "a plateau") assert.deepEqual(trace?.x, values, `${name}, ${input}`);
    }
  }
});

type Figure = Extract<Made, { kind: "figure" }>;

/** Numbers that a logarithmic axis cannot hold. */
function belowZero({ data }: Figure, side: "x" | "y"): unknown[] {
  const places = data.flatMap((trace) => (trace as Partial<Record<"x" | "y", unknown[]>>)[side] ?? []);
  return places.filter((place) => typeof place === "number" && place <= 0);
}

test("nothing that a logarithmic axis cannot hold is handed to it, in any figure, and the words tell of it", () => {
  for (const [name, builder] of Object.entries(builders)) {
    const made = make(builder, "zeros and negatives");
    if (typeof made === "string" || made.kind !== "figure") continue;
    for (const side of ["x", "y"] as const) {
      if ((made.layout[`${side}axis`] as { type?: string } | undefined)?.type !== "log") continue;
      assert.deepEqual(belowZero(made, side), [], name);
      // a ribbon is not told of in words
      if (!name.startsWith("bands")) assert.match(made.alt, /, 3 without a place on a logarithmic axis/, name);
    }
  }
});

/** Texts beside the ticks of an axis. */
async function tickLabels(figure: Figure, side: "x" | "y") {
  const { document } = new JSDOM(await figureToSvg(figure), { contentType: "image/svg+xml" }).window;
  return [...document.querySelectorAll(`.${side}tick text`)].map((text) => text.textContent ?? "");
}

test("a logarithmic axis has two to sixteen numbers beside it, each in full, whatever it spans", async () => {
  const axes = [
    ["lines on two logarithmic axes", "x"],
    ["lines on two logarithmic axes", "y"],
    ["bars on a logarithmic axis", "y"],
    ["histogram on a logarithmic axis", "y"],
  ] as const;
  const spans = [0, 1e-4, 0.01, 0.2, 0.5, 0.79, 0.9, 1.1, 1.4, 1.49, 3, 9, 15, 40, 500];
  for (const [i, [name, side]] of axes.entries()) {
    for (const [j, span] of spans.entries()) {
      if (sample(false, (i + j) % 3 !== 0)) continue;
      const values = [0, 0.4, 1].map((share) => 10 ** (span * (share - 0.5) + 0.3));
      const labels = await tickLabels(builders[name]({ values, labels: ["a", "b", "c"] }), side);
      assert.ok(labels.length >= 2 && labels.length <= 16, `${name}, ${span} decades: ${labels}`);
      assert.equal(new Set(labels).size, labels.length, `${name}, ${span} decades: ${labels}`);
    }
  }
});

test("what is no list is refused at the door, with what came and what to pass", () => {
  for (const [kind, doors] of Object.entries({ numbers: numberDoors, "texts or numbers": labelDoors })) {
    for (const [name, door] of Object.entries(doors)) {
      for (const [list, words] of wrongLists) {
        assert.throws(
          () => door(list as never),
          (error: Error) => {
            assert.ok(error instanceof TypeError, `${name}, ${words}: ${error}`);
            assert.match(error.message, namedSentence);
            assert.ok(error.message.endsWith(` as a list of ${kind}, got ${words}.`), `${name}: ${error.message}`);
            return true;
          },
        );
      }
    }
  }
  for (const [name, door] of Object.entries(numberDoors))
    assert.throws(() => door(["1", "2"] as never), /^TypeError: .*, got a string at index 0\.$/, name);
});

test("lists of numbers and labels are arrays, or typed ones, also those of another realm", () => {
  const foreign = vm.runInNewContext("[[1, 2], Float32Array.of(1, 2), [1, null]]") as never[];
  for (const door of Object.values(numberDoors).filter((_, i) => i !== 6 && i !== 11))
    for (const list of [[1, 2] as never, Uint8Array.of(1, 2) as never, ...foreign]) door(list);
  for (const door of Object.values(labelDoors))
    for (const list of [[1, 2] as never, ["a", "b"] as never, Uint8Array.of(1, 2) as never]) door(list);
});

test("words that no option knows are refused, with those it knows", () => {
  for (const [name, call] of Object.entries(unknownWords)) {
    for (const word of ["divergin", "toString", 7, null]) {
      assert.throws(
        () => call(word as never),
        (error: Error) => {
          assert.equal(error.constructor, Error, `${name}, ${word}: ${error}`);
          assert.match(error.message, /^Expected `\w+` to be \w+( or \w+)+, got ("\w+"|a number|null)\.$/, name);
          return true;
        },
      );
    }
  }
});

test("options that are no number, or none that can be, are refused by a sentence", () => {
  for (const [name, call] of Object.entries(oddNumbers)) {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      assert.throws(
        () => call(value),
        (error: Error) => {
          assert.ok(error instanceof RangeError, `${name}, ${value}: ${error}`);
          assert.match(error.message, namedSentence);
          return true;
        },
      );
    }
  }
});
