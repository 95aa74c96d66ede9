/** Comments fit on a line of 120 characters, as code does; the formatter leaves them alone. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "./helpers/root";

const widest = 120;
const folders = ["lib/src", "lib/assembly", "scripts", "bench", "test"];
const inGit = existsSync(join(root, ".git"));

/** Comment lines that are too long, as "file:line"; in Python and shell comments begin with #. */
function longComments(file: string, text: string): string[] {
  const comment = /\.(ts|mjs|cjs|cc|c)$/.test(file) ? /^\s*(\/[/*]|\*)/ : /^\s*#/;
  return text
    .split("\n")
    .map((line, i) => (comment.test(line) && [...line].length > widest ? `${file}:${i + 1}` : ""))
    .filter((place) => place !== "");
}

test("no comment line is longer than 120 characters", { skip: !inGit }, () => {
  const files = execFileSync("git", ["ls-files", "--", ...folders], { cwd: root, encoding: "utf8" })
    .split("\n")
    .filter((file) => /\.(ts|mjs|cjs|cc|c|py)$|\/[\w-]+$/.test(file) && existsSync(join(root, file)));
  assert.ok(files.length > 250, `${files.length}`);
  assert.deepEqual(
    files.flatMap((file) => longComments(file, readFileSync(join(root, file), "utf8"))),
    [],
  );
});

test("longComments(file, text) names file and line", () => {
  const long = "x".repeat(widest);
  assert.deepEqual(longComments("a.ts", `// short\nconst ${long}\n  // ${long}\n/** ${long} */\n * ${long}`), [
    "a.ts:3",
    "a.ts:4",
    "a.ts:5",
  ]);
  assert.deepEqual(longComments("a.py", `# ${long}\n * ${long}`), ["a.py:1"]);
  assert.deepEqual(longComments("a.ts", `// ${"…".repeat(widest - 3)}`), []);
});
