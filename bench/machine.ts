/** What was measured on: no names, no paths. */
import { readFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { root } from "./engine-process";

/** Processor, cores, memory and system in one line. */
export function machine(): string {
  const [processor] = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const system = `${process.platform} ${release().replace(/^(\d+\.\d+).*/, "$1")} ${process.arch}`;
  return `${cpus().length} × ${processor?.model.trim() ?? "unknown processor"}, ${memory}, ${system}`;
}

/** Of everything that computes; `told` by the engines. */
export function versions(told: Record<string, string>): Record<string, string> {
  const library = JSON.parse(readFileSync(join(root, "lib", "package.json"), "utf8")).version;
  return { node: process.versions.node, lenetLab: library, ...told };
}
