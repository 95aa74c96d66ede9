/** The parameters and statistics of a batch normalisation, each a Float32Array [channels]. */
export interface BatchNorm {
  /** ones if the layer has no scale */
  gamma: Float32Array;
  /** zeros if the layer has no offset */
  beta: Float32Array;
  mean: Float32Array;
  variance: Float32Array;
  epsilon: number;
}

/**
 * Folds a batch normalisation into the linear layer before it: γ (w·x + b − mean) / √(variance + ε) + β is again a
 * linear layer. In inference the two are the same function; one layer less to quantise (Jacob et al. 2018).
 * @param kernel float32, output channel last
 * @param bias float32 [channels]
 * @returns a new kernel and bias
 * @throws when the lists of the batch normalisation are not as long as `bias`
 */
export function foldBatchNorm(
  { kernel, bias }: { kernel: Float32Array; bias: Float32Array },
  { gamma, beta, mean, variance, epsilon }: BatchNorm,
): { kernel: Float32Array; bias: Float32Array } {
  const channels = bias.length;
  for (const [name, values] of Object.entries({ gamma, beta, mean, variance })) {
    if (values.length !== channels)
      throw new Error(`Expected \`${name}\` to hold ${channels} numbers, one a channel, got ${values.length}.`);
  }
  const factors = Array.from(gamma, (g, c) => g / Math.sqrt((variance[c] as number) + epsilon));
  return {
    kernel: kernel.map((w, i) => w * (factors[i % channels] as number)),
    bias: bias.map((b, c) => (b - (mean[c] as number)) * (factors[c] as number) + (beta[c] as number)),
  };
}
