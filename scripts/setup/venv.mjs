// @ts-check
/** Virtual environments: `.venv` with JupyterLab, as `requirements.txt` pins it, and the bench's. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { Failure } from "./failure.mjs";
import { hashOf, readJson, writeWhole } from "./files.mjs";
import { firstLoss, remember } from "./intact.mjs";
import { networkAdvice } from "./network.mjs";
import { findPython, noVenv } from "./python.mjs";
import { run } from "./run.mjs";

/** @typedef {import("./project.mjs").Project} Project */

/**
 * @typedef {object} Environment
 * @property {string} maker who makes it, for the reader
 * @property {string} requirements the file of its pins, in the project
 * @property {string} imports what must be there for it to work
 * @property {string} packages what is installed, for the reader
 * @property {string} advice what to do when that fails
 */

/**
 * Makes the environment of set-up, or puts back what it has lost.
 * @param {Project} project
 */
export async function prepareVenv(project) {
  const version = await makeVenv(project, {
    maker: "set-up",
    requirements: "requirements.txt",
    imports: "jupyterlab, nbclient",
    packages: "Jupyter packages",
    advice: networkAdvice(project.env, "pip"),
  });
  const loss = version === undefined ? lostPythonFile(project) : undefined;
  if (loss !== undefined) await repair(project, loss);
  remember(project, contents(project));
  if (version !== undefined) return `made with Python ${version}`;
  return loss === undefined ? "in place" : `repaired (${loss} was missing or damaged)`;
}

/**
 * Makes the environment in `project.venv` if it is missing, unfinished, moved or made for other pins.
 * @param {Project} project
 * @param {Environment} environment
 * @returns {Promise<string | undefined>} the version of its Python; undefined: it was in place
 */
export async function makeVenv(project, environment) {
  const { root, venv, python } = project;
  const { requirements, imports } = environment;
  const marker = join(venv, "setup.json");
  const wanted = { folder: root, requirements: hashOf([join(root, requirements)]) };
  const found = readJson(marker);
  const isOurs = found?.folder === wanted.folder && found.requirements === wanted.requirements;
  if (isOurs && starts(python, imports)) return undefined;
  if (existsSync(venv) && found === undefined) throw foreign(venv, environment);
  const base = findPython(project.env);
  await rm(venv, { recursive: true, force: true });
  mkdirSync(venv);
  // an unfinished marker says that the folder is ours to throw away
  writeWhole(marker, "{}\n");
  const made = await run(project, base.path, ["-m", "venv", venv]);
  if (!made.ok) throw noVenv(base, made.tail);
  const { ok, tail } = await pip(project, requirements);
  if (!ok) throw notInstalled(project, environment, tail);
  writeWhole(marker, `${JSON.stringify(wanted)}\n`);
  return base.version;
}

/**
 * What set-up remembers of the environment: its packages, not what Python compiles on the way.
 * @param {Project} project
 */
const contents = ({ venv }) => ({ folder: join(venv, "lib"), except: /(^|\/)__pycache__\//, key: "" });

/**
 * The first file of the Python packages that is gone, or has another size.
 * @param {Project} project
 */
export const lostPythonFile = (project) => firstLoss(project, contents(project));

/**
 * @param {Project} project
 * @param {string} requirements
 * @param {string[]} further
 */
function pip(project, requirements, ...further) {
  const quiet = ["--disable-pip-version-check", "--no-input", "--progress-bar", "off"];
  const args = ["-m", "pip", "install", ...quiet, "--prefer-binary", ...further, "-r", requirements];
  return run(project, project.python, args);
}

/**
 * Installs the pinned packages again; others that the reader has installed stay.
 * @param {Project} project
 * @param {string} loss
 */
async function repair(project, loss) {
  const { ok } = await pip(project, "requirements.txt", "--force-reinstall", "--no-deps");
  if (!ok) throw broken(project, loss);
}

/**
 * @param {string} python
 * @param {string} imports
 */
const starts = (python, imports) => spawnSync(python, ["-c", `import ${imports}`], { timeout: 60_000 }).status === 0;

/**
 * @param {Project} project
 * @param {string} loss
 */
function broken(project, loss) {
  return new Failure({
    what: "The Jupyter packages are damaged.",
    why: `${loss} in .venv is missing or damaged, and pip could not put it back.`,
    todo: `Delete .venv, then run the same command again. The whole output is in ${project.log}.`,
  });
}

/**
 * @param {Project} project
 * @param {Environment} environment
 * @param {string} why
 */
function notInstalled({ log }, { packages, advice }, why) {
  return new Failure({
    what: `The ${packages} could not be installed.`,
    why,
    todo: `${advice} The whole output is in ${log}.`,
  });
}

/**
 * @param {string} venv
 * @param {Environment} environment
 */
function foreign(venv, { maker }) {
  return new Failure({
    what: `The folder ${basename(venv)} is not from this ${maker}.`,
    why: `${venv} has no setup.json, so it may be yours, and this ${maker} would have to replace it.`,
    todo: "Move or delete that folder, then run the same command again.",
  });
}
