/** A learning-rate schedule: step (0 is the first batch of training) → learning rate. Pure: same step, same rate. */
export type Schedule = (step: number) => number;

/** The same rate at every step. */
export function constant(rate: number): Schedule {
  checkPositive("rate", rate);
  return () => rate;
}

/** Multiplies the rate by `factor` after every `every` steps. */
export function stepDecay(rate: number, { every, factor = 0.1 }: { every: number; factor?: number }): Schedule {
  checkPositive("rate", rate);
  checkPositive("every", every);
  checkPositive("factor", factor);
  return (step) => rate * factor ** Math.floor(step / every);
}

/**
 * Half a cosine from `rate` at step 0 down to `floor` at the last of `steps`, and `floor` from then on
 * (Loshchilov and Hutter 2017, without restarts).
 */
export function cosine(rate: number, { steps, floor = 0 }: { steps: number; floor?: number }): Schedule {
  checkPositive("rate", rate);
  checkPositive("steps", steps);
  if (!(floor >= 0 && floor <= rate)) throw new RangeError(`Expected \`floor\` in 0 … ${rate}, got ${floor}.`);
  return (step) => {
    const progress = Math.min(step / Math.max(steps - 1, 1), 1);
    return floor + ((rate - floor) * (1 + Math.cos(Math.PI * progress))) / 2;
  };
}

/** Rises linearly to the first rate of `schedule` during `steps` steps, then runs `schedule` from its start. */
export function warmUp(steps: number, schedule: Schedule): Schedule {
  if (!(Number.isInteger(steps) && steps >= 0)) {
    throw new RangeError(`Expected \`steps\` of warm-up to be a whole number, 0 or more, got ${steps}.`);
  }
  return (step) => (step < steps ? (schedule(0) * (step + 1)) / steps : schedule(step - steps));
}

function checkPositive(name: string, value: number): void {
  if (!(value > 0 && Number.isFinite(value))) {
    throw new RangeError(`Expected \`${name}\` to be a finite number above 0, got ${value}.`);
  }
}
