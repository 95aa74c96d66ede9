/** The order of the rooms of lib/src, as CONTRIBUTING.md has it: lint refuses every import against it, at any depth. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { temporaryFolder } from "./helpers/data";
import { root } from "./helpers/root";

const contributing = readFileSync(join(root, "CONTRIBUTING.md"), "utf8");
/** The rows of the table: a room, and the rooms that it may import from. */
const rooms = Array.from(contributing.matchAll(/^\| `(\w+)` \|[^|]*\|([^|]*)\|$/gm), ([, room = "", allowed = ""]) => ({
  room,
  allowed: allowed.split(",").map((name) => name.trim()),
}));

/** Lints every import of one room into another, at two depths; gives the refused ones, as "from → to". */
function refusedImports(t: TestContext): string[] {
  const folder = temporaryFolder(t);
  for (const file of ["biome.json", "lib/biome.jsonc"])
    cpSync(join(root, file), join(folder, file), { recursive: true });
  for (const { room } of rooms) {
    for (const { room: other } of rooms) {
      for (const [path, up] of [
        [room, ".."],
        [join(room, "deeper"), "../.."],
      ] as const) {
        mkdirSync(join(folder, "lib", "src", path), { recursive: true });
        const own = up === ".." ? "./file" : "../file";
        const source = `import { x } from "${room === other ? own : `${up}/${other}/file`}";\nconsole.log(x);\n`;
        writeFileSync(join(folder, "lib", "src", path, `${other}.ts`), source);
      }
    }
  }
  const biome = join(root, "node_modules", "@biomejs", "biome", "bin", "biome");
  const args = [biome, "lint", "--vcs-enabled=false", "--max-diagnostics=1000", "--colors=off", "lib/src"];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
  const found = (stdout + stderr).matchAll(/lib\/src\/(\S+)\/(\w+)\.ts:\d+:\d+ lint\/style\/noRestrictedImports/g);
  return Array.from(found, ([, from, to]) => `${from} → ${to}`).sort();
}

test("CONTRIBUTING's table holds every room of lib/src, in an order in which data flow down", () => {
  const folders = readdirSync(join(root, "lib", "src"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  assert.deepEqual(rooms.map(({ room }) => room).sort(), folders.map(({ name }) => name).sort());
  rooms.forEach(({ room, allowed }, i) => {
    const above = new Set(["–", ...rooms.slice(0, i).map((earlier) => earlier.room)]);
    assert.deepEqual(
      allowed.filter((name) => !above.has(name)),
      [],
      room,
    );
  });
});

test("lint refuses exactly the imports that the table does not allow, at any depth", (t) => {
  const wanted = rooms.flatMap(({ room, allowed }) =>
    rooms
      .filter(({ room: other }) => other !== room && !allowed.includes(other))
      .flatMap(({ room: other }) => [`${room} → ${other}`, `${join(room, "deeper")} → ${other}`]),
  );
  assert.ok(wanted.length > 100, `${wanted.length}`);
  assert.deepEqual(refusedImports(t), wanted.sort());
});
