/** Nothing is sent, and nothing is written outside the project, whatever the process looks like from outside. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { root } from "./helpers/root";

const temporary = mkdtempSync(join(tmpdir(), "privacy-"));
after(() => rmSync(temporary, { recursive: true, force: true }));

/** A library that notes look-ups and connections; undefined without a C compiler, and on other systems than Linux. */
function compileWitness(): string | undefined {
  // LD_PRELOAD takes a space or a colon for the end of a name
  if (process.platform !== "linux" || /[\s:]/.test(temporary)) return undefined;
  const library = join(temporary, "lookups.so");
  const source = join(root, "test", "helpers", "lookups.c");
  const compiles = (compiler: string) =>
    spawnSync(compiler, ["-shared", "-fPIC", source, "-o", library, "-ldl"]).status === 0;
  return ["cc", "gcc", "clang"].some(compiles) ? library : undefined;
}

/** What a process that runs some code leaves behind: files in its home and temporary folders, and whom it asked. */
async function tracesOf(name: string, code: string) {
  const folder = join(temporary, name);
  const [home, tmp, noted] = [join(folder, "home"), join(folder, "tmp"), join(folder, "lookups")];
  for (const each of [home, tmp]) mkdirSync(each, { recursive: true });
  // telemetry of many programs keeps still where CI is set
  const { CI: _, ORT_DISABLE_TELEMETRY: __, ...inherited } = process.env;
  const env = Object.fromEntries(Object.entries(inherited).filter(([variable]) => !variable.startsWith("XDG_")));
  const witness = compileWitness();
  const child = spawn(process.execPath, ["-e", code], {
    cwd: root,
    env: { ...env, HOME: home, TMPDIR: tmp, LOOKUPS: noted, ...(witness ? { LD_PRELOAD: witness } : {}) },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const [status] = await once(child, "exit");
  assert.equal(status, 0);
  const files = [home, tmp].flatMap((each) => readdirSync(each, { recursive: true, encoding: "utf8" }));
  const asked = existsSync(noted) ? readFileSync(noted, "utf8").trim().split("\n") : [];
  return { files, asked: witness && asked };
}

test("the witness of look-ups sees one", async (t) => {
  const { asked } = await tracesOf("control", 'require("dns").lookup("localhost", () => {})');
  if (asked === undefined)
    return t.skip("it takes Linux, a C compiler, and a temporary folder without spaces in its name");
  assert.deepEqual(asked, ["look-up localhost"]);
});

test("training, figures and ONNX Runtime leave no file outside the project and look nobody up", async () => {
  const { files, asked = [] } = await tracesOf(
    "library",
    `const { buildLeNet5, bars, figureToPng, floatToOnnx, runOnnx, tf } = require("lenet-lab");
     const model = buildLeNet5();
     model.predict(tf.ones([1, 28, 28, 1])).dataSync();
     // ONNX Runtime 1.30 first calls its maker about ten seconds after a session has been opened
     runOnnx(floatToOnnx(model), new Uint8Array(784))
       .then(() => figureToPng(bars(["a", "b"], [1, 2], { title: "two bars" })))
       .then(() => setTimeout(() => {}, 13_000));`,
  );
  assert.deepEqual(files, []);
  assert.deepEqual(asked, []);
});
