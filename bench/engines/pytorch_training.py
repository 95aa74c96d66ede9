"""PyTorch, eager: all images as tensors in memory, a random permutation an epoch, no DataLoader (it would be slower)."""

import time

import child
import data
import pytorch_model
import torch
from torch import nn

state = {}


def prepare(mnist, images, batchSize, threads, channelsLast=False, fused=False, bytes=False):
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    pixels = torch.from_numpy(data.images(mnist, "train")[:images]).unsqueeze(1)
    model = pytorch_model.build()
    if channelsLast:
        model = model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True, fused=fused or None)
    state.update(
        model=model,
        optimizer=optimizer,
        images=pixels if bytes else pixels.float().div_(255),
        labels=torch.from_numpy(data.labels(mnist, "train")[:images]),
        batch_size=batchSize,
        channels_last=channelsLast,
    )
    return {"versions": {"torch": torch.__version__}, "parameters": sum(p.numel() for p in model.parameters())}


def epoch():
    model, optimizer, images, labels = (state[key] for key in ("model", "optimizer", "images", "labels"))
    measure = nn.CrossEntropyLoss()
    began = time.perf_counter()
    model.train()
    total, correct = torch.zeros(()), torch.zeros((), dtype=torch.int64)
    for indices in torch.randperm(len(images)).split(state["batch_size"]):
        batch, wanted = images[indices], labels[indices]
        if batch.dtype == torch.uint8:
            batch = batch.float().div_(255)
        if state["channels_last"]:
            batch = batch.contiguous(memory_format=torch.channels_last)
        optimizer.zero_grad(set_to_none=True)
        logits = model(batch)
        loss = measure(logits, wanted)
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            total += loss.detach() * len(indices)
            correct += (logits.argmax(1) == wanted).sum()
    loss, accuracy = total.item() / len(images), correct.item() / len(images)
    return {"seconds": time.perf_counter() - began, "loss": loss, "accuracy": accuracy}


child.serve({"prepare": prepare, "epoch": epoch})
