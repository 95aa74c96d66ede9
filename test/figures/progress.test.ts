import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { progress, type TrainingDisplay, trainingDisplay } from "../../lib/src/figures/progress";
import { asKernel, printed } from "../helpers/kernel";

/** Two epochs of ten steps, ended for a reason. */
function train(display: TrainingDisplay, reason: "finished" | "interrupted" = "finished", afterStep = () => {}): void {
  for (let step = 0; step < (reason === "finished" ? 20 : 15); step++) {
    const epoch = Math.floor(step / 10);
    display.step({ epoch, step, loss: 2 / (step + 1), accuracy: 1 - 1 / (step + 1), learningRate: 0.05 });
    const ended = { epoch, trainLoss: 0.5, trainAccuracy: 0.9, learningRate: 0.05, seconds: 1.25 };
    if (step % 10 === 9)
      display.epochEnd(epoch === 0 ? ended : { ...ended, validationLoss: 0.4, validationAccuracy: 0.925 });
    afterStep();
  }
  display.end(reason);
}

const options = { epochs: 2, stepsPerEpoch: 10, imagesPerStep: 128 };

test("outside a kernel trainingDisplay prints a line an epoch and why the run ended", async () => {
  const lines = await printed(() => train(trainingDisplay(options)));
  assert.deepEqual(lines.slice(0, 2), [
    "epoch 1/2  training loss 0.5000, accuracy 90.00 %  rate 0.0500  1.3 s",
    "epoch 2/2  training loss 0.5000, accuracy 90.00 %  validation loss 0.4000, accuracy 92.50 %  rate 0.0500  1.3 s",
  ]);
  assert.match(lines[2] as string, /^Finished: 2 epochs in \d+\.\d s · [\d,]+ images\/s$/);
});

test("an interrupted run says how far it came", async () => {
  const lines = await printed(() => train(trainingDisplay(options), "interrupted"));
  assert.match(lines.at(-1) as string, /^Interrupted: 1\.5 of 2 epochs/);
});

test("in a kernel trainingDisplay overwrites one output at most four times a second and leaves a picture", async () => {
  let now = 1000;
  const clock = mock.method(performance, "now", () => now);
  const messages = await asKernel(() =>
    train(trainingDisplay(options), "finished", () => {
      now += 100;
    }),
  );
  clock.mock.restore();
  // two seconds: eight redraws, the first, and the last
  assert.ok(messages.length >= 6 && messages.length <= 10, `${messages.length} messages`);
  assert.deepEqual(
    messages.map(({ update }) => update),
    [false, ...Array(messages.length - 1).fill(true)],
  );
  assert.match(
    messages[2]?.data["text/plain"] as string,
    /^Epoch 1 of 2\. 1,\d{3} images\/s · \d\.\d s left · learning rate 0\.0500$/,
  );
  assert.deepEqual(Object.keys(messages[2]?.data ?? {}), ["image/svg+xml", "text/plain"]);
  const last = messages.at(-1);
  assert.deepEqual(Object.keys(last?.data ?? {}), ["image/png", "text/plain"]);
  assert.match(
    last?.data["text/plain"] as string,
    /^Finished: 2 epochs in 2\.0 s.*validation loss 0\.4000, accuracy 92\.50 %$/,
  );
  assert.ok(String(last?.data["image/png"]).length < 60_000);
});

test("between two redraws steps draw and send nothing", async () => {
  const clock = mock.method(performance, "now", () => 1000);
  const messages = await asKernel(() => {
    const display = trainingDisplay({ epochs: 1, stepsPerEpoch: 1e6, imagesPerStep: 1 });
    for (let step = 0; step < 20_000; step++)
      display.step({ epoch: 0, step, loss: 1, accuracy: 0.5, learningRate: 0.1 });
  });
  clock.mock.restore();
  assert.equal(messages.length, 1);
});

test("a display that ends without a step does not fail", async () => {
  const lines = await printed(() => trainingDisplay(options).end("interrupted"));
  assert.match(lines[0] as string, /^Interrupted: 0 of 2 epochs in \d+\.\d s$/);
});

test("progress(total, label) prints one line when it is done", async () => {
  const lines = await printed(() => {
    const bar = progress(2000, "Classifying");
    for (let i = 0; i < 20; i++) bar.tick(100);
    bar.done();
  });
  assert.equal(lines.length, 1);
  assert.match(lines[0] as string, /^Classifying: 2,000 of 2,000 in \d+\.\d s$/);
});

test("in a kernel progress(total, label) overwrites one bar", async () => {
  let now = 1000;
  const clock = mock.method(performance, "now", () => now);
  const messages = await asKernel(() => {
    const bar = progress(4, "Work");
    for (let i = 0; i < 4; i++) {
      now += 300;
      bar.tick();
    }
    bar.done();
  });
  clock.mock.restore();
  assert.equal(messages.length, 5);
  assert.equal(messages[1]?.data["text/plain"], "Work ████████████░░░░░░░░░░░░ 2 of 4, 0.6 s left");
  assert.equal(messages[4]?.data["text/plain"], "Work: 4 of 4 in 1.2 s");
  for (const total of [-1, Number.NaN, Number.POSITIVE_INFINITY])
    assert.throws(() => progress(total, "x"), /^RangeError: Expected `total` to be a finite number, 0 or more, got/);
});

test("a run that diverges, in no time, is told in words", async () => {
  const clock = mock.method(performance, "now", () => 1000);
  const odd = { epoch: 0, step: 0, loss: Number.NaN, accuracy: Number.NaN, learningRate: Number.NaN };
  const run = (stepsPerEpoch: number) => () => {
    const display = trainingDisplay({ epochs: 0, stepsPerEpoch, imagesPerStep: 8 });
    display.step(odd);
    display.epochEnd({ ...odd, trainLoss: Number.NaN, trainAccuracy: Number.POSITIVE_INFINITY, seconds: 0 });
    display.end("stopped early");
  };
  for (const steps of [0, 1]) {
    const messages = await asKernel(run(steps));
    const words = [...messages.map(({ data }) => String(data["text/plain"])), ...(await printed(run(steps)))];
    assert.ok(words.some((text) => text.includes("training loss not a number, accuracy ∞")));
    for (const text of words) assert.doesNotMatch(text, /NaN|undefined|Infinity/);
  }
  clock.mock.restore();
});

test("progress(total, label) says nothing of the time left before it is known, and refuses counts that are none", async () => {
  const clock = mock.method(performance, "now", () => 1000);
  const messages = await asKernel(() => progress(4, "Work").tick(0));
  clock.mock.restore();
  assert.equal(messages[0]?.data["text/plain"], `Work ${"░".repeat(24)} 0 of 4`);
  assert.throws(
    () => progress(4, "x").tick(Number.NaN),
    /^RangeError: Expected `count` to be a finite number, 0 or more/,
  );
});

test("progress of nothing, or of half a piece more, is a bar that is done", async () => {
  const clock = mock.method(performance, "now", () => 1000);
  for (const [total, ticks, words] of [
    [0, 0, "0 of 0"],
    [2.5, 3, "3 of 3"],
  ] as const) {
    const messages = await asKernel(() => {
      const bar = progress(total, "Work");
      bar.tick(ticks);
      bar.done();
    });
    assert.equal(String(messages[0]?.data["text/plain"]).replace(/, .* left$/, ""), `Work ${"█".repeat(24)} ${words}`);
    assert.equal(messages[1]?.data["text/plain"], `Work: ${words} in 0.0 s`);
  }
  clock.mock.restore();
});

test("a run of 5,000 epochs sends charts as small as any other", async () => {
  let now = 1000;
  const clock = mock.method(performance, "now", () => now);
  const messages = await asKernel(() => {
    const display = trainingDisplay({ epochs: 5000, stepsPerEpoch: 1, imagesPerStep: 1 });
    for (let epoch = 0; epoch < 5000; epoch++) {
      now += 1;
      const common = { epoch, step: epoch, learningRate: 0.1, seconds: 1 };
      display.step({ ...common, loss: 2 / (epoch + 1), accuracy: 0.5 });
      const trained = { trainLoss: 0.5, trainAccuracy: 0.5, validationLoss: 1 / (epoch + 1), validationAccuracy: 0.5 };
      display.epochEnd({ ...common, ...trained });
    }
  });
  clock.mock.restore();
  const sizes = messages.map(({ data }) => String(data["image/svg+xml"]).length);
  assert.ok(sizes.length > 10 && Math.max(...sizes) < 10_240, `${Math.max(...sizes)} characters`);
});
