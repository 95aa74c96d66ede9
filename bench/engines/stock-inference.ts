/** Stock tfjs-node: `predict` on floats, `dataSync` for the logits. */
import { floatInputs, type InferenceRequest, joined, serveInference } from "./inference";
import { load, tf, versions } from "./stock";

serveInference((request: InferenceRequest) => {
  const model = load(request.weights);
  const one = (images: Float32Array) =>
    tf.tidy(() => {
      const logits = model.predict(tf.tensor4d(images, [images.length / 784, 28, 28, 1]), {
        batchSize: images.length / 784,
      });
      return (logits as tf.Tensor).dataSync() as Float32Array;
    });
  return {
    infer: (parts: Float32Array[]) => joined(parts.map(one)),
    inputs: floatInputs(request),
    versions: versions(),
  };
});
