/** What the bench tells a training engine, and what an epoch comes to. */
import { type Request, receive, reply } from "./child";

/** The first request; the others only say that the next epoch may begin. */
export interface TrainingRequest extends Request {
  /** the folder of the IDX files */
  mnist: string;
  /** how many training images an epoch has */
  images: number;
  batchSize: number;
  threads: number;
}

/** The reply to each further request. */
export interface Epoch {
  seconds: number;
  /** of the epoch, as the engine reports it: nats, fraction in 0 … 1 */
  loss: number;
  accuracy: number;
}

/** For engines that train in one long call: reports an epoch and waits, inside that call, for the next request. */
export class Pauses {
  private began = 0;

  /** Reports that the engine is ready; the first epoch begins when this returns. */
  ready(about: { versions: Record<string, string>; parameters: number }): void {
    reply(about);
    receive();
    this.began = performance.now();
  }

  epochEnd({ loss, accuracy }: Omit<Epoch, "seconds">): void {
    reply({ seconds: (performance.now() - this.began) / 1000, loss, accuracy });
    receive();
    this.began = performance.now();
  }
}
