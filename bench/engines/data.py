"""MNIST and the shipped weights, as NumPy arrays."""

import json
from pathlib import Path

import numpy as np


def images(folder, part):
    """uint8 [n, 28, 28]; `part` is train or t10k."""
    return np.fromfile(Path(folder) / f"{part}-images-idx3-ubyte", np.uint8, offset=16).reshape(-1, 28, 28)


def labels(folder, part):
    """int64 [n]"""
    return np.fromfile(Path(folder) / f"{part}-labels-idx1-ubyte", np.uint8, offset=8).astype(np.int64)


def weights(path):
    """Arrays by name, such as conv1/kernel, from a .safetensors file: header length, header (JSON), float32 data."""
    data = Path(path).read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    header.pop("__metadata__", None)

    def array(entry):
        begin, end = entry["data_offsets"]
        return np.frombuffer(data[start + begin : start + end], np.float32).reshape(entry["shape"])

    return {name: array(entry) for name, entry in header.items()}
