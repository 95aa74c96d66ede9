"""Keras on TensorFlow, compiled: one call of `fit` that stops between two epochs until it is told to go on."""

import time

import child
import data
import keras
import keras_model
import tensorflow as tf


class Pause(keras.callbacks.Callback):
    """Reports every epoch and waits for the next request inside `fit`, which so begins and compiles once."""

    def on_epoch_end(self, epoch, logs=None):
        seconds = time.perf_counter() - self.began
        child.reply({"seconds": seconds, "loss": logs["loss"], "accuracy": logs["accuracy"]})
        child.receive()
        self.began = time.perf_counter()


def main():
    request = child.receive()
    tf.config.threading.set_intra_op_parallelism_threads(request["threads"])
    tf.config.threading.set_inter_op_parallelism_threads(request["threads"])
    keras.utils.set_random_seed(1)
    images, labels = (read(request["mnist"], "train")[: request["images"]] for read in (data.images, data.labels))
    images = images[..., None].astype("float32") / 255
    labels = labels.astype("int32")
    model = keras_model.build()
    model.compile(
        optimizer=keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=request.get("jit", "auto"),
        steps_per_execution=request.get("stepsPerExecution", 1),
    )
    versions = {"tensorflow": tf.__version__, "keras": keras.__version__}
    child.reply({"versions": versions, "parameters": model.count_params()})
    child.receive()
    pause = Pause()
    options = {"epochs": 1_000_000, "verbose": 0, "callbacks": [pause]}
    pause.began = time.perf_counter()
    if request.get("dataset"):
        batches = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(len(images))
        batches = batches.batch(request["batchSize"]).prefetch(tf.data.AUTOTUNE)
        model.fit(batches, **options)
    else:
        model.fit(images, labels, batch_size=request["batchSize"], shuffle=True, **options)


try:
    main()
except Exception:
    child.fail()
