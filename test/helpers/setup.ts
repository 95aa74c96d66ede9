/** Set-up in doctored copies of the project. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { pathToFileURL } from "node:url";
import { root } from "./root";

export { root };

/** Gone when the tests of a file are over. */
export const temporary = mkdtempSync(join(tmpdir(), "set up "));
after(() => rmSync(temporary, { recursive: true, force: true }));

/** A fresh copy of what set-up reads, in a folder with a space in its name. */
export function freshProject(name: string): string {
  const folder = join(temporary, name);
  mkdirSync(folder);
  const manifests = ["package.json", "lib/package.json", "package-lock.json", "requirements.txt", "data/SHA256SUMS"];
  for (const part of ["scripts", ...manifests]) {
    cpSync(join(root, part), join(folder, part), { recursive: true });
  }
  return folder;
}

/** A folder that holds links to these programs only: a PATH on which the others are missing. */
export function pathWith(name: string, ...programs: string[]): string {
  const folder = join(temporary, name);
  mkdirSync(folder);
  for (const program of programs) {
    const { stdout } = spawnSync("sh", ["-c", `command -v ${program}`], { encoding: "utf8" });
    symlinkSync(stdout.trim(), join(folder, program));
  }
  return folder;
}

export function runSetup(folder: string, env: NodeJS.ProcessEnv) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, "scripts", "setup.mjs")], {
    env: { ...process.env, PIP_CONFIG_FILE: "/dev/null", ...env },
    encoding: "utf8",
    timeout: 300_000,
  });
  return { status, stdout, stderr };
}

/** Runs lines of code against one module of set-up. */
export function evaluate(file: string, code: string, env: NodeJS.ProcessEnv = {}) {
  const url = (name: string) => JSON.stringify(pathToFileURL(join(root, "scripts", "setup", name)).href);
  const script = `
    const { stop } = await import(${url("failure.mjs")});
    const { openProject } = await import(${url("project.mjs")});
    const it = await import(${url(file)});
    try { ${code} } catch (error) { stop(error); }`;
  const options = { env: { ...process.env, ...env }, encoding: "utf8", timeout: 300_000 } as const;
  return spawnSync(process.execPath, ["--input-type=module", "-e", script], options);
}

/** What failed, why, what to do: all three, and no stack trace. */
export function assertMessage(
  { status, stderr }: { status: number | null; stderr: string },
  what: RegExp,
  why: RegExp,
  todo: RegExp,
) {
  assert.equal(status, 1, stderr);
  assert.match(stderr, /^\n✗ /);
  const [, first = "", second = "", third = ""] = /✗ (.*)\n {2}Why: ([\s\S]*)\n {2}What to do: (.*)/.exec(stderr) ?? [];
  assert.match(first, what);
  assert.match(second, why);
  assert.match(third, todo);
  assert.doesNotMatch(stderr, /^ +at .*:\d+:\d+\)?$/m);
}
