/** Holds every notebook to the contract that CONTRIBUTING.md describes. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { code, folder, joined, type Notebook, prose, readNotebooks, root, shownText } from "./helpers/notebook";
import { decimals, isMeasured, numbers } from "./helpers/numbers";

const notebooks = readNotebooks();
const readme = readFileSync(join(root, "README.md"), "utf8");

/** Numbers that are no measurement of ours: definitions, and what others claim. */
const given = [
  // biome-ignore lint/suspicious/noApproximativeNumericConstant: it stands so in the text, where ln 10 is meant
  2.303, 99.2, 98.2, 0.1307, 0.3081, 0.5, 1.96, 0.9, 0.999, 0.05, 0.005,
];

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

    it("writes only numbers that a cell or a results file holds", () => {
      assert.deepEqual(unmeasured(prose(notebook), notebook), []);
    });
  });
}

it("README writes only decimal numbers that a results file holds", () => {
  // what README asks of the machine is held to set-up's constants, in setup.test.ts
  assert.deepEqual(unmeasured(readme.replace(/^You need Node [\s\S]*?\n\n/m, "")), []);
});

/** The decimal numbers of a text that nothing measured accounts for. */
function unmeasured(text: string, notebook?: Notebook): string[] {
  const results = join(root, "data", "results");
  const files = readdirSync(results).filter((file) => file.endsWith(".json"));
  const measured = files.flatMap((file) => numbers(readFileSync(join(results, file), "utf8")));
  const cells = notebook ? code(notebook) : [];
  const shown = cells.flatMap((cell) => [
    ...numbers(cell.source),
    ...cell.outputs.flatMap((output) => numbers(shownText(output))),
  ]);
  const known = [...given, ...measured, ...shown];
  return decimals(withoutReferences(text)).filter((number) => !isMeasured(number, known));
}

/** Prose without formulas, code and the reference list: numbers there are no claims. */
function withoutReferences(text: string): string {
  return text
    .replace(/^## References[\s\S]*?(?=^## |$(?![\s\S]))/m, "")
    .replace(/```[\s\S]*?```/g, "")
    .replace(/`[^`]*`/g, "");
}
