// @ts-check
/** Makes tfjs-node load: as it is, else by the package's own installer, else on TensorFlow's Python wheel. */
import { copyFileSync, existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Failure } from "./failure.mjs";
import { proxies } from "./network.mjs";
import { run } from "./run.mjs";
import { isCurrent, useWheel } from "./wheel.mjs";

/** @typedef {import("./project.mjs").Project} Project */

/** @param {Project} project */
export async function prepareTensorflow(project) {
  // tfjs-node's own installer leaves a folder `deps`; without it, our own build must be up to date
  const isOwn = existsSync(join(project.tfjs, "deps"));
  if ((isOwn || isCurrent(project)) && (await loads(project))) return "in place";
  const installer = await tryInstaller(project);
  if (installer === undefined) return "installed by tfjs-node's own installer";
  const wheel = await useWheel(project);
  if (wheel === undefined && (await loads(project))) return "linked against the tensorflow-cpu wheel";
  throw noTensorflow(project, { installer, wheel: wheel ?? (await whyNot(project)) });
}

/** Multiplies two matrices. */
const matmul = `
const tf = require("@tensorflow/tfjs-node");
const product = tf.matMul([[1, 2]], [[3], [4]]).dataSync()[0];
if (product !== 11) throw new Error("Expected [1, 2] times [3, 4] to be 11, got " + product);`;
const util = fileURLToPath(new URL("util-for-tfjs.cjs", import.meta.url));

/** @param {Project} project */
const multiply = (project) => run(project, process.execPath, ["-r", util, "-e", matmul], { minutes: 2 });

/**
 * Whether tfjs-node computes a matrix product, in a process of its own: a bad binding may crash it.
 * @param {Project} project
 */
export async function loads(project) {
  return existsSync(binding(project)) && (await multiply(project)).ok;
}

/** @param {Project} project */
const whyNot = async (project) => `It was compiled but does not run: ${(await multiply(project)).tail}`;

/** @param {Project} project */
export const binding = ({ tfjs }) => join(tfjs, "lib", "napi-v8", "tfjs_binding.node");

/**
 * The installer that npm would have run.
 * @param {Project} project
 * @returns {Promise<string | undefined>} why it failed
 */
async function tryInstaller(project) {
  const unreachable = await whyUnreachable(project);
  if (unreachable) return unreachable;
  const manifest = join(project.tfjs, "package.json");
  const kept = `${manifest}.before.tmp`;
  // the installer edits its own package.json while it runs: put back what an interrupted one left
  if (existsSync(kept)) renameSync(kept, manifest);
  copyFileSync(manifest, kept);
  removePartial(project);
  // the installer calls node and tools of other packages by name
  const PATH = [dirname(process.execPath), join(project.modules, ".bin"), project.env.PATH].join(delimiter);
  const options = { cwd: project.tfjs, env: { ...project.env, PATH }, minutes: 10 };
  const { ok, tail } = await run(project, process.execPath, ["scripts/install.js"], options);
  renameSync(kept, manifest);
  if (ok && (await loads(project))) return undefined;
  removePartial(project);
  return ok ? "It finished, but tfjs-node does not load." : tail;
}

/** @param {Project} project */
function removePartial({ tfjs }) {
  for (const folder of ["deps", "lib"]) rmSync(join(tfjs, folder), { recursive: true, force: true });
}

/**
 * Asks the download host for a sign of life: behind some firewalls a connection hangs for minutes.
 * @param {Project} project
 */
async function whyUnreachable({ tfjs, env }) {
  if (proxies(env).length > 0) return undefined;
  const usual = /'(https:\/\/[^']+)'/.exec(readFileSync(join(tfjs, "scripts", "install.js"), "utf8"))?.[1];
  const host = env.TFJS_NODE_BASE_URI || env.TFJS_NODE_CDN_STORAGE || env.CDN_STORAGE || usual;
  if (host === undefined) return undefined;
  try {
    await fetch(host, { method: "HEAD", signal: AbortSignal.timeout(8000) });
    return undefined;
  } catch (error) {
    const { cause, message } = /** @type {Error & { cause?: { code?: string } }} */ (error);
    return `Its download host ${new URL(host).host} cannot be reached (${cause?.code ?? message}).`;
  }
}

/**
 * @param {Project} project
 * @param {{ installer: string, wheel: string }} reasons
 */
function noTensorflow(project, { installer, wheel }) {
  return new Failure({
    what: "tfjs-node, the native TensorFlow, could not be made to load.",
    why: `Its own installer: ${installer}\nThe tensorflow-cpu wheel: ${wheel}`,
    todo:
      "Go where the download host is reachable, or set TFJS_NODE_CDN_STORAGE to a mirror of it (ending in /), and run the " +
      `same command again. The whole output is in ${project.log}.`,
  });
}
