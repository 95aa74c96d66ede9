/** README's TypeScript, compiled and run as a reader would: in a folder inside the project. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { decodeOnnx } from "../lib/src/onnx/format";
import { sample } from "./helpers/full";
import { root } from "./helpers/root";

const blocks = [...readFileSync(join(root, "README.md"), "utf8").matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(
  ([, code]) => code as string,
);

const runs = join(root, ".runs");
mkdirSync(runs, { recursive: true });
const folder = mkdtempSync(join(runs, "readme-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** The one block that holds `word`. */
function blockWith(word: string): string {
  const [block, ...others] = blocks.filter((code) => code.includes(word));
  assert.ok(block !== undefined && others.length === 0, `expected one block with ${word}`);
  return block;
}

/** What stands in the comment behind a piece of code. */
function comment(block: string, code: string): string {
  const line = block.split("\n").find((one) => one.includes(code));
  const text = line?.split("; // ")[1];
  assert.ok(text !== undefined, `no comment behind ${code}`);
  return text;
}

/** Puts other code in the place of some that is there once. */
function replace(block: string, code: string, other: string): string {
  assert.equal(block.split(code).length, 2, `expected ${code} once`);
  return block.replace(code, other);
}

/** Runs a block in the temporary folder and gives what it prints. */
function run(name: string, block: string): string {
  writeFileSync(join(folder, name), block);
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", "tsx", name], {
    cwd: folder,
    env: { ...process.env, LENET_QUICK: "1" },
    encoding: "utf8",
  });
  assert.equal(stderr, "");
  assert.equal(status, 0, stdout);
  return stdout.trim();
}

test("README's code has no errors of type", () => {
  assert.equal(blocks.length, 3);
  const types = join(folder, "types");
  mkdirSync(types);
  for (const [i, block] of blocks.entries()) writeFileSync(join(types, `${i}.mts`), block);
  writeFileSync(
    join(types, "tsconfig.json"),
    JSON.stringify({ extends: join(root, "tsconfig.json"), include: ["*.mts"] }),
  );
  const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
  const { status, stdout } = spawnSync(process.execPath, [compiler, "-p", types], { encoding: "utf8" });
  assert.equal(stdout, "");
  assert.equal(status, 0);
});

test("README's training prints an epoch a line and the test accuracy, here after one epoch of the five or a part of it", () => {
  const epoch = replace(blockWith("new Trainer("), "epochs: 5,", "epochs: 1,");
  const part = `import { take } from "lenet-lab";\n${replace(epoch, "  train,\n", "  train: take(train, 12_800),\n")}`;
  const lines = run("train.mts", sample(epoch, part)).split("\n");
  assert.match(lines[0] as string, /^epoch 1\/1 /);
  assert.match(lines[1] as string, /^Finished: 1 epoch/);
  assert.equal(lines.length, 3);
  const accuracy = Number(lines[2]);
  assert.ok(accuracy > sample(0.95, 0.85) && accuracy < 1, `accuracy ${lines[2]}`);
});

test("README's explanations find as many errors as it says, and write them as a picture", () => {
  const block = blockWith("hiResCam(");
  assert.equal(run("explain.mts", `${block}console.log(wrong.length);`), comment(block, "const wrong ="));
  const png = readFileSync(join(folder, "errors.png"));
  assert.deepEqual([...png.subarray(0, 8)], [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
});

test("README's integers read the digits that it says, and write a model for ONNX Runtime", () => {
  const block = blockWith("inferInt8(");
  assert.equal(/\[ (.+) \]$/.exec(run("integers.mts", block))?.[1], comment(block, "console.log("));
  const { graph } = decodeOnnx(readFileSync(join(folder, "lenet5-int8.onnx")));
  assert.ok(graph.node.length > 0);
});
