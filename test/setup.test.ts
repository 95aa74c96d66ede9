/** Set-up's own parts, and the messages with which it gives up, each from a real run in a doctored environment. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";

const root = join(__dirname, "..");
const temporary = mkdtempSync(join(tmpdir(), "set up "));
after(() => rmSync(temporary, { recursive: true, force: true }));

/** A fresh copy of what set-up reads, in a folder with a space in its name. */
function freshProject(name: string): string {
  const folder = join(temporary, name);
  mkdirSync(folder);
  for (const part of ["scripts", "package.json", "package-lock.json", "requirements.txt"]) {
    cpSync(join(root, part), join(folder, part), { recursive: true });
  }
  return folder;
}

/** A folder that holds links to these programs only: a PATH on which the others are missing. */
function pathWith(name: string, ...programs: string[]): string {
  const folder = join(temporary, name);
  mkdirSync(folder);
  for (const program of programs) {
    const { stdout } = spawnSync("sh", ["-c", `command -v ${program}`], { encoding: "utf8" });
    symlinkSync(stdout.trim(), join(folder, program));
  }
  return folder;
}

function runSetup(folder: string, env: NodeJS.ProcessEnv) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, "scripts", "setup.mjs")], {
    env: { ...process.env, PIP_CONFIG_FILE: "/dev/null", ...env },
    encoding: "utf8",
    timeout: 60_000,
  });
  return { status, stdout, stderr };
}

/** Runs lines of code against one module of set-up. */
function evaluate(file: string, code: string, env: NodeJS.ProcessEnv = {}) {
  const url = (name: string) => JSON.stringify(pathToFileURL(join(root, "scripts", "setup", name)).href);
  const script = `
    const { stop } = await import(${url("failure.mjs")});
    const { openProject } = await import(${url("project.mjs")});
    const it = await import(${url(file)});
    try { ${code} } catch (error) { stop(error); }`;
  const options = { env: { ...process.env, ...env }, encoding: "utf8", timeout: 60_000 } as const;
  return spawnSync(process.execPath, ["--input-type=module", "-e", script], options);
}

/** What failed, why, what to do: all three, and no stack trace. */
function assertMessage(
  { status, stderr }: { status: number | null; stderr: string },
  what: RegExp,
  why: RegExp,
  todo: RegExp,
) {
  assert.equal(status, 1, stderr);
  assert.match(stderr, /^\n✗ /);
  const [, first = "", second = "", third = ""] = /✗ (.*)\n {2}Why: ([^]*)\n {2}What to do: (.*)/.exec(stderr) ?? [];
  assert.match(first, what);
  assert.match(second, why);
  assert.match(third, todo);
  assert.doesNotMatch(stderr, /^ +at .*:\d+:\d+\)?$/m);
}

test("nodeProblem accepts Node 20, 22 and 24 and refuses the others by name", () => {
  const versions = ["16.20.2", "18.9.1", "20.0.0", "21.7.3", "22.23.3", "23.1.0", "24.21.0", "26.10.0"];
  const { stdout } = evaluate(
    "node.mjs",
    `console.log(JSON.stringify(${JSON.stringify(versions)}.map((version) => it.nodeProblem(version)?.what ?? "")))`,
  );
  const answers: string[] = JSON.parse(stdout);
  const refused = versions.filter((_, i) => answers[i]?.includes(versions[i] as string));
  assert.deepEqual(refused, ["16.20.2", "18.9.1", "21.7.3", "23.1.0", "26.10.0"]);
  assert.equal(answers.filter((answer) => answer === "").length, 3);
});

test("set-up without any Python says which it tried", () => {
  const result = runSetup(freshProject("no python"), { PATH: pathWith("empty path") });
  assertMessage(result, /No Python/, /Tried python3\.13, .*python3/, /Install Python 3/);
});

test("set-up with an old Python only names it and its version", () => {
  const fake = join(pathWith("old path", "sh"), "python3");
  writeFileSync(fake, `#!/bin/sh\necho '{"path": "/opt/python3", "version": "3.9.18", "venv": true}'\n`, {
    mode: 0o755,
  });
  const result = runSetup(freshProject("old python"), { PATH: join(fake, "..") });
  assertMessage(result, /too old/, /3\.11 or newer; found 3\.9\.18 \(\/opt\/python3\)/, /newer Python/);
});

test("set-up with a Python that lacks venv, as Debian ships it, names the package to install", () => {
  const fake = join(pathWith("bare path", "sh"), "python3");
  writeFileSync(fake, `#!/bin/sh\necho '{"path": "/usr/bin/python3", "version": "3.12.3", "venv": false}'\n`, {
    mode: 0o755,
  });
  const result = runSetup(freshProject("no venv"), { PATH: join(fake, "..") });
  assertMessage(result, /cannot make a virtual environment/, /ensurepip/, /python3\.12-venv/);
});

test("set-up without a network says so and can be run again", () => {
  const folder = freshProject("no network");
  const env = {
    PIP_INDEX_URL: "http://127.0.0.1:9/simple",
    PIP_EXTRA_INDEX_URL: "",
    PIP_FIND_LINKS: "",
    PIP_RETRIES: "0",
  };
  const result = runSetup(folder, env);
  assertMessage(result, /Jupyter packages could not be installed/, /./, /network/);
  assert.equal(existsSync(join(folder, ".setup", "lock")), false, "the lock is released");
  assert.equal(existsSync(join(folder, ".setup", "done.json")), false, "nothing is noted as done");
  assert.equal(readFileSync(join(folder, ".venv", "setup.json"), "utf8").trim(), "{}", "the environment is unfinished");
});

test("set-up leaves a .venv alone that it did not make", () => {
  const folder = freshProject("own venv");
  mkdirSync(join(folder, ".venv"));
  writeFileSync(join(folder, ".venv", "precious"), "");
  assertMessage(runSetup(folder, {}), /not from this set-up/, /may be yours/, /Move or delete/);
  assert.ok(existsSync(join(folder, ".venv", "precious")));
});

test("findCompiler without a compiler names those that it tried", () => {
  const result = evaluate("wheel.mjs", "it.findCompiler(process.env)", { PATH: pathWith("no compiler"), CXX: "" });
  assertMessage(result, /No C\+\+ compiler/, /Tried g\+\+, clang\+\+, c\+\+/, /apt install g\+\+/);
});

test("a wheel whose bytes are not the pinned ones is refused", () => {
  // pip takes a space in this variable for the end of a path
  const wheels = mkdtempSync(join(tmpdir(), "wheels-"));
  after(() => rmSync(wheels, { recursive: true, force: true }));
  writeFileSync(join(wheels, "tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl"), "damaged");
  const code = `const project = openProject();
    project.log = ${JSON.stringify(join(temporary, "wheel.log"))};
    await it.download(project, ${JSON.stringify(join(temporary, "download"))});`;
  const env = { PIP_CONFIG_FILE: "/dev/null", PIP_NO_INDEX: "1", PIP_FIND_LINKS: wheels };
  assertMessage(evaluate("wheel.mjs", code, env), /came damaged/, /HASH/, /pip cache purge/);
});

test("isInstalled compares npm's own note with the lock file", () => {
  const folder = freshProject("npm note");
  const ask = () => {
    const code = `console.log(it.isInstalled(openProject({ root: ${JSON.stringify(folder)} })))`;
    return evaluate("packages.mjs", code).stdout.trim();
  };
  assert.equal(ask(), "false");
  const write = (path: string, packages: object) => writeFileSync(join(folder, path), JSON.stringify({ packages }));
  mkdirSync(join(folder, "node_modules", "a"), { recursive: true });
  write("package-lock.json", {
    "": {},
    "node_modules/a": { version: "1.0.0" },
    "node_modules/b": { version: "1.0.0", optional: true },
  });
  write(join("node_modules", ".package-lock.json"), { "node_modules/a": { version: "1.0.0" } });
  assert.equal(ask(), "true");
  write(join("node_modules", ".package-lock.json"), { "node_modules/a": { version: "0.9.0" } });
  assert.equal(ask(), "false");
});

test("takeLock waits for a living owner and takes over from a dead one", async () => {
  const path = join(temporary, "lock");
  const holder = spawn(process.execPath, [
    "--input-type=module",
    "-e",
    `const it = await import(${JSON.stringify(pathToFileURL(join(root, "scripts", "setup", "lock.mjs")).href)});
     await it.takeLock(${JSON.stringify(path)}); console.log("held"); setInterval(() => {}, 1000);`,
  ]);
  await once(holder.stdout, "data");
  const waits = evaluate("lock.mjs", `await it.takeLock(${JSON.stringify(path)}, { minutes: 0 })`);
  assertMessage(waits, /does not finish/, new RegExp(`Process ${holder.pid} `), /kill/);
  holder.kill("SIGKILL");
  await once(holder, "exit");
  const takes = evaluate("lock.mjs", `(await it.takeLock(${JSON.stringify(path)})).release(); console.log("taken")`);
  assert.match(takes.stdout, /taken/);
  assert.equal(existsSync(path), false);
});

test("lastLines keeps what explains a failure", () => {
  const output = "Collecting a\n  Downloading a.whl\nnpm warn old\nfirst\n\n\x1b[31msecond\x1b[0m\n";
  const { stdout } = evaluate("run.mjs", `console.log(it.lastLines(${JSON.stringify(output)}))`);
  assert.equal(stdout.trim(), "first\nsecond");
});
