"""LeNet-5 in PyTorch."""

import torch
from torch import nn

WEIGHTED = {"conv1": 0, "conv2": 3, "dense1": 7, "dense2": 9, "logits": 11}


def build():
    layers = [
        *[nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)],
        *[nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()],
        *[nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)],
    ]
    for layer in layers:
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers)


def load(arrays):
    """With weights that were trained with channels last, in TensorFlow's order of axes."""
    model = build()
    with torch.no_grad():
        for name, index in WEIGHTED.items():
            kernel = torch.tensor(arrays[f"{name}/kernel"])
            if name == "dense1":
                # flattened there as height, width, channel, here as channel, height, width
                kernel = kernel.reshape(5, 5, 16, 120).permute(2, 0, 1, 3).reshape(400, 120)
            model[index].weight.copy_(kernel.permute(3, 2, 0, 1) if kernel.ndim == 4 else kernel.T)
            model[index].bias.copy_(torch.tensor(arrays[f"{name}/bias"]))
    return model.eval()
