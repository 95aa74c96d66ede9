/**
 * A training run in a process of its own, for tests that kill or interrupt it: settings as JSON come in, a line a step
 * goes out at once, and the final weights go into a file.
 */
import { existsSync, writeFileSync, writeSync } from "node:fs";
import { affine } from "../../lib/src/data/augment";
import { split } from "../../lib/src/data/dataset";
import { buildLeNet5 } from "../../lib/src/network/lenet";
import { flatten } from "../../lib/src/train/gradient";
import { sgd } from "../../lib/src/train/optimizer";
import { cosine } from "../../lib/src/train/schedule";
import { trainable } from "../../lib/src/train/trainable";
import { Trainer } from "../../lib/src/train/trainer";
import { someDigits } from "./data";

/** What the parent asks for. */
export interface RunOrder {
  /** where the weights go in the end */
  weights: string;
  /** where the checkpoints go, if there are to be any */
  checkpoint?: string;
  /** after Stop: `"run again"` to the end, or `"wait"` for the next signal */
  afterInterrupt?: "run again" | "wait";
}

const say = (line: string) => writeSync(1, `${line}\n`);

async function main({ weights, checkpoint, afterInterrupt }: RunOrder): Promise<void> {
  const { train, validation } = split(someDigits(1100), { validation: 100, seed: 0 });
  const model = buildLeNet5({ seed: 1 });
  const variables = trainable(model).variables;
  const start = flatten(variables);
  say(checkpoint && existsSync(checkpoint) ? "resumes" : "starts");
  const trainer = new Trainer(model, {
    train,
    validation,
    epochs: 3,
    batchSize: 50,
    seed: 5,
    schedule: cosine(0.05, { steps: 60 }),
    optimizer: sgd({ weightDecay: 5e-4 }),
    augment: affine(),
    maxGradientNorm: 2,
    averageDecay: 0.98,
    patience: 3,
    checkpoint: checkpoint ? { path: checkpoint, everySteps: 3 } : undefined,
    onStep: ({ step }) => say(`step ${step}`),
    display: false,
  });
  let reason = await trainer.run();
  if (reason === "interrupted") {
    const now = flatten(variables);
    say(`interrupted ${trainer.step} ${now.some((w, i) => w !== start[i])}`);
    if (afterInterrupt === "wait") await new Promise((resolve) => setTimeout(resolve, 20000));
    reason = await trainer.run();
  }
  const history = trainer.history.map(({ seconds: _, ...record }) => record);
  const summary = new TextEncoder().encode(JSON.stringify({ reason, history, losses: trainer.losses }));
  writeFileSync(weights, Buffer.concat([Buffer.from(flatten(variables).buffer), summary]));
}

void main(JSON.parse(process.argv[2] as string));
