import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tf } from "../../lib/src/tensors/tensorflow";
import { assertNoLeak } from "./assertions";

/** Runs `work` and holds tensors, loaded graphs and temporary files after it against those before. */
export async function assertNothingLeft(work: () => unknown): Promise<void> {
  const graphs = tf.node.getNumOfSavedModels();
  await inOwnTemporaryFolder(async (folder) => {
    await assertNoLeak(work);
    assert.deepEqual(readdirSync(folder), [], "temporary files were left behind");
  });
  assert.equal(tf.node.getNumOfSavedModels(), graphs, "loaded graphs were left behind");
}

/** `os.tmpdir()` is a folder of its own while `work` runs: other tests use theirs at the same time. */
export async function inOwnTemporaryFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "lenet lab-"));
  const names = ["TMPDIR", "TEMP", "TMP"];
  const before = names.map((name) => process.env[name]);
  for (const name of names) process.env[name] = folder;
  try {
    await work(folder);
  } finally {
    for (const [i, name] of names.entries()) {
      if (before[i] === undefined) delete process.env[name];
      else process.env[name] = before[i];
    }
    rmSync(folder, { recursive: true, force: true });
  }
}
