"""LeNet-5 in Keras."""

import keras
from keras import layers


def build():
    he = {"kernel_initializer": "he_uniform"}
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(6, 5, padding="same", activation="relu", name="conv1", **he),
            layers.MaxPooling2D(2),
            layers.Conv2D(16, 5, activation="relu", name="conv2", **he),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(120, activation="relu", name="dense1", **he),
            layers.Dense(84, activation="relu", name="dense2", **he),
            layers.Dense(10, name="logits", **he),
        ]
    )


def load(arrays):
    model = build()
    for name in ("conv1", "conv2", "dense1", "dense2", "logits"):
        model.get_layer(name).set_weights([arrays[f"{name}/kernel"], arrays[f"{name}/bias"]])
    return model
