/** An engine that does not compute LeNet-5 is not measured. */
import { join } from "node:path";
import { evaluate, loadLeNet5, loadMnist, predictionsOf, projectDataFolder, take } from "lenet-lab";

/** What the first test images are, and what the float weights say of them. */
export interface Expected {
  labels: Uint8Array;
  /** float32 [n × 10] */
  logits: Float32Array;
}

/** How far a float engine's logits may be from ours. */
const tolerance = 0.01;
const accuracy = 0.98;

/** Computed with TensorFlow; logits of `count` test images. */
export function expectedLogits(count: number): Expected {
  const { model } = loadLeNet5(join(projectDataFolder(), "checkpoints", "lenet5.safetensors"));
  const images = take(loadMnist().test, count);
  const { logits } = evaluate(model, images);
  model.dispose();
  return { labels: images.labels, logits };
}

/** @throws when too many images are misread, or the logits of a float engine are not those of the weights */
export function checkLogits(
  name: string,
  logits: readonly number[],
  expected: Expected,
  { float = false }: { float?: boolean } = {},
): void {
  const { labels } = expected;
  if (logits.length !== expected.logits.length)
    throw new Error(
      `Expected ${expected.logits.length} logits of ${labels.length} images, got ${logits.length} from ${name}.`,
    );
  const wrong = logits.findIndex((logit) => !Number.isFinite(logit));
  if (wrong >= 0)
    throw new RangeError(
      `Expected finite logits from ${name}, got ${logits[wrong]} at index ${wrong}: the engine is broken.`,
    );
  const right = predictionsOf(logits, { classes: 10 }).filter((prediction, i) => prediction === labels[i]).length;
  if (!(right >= accuracy * labels.length))
    throw new Error(
      `Expected ${name} to read ${100 * accuracy} % of ${labels.length} test images, got ${right}: the engine is broken.`,
    );
  if (!float) return;
  const furthest = logits.reduce((far, logit, i) => Math.max(far, Math.abs(logit - (expected.logits[i] as number))), 0);
  if (!(furthest <= tolerance))
    throw new Error(`Expected logits within ${tolerance} of those of the weights, got ${furthest} away from ${name}.`);
}
