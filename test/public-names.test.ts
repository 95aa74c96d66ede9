/** Every public value is used by a lesson, a script or a page, and every file that a page names exists. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { code, prose, readCourse, readNotebooks } from "./helpers/notebook";
import { root } from "./helpers/root";

const read = (file: string) => readFileSync(join(root, file), "utf8");
const tracked = (...patterns: string[]) =>
  execFileSync("git", ["ls-files", "--", ...patterns], { cwd: root, encoding: "utf8" })
    .split("\n")
    .filter((file) => file !== "" && existsSync(join(root, file)));
const inGit = existsSync(join(root, ".git"));

test("every value that lenet-lab exports is used by a lesson, a script, the benchmark or a README", {
  skip: !inGit,
}, () => {
  const lessons = [...readCourse(), ...readNotebooks("solutions")].flatMap((notebook) => [
    prose(notebook),
    ...code(notebook).map(({ source }) => source),
  ]);
  const files = tracked("scripts/*.ts", "bench/*.ts", "README.md", "data/README.md").map(read);
  const words = new Set([...lessons, ...files].join("\n").match(/\w+/g));
  const values = Object.keys(require("lenet-lab"));
  assert.ok(values.length > 90, `${values.length}`);
  assert.deepEqual(
    values.filter((name) => !words.has(name)),
    [],
  );
});

test("every file of the library that a page, a notebook or a comment names is there", { skip: !inGit }, () => {
  const pages = tracked("*.md", "lib/src/*.ts", "lib/assembly/*.ts", "scripts/*", "bench/*", "test/*.ts").map(
    (file) => [file, read(file)],
  );
  const lessons = [...readCourse(), ...readNotebooks("solutions")].map((notebook) => [notebook.file, prose(notebook)]);
  const missing = [...pages, ...lessons].flatMap(([file, text]) =>
    Array.from(
      (text as string).matchAll(/(?<![\w./])((?:lib\/(?:src|assembly)|test|bench|scripts)\/[\w./-]+\.(?:ts|mjs|py))/g),
    )
      .map(([, named = ""]) => named)
      .filter((named) => !existsSync(join(root, named)))
      .map((named) => `${file}: ${named}`),
  );
  assert.deepEqual(missing, []);
});
