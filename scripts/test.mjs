// @ts-check
/**
 * `npm test`: sets up what is missing, then lint, strict types, unit tests with the notebooks' contract, and every
 * notebook in quick mode. `npm test -- idx` runs only the unit tests whose path contains "idx".
 * `npm run test:full` runs the unit tests alone, each file in a process of its own, with every case of the tests that
 * take a sample otherwise.
 */
import "./setup/node.mjs";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { findNotebooks, runNotebooks } from "./notebooks.mjs";
import { Failure, stop } from "./setup/failure.mjs";
import { setUp } from "./setup.mjs";

/** @typedef {import("./setup/project.mjs").Project} Project */

/**
 * The test files that match any of the words, or all of them. Node 20 does not expand `*` itself.
 * @param {string} root
 * @param {string[]} words
 */
function findTests(root, words) {
  const files = readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".test.ts"))
    .sort();
  const unknown = words.find((word) => !files.some((file) => file.includes(word)));
  if (unknown !== undefined) {
    throw new Failure({
      what: `No test file is called ${unknown}.`,
      why: `The files in test are ${files.join(", ")}.`,
      todo: "Give a part of a name, such as idx, or nothing for all tests.",
    });
  }
  return words.length === 0 ? files : files.filter((file) => words.some((word) => file.includes(word)));
}

/**
 * Files that mostly wait, for kernels and other processes: begun first, they cost no time at the end.
 * @param {string} file
 */
const isSlow = (file) => /^(privacy|readme-code|bench)\.|^notebooks.|trainer-signals/.test(file);

/**
 * Files that measure or change their process: its memory, threads, signals, and what it has loaded.
 * @param {string} file
 */
const isAlone = (file) =>
  isSlow(file) ||
  dirname(file) === "." ||
  /^setup.|render|threads|wasm|entry|environment|runtime|interrupt|leaks/.test(file);

/**
 * What each process runs, the slowest first. Files of a folder share one where they can: TensorFlow takes half a second
 * to load.
 * @param {Project} project
 * @param {string[]} files
 */
function inProcesses(project, files) {
  const folder = mkdtempSync(join(project.state, "tests-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const path = (/** @type {string} */ file) => join(project.root, "test", file);
  const [slow, alone] = [files.filter(isSlow), files.filter((file) => isAlone(file) && !isSlow(file))];
  const shared = files.filter((file) => !isAlone(file));
  const groups = [...new Set(shared.map((file) => dirname(file)))].reverse().map((name) => {
    const group = join(folder, `${name.replaceAll(/\W/g, "-")}.cjs`);
    const members = shared.filter((file) => dirname(file) === name);
    writeFileSync(group, members.map((file) => `require(${JSON.stringify(path(file))});\n`).join(""));
    return group;
  });
  return [...slow.map(path), ...groups, ...alone.map(path)];
}

/**
 * Each stage by name; it says whether it passed.
 * @param {Project} project
 * @param {{ words: string[], full: boolean }} options
 * @returns {Array<[string, () => boolean | Promise<boolean>]>}
 */
function stages(project, { words, full }) {
  // lint makes a folder in the user's cache, tests do not need one
  const env = { ...project.env, XDG_CACHE_HOME: join(project.state, "cache"), LENET_FULL: full ? "1" : "" };
  const node = (/** @type {string[]} */ ...args) =>
    spawnSync(process.execPath, args, { cwd: project.root, env, stdio: "inherit" }).status === 0;
  const tool = (/** @type {string[]} */ ...path) => join(project.modules, ...path);
  const found = findTests(project.root, words);
  const tests = full ? found.map((file) => join("test", file)) : inProcesses(project, found);
  // three at a time for two cores: some only wait
  const runner = ["--import", "tsx", "--test", "--test-reporter=spec", "--test-concurrency=3"];
  const notebooks = () => runNotebooks(project, findNotebooks(join(project.root, "notebooks"), []), { quick: true });
  const unit = /** @type {[string, () => boolean]} */ (["unit tests", () => node(...runner, ...tests)]);
  if (words.length > 0 || full) return [unit];
  return [
    ["lint", () => node(tool("@biomejs", "biome", "bin", "biome"), "check", ".")],
    ["types", () => node(tool("typescript", "bin", "tsc"), "-p", "tsconfig.json")],
    unit,
    ["notebooks in quick mode", notebooks],
  ];
}

async function main() {
  const words = process.argv.slice(2).filter((word) => word !== "--full");
  const full = words.length < process.argv.length - 2;
  const project = await setUp();
  const began = Date.now();
  const summary = [];
  for (const [name, passes] of stages(project, { words, full })) {
    const start = Date.now();
    console.log(`\n── ${name}`);
    const passed = await passes();
    summary.push(`${passed ? "✓" : "✗"} ${name} ${seconds(start)}`);
    if (!passed) process.exitCode = 1;
    if (!passed) break;
  }
  console.log(`\n${summary.join("\n")}\ntests: ${process.exitCode ? "failed" : "passed"} after ${seconds(began)}`);
}

const seconds = (/** @type {number} */ since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

main().catch(stop);
