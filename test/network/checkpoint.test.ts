import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { writeAtomically } from "../../lib/src/common/files";
import { random } from "../../lib/src/common/random";
import { loadLeNet5, readWeights, saveLeNet5, writeWeights } from "../../lib/src/network/checkpoint";
import { evaluate } from "../../lib/src/network/evaluate";
import { buildLeNet5, type LeNet5Options } from "../../lib/src/network/lenet";
import { type Checkpoint, loadCheckpoint, type StoredTensor, saveCheckpoint } from "../../lib/src/network/safetensors";
import { tf } from "../../lib/src/tensors/tensorflow";
import { assertNoLeak, assertSameBits } from "../helpers/assertions";
import { noise, temporaryFolder } from "../helpers/data";
import { mutations } from "../helpers/mutations";
import { randomNetwork, randomWeights } from "../helpers/random-network";

/** A checkpoint with every kind of float, odd names and shapes. */
function example(): Checkpoint {
  const bits = Uint32Array.of(0, 0x80000000, 0x7f800000, 0xff800000, 0x7fc00001, 1, 0x3f800000, 0x7f7fffff);
  return {
    tensors: {
      "conv1/kernel": { shape: [2, 4], data: new Float32Array(bits.buffer) },
      "ünïcode 名": { shape: [3], data: Float32Array.of(1.5, -2, 3) },
      nothing: { shape: [0, 5], data: new Float32Array() },
      scalar: { shape: [], data: new Float32Array(Float32Array.of(9, 7).buffer, 4) },
    },
    metadata: {
      step: 12,
      text: 'quotes " and \\ and ü',
      list: [1.1, null, { deep: true }],
      zero: 0,
      notFinite: [Number.NaN, { loss: Number.POSITIVE_INFINITY }, Number.NEGATIVE_INFINITY],
      missing: undefined,
    },
  };
}

test("loadCheckpoint(saveCheckpoint()) is what was saved, bit for bit", (t) => {
  const path = join(temporaryFolder(t), "a new", "folder", "example.safetensors");
  const { tensors, metadata } = example();
  saveCheckpoint(path, { tensors, metadata });
  const loaded = loadCheckpoint(path);
  assert.deepEqual(Object.keys(loaded.tensors), Object.keys(tensors));
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    assert.deepEqual(loaded.tensors[name]?.shape, shape);
    assertSameBits(loaded.tensors[name]?.data as Float32Array, data);
  }
  const { missing: _, ...present } = metadata;
  assert.deepEqual(loaded.metadata, present);
});

test("saveCheckpoint(path, checkpoint) writes the safetensors layout", (t) => {
  const path = join(temporaryFolder(t), "example.safetensors");
  const { tensors, metadata } = example();
  saveCheckpoint(path, { tensors, metadata });
  // read by the format's description alone: https://github.com/huggingface/safetensors#format
  const bytes = readFileSync(path);
  const length = bytes.readUInt32LE(0);
  assert.equal(bytes.readUInt32LE(4), 0);
  assert.equal(length % 8, 0, "data are aligned to 8 bytes");
  assert.equal(String.fromCharCode(bytes[8] as number), "{");
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString("utf8")) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const { __metadata__, ...entries } = header;
  for (const value of Object.values(__metadata__ as object)) assert.equal(typeof value, "string");
  let offset = 0;
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(entries)) {
    const data = tensors[name]?.data as Float32Array;
    assert.deepEqual([dtype, shape], ["F32", tensors[name]?.shape]);
    assert.deepEqual(data_offsets, [offset, offset + 4 * data.length]);
    data.forEach((value, i) => {
      assert.ok(Object.is(bytes.readFloatLE(8 + length + offset + 4 * i), value) || Number.isNaN(value));
    });
    offset += 4 * data.length;
  }
  assert.deepEqual(Object.keys(entries), Object.keys(tensors));
  assert.equal(bytes.length, 8 + length + offset, "the data fill the file");
});

test("saveCheckpoint(path, checkpoint) refuses numbers that do not fill their shape", (t) => {
  const path = join(temporaryFolder(t), "example.safetensors");
  const tensors = { kernel: { shape: [2, 3], data: new Float32Array(5) } };
  assert.throws(
    () => saveCheckpoint(path, { tensors, metadata: {} }),
    /^Error: Expected 6 numbers for `kernel` \[2, 3\], got 5\.$/,
  );
});

test("saveCheckpoint(path, checkpoint) refuses what the file would hold as something else", (t) => {
  const path = join(temporaryFolder(t), "example.safetensors");
  const one = { shape: [1], data: Float32Array.of(1) };
  const wrong: [Partial<Checkpoint>, RegExp][] = [
    [
      { tensors: { __metadata__: one } },
      /^Error: Expected names of tensors that the format leaves free, got `__metadata__`/,
    ],
    [{ tensors: { ["__proto__"]: one } }, /^Error: .* got `__proto__`: give it another name\.$/],
    [{ metadata: { sha256: "mine" } }, /^Error: Expected metadata without `sha256`, which is the file's checksum/],
    [
      { tensors: { w: { shape: [1], data: Float64Array.of(1) as unknown as Float32Array } } },
      /^TypeError: Expected `w` to be a Float32Array, got Float64Array\.$/,
    ],
  ];
  for (const [part, message] of wrong)
    assert.throws(() => saveCheckpoint(path, { tensors: {}, metadata: {}, ...part }), message);
});

test("loadCheckpoint(mutated) fails clearly for each of 600 mutated files", (t) => {
  const path = join(temporaryFolder(t), "example.safetensors");
  saveCheckpoint(path, example());
  const original = readFileSync(path);
  const source = random(17);
  const kinds = Object.entries(mutations);
  for (let i = 0; i < 600; i++) {
    const [kind, mutate] = kinds[i % kinds.length] as (typeof kinds)[number];
    const mutated = join(path, "..", `${i}.safetensors`);
    writeFileSync(mutated, mutate(original, source));
    try {
      loadCheckpoint(mutated);
    } catch (error) {
      const { message, name: kindOfError } = error as Error;
      assert.equal(kindOfError, "Error", `${kind}: ${message}`);
      // a change of the checksum's own name leaves a file as other programs write it
      const ends =
        /: the file is damaged or not a checkpoint; (delete it|check the path), or fetch it again\.$|another program/;
      assert.ok(message.startsWith(`${mutated}: expected `) && ends.test(message), `${kind}: ${message}`);
      continue;
    }
    assert.fail(`file ${i} (${kind}) was accepted`);
  }
});

function withHeader(header: string, data = ""): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, Buffer.from(header + data)]);
}

const tensor = (dtype: string, from: number, to: number) =>
  JSON.stringify({ dtype, shape: [1], data_offsets: [from, to] });

test("loadCheckpoint(path) says of a whole safetensors file of another program what it is, and not to delete it", (t) => {
  const path = join(temporaryFolder(t), "theirs.safetensors");
  const files: [Buffer, string][] = [
    [withHeader("{}"), "none"],
    [withHeader('{"__metadata__":null}'), "none"],
    [withHeader('{"__metadata__":{}}'), "none"],
    [withHeader(`{"w":${tensor("F32", 0, 4)},"__metadata__":{"format":"pt"}}`, "1234"), "F32"],
    [withHeader(`{"w":${tensor("F32", 2, 6)},"v":${tensor("BF16", 0, 2)}}`, "123456"), "F32, BF16"],
  ];
  for (const [bytes, types] of files) {
    writeFileSync(path, bytes);
    assert.throws(() => loadCheckpoint(path), {
      name: "Error",
      message:
        `${path}: expected a checkpoint that this library saved, got a safetensors file of another program (tensors: ${types}; ` +
        "no checksum): give the path of another file; nothing says that this one is damaged.",
    });
    assert.throws(() => loadLeNet5(path), /another program/);
  }
});

test("loadCheckpoint(path) refuses other files", (t) => {
  const path = join(temporaryFolder(t), "other");
  assert.throws(
    () => loadCheckpoint(path),
    (error: Error) => error.message === `Expected a checkpoint at ${path}, found no such file.`,
  );
  const cases: [Buffer, RegExp][] = [
    [Buffer.alloc(0), /expected at least 8 bytes, got 0:/],
    [Buffer.from("hello world, I am a text"), /expected a header of \d+ bytes, got 16:/],
    [withHeader("not json"), /expected a JSON header:/],
    [withHeader("[]"), /expected a JSON header:/],
    [withHeader("null"), /expected a JSON header:/],
    [withHeader('{"a":1}'), /expected metadata with a checksum in the header:/],
    [withHeader('{"__metadata__":{"sha256":5}}'), /expected bytes that match their SHA-256:/],
    [withHeader(`{"a":${tensor("F32", 0, 4)}}`, "123"), /expected metadata with a checksum in the header:/],
  ];
  for (const [bytes, message] of cases) {
    writeFileSync(path, bytes);
    assert.throws(() => loadCheckpoint(path), { name: "Error", message });
  }
});

test("writeAtomically(path, parts) leaves the old file and nothing else when writing fails", (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, "state");
  writeAtomically(path, [Buffer.from("old "), Buffer.from("file")]);
  const broken = [Buffer.from("new"), null as unknown as Uint8Array];
  assert.throws(() => writeAtomically(path, broken), TypeError);
  assert.equal(readFileSync(path, "utf8"), "old file");
  assert.deepEqual(readdirSync(folder), ["state"]);
  // the rename fails: a folder stands where the file is to go
  mkdirSync(join(folder, "taken", "by a folder"), { recursive: true });
  assert.throws(() => writeAtomically(join(folder, "taken"), [Buffer.from("new")]));
  assert.deepEqual(readdirSync(folder).sort(), ["state", "taken"]);
  writeAtomically(path, [Buffer.from("new file")]);
  assert.equal(readFileSync(path, "utf8"), "new file");
  assert.deepEqual(readdirSync(folder).sort(), ["state", "taken"]);
});

test("saveCheckpoint(path, checkpoint) that fails keeps the checkpoint there was", (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, "example.safetensors");
  saveCheckpoint(path, { tensors: {}, metadata: { step: 1 } });
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  assert.throws(() => saveCheckpoint(path, { tensors: {}, metadata: { circular } }), TypeError);
  assert.deepEqual(loadCheckpoint(path), { tensors: {}, metadata: { step: 1 } });
  assert.deepEqual(readdirSync(folder), ["example.safetensors"]);
});

test("readWeights(model) names weights alike for every model, though tfjs numbers them", async () => {
  await assertNoLeak(() => {
    const [first, second] = [buildLeNet5({ seed: 1 }), buildLeNet5({ seed: 2 })];
    const names = ["conv1", "conv2", "dense1", "dense2", "logits"].flatMap((layer) => [
      `${layer}/kernel`,
      `${layer}/bias`,
    ]);
    const weights = readWeights(first);
    for (const model of [first, second]) assert.deepEqual(Object.keys(readWeights(model)), names);
    assert.notDeepEqual(readWeights(second), weights);
    writeWeights(second, weights);
    assert.deepEqual(readWeights(second), weights);
    const data = noise("test");
    assertSameBits(evaluate(second, data).logits, evaluate(first, data).logits);
    first.dispose();
    second.dispose();
  });
});

test("readWeights(model) gives copies", () => {
  const model = buildLeNet5({ seed: 1 });
  const kernel = readWeights(model)["conv1/kernel"]?.data as Float32Array;
  const before = kernel.slice();
  kernel.fill(0);
  assertSameBits(readWeights(model)["conv1/kernel"]?.data as Float32Array, before);
  model.dispose();
});

test("writeWeights(model, tensors) refuses weights that are missing or of another shape", () => {
  const model = buildLeNet5();
  const other = buildLeNet5({ padding: "valid" });
  assert.throws(
    () => writeWeights(model, readWeights(other)),
    /^Error: Expected weights `dense1\/kernel` of shape \[400, 120\], got \[256, 120\]\.$/,
  );
  assert.throws(
    () => writeWeights(model, {}),
    /^Error: Expected weights `conv1\/kernel` of shape \[5, 5, 1, 6\], got only/,
  );
  const before = readWeights(model);
  const wrong: [Record<string, StoredTensor>, RegExp][] = [
    [
      { "old/kernel": { shape: [1], data: Float32Array.of(1) } },
      /^Error: Expected weights of the model `lenet5` alone, got `old\/kernel` too: leave out what it has no layer for/,
    ],
    [
      { "logits/bias": { shape: [10], data: new Float32Array(9) } },
      /^Error: Expected 10 numbers for `logits\/bias` \[10\], got 9\.$/,
    ],
  ];
  for (const [change, message] of wrong) {
    const changed = Object.entries(before).map(([name, { shape, data }]) => [
      name,
      { shape, data: data.map((w) => w + 1) },
    ]);
    assert.throws(() => writeWeights(model, { ...Object.fromEntries(changed), ...change }), message);
    assert.deepEqual(readWeights(model), before, "nothing is written when something does not fit");
  }
  model.dispose();
  other.dispose();
});

test("readWeights(model) refuses two LeNets in one model, whose weights have the same names, and takes conv beside conv_1", () => {
  const input = tf.input({ shape: [28, 28, 1] });
  const [left, right] = [buildLeNet5({ seed: 1 }), buildLeNet5({ seed: 2 })];
  right.name = "right";
  const outputs = tf.layers.add().apply([left.apply(input), right.apply(input)] as tf.SymbolicTensor[]);
  const pair = tf.model({ name: "pair", inputs: input, outputs: outputs as tf.SymbolicTensor });
  const message =
    /^Error: Expected weights with names of their own in the model `pair`, got `conv1\/kernel`, `conv1\/bias`, .* more than once: give its layers different names, or read and write the models that it is made of one by one\.$/;
  assert.throws(() => readWeights(pair), message);
  assert.throws(() => writeWeights(pair, readWeights(left)), message);
  pair.dispose();
  const named = () =>
    tf.sequential({
      layers: ["conv", "conv_1", "conv_1_1"].map((name) =>
        tf.layers.conv2d({ name, filters: 1, kernelSize: 1, inputShape: [2, 2, 1], kernelInitializer: "randomNormal" }),
      ),
    });
  const [first, second] = [named(), named()];
  writeWeights(second, readWeights(first));
  assert.deepEqual(readWeights(second), readWeights(first));
  assert.deepEqual(Object.keys(readWeights(second)), [
    "conv/kernel",
    "conv/bias",
    "conv_1/kernel",
    "conv_1/bias",
    "conv_1_1/kernel",
    "conv_1_1/bias",
  ]);
  first.dispose();
  second.dispose();
});

test("writeWeights(model, readWeights(other)) gives a model of any layers the logits of the other one, bit for bit", () => {
  for (let seed = 0; seed < 24; seed++) {
    const [one, other] = [randomNetwork(seed), randomNetwork(seed)];
    const logits = (model: tf.LayersModel) =>
      tf.tidy(() => (model.predict(tf.randomUniform([3, 9, 8, 2], 0, 1, "float32", seed)) as tf.Tensor).dataSync());
    randomWeights(one, seed);
    writeWeights(other, readWeights(one));
    assertSameBits(logits(other) as Float32Array, logits(one) as Float32Array, `of network ${seed}`);
    assert.ok(new Set(logits(one)).size > 2, `network ${seed} gives one number`);
    one.dispose();
    other.dispose();
  }
});

test("loadLeNet5(path) builds the variant that was saved and predicts the same, bit for bit", (t) => {
  const folder = temporaryFolder(t);
  const data = noise("test");
  const variants: LeNet5Options[] = [
    { seed: 3 },
    { padding: "valid", activation: "tanh", pooling: "average", initializer: "glorotUniform", classes: 12 },
  ];
  variants.forEach((options, i) => {
    const path = join(folder, `${i}.safetensors`);
    const saved = buildLeNet5(options);
    // the variant is read off the model: nobody has to repeat the options
    saveLeNet5(saved, path, { about: { accuracy: 0.99, seeds: [1, 2] } });
    const { model, about } = loadLeNet5(path);
    const set = { ...data, classes: options.classes ?? 10 };
    assertSameBits(evaluate(model, set).logits, evaluate(saved, set).logits);
    assert.deepEqual(about, { accuracy: 0.99, seeds: [1, 2] });
    assert.ok(readFileSync(path).length < 300_000);
    saved.dispose();
    model.dispose();
  });
});

test("loadLeNet5(path) refuses a checkpoint that is no LeNet-5", (t) => {
  const path = join(temporaryFolder(t), "run.safetensors");
  saveCheckpoint(path, { tensors: {}, metadata: { step: 1 } });
  assert.throws(() => loadLeNet5(path), /run\.safetensors: expected a saved LeNet-5, got undefined\.$/);
});

test("loadLeNet5(path) leaves the model's ten weights and nothing else", async (t) => {
  const path = join(temporaryFolder(t), "model.safetensors");
  const saved = buildLeNet5();
  await assertNoLeak(() => saveLeNet5(saved, path));
  saved.dispose();
  await assertNoLeak(() => loadLeNet5(path).model.dispose());
});
