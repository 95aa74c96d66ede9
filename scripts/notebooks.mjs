// @ts-check
/**
 * `npm run notebooks`: executes the notebooks, each in a fresh kernel, and stores their outputs.
 *   -- 03 …        only these, by number or by part of the name (03 is the lesson and its solutions)
 *   -- --check     executes copies, changes nothing
 *   -- --quick     few images, one epoch, same code; changes nothing
 *   -- --folder F  the notebooks in another folder
 */
import "./setup/node.mjs";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs, stripVTControlCharacters } from "node:util";
import { Failure, stop } from "./setup/failure.mjs";
import { setUp } from "./setup.mjs";

/** @typedef {import("./setup/project.mjs").Project} Project */

/**
 * Executes notebooks and prints how it goes: one after the other; in quick mode, which mostly compiles, two at a time.
 * @param {Project} project
 * @param {string[]} paths
 * @param {{ quick?: boolean, check?: boolean }} options
 * @returns {Promise<boolean>} whether all of them passed
 */
export async function runNotebooks(project, paths, { quick = false, check = quick }) {
  const began = Date.now();
  const failed = /** @type {string[]} */ ([]);
  const left = [...paths];
  const together = quick && paths.length > 1 ? 2 : 1;
  const worker = async () => {
    for (let path = left.shift(); path !== undefined; path = left.shift())
      if (!(await runNotebook(project, path, { quick, check, buffered: together > 1 }))) failed.push(path);
  };
  await Promise.all(Array.from({ length: together }, worker));
  const passed = paths.length - failed.length;
  for (const path of failed) console.log(`✗ ${named(path)}`);
  console.log(`\nnotebooks: ${passed} passed, ${failed.length} failed, ${seconds(Date.now() - began)}`);
  return failed.length === 0;
}

/**
 * The notebooks that match any of the words, or all of them: those of the folder, then those of the folders in it.
 * @param {string} folder
 * @param {string[]} words
 */
export function findNotebooks(folder, words) {
  const depth = (/** @type {string} */ file) => file.split(/[\\/]/).length;
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ipynb") && !/(^|[\\/])\./.test(file))
    .sort((a, b) => depth(a) - depth(b) || (a < b ? -1 : 1));
  const unknown = words.find((word) => !files.some((file) => file.includes(word)));
  if (unknown !== undefined) {
    throw new Failure({
      what: `No notebook is called ${unknown}.`,
      why: `The notebooks in ${folder} are ${files.join(", ") || "none at all"}.`,
      todo: "Give a number or a part of a name, such as 03, or nothing for all of them.",
    });
  }
  const chosen = words.length === 0 ? files : files.filter((file) => words.some((word) => file.includes(word)));
  return chosen.map((file) => join(folder, file));
}

/**
 * A notebook by its folder and its own name.
 * @param {string} path
 */
const named = (path) => join(basename(dirname(path)), basename(path));

/**
 * @param {Project} project
 * @param {string} path
 * @param {{ quick: boolean, check: boolean, buffered: boolean }} options
 * @returns {Promise<boolean>}
 */
function runNotebook(project, path, { quick, check, buffered }) {
  mkdirSync(project.state, { recursive: true });
  const scratch = mkdtempSync(join(project.state, "notebook-"));
  const output = join(scratch, "executed.ipynb");
  const report = reporter({ buffered });
  report.say(`\n${named(path)}${quick ? " (quick)" : ""}`);
  const script = join(project.root, "scripts", "run_notebook.py");
  const child = spawn(project.python, [script, path, output, project.root], {
    env: { ...project.env, LENET_QUICK: quick ? "1" : "" },
    stdio: ["ignore", "pipe", "pipe"],
    // in a group of its own: Ctrl-C comes to us alone, and is passed on once
    detached: true,
  });
  let complaint = "";
  child.stderr.on("data", (text) => {
    complaint += text;
  });
  createInterface(child.stdout).on("line", report.line);
  const passOn = passOnSignals(child, scratch);
  return new Promise((done) => {
    child.on("close", (code) => {
      passOn.end();
      if (code === 0 && !check) renameSync(output, path);
      rmSync(scratch, { recursive: true, force: true });
      report.end(code === 0, complaint);
      done(code === 0);
    });
  });
}

/** What runs now: its processes and their scratch folders. */
const running = /** @type {Map<import("node:child_process").ChildProcess, string>} */ (new Map());

/**
 * The first signal ends the kernels and then us.
 * @param {import("node:child_process").ChildProcess} child
 * @param {string} scratch
 */
function passOnSignals(child, scratch) {
  const signals = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);
  running.set(child, scratch);
  if (running.size === 1) for (const signal of signals) process.once(signal, interrupted);
  return {
    end() {
      running.delete(child);
      if (running.size === 0) for (const signal of signals) process.off(signal, interrupted);
    },
  };
}

function interrupted() {
  for (const [child, scratch] of running) {
    child.removeAllListeners("close").on("close", () => {
      rmSync(scratch, { recursive: true, force: true });
      running.delete(child);
      if (running.size > 0) return;
      console.error("\nnotebooks: interrupted; what ran is as it was");
      process.exit(130);
    });
    child.kill("SIGTERM");
  }
}

/** @typedef {{ number: number, of: number, title: string, began: number, seconds?: number }} Cell */

/**
 * Prints a line a cell: number, heading, seconds; on a terminal the line counts while the cell runs.
 * @param {{ buffered: boolean }} options buffered: everything at the end, because another notebook prints too
 */
function reporter({ buffered }) {
  const live = process.stdout.isTTY && !buffered;
  /** @type {string[]} */
  const kept = [];
  const say = (/** @type {string} */ line) => (buffered ? void kept.push(line) : console.log(line));
  const began = Date.now();
  /** @type {Cell[]} */
  const cells = [];
  /** @type {string[]} */
  let problems = [];
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const label = (/** @type {Cell} */ { number, of, title }) => `  [${String(number).padStart(2)}/${of}] ${title}`;
  return {
    say,
    line(/** @type {string} */ json) {
      const { event, ...rest } = JSON.parse(json);
      const cell = cells.at(-1);
      if (event === "start") {
        const next = { ...rest, began: Date.now() };
        cells.push(next);
        const draw = () => process.stdout.write(`\r\x1b[K${label(next)} ${seconds(Date.now() - next.began)}`);
        // a log shows that a long cell is at work, a terminal shows it twice a second
        timer = live ? setInterval(draw, 500) : setInterval(() => console.log(`${label(next)} …`), 60_000);
      } else if (event === "end" && cell) {
        clearInterval(timer);
        cell.seconds = rest.seconds;
        say(`${live ? "\r\x1b[K" : ""}${label(cell)} ${rest.seconds.toFixed(1)} s`);
      } else if (event === "failed") problems = rest.problems;
    },
    end(/** @type {boolean} */ passed, /** @type {string} */ complaint) {
      clearInterval(timer);
      report(passed, complaint);
      if (buffered) console.log(kept.join("\n"));
    },
  };

  function report(/** @type {boolean} */ passed, /** @type {string} */ complaint) {
    if (passed) return say(`  ✓ ${seconds(Date.now() - began)} (slowest: ${slowest(cells)})`);
    const lines = problems.length > 0 ? problems : [complaint.trim().split("\n").slice(-5).join("\n") || "ended early"];
    for (const line of lines) say(`  ✗ ${stripVTControlCharacters(line).replaceAll("\n", "\n    ")}`);
  }
}

/** @param {Cell[]} cells */
function slowest(cells) {
  return [...cells]
    .sort((a, b) => (b.seconds ?? 0) - (a.seconds ?? 0))
    .slice(0, 3)
    .map(({ number, seconds: time }) => `cell ${number} ${time?.toFixed(1)} s`)
    .join(", ");
}

const seconds = (/** @type {number} */ milliseconds) => `${(milliseconds / 1000).toFixed(1)} s`;

/** @param {string[]} args */
function readArguments(args) {
  const options = /** @type {const} */ ({
    quick: { type: "boolean", default: false },
    check: { type: "boolean", default: false },
    folder: { type: "string" },
  });
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new Failure({
      what: "The notebooks were not run.",
      why: /** @type {Error} */ (error).message,
      todo: "Say npm run notebooks, then -- and any of: 03, --check, --quick, --folder F.",
    });
  }
}

async function main() {
  const { values, positionals } = readArguments(process.argv.slice(2));
  const folder = resolve(values.folder ?? fileURLToPath(new URL("../notebooks", import.meta.url)));
  const paths = findNotebooks(folder, positionals);
  const project = await setUp();
  const { quick, check } = values;
  if (!(await runNotebooks(project, paths, { quick, check: quick || check }))) process.exitCode = 1;
}

if (realpathSync(process.argv[1] ?? "") === fileURLToPath(import.meta.url)) main().catch(stop);
