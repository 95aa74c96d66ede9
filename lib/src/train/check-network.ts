import { allVariables } from "./network-state";
import type { TrainOptions } from "./options";
import type { Trainable } from "./trainable";

/** Refuses a network that does not fit the data, or does not say what its run depends on. */
export function checkNetwork(network: Trainable, { train, optimizer, ...options }: TrainOptions): void {
  const { variables, state, constraints, imageShape, classes, compilable = false } = network;
  checkVariables(network);
  network.checkTraining?.();
  const size = variables.reduce((sum, variable) => sum + variable.size, 0);
  if (optimizer && typeof optimizer(size)?.update !== "function")
    throw new TypeError(
      "Expected `optimizer` to make an optimiser of a size, as `adam()` does, got another function: call it.",
    );
  const got = [...train.images.shape.slice(1), 1];
  if (
    imageShape &&
    !(imageShape.length === 3 && imageShape.every((length, i) => length === null || length === got[i]))
  ) {
    const shape = imageShape.map((length) => length ?? "n").join(", ");
    throw new Error(
      `Expected images [n, ${shape}] as the network takes them, got [n, ${got.join(", ")}] of ${train.name}: ` +
        "build the network for them, or bring the images to its size.",
    );
  }
  if (classes !== undefined && classes !== train.classes)
    throw new Error(
      `Expected a network with ${train.classes} logits, one for each class of ${train.name}, got ${classes}: ` +
        `build the model with \`classes: ${train.classes}\`.`,
    );
  if (constraints && constraints.length !== variables.length)
    throw new Error(`Expected \`constraints\` for ${variables.length} variables, got ${constraints.length}.`);
  const saving = (["checkpoint", "patience"] as const).find((name) => options[name] !== undefined);
  if (saving && !state && !(options.compiled ?? compilable))
    throw new Error(
      `Expected \`state\` of the network, all that it keeps from step to step besides \`variables\`, for \`${saving}\`, ` +
        "got none: say `state: {}` if it keeps nothing.",
    );
  if (state && (state.save === undefined) !== (state.restore === undefined))
    throw new Error("Expected `state` of the network with both `save` and `restore`, or neither, got one of them.");
}

function checkVariables(network: Trainable): void {
  if (network.variables.length === 0)
    throw new Error("Expected a network with weights to learn, got none: set `trainable` of some layer to true.");
  const all = allVariables(network);
  const twice = all.find((variable, i) => all.indexOf(variable) < i);
  if (twice)
    throw new Error(
      `Expected each variable once, in \`variables\` or in \`state.variables\`, got \`${twice.name}\` twice: ` +
        "what is learned is not kept as well.",
    );
  const whole = network.variables.find(({ dtype }) => dtype !== "float32");
  if (whole) throw new TypeError(`Expected float32 variables to learn, got \`${whole.name}\` of ${whole.dtype}.`);
}
