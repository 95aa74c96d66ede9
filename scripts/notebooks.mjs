// @ts-check
/**
 * `npm run notebooks`: executes the notebooks, each in a fresh kernel, and stores their outputs.
 *   -- 03 …        only these, by number or by part of the name
 *   -- --check     executes copies, changes nothing
 *   -- --quick     few images, one epoch, same code; changes nothing
 *   -- --folder F  the notebooks in another folder
 */
import "./setup/node.mjs";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, renameSync, rmSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs, stripVTControlCharacters } from "node:util";
import { Failure, stop } from "./setup/failure.mjs";
import { setUp } from "./setup.mjs";

/** @typedef {import("./setup/project.mjs").Project} Project */

/**
 * Executes notebooks one after the other and prints how it goes.
 * @param {Project} project
 * @param {string[]} paths
 * @param {{ quick?: boolean, check?: boolean }} options
 * @returns {Promise<boolean>} whether all of them passed
 */
export async function runNotebooks(project, paths, { quick = false, check = quick }) {
  const began = Date.now();
  const failed = [];
  for (const path of paths) if (!(await runNotebook(project, path, { quick, check }))) failed.push(basename(path));
  const passed = paths.length - failed.length;
  for (const name of failed) console.log(`✗ ${name}`);
  console.log(`\nnotebooks: ${passed} passed, ${failed.length} failed, ${seconds(Date.now() - began)}`);
  return failed.length === 0;
}

/**
 * The notebooks that match any of the words, or all of them.
 * @param {string} folder
 * @param {string[]} words
 */
export function findNotebooks(folder, words) {
  const files = readdirSync(folder)
    .filter((file) => file.endsWith(".ipynb"))
    .sort();
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
 * @param {Project} project
 * @param {string} path
 * @param {{ quick: boolean, check: boolean }} options
 * @returns {Promise<boolean>}
 */
function runNotebook(project, path, { quick, check }) {
  mkdirSync(project.state, { recursive: true });
  const scratch = mkdtempSync(join(project.state, "notebook-"));
  const output = join(scratch, "executed.ipynb");
  console.log(`\n${basename(path)}${quick ? " (quick)" : ""}`);
  const script = join(project.root, "scripts", "run_notebook.py");
  const child = spawn(project.python, [script, path, output, project.root], {
    env: { ...project.env, LENET_QUICK: quick ? "1" : "" },
    stdio: ["ignore", "pipe", "pipe"],
    // in a group of its own: Ctrl-C comes to us alone, and is passed on once
    detached: true,
  });
  const report = reporter();
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

/**
 * The first signal ends the kernel and then us.
 * @param {import("node:child_process").ChildProcess} child
 * @param {string} scratch
 */
function passOnSignals(child, scratch) {
  const signals = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);
  const interrupted = () => {
    child.removeAllListeners("close").on("close", () => {
      rmSync(scratch, { recursive: true, force: true });
      console.error("\nnotebooks: interrupted; the notebook that ran is as it was");
      process.exit(130);
    });
    child.kill("SIGTERM");
  };
  for (const signal of signals) process.once(signal, interrupted);
  return { end: () => signals.forEach((signal) => void process.off(signal, interrupted)) };
}

/** @typedef {{ number: number, of: number, title: string, began: number, seconds?: number }} Cell */

/** Prints a line a cell: number, heading, seconds; on a terminal the line counts while the cell runs. */
function reporter() {
  const live = process.stdout.isTTY;
  const began = Date.now();
  /** @type {Cell[]} */
  const cells = [];
  /** @type {string[]} */
  let problems = [];
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const label = (/** @type {Cell} */ { number, of, title }) => `  [${String(number).padStart(2)}/${of}] ${title}`;
  return {
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
        console.log(`${live ? "\r\x1b[K" : ""}${label(cell)} ${rest.seconds.toFixed(1)} s`);
      } else if (event === "failed") problems = rest.problems;
    },
    end(/** @type {boolean} */ passed, /** @type {string} */ complaint) {
      clearInterval(timer);
      if (passed) return console.log(`  ✓ ${seconds(Date.now() - began)} (slowest: ${slowest(cells)})`);
      const lines =
        problems.length > 0 ? problems : [complaint.trim().split("\n").slice(-5).join("\n") || "ended early"];
      for (const line of lines) console.log(`  ✗ ${stripVTControlCharacters(line).replaceAll("\n", "\n    ")}`);
    },
  };
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
