import assert from "node:assert/strict";
import { lstatSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readBytes, writeAtomically } from "../../lib/src/common/files";
import { temporaryFolder } from "../helpers/data";

test("readBytes(path) is what writeAtomically(path, parts) wrote", (t) => {
  const path = join(temporaryFolder(t), "below", "file");
  writeAtomically(path, [Uint8Array.of(1, 2), Uint8Array.of(), Uint8Array.of(3)]);
  assert.deepEqual([...readBytes(path)], [1, 2, 3]);
});

test("readBytes(path) says which file cannot be read, and why", (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, "file");
  const circle = join(folder, "circle");
  writeFileSync(file, "");
  mkdirSync(join(folder, "folder"));
  symlinkSync(circle, circle);
  for (const [path, reason] of [
    [join(folder, "nowhere"), "no such file"],
    [join(folder, "folder"), "a folder"],
    [join(file, "below"), "a path through a file that is no folder"],
    [circle, `ELOOP: too many symbolic links encountered, open '${circle}'`],
  ])
    assert.throws(() => readBytes(path as string), {
      name: "Error",
      message: `Expected a file at ${path}, got ${reason}.`,
    });
});

test("writeAtomically(path, parts) says which file cannot be written, and why", (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, "file");
  writeFileSync(file, "old");
  for (const [path, reason] of [
    [folder, "a folder"],
    [join(file, "below"), "a path through a file that is no folder"],
    [join(file, "far", "below"), "a path through a file that is no folder"],
  ] as const)
    assert.throws(() => writeAtomically(path, [Uint8Array.of(1)]), {
      name: "Error",
      message: `Expected to write a file at ${path}, got ${reason}.`,
    });
  assert.deepEqual(readdirSync(folder), ["file"]);
});

test("writeAtomically(path, parts) writes through a link, which stays", (t) => {
  const folder = temporaryFolder(t);
  const [target, link, second] = ["target", "link", "second"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(target, "old");
  symlinkSync("target", link);
  symlinkSync(link, second);
  for (const [path, text] of [
    [link, "new"],
    [second, "newer"],
  ] as const) {
    writeAtomically(path, [Buffer.from(text)]);
    assert.equal(readBytes(target).toString(), text);
  }
  assert.deepEqual(
    [link, second].map((path) => lstatSync(path).isSymbolicLink()),
    [true, true],
  );
  assert.deepEqual(readdirSync(folder).sort(), ["link", "second", "target"]);
});
