/** The notebook runner against small notebooks that each do one thing wrong. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { root } from "../helpers/root";

const script = join(root, "scripts", "notebooks.mjs");
const temporary = mkdtempSync(join(tmpdir(), "run notebooks "));
after(() => rmSync(temporary, { recursive: true, force: true }));

interface CodeCell {
  source: string;
  /** outputs of an earlier run */
  outputs?: object[];
}

const printed = (text: string) => ({ output_type: "stream", name: "stdout", text });

/** A folder of notebooks; a string stands for a cell without outputs. */
function writeFolder(name: string, notebooks: Record<string, Array<string | CodeCell>>): string {
  const folder = join(temporary, name);
  mkdirSync(folder);
  for (const [stem, cells] of Object.entries(notebooks)) {
    const list = cells.map((cell, i) => {
      const { source, outputs = [] } = typeof cell === "string" ? { source: cell } : cell;
      return { cell_type: "code", id: `cell-${i}`, metadata: {}, execution_count: null, source, outputs };
    });
    writeFileSync(
      join(folder, `${stem}.ipynb`),
      JSON.stringify({ cells: list, metadata: {}, nbformat: 4, nbformat_minor: 5 }),
    );
  }
  return folder;
}

function run(folder: string, ...args: string[]): Promise<{ code: number | null; text: string }> {
  const child = spawn(process.execPath, [script, "--folder", folder, ...args]);
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (text += chunk));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, text })));
}

const contents = (folder: string) => readdirSync(folder).map((file) => readFileSync(join(folder, file), "utf8"));
const outputsOf = (folder: string, stem: string) =>
  JSON.parse(readFileSync(join(folder, `${stem}.ipynb`), "utf8")).cells.map((cell: CodeCell) => cell.outputs);

test("the runner stores outputs only where every cell did as it should, and names what did not", async () => {
  const good = writeFolder("good", {
    "01-passes": ["const a = 1;", { source: "console.log(a + 1, process.env.LENET_QUICK)", outputs: [printed("old")] }],
  });
  const loud = writeFolder("loud", {
    "01-fails": [
      'console.error("a warning")',
      { source: "const b = 2;", outputs: [printed("once there was something")] },
      { source: 'throw new Error("on purpose")', outputs: [printed("old")] },
      "console.log(2)",
    ],
    "03-late": ['setTimeout(() => { throw new Error("afterwards") }, 100); undefined', "console.log(1)"],
  });
  const before = contents(loud);
  const [passes, fails] = await Promise.all([good, loud].map((folder) => run(folder)));
  assert.ok(passes && fails);

  assert.equal(passes.code, 0, passes.text);
  assert.match(passes.text, /\[ 2\/2\] console\.log.* \d+\.\d s/);
  assert.match(passes.text, /notebooks: 1 passed, 0 failed/);
  assert.deepEqual(outputsOf(good, "01-passes"), [[], [{ name: "stdout", output_type: "stream", text: ["2 \n"] }]]);

  assert.equal(fails.code, 1, fails.text);
  assert.match(fails.text, /cell 1: wrote to stderr: a warning/);
  assert.match(fails.text, /cell 2: gave no output, but the stored notebook has one/);
  assert.match(fails.text, /cell 3: [\s\S]*Error: on purpose/);
  assert.match(fails.text, /UncaughtException: Error: afterwards/);
  assert.match(fails.text, /notebooks: 0 passed, 2 failed/);
  assert.deepEqual(contents(loud), before);
});

test("the runner changes nothing in quick mode, which the kernel can see", async () => {
  const folder = writeFolder("quick", { "01-asks": ['console.log("quick:", process.env.LENET_QUICK);'] });
  const before = contents(folder);
  const { code, text } = await run(folder, "--quick");
  assert.equal(code, 0, text);
  assert.deepEqual(contents(folder), before);
});

test("in a folder called solutions, an answer that `check` refuses or misses is a failure", async () => {
  const folder = writeFolder("course", { "01-lesson": ['console.log("○ 01-1: no answer yet.");'] });
  mkdirSync(join(folder, "solutions"));
  const notebook = readFileSync(join(folder, "01-lesson.ipynb"), "utf8");
  writeFileSync(join(folder, "solutions", "01-lesson.ipynb"), notebook);
  const { code, text } = await run(folder, "--quick", "01");
  assert.equal(code, 1);
  assert.match(text, /solutions\/01-lesson\.ipynb \(quick\)\n.*\n.*a check does not accept this solution: ○ 01-1: no/);
  assert.match(text, /✗ solutions\/01-lesson\.ipynb\n[^✗]*notebooks: 1 passed, 1 failed/);
});

test("the runner asked for a notebook that is not there lists those that are", async () => {
  const folder = writeFolder("names", { "01-here": [] });
  const { code, text } = await run(folder, "07");
  assert.equal(code, 1);
  assert.match(text, /No notebook is called 07[\s\S]*01-here\.ipynb/);
});

test("a path of the machine in an output is refused, whatever the project's folder is called", async () => {
  const { openProject } = await import("../../scripts/setup/project.mjs");
  const { python, env } = openProject();
  const innocent = [
    "lib/src/int8/engine.ts",
    "/srcset",
    "https://example.org/src/a",
    "src/",
    "%2Fsrc/",
    "base64+/src/",
  ];
  const leaks = ["at f (/src/notebooks/a.ts:1:2)", "file:///src/lib", "in /src", '"/src"', "/src"];
  const code = `import json, sys; sys.path.insert(0, "scripts"); from run_notebook import names_path
print(json.dumps([names_path(text, "/src") for text in json.loads(sys.argv[1])]))`;
  const args = ["-c", code, JSON.stringify([...innocent, ...leaks])];
  const { stdout, stderr } = spawnSync(python, args, { env, cwd: root, encoding: "utf8" });
  assert.deepEqual(JSON.parse(stdout || `"${stderr}"`), [...innocent.map(() => false), ...leaks.map(() => true)]);

  const folder = writeFolder("paths", {
    "01-leaks": ['const code = "/src is no output"; console.log(process.cwd());'],
  });
  const notebook = join(folder, "01-leaks.ipynb");
  const runner = join(root, "scripts", "run_notebook.py");
  const run = spawnSync(python, [runner, notebook, `${notebook}.out`, folder], { env, encoding: "utf8" });
  const last = JSON.parse(run.stdout.trim().split("\n").at(-1) ?? `"${run.stderr}"`);
  assert.deepEqual(last.problems, [`shows a path of this machine (${folder}) in an output`]);
});
