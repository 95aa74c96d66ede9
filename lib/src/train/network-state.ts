import { tf } from "../tensors/tensorflow";
import { flatten, unflatten } from "./gradient";
import type { Trainable } from "./trainable";

/** Everything that a network computes with, as numbers and plain data. */
export interface NetworkNumbers {
  /** of all variables, end to end: first those that are learned, then those that the network keeps */
  numbers: Float32Array;
  /** what `state.save` gave; undefined without it */
  kept?: unknown;
}

/** All variables of a network: those that are learned, then those of its state. */
export function allVariables({ variables, state }: Trainable): tf.Variable[] {
  return [...variables, ...(state?.variables ?? [])];
}

/** The numbers of a network as they are now: copies. */
export function readNetwork(network: Trainable): NetworkNumbers {
  return { numbers: flatten(allVariables(network)), kept: saveState(network) };
}

/** Sets a network to numbers, and to what it kept with them. */
export function writeNetwork(network: Trainable, { numbers, kept }: NetworkNumbers): void {
  unflatten(allVariables(network), numbers);
  restoreState(network, kept);
}

/** Where the numbers of a network are: a variable that is written to gets others. */
export function placesOf(network: Trainable): object[] {
  return allVariables(network).map(({ dataId }) => dataId);
}

/**
 * What a network keeps besides variables.
 * @throws when a run's file cannot hold it, so that a run taken up from there would go on otherwise
 */
export function saveState({ state }: Trainable): unknown {
  const kept = state?.save?.();
  if (kept !== undefined && !isPlain(kept))
    throw new TypeError(
      "Expected `state.save()` of the network to give plain data (numbers, texts, true and false, null, lists, " +
        "objects), got something else: give a typed array as a list, by `Array.from`.",
    );
  return kept;
}

/** Whether a run's file gives a value back as it was; it leaves out what is undefined. */
function isPlain(value: unknown): boolean {
  if (typeof value !== "object") return ["number", "string", "boolean", "undefined"].includes(typeof value);
  if (value === null) return true;
  if (Array.isArray(value)) return value.every(isPlain);
  // not compared with Object.prototype: a notebook's cell has one of its own
  const prototype = Object.getPrototypeOf(value);
  const isRecord = prototype === null || Object.getPrototypeOf(prototype) === null;
  return isRecord && Object.values(value).every(isPlain);
}

/** Gives back to a network what `saveState` took. */
export function restoreState({ state }: Trainable, kept: unknown): void {
  if (kept !== undefined) state?.restore?.(structuredClone(kept));
}

/** Calls `f`, after which the network keeps what it kept before. */
export function keepingState<T>(network: Trainable, f: () => T): T {
  const kept = saveState(network);
  try {
    return f();
  } finally {
    restoreState(network, kept);
  }
}

/**
 * The network, whose `forward` refuses to move a variable that the network does not name.
 * @param network one whose `state` must be complete
 */
export function withoutHiddenState(network: Trainable): Trainable {
  const named = new Set(allVariables(network));
  const registered = () => Object.values(tf.engine().state.registeredVariables);
  return {
    ...network,
    forward(images) {
      const before = new Map(registered().map((variable) => [variable, variable.dataId]));
      const logits = network.forward(images);
      for (const [variable, place] of before)
        if (!named.has(variable) && place !== variable.dataId)
          throw new Error(
            `Expected every variable that \`forward\` moves in \`state.variables\`, got none of \`${variable.name}\`: ` +
              "the run's file, its best and its average would be without it.",
          );
      return logits;
    },
  };
}

/** Maps weights that are constrained back to what they may be, in place. */
export function constrain({ variables, constraints }: Trainable, weights: Float32Array): void {
  if (!constraints) return;
  let offset = 0;
  for (const [i, { shape, size }] of variables.entries()) {
    const [constraint, start] = [constraints[i], offset];
    offset += size;
    if (!constraint) continue;
    tf.tidy(() => weights.set(constraint(tf.tensor(weights.slice(start, start + size), shape)).dataSync(), start));
  }
}
