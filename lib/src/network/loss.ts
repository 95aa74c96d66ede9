import { runKernels, tf, typeAttribute } from "../tensors/tensorflow";

/** A loss: logits and integer labels of one batch → their mean loss, a differentiable scalar. */
export type Loss = (logits: tf.Tensor2D, labels: tf.Tensor1D) => tf.Scalar;

const attributes = () => [typeAttribute("T", "float32"), typeAttribute("Tlabels", "int32")];

/**
 * Softmax cross-entropy in nats, averaged over the batch, computed from logits (so it cannot overflow) by TensorFlow's
 * own kernel, which returns loss and gradient at once.
 * @param logits float32 [n, classes]
 * @param labels int32 [n], each in 0 … classes − 1
 * @returns float32 scalar; the caller disposes
 */
export const softmaxCrossEntropy: Loss = (logits, labels) => {
  const mean = tf.customGrad((x, save) => {
    const inputs = [x as tf.Tensor, labels];
    const [losses, gradient] = runKernels("SparseSoftmaxCrossEntropyWithLogits", attributes(), inputs, 2);
    (save as tf.GradSaveFunc)([gradient as tf.Tensor]);
    return {
      value: tf.mean(losses as tf.Tensor),
      // the kernel's gradient is softmax − one-hot for each image; the mean divides it by the batch
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        tf.mul(saved[0] as tf.Tensor, tf.div(dy, logits.shape[0])) as tf.Tensor,
    };
  });
  return mean(logits) as tf.Scalar;
};
