import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { it } from "node:test";
import { folder } from "../helpers/notebook";
import { root } from "../helpers/root";

it("Stop in a notebook ends training, keeps what was learned and leaves a kernel that works", {
  timeout: 120_000,
}, async () => {
  const { openProject } = await import("../../scripts/setup/project.mjs");
  const { python, env } = openProject();
  const script = join(root, "test", "helpers", "interrupt_kernel.py");
  const { stdout, stderr } = spawnSync(python, [script, folder], { encoding: "utf8", env });
  const said = (word: string) => stdout.split("\n").find((line) => line.startsWith(word)) ?? `nothing\n${stderr}`;
  assert.equal(said("set-up:"), "set-up: ok");
  assert.equal(said("stopped:"), "stopped: error True");
  assert.match(said("then:"), /^then: ok changed true step [1-9]\d*/);
  assert.match(said("again:"), /^again: error/);
  assert.match(said("still there:"), /^still there: ok true 2/);
});
