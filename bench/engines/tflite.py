"""TensorFlow Lite with XNNPACK: the shipped weights converted to float or to int8 (full integer, a scale a channel)."""

from pathlib import Path

import child
import data
import keras_model
import numpy as np
import tensorflow as tf


def convert(request):
    """The bytes of the model file, which is kept in `folder`."""
    path = Path(request["folder"]) / f"lenet5-{request['type']}.tflite"
    if not path.exists():
        converter = tf.lite.TFLiteConverter.from_keras_model(keras_model.load(data.weights(request["weights"])))
        if request["type"] == "int8":
            examples = data.images(request["mnist"], "train")[:500, None, :, :, None].astype(np.float32) / 255
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = lambda: ([example] for example in examples)
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.inference_input_type = converter.inference_output_type = tf.int8
        draft = path.with_suffix(f".{request['batch']}.tmp")
        draft.write_bytes(converter.convert())
        draft.rename(path)
    return path.read_bytes()


def prepare(request):
    batch = request["batch"]
    chunk = min(request.get("chunk", batch), batch)
    interpreter = tf.lite.Interpreter(model_content=convert(request), num_threads=request["threads"])
    given, made = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    interpreter.resize_tensor_input(given["index"], [chunk, 28, 28, 1])
    interpreter.allocate_tensors()
    pixels = data.images(request["mnist"], "t10k")[..., None].astype(np.float32) / 255
    scale, zero_point = given["quantization"]
    if request["type"] == "int8":
        pixels = np.clip(np.round(pixels / scale) + zero_point, -128, 127).astype(np.int8)
    parts = [pixels[at : at + chunk] for at in range(0, len(pixels), chunk)]
    inputs = [parts[at : at + batch // chunk] for at in range(0, len(parts), batch // chunk)]
    source, target = given["index"], made["index"]
    view_in, view_out = interpreter.tensor(source), interpreter.tensor(target)

    def copying(part):
        interpreter.set_tensor(source, part)
        interpreter.invoke()
        return interpreter.get_tensor(target)

    def viewing(part):
        view_in()[:] = part
        interpreter.invoke()
        return view_out().copy()

    one = viewing if request.get("views") else copying

    def infer(items):
        return one(items[0]) if len(items) == 1 else np.concatenate([one(item) for item in items])

    def logits(count):
        values = np.concatenate([infer(items) for items in inputs[: -(-count // batch)]])[:count].astype(np.float32)
        scale, zero_point = made["quantization"]
        return (values - zero_point) * scale if request["type"] == "int8" else values

    return infer, inputs, {"tensorflow": tf.__version__}, logits


child.serve_inference(prepare)
