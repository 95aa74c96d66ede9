/** How much the bench measures. */
export interface Settings {
  training: {
    images: number;
    /** epochs of every engine that count; one before them warms up */
    rounds: number;
    /** images an epoch while the faster variant of an engine is looked for; 0 takes the first */
    trialImages: number;
    /** what the loss of the last epoch has to be below, nats: an engine that does not learn is not measured */
    lossBelow: number;
  };
  inference: {
    rounds: number;
    /** blocks of calls a round; one before them warms up */
    blocks: number;
    /** how long a block is to last, milliseconds */
    blockMilliseconds: number;
    /** how long an engine runs before anything is measured, milliseconds */
    warmUpMilliseconds: number;
    tryVariants: boolean;
  };
  scaling: {
    images: number[];
    widths: number[];
    widthImages: number;
    epochs: number;
    batches: number[];
    rounds: number;
  };
  /** steps in which kernels are timed, and steps after which tensors are counted */
  step: { kernels: number; memory: number };
}

export const batchSize = 128;

/** How many threads an engine may use. */
export const threads: Record<"training" | "image" | "batch", number> = { training: 2, image: 1, batch: 2 };

/** Images of a large batch. */
export const largeBatch = 1000;

export const full: Settings = {
  training: { images: 60_000, rounds: 7, trialImages: 7_680, lossBelow: 0.1 },
  inference: { rounds: 30, blocks: 10, blockMilliseconds: 3, warmUpMilliseconds: 1000, tryVariants: true },
  scaling: {
    images: [3_750, 7_500, 15_000, 30_000, 60_000],
    widths: [0.5, 1, 2, 3, 4],
    widthImages: 6_400,
    epochs: 3,
    batches: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000],
    rounds: 5,
  },
  step: { kernels: 200, memory: 1_000 },
};

export const quick: Settings = {
  training: { images: 1_280, rounds: 2, trialImages: 0, lossBelow: 2 },
  inference: { rounds: 3, blocks: 3, blockMilliseconds: 3, warmUpMilliseconds: 30, tryVariants: false },
  scaling: {
    images: [128, 256, 512],
    widths: [0.5, 1, 2],
    widthImages: 256,
    epochs: 1,
    batches: [1, 10, 100],
    rounds: 2,
  },
  step: { kernels: 10, memory: 50 },
};
