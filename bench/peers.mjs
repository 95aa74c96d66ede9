// @ts-check
/** Installs the Python peers of the bench into `.venv-bench`: `node bench/peers.mjs`. In place already: a stamp says so. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Failure, stop } from "../scripts/setup/failure.mjs";
import { hashOf, readJson, writeWhole } from "../scripts/setup/files.mjs";
import { takeLock } from "../scripts/setup/lock.mjs";
import { openProject } from "../scripts/setup/project.mjs";
import { findPython } from "../scripts/setup/python.mjs";
import { endAll, run } from "../scripts/setup/run.mjs";
import { step } from "../scripts/setup/steps.mjs";

/** @typedef {import("../scripts/setup/project.mjs").Project} Project */

const requirements = join("bench", "requirements.txt");

/** @param {Project} project */
async function install(project) {
  const { root, venv, python, env } = project;
  const marker = join(venv, "setup.json");
  const wanted = { folder: root, requirements: hashOf([join(root, requirements)]) };
  const found = readJson(marker);
  const starts = () => spawnSync(python, ["-c", "import numpy"], { timeout: 60_000 }).status === 0;
  if (found?.folder === wanted.folder && found.requirements === wanted.requirements && starts()) return "in place";
  if (existsSync(venv) && found === undefined) throw foreign(venv);
  const base = findPython(env);
  rmSync(venv, { recursive: true, force: true });
  mkdirSync(venv);
  // an unfinished marker says that the folder is ours to throw away
  writeWhole(marker, "{}\n");
  await must(project, base.path, ["-m", "venv", venv]);
  const quiet = ["--disable-pip-version-check", "--no-input", "--prefer-binary", "--progress-bar", "off"];
  await must(project, python, ["-m", "pip", "install", ...quiet, "-r", requirements]);
  writeWhole(marker, `${JSON.stringify(wanted)}\n`);
  return `installed with Python ${base.version}`;
}

/**
 * @param {Project} project
 * @param {string} command
 * @param {string[]} args
 */
async function must(project, command, args) {
  const { ok, tail } = await run(project, command, args);
  if (ok) return;
  throw new Failure({
    what: "The Python peers of the bench could not be installed.",
    why: tail,
    todo:
      "Check the network (a proxy? a package mirror? pip's own settings apply), that 4 GB are free on the disk, and that the " +
      `pins of ${requirements} exist for your Python (PYTHON=/path/to/python3 names another), then run the same command again; ` +
      `without --peers the bench measures the engines in Node. The whole output is in ${project.log}.`,
  });
}

/** @param {string} venv */
function foreign(venv) {
  return new Failure({
    what: "The folder .venv-bench is not from this bench.",
    why: `${venv} has no setup.json, so it may be yours, and the bench would have to replace it.`,
    todo: "Move or delete that folder, then run the same command again.",
  });
}

async function main() {
  const opened = openProject();
  const venv = join(opened.root, ".venv-bench");
  const project = { ...opened, venv, python: join(venv, "bin", "python"), log: join(opened.state, "bench.log") };
  const lock = await takeLock(project.lock);
  const interrupted = () => {
    endAll();
    lock.release();
    process.exit(130);
  };
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) process.once(signal, interrupted);
  try {
    await step(
      project,
      "Python peers (.venv-bench: PyTorch, Keras, TensorFlow Lite; some minutes the first time)",
      () => install(project),
    );
  } finally {
    lock.release();
  }
}

main().catch(stop);
