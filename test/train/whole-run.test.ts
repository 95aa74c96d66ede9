/** A run is everything that its result depends on: whatever the network, it goes on as if nothing had happened. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { random } from "../../lib/src/common/random";
import type { EpochRecord } from "../../lib/src/common/records";
import { evaluate } from "../../lib/src/network/evaluate";
import { toIntegers } from "../../lib/src/quantize/to-integers";
import { adam } from "../../lib/src/train/optimizer";
import type { TrainOptions } from "../../lib/src/train/options";
import { Trainer } from "../../lib/src/train/trainer";
import { assertSameBits } from "../helpers/assertions";
import { noise, temporaryFolder } from "../helpers/data";
import { sample } from "../helpers/full";
import { root } from "../helpers/root";
import { type Network, runNetworks } from "../helpers/run-networks";
import { tiny } from "../helpers/small-runs";
import { allOf, resultOf, wholeRun } from "../helpers/whole-run";

const inference = ({ model }: Network) => ("variables" in model ? (model.infer ?? model.forward) : model);

const validation = noise("validation", { size: 4, count: 12 });

/** Everything that a run has come to, but for the time it took. */
function outcome(network: Network, trainer: Trainer) {
  const history = trainer.history.map(({ seconds: _, ...record }) => record);
  const { logits } = evaluate(inference(network), validation);
  // layers without a name of their own get another one in every model
  const named = (layer: object) => ({ ...layer, name: "" });
  const integers = network.quantized && toIntegers(network.quantized).layers.map(named);
  return { numbers: allOf(network), logits, history, losses: trainer.losses.map(Math.fround), integers };
}

function assertSameOutcome(actual: ReturnType<typeof outcome>, expected: ReturnType<typeof outcome>, what: string) {
  assertSameBits(actual.numbers, expected.numbers, `of all variables, ${what}`);
  assertSameBits(actual.logits, expected.logits, `of the logits, ${what}`);
  assert.deepEqual(actual, expected, what);
}

const variants: Record<string, Partial<TrainOptions>> = {
  averaged: { averageDecay: 0.8 },
  patient: { patience: 2, optimizer: adam() },
};

for (const [name, make] of Object.entries(runNetworks)) {
  test(`a run stopped at any step goes on to the same bits, in its trainer and from its file: ${name}`, async (t) => {
    const folder = temporaryFolder(t);
    const source = random(...Buffer.from(name));
    const all = Object.entries(variants);
    for (const [variant, more] of sample(all, [all[source.integer(0, 1)] as (typeof all)[number]])) {
      const options = wholeRun({ ...more, compiled: undefined });
      const whole = make();
      const undisturbed = new Trainer(whole.model, options);
      await undisturbed.run();
      const expected = outcome(whole, undisturbed);
      for (const stop of sample([0, 1, 2, 3, 4, 5, 6, 7], [source.integer(0, 7)])) {
        const what = `${variant}, stopped at step ${stop}`;
        const path = join(folder, `${variant} ${stop}.safetensors`);
        const checkpoint = { path, everySteps: 1 };
        let stopped = false;
        const onStep = ({ step }: { step: number }) => {
          if (step !== stop || stopped) return;
          stopped = true;
          throw new Error("stop");
        };
        const [first, second, third] = [make(), make(), make()];
        const trainer = new Trainer(first.model, { ...options, checkpoint, onStep });
        await assert.rejects(trainer.run(), /^Error: stop$/);
        copyFileSync(path, `${path}.copy`);
        const fromFile = new Trainer(second.model, { ...options, checkpoint: { path: `${path}.copy` } });
        await fromFile.run();
        await trainer.run();
        const finished = new Trainer(third.model, { ...options, checkpoint });
        await finished.run();
        assertSameOutcome(outcome(first, trainer), expected, `${what}, in its trainer`);
        assertSameOutcome(outcome(second, fromFile), expected, `${what}, from its file`);
        assertSameOutcome(outcome(third, finished), expected, `${what}, the file of the finished run`);
        for (const network of [first, second, third]) network.dispose();
      }
      whole.dispose();
    }
  });
}

test("a run that is killed goes on to the same bits in another process: every network", async (t) => {
  const folder = temporaryFolder(t);
  const names = Object.keys(runNetworks);
  const program = join(root, "test", "helpers", "whole-run.ts");
  const run = (order: object) =>
    spawnSync(process.execPath, ["--import", "tsx", program, JSON.stringify(order)], { encoding: "utf8" });
  for (const [i, name] of sample(names, ["8 bits, frozen ranges"]).entries()) {
    const [checkpoint, result] = [join(folder, `${i}.safetensors`), join(folder, `${i}.bin`)];
    const killed = run({ name, checkpoint, killAt: random(i).integer(0, 7), result });
    assert.equal(killed.signal, "SIGKILL", `${name}: ${killed.stderr}`);
    const { status, stderr } = run({ name, checkpoint, result });
    assert.equal(status, 0, `${name}: ${stderr}`);
    assert.ok(readFileSync(result).equals(await resultOf({ name })), `expected the same bits of ${name}`);
  }
});

for (const [name, make] of Object.entries(runNetworks)) {
  test(`trainer.run() with {patience} leaves the network that its history calls best: ${name}`, async () => {
    // good steps, then steps that are far too long
    const schedule = (step: number) => (step < 5 ? 0.02 : 0.7);
    const more = { schedule, epochs: 12, patience: 2, optimizer: undefined };
    for (const averageDecay of sample([undefined, 0.5], [undefined])) {
      const network = make();
      const trainer = new Trainer(network.model, tiny({ ...wholeRun(more), averageDecay, compiled: undefined }));
      assert.equal(await trainer.run(), "stopped early");
      const losses = trainer.history.map(({ validationLoss }: EpochRecord) => validationLoss as number);
      assert.equal(evaluate(inference(network), validation).loss, Math.min(...losses));
      assert.equal(losses.indexOf(Math.min(...losses)), losses.length - 3);
      network.dispose();
    }
  });
}
