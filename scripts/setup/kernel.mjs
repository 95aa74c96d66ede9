// @ts-check
/** First half of `npm run build`: compiles `lib/assembly` to bytes in `lib/src/int8/wasm/kernel-bytes.ts`. */
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Failure, stop } from "./failure.mjs";
import { hashOf, writeWhole } from "./files.mjs";
import { openProject } from "./project.mjs";
import { run } from "./run.mjs";

/** @typedef {import("./project.mjs").Project} Project */

/** @param {Project} project */
export const kernelSources = ({ root }) => join(root, "lib", "assembly");

/**
 * Compiles unless the file was made from the same sources by the same compiler.
 * @param {Project} project
 */
export async function compileKernel(project) {
  const compiler = join(project.modules, "assemblyscript");
  const target = join(project.root, "lib", "src", "int8", "wasm", "kernel-bytes.ts");
  const head = `/** Compiled from lib/assembly by npm run build: ${hashOf([kernelSources(project), join(compiler, "package.json")])}. */\n`;
  if (existsSync(target) && readFileSync(target, "utf8").startsWith(head)) return;
  mkdirSync(project.state, { recursive: true });
  const draft = join(project.state, "kernel.wasm");
  const asc = [join(compiler, "bin", "asc.js"), "index.ts", "--config", "asconfig.json", "--outFile", draft];
  const { ok, tail } = await run(project, process.execPath, asc, { cwd: kernelSources(project) });
  if (!ok) throw notCompiled(tail);
  writeWhole(target, `${head}export const kernelBase64 =\n  "${readFileSync(draft, "base64").replace(/=+$/, "")}";\n`);
  rmSync(draft);
}

/** @param {string} why */
function notCompiled(why) {
  return new Failure({
    what: "The kernel in lib/assembly does not compile.",
    why,
    todo: "Mend what the compiler names, then run the same command again.",
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) compileKernel(openProject()).catch(stop);
