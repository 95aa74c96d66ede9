// @ts-check
/** JupyterLab's settings: the TypeScript kernel is registered, and no dialog asks anything at the start. */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeWhole } from "./files.mjs";

/** @typedef {import("./project.mjs").Project} Project */

const announcements = "@jupyterlab/apputils-extension:announcements";

/**
 * Registers the kernel and the settings, all inside the virtual environment, with absolute paths.
 * @param {Project} project
 */
export function registerKernel(project) {
  // for files of Jupyter and IPython; without it each kernel leaves a folder in the system's temporary one
  mkdirSync(join(project.venv, "jupyter"), { recursive: true });
  const written = [
    keep(project.kernel, kernelSpec(project)),
    keep(join(project.venv, "share", "jupyter", "lab", "settings", "overrides.json"), {
      "@jupyterlab/apputils-extension:notification": { fetchNews: "false", checkForUpdates: false },
    }),
    keep(join(project.venv, "etc", "jupyter", "labconfig", "page_config.json"), {
      disabledExtensions: { [announcements]: true },
    }),
  ];
  return written.some(Boolean) ? "registered in .venv" : "in place";
}

/**
 * Node and tslab by absolute path: JupyterLab may be started with another PATH than set-up.
 * @param {Project} project
 */
export function kernelSpec(project) {
  const tslab = join(project.modules, "tslab", "bin", "tslab");
  return {
    argv: [process.execPath, tslab, "kernel", "--config-path", "{connection_file}"],
    display_name: "TypeScript",
    language: "typescript",
    // for editors that start the kernel themselves; the library sets it too, but a cell may load ONNX Runtime first
    env: { ORT_DISABLE_TELEMETRY: "1" },
  };
}

/**
 * Writes a JSON file if its value differs; returns whether it wrote.
 * @param {string} path
 * @param {unknown} value
 */
function keep(path, value) {
  const text = `${JSON.stringify(value, null, 2)}\n`;
  if (read(path) === text) return false;
  writeWhole(path, text);
  return true;
}

/** @param {string} path */
function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
