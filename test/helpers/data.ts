import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { random } from "../../lib/src/common/random";
import { type Dataset, type Role, take } from "../../lib/src/data/dataset";
import { loadMnist, type TrainAndTest } from "../../lib/src/data/mnist";

import ndarray = require("ndarray");

let mnist: TrainAndTest | undefined;

/** MNIST, read once for each test file. */
export function digits(): TrainAndTest {
  mnist ??= loadMnist();
  return mnist;
}

/** The first `count` training images of MNIST. */
export const someDigits = (count: number): Dataset<"train"> => take(digits().train, count);

/** Images of random pixels with random labels, for tests of what happens to data whatever they show. */
export function noise<R extends Role>(
  role: R,
  {
    count = 20,
    size = 28,
    classes = 10,
    seed = 0,
  }: { count?: number; size?: number; classes?: number; seed?: number } = {},
): Dataset<R> {
  const source = random(seed, count, size);
  const pixels = Uint8Array.from({ length: count * size * size }, () => source.integer(0, 255));
  const labels = Uint8Array.from({ length: count }, () => source.integer(0, classes - 1));
  return { name: "noise", role, images: ndarray(pixels, [count, size, size]), labels, classes };
}

/** A folder that is gone when the test is over. */
export function temporaryFolder(t: { after(work: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), "lenet lab-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
