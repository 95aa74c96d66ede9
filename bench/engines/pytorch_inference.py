"""PyTorch, eager, in inference mode: a float tensor in, a NumPy array out."""

import child
import data
import numpy as np
import pytorch_model
import torch


def prepare(request):
    torch.set_num_threads(request["threads"])
    layout = torch.channels_last if request.get("channelsLast") else torch.contiguous_format
    chunk = min(request.get("chunk", request["batch"]), request["batch"])
    model = pytorch_model.load(data.weights(request["weights"])).to(memory_format=layout)
    pixels = torch.from_numpy(data.images(request["mnist"], "t10k")).unsqueeze(1).float().div_(255)
    inputs = [part.contiguous(memory_format=layout).split(chunk) for part in pixels.split(request["batch"])]

    @torch.inference_mode()
    def infer(parts):
        if len(parts) == 1:
            return model(parts[0]).numpy()
        return torch.cat([model(part) for part in parts]).numpy()

    def logits(count):
        return np.concatenate([infer(parts) for parts in inputs[: -(-count // request["batch"])]])[:count]

    return infer, inputs, {"torch": torch.__version__}, logits


child.serve_inference(prepare)
