import { checkFinite, checkWhole } from "../common/checks";

/** A learning-rate schedule: step (0 is the first batch of training) → learning rate. Pure: same step, same rate. */
export type Schedule = (step: number) => number;

/** @throws unless a schedule has given a finite number, 0 or more */
export function checkRate(rate: number, step: number): void {
  checkFinite(`the learning rate that \`schedule\` gives at step ${step}`, rate, { from: 0 });
}

/** The same rate at every step. */
export function constant(rate: number): Schedule {
  checkFinite("rate", rate, { above: 0 });
  return () => rate;
}

/** Multiplies the rate by `factor` after every `every` steps. */
export function stepDecay(rate: number, { every, factor = 0.1 }: { every: number; factor?: number }): Schedule {
  checkFinite("rate", rate, { above: 0 });
  checkFinite("every", every, { above: 0 });
  checkFinite("factor", factor, { above: 0 });
  return (step) => rate * factor ** Math.floor(step / every);
}

/**
 * Half a cosine from `rate` at step 0 down to `floor` at the last of `steps`, and `floor` from then on
 * (Loshchilov and Hutter 2017, without restarts).
 */
export function cosine(rate: number, { steps, floor = 0 }: { steps: number; floor?: number }): Schedule {
  checkFinite("rate", rate, { above: 0 });
  checkFinite("steps", steps, { above: 0 });
  if (!(floor >= 0 && floor <= rate)) throw new RangeError(`Expected \`floor\` in 0 … ${rate}, got ${floor}.`);
  return (step) => {
    const progress = Math.min(step / Math.max(steps - 1, 1), 1);
    return floor + ((rate - floor) * (1 + Math.cos(Math.PI * progress))) / 2;
  };
}

/** Rises linearly to the first rate of `schedule` during `steps` steps, then runs `schedule` from its start. */
export function warmUp(steps: number, schedule: Schedule): Schedule {
  checkWhole("`steps` of warm-up", steps, { from: 0 });
  return (step) => (step < steps ? (schedule(0) * (step + 1)) / steps : schedule(step - steps));
}
