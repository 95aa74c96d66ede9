/** Where a training step of the library spends its time, and whether it leaves tensors behind. */
import { buildLeNet5, constant, loadMnist, type StepRecord, Trainer, tf } from "lenet-lab";
import { serve } from "./child";
import { type KernelTimes, watchKernels } from "./kernels";

/** One kernel of a step, or what lies outside of all kernels. */
export interface KernelRow {
  kernel: string;
  /** calls a step */
  calls: number;
  /** microseconds a step */
  microseconds: number;
}

const warmUp = 20;

void serve({
  /** The mean step of `steps` that run kernel by kernel: inside a compiled graph none can be timed by itself. */
  async kernels({ steps }: { steps: number }): Promise<KernelRow[]> {
    let kernels: KernelTimes = new Map();
    let [began, total] = [0, 0];
    let release = () => {};
    const compiled = false;
    await train({ steps: warmUp + steps, compiled }, ({ step }) => {
      const now = performance.now();
      if (step === warmUp - 1) {
        ({ kernels, release } = watchKernels(tf.backend()));
        began = performance.now();
      }
      if (step === warmUp + steps - 1) {
        release();
        total = now - began;
      }
    });
    const rows = [...kernels].map(([kernel, { calls, milliseconds }]) => ({
      kernel,
      calls: calls / steps,
      microseconds: (1000 * milliseconds) / steps,
    }));
    const inside = rows.reduce((sum, { microseconds }) => sum + microseconds, 0);
    rows.push({ kernel: "outside of kernels", calls: 1, microseconds: (1000 * total) / steps - inside });
    return rows.sort((a, b) => b.microseconds - a.microseconds);
  },
  /** How many tensors `steps` steps have added, counted at the same place of a step. */
  async memory({ steps }: { steps: number }): Promise<{ tensors: number }> {
    const counts: number[] = [];
    await train({ steps: warmUp + steps }, ({ step }) => {
      if (step === warmUp - 1 || step === warmUp + steps - 1) counts.push(tf.memory().numTensors);
    });
    return { tensors: (counts[1] as number) - (counts[0] as number) };
  },
});

/** So many steps on batches of 128. */
async function train(
  { steps, compiled }: { steps: number; compiled?: boolean },
  onStep: (record: StepRecord) => void,
): Promise<void> {
  const { train: images } = loadMnist();
  const model = buildLeNet5({ seed: 1 });
  const stop = new Error("enough steps");
  const trainer = new Trainer(model, {
    train: images,
    compiled,
    epochs: Math.ceil(steps / 469),
    schedule: constant(0.05),
    display: false,
    onStep: (record) => {
      onStep(record);
      if (record.step === steps - 1) throw stop;
    },
  });
  await trainer.run().catch((error) => {
    if (error !== stop) throw error;
  });
  model.dispose();
}
