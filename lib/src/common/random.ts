import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { checkWhole } from "./checks";

/** A seeded source of random numbers: the same seed gives the same numbers, on any machine. */
export interface Random {
  /** A float in [low, high). */
  uniform(low?: number, high?: number): number;
  /** A whole number in low … high, both included. */
  integer(low: number, high: number): number;
  /** A normally distributed float (Box and Muller 1958). */
  normal(mean?: number, standardDeviation?: number): number;
  /** Reorders `items` in place, every order equally likely (Fisher and Yates 1938), and returns them. */
  shuffle<T extends { [index: number]: number; length: number }>(items: T): T;
}

/**
 * A generator for a seed, or for a path of whole numbers such as `(seed, epoch, step)`: a run that resumes at a step
 * makes that step's generator anew instead of replaying all that came before.
 */
export function random(...seed: number[]): Random {
  const generator = xoroshiro128plus(mixSeed(seed));
  const uniform = (low = 0, high = 1) => low + (high - low) * uniformFloat64(generator);
  return {
    uniform,
    integer(low, high) {
      // anything else would come out as it is, or never
      checkWhole("low", low);
      checkWhole("high", high, { from: low });
      return uniformInt(generator, low, high);
    },
    normal(mean = 0, standardDeviation = 1) {
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
      return mean + standardDeviation * radius * Math.cos(2 * Math.PI * uniform());
    },
    shuffle(items) {
      for (let i = items.length - 1; i > 0; i--) {
        const j = uniformInt(generator, 0, i);
        const kept = items[i] as number;
        items[i] = items[j] as number;
        items[j] = kept;
      }
      return items;
    },
  };
}

/** Calls `f` while `Math.random` draws from `source`: a seed then fixes what layers of tfjs draw, as for dropout. */
export function drawingFrom<T>(source: Random, f: () => T): T {
  const before = Math.random;
  Math.random = () => source.uniform();
  try {
    return f();
  } finally {
    Math.random = before;
  }
}

/** One 32-bit seed from whole numbers, by the finaliser of MurmurHash3, so that (1, 2) and (2, 1) differ. */
export function mixSeed(parts: number[]): number {
  let hash = 0x9e3779b9;
  for (const part of parts) {
    checkWhole("a seed", part);
    hash ^= part ^ Math.imul(upperHalf(part), 0x27d4eb2d);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    hash = (hash ^ (hash >>> 16)) + 0x9e3779b9;
  }
  return hash | 0;
}

/** The bits of a whole number above its lowest 32; 0 where 32 bits hold it, be they read with a sign or without. */
function upperHalf(part: number): number {
  return part >= -(2 ** 31) && part < 2 ** 32 ? 0 : Math.floor(part / 2 ** 32);
}
