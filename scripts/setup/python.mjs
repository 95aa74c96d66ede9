// @ts-check
/** The virtual environment in `.venv`, with the Jupyter side that `requirements.txt` pins. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "./failure.mjs";
import { hashOf, readJson, writeWhole } from "./files.mjs";
import { firstLoss, remember } from "./intact.mjs";
import { networkAdvice } from "./network.mjs";
import { run } from "./run.mjs";

/** @typedef {import("./project.mjs").Project} Project */

export const oldest = [3, 11];
const names = ["python3.13", "python3.12", "python3.11", "python3.14", "python3.15", "python3", "python"];

/**
 * Makes the environment if it is missing, unfinished, moved or made for other pins.
 * @param {Project} project
 */
export async function prepareVenv(project) {
  const marker = join(project.venv, "setup.json");
  const wanted = { folder: project.root, requirements: hashOf([join(project.root, "requirements.txt")]) };
  const found = readJson(marker);
  if (found?.folder === wanted.folder && found.requirements === wanted.requirements && starts(project.python)) {
    const loss = lostPythonFile(project);
    // what the reader has installed beside it stays
    if (loss !== undefined && !(await pip(project, "--force-reinstall", "--no-deps")).ok) throw broken(project, loss);
    remember(project, contents(project));
    return loss === undefined ? "in place" : `repaired (${loss} was missing or damaged)`;
  }
  if (existsSync(project.venv) && found === undefined) throw foreign(project);
  const python = findPython(project.env);
  await rm(project.venv, { recursive: true, force: true });
  mkdirSync(project.venv);
  // an unfinished marker says that the folder is ours to throw away
  writeWhole(marker, "{}\n");
  const made = await run(project, python.path, ["-m", "venv", project.venv]);
  if (!made.ok) throw noVenv(python, made.tail);
  await install(project);
  writeWhole(marker, `${JSON.stringify(wanted)}\n`);
  remember(project, contents(project));
  return `made with Python ${python.version}`;
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
 * @param {string[]} further
 */
function pip(project, ...further) {
  const args = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--prefer-binary"];
  return run(project, project.python, [...args, ...further, "-r", "requirements.txt"]);
}

/** @param {Project} project */
async function install(project) {
  const { ok, tail } = await pip(project);
  if (ok) return;
  throw new Failure({
    what: "The Jupyter packages could not be installed.",
    why: tail,
    todo: `${networkAdvice(project.env, "pip")} The whole output is in ${project.log}.`,
  });
}

/**
 * The first Python that is new enough and can make virtual environments; the variable PYTHON names another.
 * @param {NodeJS.ProcessEnv} env
 */
export function findPython(env) {
  const tried = (env.PYTHON ? [env.PYTHON] : names).flatMap((name) => probe(name, env));
  const [first] = tried;
  if (!first) throw noPython(env);
  const recent = tried.filter(({ version }) => isRecent(version));
  if (recent.length === 0) throw oldPython(tried);
  const usable = recent.find(({ venv }) => venv);
  if (!usable) throw noVenv(/** @type {Python} */ (recent[0]), "Its modules venv and ensurepip are not installed.");
  return usable;
}

/** @typedef {{ path: string, version: string, venv: boolean }} Python */

/**
 * @param {string} name
 * @param {NodeJS.ProcessEnv} env
 * @returns {Python[]} none or one
 */
function probe(name, env) {
  const script = `
import importlib.util as u, json, platform, sys
venv = all(u.find_spec(m) for m in ("venv", "ensurepip"))
print(json.dumps({"path": sys.executable, "version": platform.python_version(), "venv": venv}))`;
  const { status, stdout } = spawnSync(name, ["-c", script], { env, encoding: "utf8", timeout: 20_000 });
  return status === 0 ? [JSON.parse(stdout)] : [];
}

/** @param {string} version */
function isRecent(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > Number(oldest[0]) || (major === oldest[0] && minor >= Number(oldest[1]));
}

/** @param {string} python */
const starts = (python) => spawnSync(python, ["-c", "import jupyterlab, nbclient"], { timeout: 60_000 }).status === 0;

/** @param {NodeJS.ProcessEnv} env */
function noPython(env) {
  return new Failure({
    what: "No Python was found.",
    why: `JupyterLab needs Python ${oldest.join(".")} or newer. Tried ${env.PYTHON ?? names.join(", ")} on the PATH.`,
    todo:
      "Install Python 3 (Debian, Ubuntu: sudo apt install python3 python3-venv; macOS: brew install python), " +
      "or name one: PYTHON=/path/to/python3 npm start.",
  });
}

/** @param {Python[]} found */
function oldPython(found) {
  return new Failure({
    what: "Python is too old.",
    why: `JupyterLab's pinned packages need Python ${oldest.join(".")} or newer; found ${found.map(({ path, version }) => `${version} (${path})`).join(", ")}.`,
    todo: "Install a newer Python beside it, or name one: PYTHON=/path/to/python3 npm start.",
  });
}

/**
 * @param {Python} python
 * @param {string} why
 */
function noVenv({ path, version }, why) {
  const [major, minor] = version.split(".");
  return new Failure({
    what: `Python ${version} (${path}) cannot make a virtual environment.`,
    why,
    todo:
      `On Debian and Ubuntu: sudo apt install python${major}.${minor}-venv, then run the same command again. ` +
      "Elsewhere install a complete Python, or name one: PYTHON=/path/to/python3 npm start.",
  });
}

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

/** @param {Project} project */
function foreign(project) {
  return new Failure({
    what: "The folder .venv is not from this set-up.",
    why: `${project.venv} has no setup.json, so it may be yours, and set-up would have to replace it.`,
    todo: "Move or delete that folder, then run the same command again.",
  });
}
