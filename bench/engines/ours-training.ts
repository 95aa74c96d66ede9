/** The library's `Trainer`, from bytes in memory to an epoch's record. `width` scales LeNet-5's channels and units. */
import { buildLeNet5, constant, loadMnist, sgd, Trainer, take } from "lenet-lab";
import { fail, receive } from "./child";
import { Pauses, type TrainingRequest } from "./training";
import { widened } from "./widened";

type OurRequest = TrainingRequest & { width?: number; compiled?: boolean };

async function main({ images, batchSize, width = 1, compiled }: OurRequest): Promise<void> {
  const model = width === 1 ? buildLeNet5({ seed: 1 }) : widened(width);
  const pauses = new Pauses();
  const trainer = new Trainer(model, {
    train: take(loadMnist().train, images),
    epochs: 1_000_000,
    batchSize,
    compiled,
    schedule: constant(0.05),
    optimizer: sgd({ momentum: 0.9, nesterov: true, weightDecay: 0 }),
    seed: 1,
    display: false,
    onEpoch: ({ trainLoss, trainAccuracy }) => pauses.epochEnd({ loss: trainLoss, accuracy: trainAccuracy }),
  });
  pauses.ready({ versions: {}, parameters: model.countParams() });
  await trainer.run();
}

main(receive() as OurRequest).catch(fail);
