import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { test } from "node:test";
import { projectDataFolder } from "../../lib/src/data/mnist";
import {
  loadBench,
  loadComparison,
  loadCrossValidation,
  loadQuantization,
  loadRateSearch,
  loadTestResults,
} from "../../lib/src/data/results";
import { meanAndDeviation } from "../../lib/src/metrics/accuracy";
import { assertClose } from "../helpers/assertions";
import { digits, temporaryFolder } from "../helpers/data";

const folder = join(projectDataFolder(), "results");
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".json"))
  .map((file) => file.replace(/\.json$/, ""))
  .filter((name) => !["cross-validation", "qat", "qat-rate", "bench"].includes(name));

test("loadTestResults(unknown) and loadComparison(unknown) name the file and the command that makes it", () => {
  for (const load of [loadTestResults, loadComparison]) {
    const path = join(folder, "no such results.json");
    const message = `Expected ${path}, found no such file: npm run reproduce -- no such results measures it.`;
    assert.throws(() => load("no such results"), { name: "Error", message });
  }
});

test("each results file is read by one function; the others refuse it and name that one", () => {
  const readers = {
    "cross-validation": "loadCrossValidation",
    qat: "loadQuantization",
    "qat-rate": "loadRateSearch",
    bench: "loadBench",
  };
  for (const file of readdirSync(folder).filter((file) => file.endsWith(".json"))) {
    const name = file.replace(/\.json$/, "");
    const isComparison = ["schedules", "augmentation", "elastic", "knobs"].includes(name);
    const reader = readers[name as keyof typeof readers] ?? (isComparison ? "loadComparison" : "loadTestResults");
    for (const load of [loadTestResults, loadComparison]) {
      if (load.name === reader) assert.ok(load(name));
      else
        assert.throws(
          () => load(name),
          new RegExp(
            `${name}\\.json: expected \`.*\` as \`${load.name}\` reads them, got what \`${reader}\` reads: call that\\.$`,
          ),
        );
    }
  }
  assert.ok(loadCrossValidation() && loadQuantization() && loadRateSearch() && loadBench());
});

for (const name of names) {
  test(`data/results/${name}.json has the mean and deviation of its own seeds`, () => {
    const isComparison = "arms" in JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"));
    if (isComparison) {
      for (const { seeds, ...arm } of loadComparison(name).arms) {
        const { mean, deviation } = meanAndDeviation(
          seeds.map(({ validationAccuracy }) => validationAccuracy.at(-1) as number),
        );
        assertClose([arm.mean, arm.sd], [mean, deviation], 1e-6);
      }
    } else {
      const { seeds, ...results } = loadTestResults(name);
      const { mean, deviation } = meanAndDeviation(seeds.map(({ testAccuracy }) => testAccuracy));
      assertClose([results.mean, results.sd], [mean, deviation], 1e-6);
    }
  });
}

test("data/results/cross-validation.json predicts every training image once in each arm", () => {
  const { labels } = digits().train;
  const { arms } = loadCrossValidation();
  // lesson 07 takes them by position
  assert.deepEqual(
    arms.map(({ name }) => name),
    ["affine", "affine and elastic"],
  );
  for (const { images, mistakes, folds } of arms) {
    assert.equal(images, labels.length);
    assertClose([meanAndDeviation(folds).mean], [1 - mistakes.length / images], 1e-6);
    for (const [i, { index, label, predicted, loss }] of mistakes.entries()) {
      assert.ok(i === 0 || index > (mistakes[i - 1]?.index as number), `${index} comes once, in order`);
      assert.equal(label, labels[index]);
      // a class that is not the largest of two or more has a probability below a half
      assert.ok(predicted !== label && predicted >= 0 && predicted < 10 && loss > Math.log(2), `image ${index}`);
    }
  }
});

test("data/results/qat.json holds what the project promises of quantisation", () => {
  const { seeds, mean, modelBytes, onnxIdenticalImages } = loadQuantization();
  assert.equal(seeds.length, 5);
  for (const kind of ["float", "ptq8", "qat8", "ptq4", "qat4"] as const)
    assertClose([mean[kind]], [meanAndDeviation(seeds.map((seed) => seed[kind])).mean], 1e-6);
  assertClose([mean.float], [loadTestResults("lenet5").mean], 1e-6);
  assert.ok(Math.abs(mean.qat8 - mean.float) <= 0.0005, `8 bits: ${mean.qat8} against ${mean.float}`);
  assert.ok(mean.qat4 >= mean.float - 0.0015, `4 bits: ${mean.qat4} against ${mean.float}`);
  assert.ok(modelBytes.int8 <= 66_000, `${modelBytes.int8} bytes`);
  assert.equal(onnxIdenticalImages, 10_000);
  for (const seed of seeds) {
    assert.equal(seed.onnxIdenticalImages, 10_000);
    // fake quantisation adds up in float: an image whose two best logits are nearly equal may change sides
    assert.ok(seed.fakeQuantizedAgrees >= 9_990, `seed ${seed.seed}: ${seed.fakeQuantizedAgrees}`);
  }
});

test("data/results/qat-rate.json has chosen the rate with the highest mean, and qat.json used it", () => {
  const { tried, chosen } = loadRateSearch();
  const rates = [...new Set(tried.map(({ learningRate }) => learningRate))];
  const meanOf = (rate: number) =>
    meanAndDeviation(tried.filter(({ learningRate }) => learningRate === rate).flatMap(({ seeds }) => seeds)).mean;
  assert.ok(rates.length >= 4 && rates.every((rate) => meanOf(rate) <= meanOf(chosen) + 1e-9));
  assert.ok(
    chosen > Math.min(...rates) && chosen < Math.max(...rates),
    `${chosen} stands at the end of what was tried`,
  );
  for (const { mean, sd, seeds } of tried) {
    const expected = meanAndDeviation(seeds);
    assertClose([mean, sd], [expected.mean, expected.deviation], 1e-6);
  }
  assert.match(loadQuantization().protocol, new RegExp(`cosine from ${chosen} to 0`));
});

test("loadTestResults(name) refuses a file that is no JSON, or JSON of something else, and names the file", (t) => {
  const temporary = temporaryFolder(t);
  const name = join(relative(folder, temporary), "damaged");
  for (const [text, error] of [
    ["{", /damaged\.json: expected JSON, got other text \(.*\): npm run reproduce -- .* measures it again\.$/],
    ["null", /damaged\.json: expected `seeds`, `mean` as `loadTestResults` reads them, got none\.$/],
    ["3", /damaged\.json: expected `seeds`, `mean` as `loadTestResults` reads them, got none\.$/],
    ['{"runs": []}', /damaged\.json: expected `seeds`, `mean` as `loadTestResults` reads them, got runs\.$/],
    ['{"seeds": [], "mean": {}}', /damaged\.json: expected `seeds`, `mean` as .* reads them, got seeds, mean\.$/],
    ['{"arms": [{"seeds": []}]}', /damaged\.json: .*, got what `loadComparison` reads: call that\.$/],
  ] as const) {
    writeFileSync(join(temporary, "damaged.json"), text);
    assert.throws(() => loadTestResults(name), error);
  }
  mkdirSync(join(temporary, "folder.json"));
  assert.throws(() => loadTestResults(join(name, "..", "folder")), /^Error: Expected a file at .*, got a folder\.$/);
});
