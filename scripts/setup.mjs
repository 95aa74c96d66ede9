// @ts-check
/**
 * Sets up whatever is missing: `npm run setup`; start, test, notebooks and reproduce run it first. Safe to interrupt
 * and to run again; when everything is in place it only compares a stamp.
 */
import "./setup/node.mjs";
import { accessSync, constants, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { checkKernel, checkMnist, mnistFiles } from "./setup/check.mjs";
import { Failure, stop } from "./setup/failure.mjs";
import { filesUnder, hashOf, readJson, sha256, traceOf, writeWhole } from "./setup/files.mjs";
import { registerKernel } from "./setup/jupyter.mjs";
import { buildLibrary, libraryFiles, librarySources } from "./setup/library.mjs";
import { takeLock } from "./setup/lock.mjs";
import { installPackages, lostPackageFile } from "./setup/packages.mjs";
import { openProject } from "./setup/project.mjs";
import { endAll, endOrphan } from "./setup/run.mjs";
import { checkSpace } from "./setup/space.mjs";
import { step } from "./setup/steps.mjs";
import { binding, prepareTensorflow } from "./setup/tensorflow.mjs";
import { lostPythonFile, prepareVenv } from "./setup/venv.mjs";
import { builtFiles } from "./setup/wheel.mjs";

/** @typedef {import("./setup/project.mjs").Project} Project */

/**
 * @returns {Promise<Project>} the project, ready to use
 * @throws {Failure} with what failed, why, and what to do
 */
export async function setUp(project = openProject()) {
  const started = performance.now();
  const total = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
  if (isDone(project)) {
    console.log(`set-up: nothing to do (${total()})`);
    return project;
  }
  refuseWindows();
  refuseReadOnly(project);
  const lock = await takeLock(project.lock);
  const interrupted = () => {
    endAll();
    lock.release();
    console.error("\nset-up: interrupted; the same command goes on from here");
    process.exit(130);
  };
  const signals = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);
  for (const signal of signals) process.once(signal, interrupted);
  try {
    await endOrphan(project);
    if (!isDone(project)) await work(project);
    console.log(`set-up: done in ${total()}`);
  } finally {
    for (const signal of signals) process.off(signal, interrupted);
    rmSync(project.temporary, { recursive: true, force: true });
    lock.release();
  }
  return project;
}

/** @param {Project} project */
async function work(project) {
  console.log("set-up (two minutes the first time; everything stays in this folder)");
  const machine = isMachineReady(project);
  rmSync(project.stamp, { force: true });
  if (!machine) {
    rmSync(project.log, { force: true });
    checkSpace(project);
    await step(project, "Jupyter side (.venv)", () => prepareVenv(project));
    await step(project, "npm packages", () => installPackages(project));
    await step(project, "native TensorFlow", () => prepareTensorflow(project));
  }
  await step(project, "library (lib/dist)", () => buildLibrary(project));
  if (!machine) {
    await step(project, "TypeScript kernel", () => registerKernel(project));
    await step(project, "check: kernel", () => checkKernel(project));
    await step(project, "check: MNIST", () => checkMnist(project));
  }
  writeWhole(project.stamp, `${JSON.stringify({ machine: machineKey(project), library: libraryKey(project) })}\n`);
}

/** @param {Project} project */
function isDone(project) {
  return readJson(project.stamp)?.library === libraryKey(project) && isMachineReady(project);
}

/** @param {Project} project */
function isMachineReady(project) {
  if (readJson(project.stamp)?.machine !== machineKey(project)) return false;
  return lostPackageFile(project) === undefined && lostPythonFile(project) === undefined;
}

/**
 * A hash that changes when anything except the library must be set up again.
 * @param {Project} project
 */
function machineKey(project) {
  const { root, venv, modules } = project;
  const manifests = ["package.json", "lib/package.json", "package-lock.json", "requirements.txt", "data/SHA256SUMS"];
  const sources = [...manifests, "scripts/setup.mjs", "scripts/setup"];
  const results = [
    project.kernel,
    binding(project),
    join(modules, ".package-lock.json"),
    join(venv, "setup.json"),
    project.python,
    join(venv, "share", "jupyter", "lab", "settings", "overrides.json"),
    join(modules, "lenet-lab"),
    ...mnistFiles(project),
    // TensorFlow, linked by set-up or placed by tfjs-node's own installer
    ...builtFiles(project),
    ...filesUnder(join(project.tfjs, "deps")),
  ];
  const pinned = hashOf(sources.map((name) => join(root, name)));
  return sha256([process.execPath, process.version, root, pinned, traceOf(results)].join("\n"));
}

/** @param {Project} project */
function libraryKey(project) {
  return sha256(hashOf(librarySources(project)) + traceOf(libraryFiles(project)));
}

function refuseWindows() {
  if (process.platform !== "win32") return;
  throw new Failure({
    what: "Windows itself is not supported.",
    why: "Set-up and kernel are tried on Linux and made for macOS, whose folders and signals work alike.",
    todo: "Use the Windows Subsystem for Linux: clone the project inside it and run the same command there.",
  });
}

/** @param {Project} project */
function refuseReadOnly({ root, state }) {
  try {
    mkdirSync(state, { recursive: true });
    accessSync(root, constants.W_OK);
  } catch (error) {
    throw new Failure({
      what: "The project's folder cannot be written to.",
      why: /** @type {Error} */ (error).message,
      todo: `Give yourself the right to write to ${root}, or copy the project to a folder of your own.`,
    });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) setUp().catch(stop);
