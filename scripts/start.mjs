// @ts-check
/** `npm start`: sets up what is missing, then opens JupyterLab on lesson 01. Further arguments go to JupyterLab. */
import "./setup/node.mjs";
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { stop } from "./setup/failure.mjs";
import { setUp } from "./setup.mjs";

/**
 * @param {string} root the project's folder
 * @param {string[]} further
 */
function labArguments(root, further) {
  const first = readdirSync(join(root, "notebooks"))
    .sort()
    .find((file) => /^01.*\.ipynb$/.test(file));
  return [
    "-m",
    "jupyterlab",
    "--ServerApp.ip=127.0.0.1",
    `--ServerApp.root_dir=${root}`,
    ...(first ? [`--LabApp.default_url=/lab/tree/notebooks/${first}`] : []),
    "--MultiKernelManager.default_kernel_name=tslab",
    // packages are pinned: the extension manager only shows them
    "--LabApp.extension_manager=readonly",
    // in a container one is root, and JupyterLab wants to be told that this is meant
    ...(process.getuid?.() === 0 ? ["--allow-root"] : []),
    ...further,
  ];
}

async function main() {
  const project = await setUp();
  const args = labArguments(project.root, process.argv.slice(2));
  // in its own process group, so that Ctrl-C reaches only us: JupyterLab always
  // ends its kernels on SIGTERM, not on SIGINT
  const lab = spawn(project.python, args, {
    cwd: project.root,
    env: project.env,
    stdio: ["ignore", "inherit", "inherit"],
    detached: true,
  });
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
    process.on(signal, () => lab.kill("SIGTERM"));
  }
  lab.on("exit", (code) => process.exit(code ?? 1));
}

main().catch(stop);
