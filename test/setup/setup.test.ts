/** Set-up's own parts, and the messages with which it gives up, each from a real run in a doctored environment. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { full } from "../helpers/full";
import { assertMessage, evaluate, freshProject, pathWith, root, runSetup, temporary } from "../helpers/setup";

test("nodeProblem accepts the lines of Node that are tried, from their oldest minor on, and refuses others by name", () => {
  const good = ["20.16.0", "20.20.2", "22.3.0", "22.23.3", "24.0.0", "24.21.0", "26.0.0", "26.10.0"];
  const bad = ["16.20.2", "18.9.1", "20.15.1", "21.7.3", "22.2.0", "23.1.0", "25.9.0", "27.0.0"];
  const code = `console.log(JSON.stringify(${JSON.stringify([...good, ...bad])}.map((version) => it.nodeProblem(version)?.what)))`;
  const answers: (string | null)[] = JSON.parse(evaluate("node.mjs", code).stdout);
  assert.deepEqual(answers, [
    ...good.map(() => null),
    ...bad.map((version) => `Node ${version} cannot run this project.`),
  ]);
});

test("README, .nvmrc, engines, the lock file and set-up name the same versions of Node", async () => {
  const { accepted, recommended } = await import("../../scripts/setup/node.mjs");
  const read = (file: string) => readFileSync(join(root, file), "utf8");
  const range = Object.entries(accepted).map(([line, oldest]) => (oldest === 0 ? `^${line}` : `^${line}.${oldest}`));
  assert.equal(JSON.parse(read("package.json")).engines.node, range.join(" || "));
  assert.equal(JSON.parse(read("package-lock.json")).packages[""].engines.node, range.join(" || "));
  assert.equal(read(".nvmrc").trim(), String(recommended));
  const [, named = "", first] = /You need Node ((\d+)[^;]*);/.exec(read("README.md")) ?? [];
  assert.equal(first, String(recommended), "the recommended one comes first");
  assert.deepEqual([...new Set(named.match(/\b2\d\b/g))].sort(), Object.keys(accepted));
  for (const [line, oldest] of Object.entries(accepted))
    if (oldest > 0) assert.match(named, new RegExp(`${line}\\.${oldest}`));
});

test("README names the Python and the room on the disk that set-up asks for", async () => {
  const { oldest } = await import("../../scripts/setup/python.mjs");
  const { kept, needs } = await import("../../scripts/setup/space.mjs");
  const [asked = ""] = /^You need Node [\s\S]*?\n\n/m.exec(readFileSync(join(root, "README.md"), "utf8")) ?? [];
  const peak = needs.venv + needs.modules + needs.tensorflow;
  for (const text of [`Python ${oldest.join(".")} or newer`, `${kept} GB stay`, `set-up takes ${peak.toFixed(1)} GB`])
    assert.ok(asked.replaceAll("\n", " ").includes(text), text);
});

test("set-up without any Python says which it tried", () => {
  const result = runSetup(freshProject("no python"), { PATH: pathWith("empty path") });
  assertMessage(result, /No Python/, /Tried python3\.13, .*python3\.15, python3/, /Install Python 3/);
});

test("set-up finds Python 3.14 and 3.15 where only they are there", () => {
  for (const version of ["3.14", "3.15"]) {
    const folder = pathWith(`path of ${version}`, "sh");
    writeFileSync(
      join(folder, `python${version}`),
      `#!/bin/sh\necho '{"path": "/opt/python", "version": "${version}.0", "venv": true}'\n`,
      { mode: 0o755 },
    );
    const { stdout } = evaluate("python.mjs", "console.log(it.findPython(process.env).version)", {
      PATH: folder,
      PYTHON: "",
    });
    assert.equal(stdout.trim(), `${version}.0`);
  }
});

test("yarn and pnpm are refused before they fetch anything, and no registry is asked for the library's name", () => {
  const { packageManager, dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  assert.match(packageManager, /^npm@/, "pnpm and old yarn stop here");
  const [, instead = ""] = /^yarnPath: (.*)$/m.exec(readFileSync(join(root, ".yarnrc.yml"), "utf8")) ?? [];
  const answer = spawnSync(process.execPath, [join(root, instead)], { encoding: "utf8" });
  assertMessage(answer, /installed with npm/, /package-lock\.json/, /npm start/);
  assert.equal(dependencies["lenet-lab"], "file:lib");
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

test("the bench makes its environment as set-up does, and gives up in its own words", () => {
  const folder = freshProject("bench peers");
  cpSync(join(root, "bench"), join(folder, "bench"), { recursive: true });
  const makePeers = () =>
    spawnSync(process.execPath, [join(folder, "bench", "peers.mjs")], {
      env: { ...process.env, PIP_CONFIG_FILE: "/dev/null", PIP_NO_INDEX: "1", PIP_FIND_LINKS: "" },
      encoding: "utf8",
    });
  mkdirSync(join(folder, ".venv-bench"));
  assertMessage(makePeers(), /\.venv-bench is not from this bench/, /may be yours/, /Move or delete/);
  // that an environment stays unfinished is seen above, of set-up
  if (!full) return;
  rmSync(join(folder, ".venv-bench"), { recursive: true });
  assertMessage(
    makePeers(),
    /peers of the bench could not be installed/,
    /No matching distribution/,
    /without --peers .*bench\.log/,
  );
  const marker = join(folder, ".venv-bench", "setup.json");
  assert.equal(readFileSync(marker, "utf8").trim(), "{}", "the environment is unfinished");
  assert.equal(existsSync(join(folder, ".setup", "lock")), false, "the lock is released");
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

test("TensorFlow loads in silence at the log level that set-up gives to every process", () => {
  const { status, stderr } = evaluate(
    "tensorflow.mjs",
    `const { spawnSync } = await import("node:child_process");
     const { env } = openProject();
     const load = ["-e", 'require("@tensorflow/tfjs-node")'];
     process.exitCode = spawnSync(process.execPath, load, { env, stdio: "inherit" }).status;`,
    { TF_CPP_MIN_LOG_LEVEL: undefined },
  );
  assert.equal(stderr, "");
  assert.equal(status, 0);
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

test("lastLines keeps the cause of a lost connection, once, which pip gives in a warning and npm above a stack trace", () => {
  const retry = (left: number, at: string) =>
    `WARNING: Retrying (Retry(total=${left}, connect=None)) after connection broken by 'ProxyError('Cannot connect to proxy.', ` +
    `NewConnectionError('<pip.HTTPSConnection object at 0x${at}>: Failed to establish a new connection: refused'))': /simple/six/\n`;
  const output = `${retry(1, "7fd9")}${retry(0, "7fe0")}npm error request failed, reason: connect ECONNREFUSED\nnpm error     at a (b.js:1:1) {\nnpm error }\n`;
  const { stdout } = evaluate("run.mjs", `console.log(it.lastLines(${JSON.stringify(output)}))`);
  assert.equal(
    stdout.trim(),
    "connection broken: ProxyError('Cannot connect to proxy.', NewConnectionError('Failed to establish a new connection: refused'))\n" +
      "npm error request failed, reason: connect ECONNREFUSED",
  );
});

test("lastLines keeps what explains a failure", () => {
  const output = "Collecting a\n  Downloading a.whl\nnpm warn old\nfirst\n\n\x1b[31msecond\x1b[0m\n";
  const { stdout } = evaluate("run.mjs", `console.log(it.lastLines(${JSON.stringify(output)}))`);
  assert.equal(stdout.trim(), "first\nsecond");
});
