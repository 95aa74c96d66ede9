/** Holds every notebook to the contract that CONTRIBUTING.md describes. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { kernelBytes } from "../lib/src/int8/wasm/wasm";
import { meanAndDeviation } from "../lib/src/metrics/accuracy";
import {
  type Cell,
  code,
  joined,
  type Notebook,
  partsOf,
  prose,
  readCourse,
  readNotebooks,
  root,
  unfolded,
} from "./helpers/notebook";
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

const lessons = readNotebooks();
const course = readCourse();
const readme = readFileSync(join(root, "README.md"), "utf8");
const isLesson = ({ number }: Notebook) => /^\d\d$/.test(number);
const isSource = (cell: Cell) => cell.source.trim() !== "";

/** How long a notebook may be. */
const limits = (notebook: Notebook) =>
  isLesson(notebook) ? { words: 2200, lines: 200, figures: 10 } : { words: 3000, lines: 300, figures: 12 };

/** Words with numbers that no cell measures: definitions, settings, what others claim, values to try. */
function givenIn({ number }: Notebook): string[] {
  const path = join(root, "test", "fixtures", "given", `${number}.json`);
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : [];
}

it("lessons are numbered from 01 to 10, and README lists each notebook of the course", () => {
  const expected = Array.from({ length: 10 }, (_, i) => String(i + 1).padStart(2, "0"));
  assert.deepEqual(
    lessons.map(({ number }) => number),
    expected,
  );
  const listed = [...readme.matchAll(/^\| \[(?:\d\d|E\d) [^\]]+\]\(notebooks\/([^)]+)\)/gm)].map(([, file]) => file);
  assert.deepEqual(
    course.map(({ file, number }) => (/^E/.test(number) ? `engine-room/${file}` : file)),
    listed,
  );
});

for (const notebook of course) {
  const { number } = notebook;
  describe(notebook.file, () => {
    it("begins with its number, a title and a promise", () => {
      const [first] = notebook.cells;
      assert.equal(first?.cell_type, "markdown");
      const [title, ...rest] = (first?.source ?? "").split("\n");
      assert.match(title ?? "", new RegExp(`^# ${number} \\S`));
      assert.ok(rest.join(" ").trim().length > 30, "a line under the title says what the reader gets");
    });

    it("has the sections of the contract, in order", () => {
      const headings = partsOf(notebook).map(({ heading }) => heading);
      const wanted = [
        /^What you will be able to do$/,
        /^1 /,
        /^Claims, checked$/,
        /^Summary$/,
        /^Exercises$/,
        /^References$/,
        /^Next$/,
      ];
      const places = wanted.map((pattern) => headings.findIndex((heading) => pattern.test(heading)));
      assert.ok(!places.includes(-1), `missing ${wanted[places.indexOf(-1)]} among\n${headings.join("\n")}`);
      assert.deepEqual(
        [...places].sort((a, b) => a - b),
        places,
      );
      const numbered = headings
        .filter((heading) => /^\d+ /.test(heading))
        .map((heading) => Number.parseInt(heading, 10));
      assert.deepEqual(
        numbered,
        numbered.map((_, i) => i + 1),
      );
    });

    it("promises three to five things, and says how long they take and what they need", () => {
      const promised = part(notebook, "What you will be able to do");
      const outcomes = promised.match(/^[*-] /gm) ?? [];
      assert.ok(outcomes.length >= 3 && outcomes.length <= 5, `${outcomes.length} outcomes`);
      assert.match(promised, /\*\*Time:?\*\*/);
      assert.match(promised, /\*\*You need:?\*\*/);
    });

    it("has a summary of three to five lines with numbers", () => {
      const summary = part(notebook, "Summary");
      const points = summary.match(/^[*-] /gm) ?? [];
      assert.ok(points.length >= 3 && points.length <= 5, `${points.length} lines`);
      assert.match(summary, /\d/);
    });

    it("is short: what goes deeper is folded away or stands in the engine room", (t) => {
      const { words, lines, figures } = limits(notebook);
      const counted = {
        words: wordsOf(unfolded(prose(notebook))),
        lines: linesOf(notebook),
        figures: figuresOf(notebook).length,
      };
      t.diagnostic(`${counted.words} words, ${counted.lines} lines of code, ${counted.figures} figures`);
      assert.ok(counted.words <= words, `${counted.words} words, at most ${words}`);
      assert.ok(counted.lines <= lines, `${counted.lines} lines of code, at most ${lines}`);
      assert.ok(counted.figures <= figures, `${counted.figures} figures, at most ${figures}`);
    });

    it("has two to four tasks that `check` answers", { skip: !isLesson(notebook) }, () => {
      const tasks = firstGroups(prose(notebook), /\*\*Task (\S+?)\.?\*\*/g);
      assert.ok(tasks.length >= 2 && tasks.length <= 4, `${tasks.length} tasks`);
      assert.deepEqual(
        tasks,
        tasks.map((_, i) => `${number}-${i + 1}`),
      );
      const checked = code(notebook).flatMap(({ source }) => firstGroups(source, /\bcheck\("([^"]+)"/g));
      for (const task of tasks) assert.ok(checked.includes(task), `${task} is not checked`);
    });

    it("has four or five exercises, each with minutes, a hint, a cell to start from and an idea folded away", () => {
      const exercises = exercisesOf(notebook);
      assert.ok(exercises.length >= 4 && exercises.length <= 5, `${exercises.length} exercises`);
      for (const [i, { title, text, cells }] of exercises.entries()) {
        assert.match(title, new RegExp(`^${number}-${"abcde"[i]} · (Easy|Medium|Hard|Open) · \\d+ minutes$`));
        assert.match(text, /<details>\s*<summary>Hint<\/summary>/, title);
        assert.match(text, /<details>\s*<summary>Idea of the solution<\/summary>/, title);
        assert.ok(
          cells.some(({ cell_type }) => cell_type === "code"),
          `${title}: no cell to start from`,
        );
      }
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

    it("has cells of at most 25 lines of at most 110 characters", () => {
      for (const { id, source } of code(notebook)) {
        const lines = source.split("\n");
        assert.ok(lines.length <= 25, `${id}: ${lines.length} lines: ${lines[0]}`);
        const longest = lines.reduce((a, b) => (a.length > b.length ? a : b));
        assert.ok(longest.length <= 110, `${id}: ${longest.length} characters: ${longest}`);
      }
    });

    it("never gives a name a second meaning", () => {
      const names = code(notebook).flatMap(({ source }) =>
        firstGroups(source, /^(?:const|let|var|function|class|async function|function\*) (\w+)/gm),
      );
      const twice = names.filter((name, i) => names.indexOf(name) !== i);
      assert.deepEqual(twice, []);
    });

    isOneCleanRun(notebook);

    it("shows every figure as a picture with words for those who cannot see it", () => {
      const figures = figuresOf(notebook);
      assert.ok(figures.length >= 2, `${figures.length} figures`);
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
          assert.ok(existsSync(join(notebook.folder, target as string)), `${target} does not exist`);
      }
    });

    it("writes only numbers whose source it names", () => {
      assert.deepEqual(withoutSource(claimsOf(notebook)), []);
    });

    it("writes every given number", () => {
      const text = prose(notebook).replace(/\s+/g, " ");
      assert.deepEqual(
        givenIn(notebook).filter((words) => !text.includes(words)),
        [],
      );
    });
  });
}

for (const notebook of readNotebooks("solutions")) {
  describe(`solutions/${notebook.file}`, () => {
    const lesson = lessons.find(({ number }) => number === notebook.number);

    it("belongs to a lesson, and has a part for each of its tasks and exercises", () => {
      assert.ok(lesson);
      const asked = [
        ...firstGroups(prose(lesson), /\*\*Task (\S+?)\.?\*\*/g),
        ...exercisesOf(lesson).map(({ title }) => title.split(" ")[0] as string),
      ];
      const solved = firstGroups(prose(notebook), /^## (\d\d-\w)\b/gm);
      assert.deepEqual(solved, asked);
    });

    it("gives an answer to everything that the lesson lets `check` judge, and each is accepted", () => {
      const checks = (cells: Cell[]) => cells.flatMap(({ source }) => firstGroups(source, /\bcheck\("([^"]+)"/g));
      const answered = new Set(checks(code(notebook)));
      assert.deepEqual(
        checks(code(lesson as Notebook)).filter((task) => !answered.has(task)),
        [],
      );
      for (const { outputs } of code(notebook))
        for (const output of outputs) assert.doesNotMatch(joined(output.text), /^[✗○] \d\d-/m);
    });

    isOneCleanRun(notebook);
  });
}

it("each lesson has its solutions", () => {
  assert.deepEqual(
    readNotebooks("solutions").map(({ file }) => file),
    lessons.map(({ file }) => file),
  );
});

it("README writes only numbers whose source it names", () => {
  assert.deepEqual(withoutSource(claimsOfReadme()), []);
});

it("a number that is changed by one in its last place is found in at least 95 % of all cases", (t) => {
  const claims = [...course.flatMap(claimsOf), ...claimsOfReadme()];
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

function isOneCleanRun(notebook: Notebook): void {
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
}

/** The text under a heading. */
const part = (notebook: Notebook, name: string): string =>
  partsOf(notebook).find(({ heading }) => heading === name)?.text ?? "";

/** What a pattern's first group holds at each match, in order. */
const firstGroups = (text: string, pattern: RegExp): string[] =>
  Array.from(text.matchAll(pattern), ([, found = ""]) => found);

const wordsOf = (text: string): number => text.split(/\s+/).filter((word) => /\w/.test(word)).length;

const linesOf = (notebook: Notebook): number =>
  code(notebook)
    .flatMap(({ source }) => source.split("\n"))
    .filter((line) => line.trim() !== "").length;

const figuresOf = (notebook: Notebook): { id: string; data: Record<string, unknown> }[] =>
  code(notebook)
    .flatMap(({ id, outputs }) => outputs.map((output) => ({ id, data: output.data ?? {} })))
    .filter(({ data }) => "application/vnd.plotly.v1+json" in data || "image/png" in data);

/** The exercises: each heading with all cells until the next. */
function exercisesOf({ cells }: Notebook): { title: string; text: string; cells: Cell[] }[] {
  const first = cells.findIndex(({ source }) => /^## Exercises$/m.test(source));
  const last = cells.findIndex(({ source }) => /^## References$/m.test(source));
  const found: { title: string; text: string; cells: Cell[] }[] = [];
  for (const cell of cells.slice(first, last).filter(isSource)) {
    if (cell.cell_type === "code") found.at(-1)?.cells.push(cell);
    else
      for (const piece of cell.source.split(/^(?=### )/m)) {
        const title = piece.match(/^### (.*)/)?.[1];
        if (title) found.push({ title, text: piece, cells: [] });
        else if (found.length > 0) (found.at(-1) as { text: string }).text += `\n${piece}`;
      }
  }
  return found;
}

interface Claim {
  sentence: Sentence;
  sources: Sources;
}

function claimsOf(notebook: Notebook): Claim[] {
  const cellsOf = (wanted: string) => course.find(({ number }) => number === wanted)?.cells ?? [];
  const given = givenIn(notebook);
  const results = readResults();
  return passagesOf(notebook.cells).flatMap(({ prose, near }) => {
    const sources = {
      near,
      sectionOf: (section: string, of = notebook.number) => sectionOf(cellsOf(of), section),
      results,
      given,
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
