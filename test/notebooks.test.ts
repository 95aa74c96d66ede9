/** Holds every notebook to the contract that CONTRIBUTING.md describes. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { kernelBytes } from "../lib/src/int8/wasm/wasm";
import { meanAndDeviation } from "../lib/src/metrics/accuracy";
import { code, folder, joined, type Notebook, prose, readNotebooks, root } from "./helpers/notebook";
import {
  decimals,
  passagesOf,
  readResults,
  type Sentence,
  type Sources,
  sectionOf,
  sentencesOf,
  unsourced,
} from "./helpers/numbers";

const notebooks = readNotebooks();
const readme = readFileSync(join(root, "README.md"), "utf8");

/** Words with numbers that no cell measures: definitions, settings, what others claim, values to try. By notebook. */
const given: Record<string, string[]> = {
  "01": ["their mean is 0.1307 and their standard deviation 0.3081", "5000 \\cdot 0.1 \\cdot 0.9"],
  "02": [
    "ln 10 = 2.303",
    "within a few hundredths of 2.303",
    "a hair above 2.303",
    "the last stretch from 0.1 to 0.01",
  ],
  "03": [
    "\\ln 10 \\approx 2.303",
    "Nesterov's momentum 0.9:",
    "99.2 % is claimed for it",
    "99.2 % is not what comes out",
    "at 99.5 % it is about ±0.14 points wide",
    "the last above 99.3 %",
    "to 0.005 and to 0.2 and train",
  ],
  "04": [
    "8 has the highest error, 0.8 %",
    "4 and 9 are confused most, 3.2 %",
    "a network with 99.2 % accuracy",
    "3.2 % of them are 64 errors",
    "an error rate of at least 3.2 %",
    "of all errors, 3.2 % would be",
  ],
  "05": ["moving average (decay 0.99)", "by 0.5, 0.7 and 0.9"],
};

it("notebooks are numbered from 01 without a gap, and README lists each", () => {
  const expected = notebooks.map((_, i) => String(i + 1).padStart(2, "0"));
  assert.deepEqual(
    notebooks.map(({ file }) => file.slice(0, 2)),
    expected,
  );
  const listed = [...readme.matchAll(/^\| \[\d\d [^\]]+\]\(notebooks\/([^)]+)\)/gm)].map(([, file]) => file);
  assert.deepEqual(
    notebooks.map(({ file }) => file),
    listed,
  );
  assert.match(readme, new RegExp(`^notebooks/ +01 to ${expected.at(-1)}:`, "m"));
});

for (const notebook of notebooks) {
  describe(notebook.file, () => {
    it("begins with its number, a title and a promise", () => {
      const [first] = notebook.cells;
      assert.equal(first?.cell_type, "markdown");
      const [title, ...rest] = (first?.source ?? "").split("\n");
      assert.match(title ?? "", new RegExp(`^# ${notebook.file.slice(0, 2)} \\S`));
      assert.ok(rest.join(" ").trim().length > 30, "a line under the title says what the reader gets");
    });

    it("has the sections of the contract, in order", () => {
      const headings = prose(notebook).match(/^## .+$/gm) ?? [];
      const wanted = [
        /what you will learn/i,
        /^## 1 /,
        /claims, checked/i,
        /summary/i,
        /exercises/i,
        /references/i,
        /next/i,
      ];
      const places = wanted.map((pattern) => headings.findIndex((heading) => pattern.test(heading)));
      assert.ok(!places.includes(-1), `missing ${wanted[places.indexOf(-1)]} among\n${headings.join("\n")}`);
      assert.deepEqual(
        [...places].sort((a, b) => a - b),
        places,
      );
      const numbered = headings
        .filter((heading) => /^## \d+ /.test(heading))
        .map((heading) => Number(heading.split(" ")[1]));
      assert.deepEqual(
        numbered,
        numbered.map((_, i) => i + 1),
      );
    });

    it("has four to six exercises and a summary with numbers", () => {
      const part = (name: string) =>
        prose(notebook)
          .split(new RegExp(`^## ${name}.*$`, "m"))[1]
          ?.split(/^## /m)[0] ?? "";
      const exercises = part("Exercises").match(/^\d+\. /gm) ?? [];
      assert.ok(exercises.length >= 4 && exercises.length <= 6, `${exercises.length} exercises`);
      assert.match(part("Summary"), /\d/);
    });

    it("imports the library by name, once, and keeps its settings in one cell", () => {
      const cells = code(notebook);
      assert.match(cells[0]?.source ?? "", /from "lenet-lab"/);
      assert.match(cells[1]?.source ?? "", /^(\/\/.*\n)*(export )?const /);
      assert.ok(!cells.slice(1).some(({ source }) => /^import /m.test(source)), "imports stand in the first code cell");
    });

    it("explains before every code cell", () => {
      const pairs = notebook.cells.slice(1).map((cell, i) => [notebook.cells[i]?.cell_type, cell.cell_type].join());
      assert.ok(!pairs.includes("code,code"), "two code cells without prose between them");
    });

    it("has cells of at most 30 lines of at most 110 characters", () => {
      for (const { id, source } of code(notebook)) {
        const lines = source.split("\n");
        assert.ok(lines.length <= 30, `${id}: ${lines.length} lines`);
        const longest = Math.max(...lines.map((line) => line.length));
        assert.ok(longest <= 110, `${id}: a line of ${longest} characters`);
      }
    });

    it("has four or more words of prose for each line of code", () => {
      const lines = code(notebook)
        .flatMap(({ source }) => source.split("\n"))
        .filter((line) => line.trim() !== "").length;
      const words = prose(notebook).split(/\s+/).length;
      assert.ok(words / lines >= 4, `${(words / lines).toFixed(1)} words a line`);
    });

    it("never gives a name a second meaning", () => {
      const names = code(notebook).flatMap(({ source }) =>
        [...source.matchAll(/^(?:const|let|var|function|class|async function|function\*) (\w+)/gm)].map(
          (match) => match[1],
        ),
      );
      const twice = names.filter((name, i) => names.indexOf(name) !== i);
      assert.deepEqual(twice, []);
    });

    it("is stored as one clean run of the tslab kernel", () => {
      assert.equal(notebook.metadata.kernelspec?.name, "tslab");
      const counts = code(notebook).map((cell) => cell.execution_count);
      assert.deepEqual(
        counts,
        counts.map((_, i) => i + 1),
      );
      for (const { id, outputs } of code(notebook)) {
        assert.ok(
          !outputs.some((output) => output.output_type === "error" || output.name === "stderr"),
          `${id}: error or stderr`,
        );
      }
      assert.ok(!notebook.text.includes("UncaughtException"));
      assert.ok(notebook.text.length <= 1_000_000, `${notebook.text.length} characters`);
    });

    it("shows every figure as a picture with words for those who cannot see it", () => {
      const bundles = code(notebook).flatMap(({ id, outputs }) =>
        outputs.map((output) => ({ id, data: output.data ?? {} })),
      );
      const figures = bundles.filter(({ data }) => "application/vnd.plotly.v1+json" in data || "image/png" in data);
      assert.ok(figures.length >= 3, `${figures.length} figures`);
      for (const { id, data } of figures) {
        assert.ok(joined(data["image/png"] as string).length > 500, `${id}: no picture`);
        assert.ok(joined(data["text/plain"] as string).trim().length > 20, `${id}: no words for its figure`);
      }
    });

    it("names no machine's paths and draws no unseeded numbers", () => {
      assert.doesNotMatch(notebook.text, /\/(work|home|root|tmp|Users)\//);
      assert.doesNotMatch(notebook.text, /Math\.random/);
    });

    it("has links that lead somewhere", () => {
      for (const [, target] of prose(notebook).matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) {
        if (!/^https?:/.test(target as string))
          assert.ok(existsSync(join(folder, target as string)), `${target} does not exist`);
      }
    });

    it("writes only numbers whose source it names", () => {
      assert.deepEqual(withoutSource(claimsOf(notebook)), []);
    });

    it("writes every given number", () => {
      const text = prose(notebook).replace(/\s+/g, " ");
      assert.deepEqual(
        given[notebook.file.slice(0, 2)]?.filter((words) => !text.includes(words)),
        [],
      );
    });
  });
}

it("README writes only numbers whose source it names", () => {
  assert.deepEqual(withoutSource(claimsOfReadme()), []);
});

it("a number that is changed by one in its last place is found in at least 95 % of all cases", (t) => {
  const claims = [...notebooks.flatMap(claimsOf), ...claimsOfReadme()];
  const mutants = claims.flatMap(mutantsOf);
  const missed = mutants.filter(
    ({ sentence, sources, index }) => !unsourced(sentence, sources).some((number) => number.index === index),
  );
  const found = 1 - missed.length / mutants.length;
  t.diagnostic(`${(100 * found).toFixed(1)} % of ${mutants.length} are found`);
  assert.ok(mutants.length > 300, `${mutants.length}`);
  assert.ok(
    found >= 0.95,
    ["these pass:", ...missed.map(({ change, sentence }) => `${change}: ${sentence.text}`)].join("\n"),
  );
});

interface Claim {
  sentence: Sentence;
  sources: Sources;
}

function claimsOf(notebook: Notebook): Claim[] {
  const number = notebook.file.slice(0, 2);
  const cellsOf = (wanted: string) => notebooks.find(({ file }) => file.startsWith(wanted))?.cells ?? [];
  return passagesOf(notebook.cells).flatMap(({ prose, near }) => {
    const sources = {
      near,
      sectionOf: (section: string, of = number) => sectionOf(cellsOf(of), section),
      results: readResults(),
      given: given[number] ?? [],
    };
    return sentencesOf(prose).map((sentence) => ({ sentence, sources }));
  });
}

function claimsOfReadme(): Claim[] {
  const results = readResults();
  const { seeds } = results.get("qat.json") as { seeds: { qat8: number }[] };
  const { deviation } = meanAndDeviation(seeds.map(({ qat8 }) => 100 * qat8));
  const sources: Sources = {
    near: [],
    results,
    given: [
      `± ${deviation.toFixed(2)} % | 3 more`,
      `${(kernelBytes().length / 1000).toFixed(1)} KB of WebAssembly`,
      "(2.5 GB) and measures them too",
      "CC BY-SA 3.0",
    ],
  };
  // what README asks of the machine is held to set-up's constants, in setup.test.ts
  const text = readme.replace(/^You need Node [\s\S]*?\n\n/m, "");
  const passages = passagesOf([{ cell_type: "markdown", source: text, outputs: [] }]);
  return passages.flatMap(({ prose }) => sentencesOf(prose)).map((sentence) => ({ sentence, sources }));
}

const withoutSource = (claims: Claim[]): string[] =>
  claims.flatMap(({ sentence, sources }) =>
    unsourced(sentence, sources).map(({ written }) => `${written} in: ${sentence.text}`),
  );

/** A claim with one of its numbers one more or one less in the last place, for each number. */
function mutantsOf({ sentence, sources }: Claim) {
  return decimals(sentence).flatMap(({ written, index }) =>
    [-1, 1].map((step) => {
      const [mantissa = "", exponent] = written.replace(/,/g, "").split("e");
      const places = mantissa.split(".")[1]?.length ?? 0;
      const changed = Math.abs(Number(mantissa) + step * 10 ** -places).toFixed(places);
      const other = exponent === undefined ? changed : `${changed}e${exponent}`;
      const text = sentence.text.slice(0, index) + other + sentence.text.slice(index + written.length);
      return { sentence: { ...sentence, text }, sources, index, change: `${written} → ${other}` };
    }),
  );
}
