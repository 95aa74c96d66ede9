/** What the project set out to reach, beside what was measured. */
import type { BenchGoal } from "lenet-lab";
import type { Measured } from "./results";

type Numbers = Pick<Measured, "training" | "inference" | "memory">;

/** Every goal, in a fixed order, met or not; `measured` is null where the run has not measured it. */
export function goals({ training, inference, memory }: Numbers): BenchGoal[] {
  const epoch: Partial<Record<string, number>> = training?.secondsPerEpoch ?? {};
  const call: Partial<Record<string, number>> = inference?.microseconds ?? {};
  const ratio = (times: Partial<Record<string, number>>, name: string) => divided(times[name], times.ours);
  return [
    atLeast("epoch: PyTorch eager ÷ ours", 1, ratio(epoch, "pytorch")),
    atLeast("epoch: Keras compiled ÷ ours", 0.9, ratio(epoch, "keras")),
    atLeast("epoch: stock tfjs-node fit ÷ ours", 1.8, ratio(epoch, "stock")),
    atLeast("one image, one thread: TFLite int8 ÷ ours", 0.8, ratio(call, "tfliteInt8")),
    atLeast("one image, one thread: ONNX Runtime float ÷ ours", 2, ratio(call, "onnxFloat")),
    atLeast("batch of 1,000, two threads: our images/s", 80_000, inference?.imagesPerSecond.ours ?? null),
    noMoreThan(
      `training memory: tensors after ${(memory?.steps ?? 1000).toLocaleString("en")} steps − before`,
      0,
      memory?.tensors ?? null,
    ),
  ];
}

function atLeast(goal: string, target: number, measured: number | null): BenchGoal {
  return { goal, relation: "≥", target, measured, met: measured === null ? null : measured >= target };
}

function noMoreThan(goal: string, target: number, measured: number | null): BenchGoal {
  return { goal, relation: "≤", target, measured, met: measured === null ? null : measured <= target };
}

function divided(a: number | undefined, b: number | undefined): number | null {
  return a === undefined || b === undefined ? null : a / b;
}
