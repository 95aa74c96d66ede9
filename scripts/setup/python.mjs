// @ts-check
/** Which Python set-up uses. */
import { spawnSync } from "node:child_process";
import { Failure } from "./failure.mjs";

export const oldest = [3, 11];
const names = ["python3.13", "python3.12", "python3.11", "python3.14", "python3.15", "python3", "python"];

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
export function noVenv({ path, version }, why) {
  const [major, minor] = version.split(".");
  return new Failure({
    what: `Python ${version} (${path}) cannot make a virtual environment.`,
    why,
    todo:
      `On Debian and Ubuntu: sudo apt install python${major}.${minor}-venv, then run the same command again. ` +
      "Elsewhere install a complete Python, or name one: PYTHON=/path/to/python3 npm start.",
  });
}
