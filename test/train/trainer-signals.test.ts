import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import { random } from "../../lib/src/common/random";
import { affine } from "../../lib/src/data/augment";
import { buildLeNet5 } from "../../lib/src/network/lenet";
import { loadCheckpoint } from "../../lib/src/network/safetensors";
import { flatten } from "../../lib/src/train/gradient";
import { trainable } from "../../lib/src/train/trainable";
import { Trainer } from "../../lib/src/train/trainer";
import { assertNoLeak, assertSameBits } from "../helpers/assertions";
import { temporaryFolder } from "../helpers/data";
import { sample } from "../helpers/full";
import { root } from "../helpers/root";
import { quick, weightsAfter } from "../helpers/small-runs";
import type { RunOrder } from "../helpers/training-run";

test("trainer.run() interrupted by SIGINT keeps what it has learned within a batch, and run() goes on to the same weights", async (t) => {
  const path = join(temporaryFolder(t), "run.safetensors");
  const expected = await weightsAfter({ augment: affine() });
  for (const checkpoint of [undefined, { path }]) {
    const model = buildLeNet5({ seed: 1 });
    const { variables } = trainable(model);
    const start = flatten(variables);
    const listeners = process.listenerCount("SIGINT");
    const trainer = new Trainer(
      model,
      quick({
        augment: affine(),
        checkpoint,
        onStep: ({ step }) => {
          if (step === 2) process.kill(process.pid, "SIGINT");
        },
      }),
    );
    await assertNoLeak(async () => assert.equal(await trainer.run(), "interrupted"));
    assert.ok(trainer.step === 3 || trainer.step === 4, `stopped after ${trainer.step} steps`);
    assert.equal(process.listenerCount("SIGINT"), listeners);
    assert.notDeepEqual(flatten(variables), start);
    if (checkpoint) assert.equal(loadCheckpoint(path).metadata.step, trainer.step);
    assert.equal(await trainer.run(), "finished");
    assertSameBits(flatten(variables), expected);
    model.dispose();
  }
});

// ---- runs in processes of their own, killed and interrupted

const folder = mkdtempSync(join(tmpdir(), "lenet lab-"));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Run {
  lines: string[];
  signal: NodeJS.Signals | null;
  code: number | null;
}

/** Runs `helpers/training-run.ts`; `onLine` may send it signals. */
function runChild(
  order: RunOrder,
  onLine: (line: string, child: ChildProcess) => void = () => undefined,
): Promise<Run> {
  const program = join(root, "test", "helpers", "training-run.ts");
  const child = spawn(process.execPath, ["--import", "tsx", program, JSON.stringify(order)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    onLine(line, child);
  });
  return new Promise((resolve) => child.on("close", (code, signal) => resolve({ lines, signal, code })));
}

const stepOf = (line: string): number => Number(/^step (\d+)$/.exec(line)?.[1] ?? -1);

let undisturbed: Promise<Buffer> | undefined;

/** Weights and history of the run that nobody disturbs. */
function undisturbedResult(): Promise<Buffer> {
  undisturbed ??= (async () => {
    const weights = join(folder, "undisturbed");
    const { lines, code } = await runChild({ weights });
    assert.equal(code, 0);
    assert.deepEqual(lines, ["starts", ...Array.from({ length: 60 }, (_, step) => `step ${step}`)]);
    return readFileSync(weights);
  })();
  return undisturbed;
}

test("a run killed by SIGKILL at random moments ends with the same bits as one that was not", async () => {
  // of the moment of each kill
  const seeds = sample([4, 3, 6], [4]);
  // the other run goes on at the same time
  const expected = undisturbedResult();
  const [weights, checkpoint] = [join(folder, "killed"), join(folder, "killed.safetensors")];
  let reached = -1;
  for (const [kill, seed] of seeds.entries()) {
    const moments = random(seed);
    const target = reached + moments.integer(4, 15);
    const delay = moments.uniform(0, 15);
    const { lines, signal } = await runChild({ weights, checkpoint }, (line, child) => {
      if (stepOf(line) === target) setTimeout(() => child.kill("SIGKILL"), delay);
    });
    const told = `kill ${kill}, seed ${seed}, at step ${target} and ${delay.toFixed(1)} ms`;
    assert.equal(signal, "SIGKILL", told);
    assert.equal(lines[0], kill === 0 ? "starts" : "resumes", told);
    // it lost at most the steps since the last checkpoint
    const first = stepOf(lines[1] as string);
    assert.ok(first <= reached + 1 && first > reached - 3, `${told}: went on from step ${first} after step ${reached}`);
    reached = stepOf(lines.at(-1) as string);
  }
  assert.equal(existsSync(weights), false, `weights are there before the run's end, seeds ${seeds}`);
  const { code } = await runChild({ weights, checkpoint });
  const killed = `after kills of seeds ${seeds}`;
  assert.equal(code, 0, killed);
  assert.ok(
    readFileSync(weights).equals(await expected),
    `${killed}: expected the same weights, history and losses, with tolerance 0`,
  );
});

test("a script interrupted by SIGINT mid-epoch can run on to the same bits", async () => {
  const weights = join(folder, "interrupted");
  const { lines, code } = await runChild({ weights, afterInterrupt: "run again" }, (line, child) => {
    if (stepOf(line) === 27) child.kill("SIGINT");
  });
  assert.equal(code, 0);
  const [, step, changed] =
    /^interrupted (\d+) (true|false)$/.exec(lines.find((line) => line.startsWith("interrupted")) ?? "") ?? [];
  assert.ok(Number(step) >= 28 && Number(step) < 40, `interrupted after ${step} steps`);
  assert.equal(changed, "true");
  assert.ok(
    readFileSync(weights).equals(await undisturbedResult()),
    "expected the same weights, history and losses, with tolerance 0",
  );
});

test("a second SIGINT ends a script as usual", async () => {
  const { lines, signal, code } = await runChild(
    { weights: join(folder, "never"), afterInterrupt: "wait" },
    (line, child) => {
      if (stepOf(line) === 3 || line.startsWith("interrupted")) child.kill("SIGINT");
    },
  );
  assert.ok(lines.at(-1)?.startsWith("interrupted"), lines.join());
  assert.ok(signal === "SIGINT" || code === 130);
  assert.equal(existsSync(join(folder, "never")), false);
});
