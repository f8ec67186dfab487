"""The road segmenter: a small encoder-decoder, its training, its measurement and its export."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, nn
from torch.nn import functional

from demo_training.specs import ModelSpec

LINE_WEIGHT = 3.0
"""Lane lines are a few per cent of the pixels; their loss counts more."""


def _block(inputs: int, outputs: int, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, dilation, dilation=dilation, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class Residual(nn.Module):
    """Two 3×3 convolutions around a shortcut."""

    def __init__(self, width: int, dilation: int = 1) -> None:
        super().__init__()
        self.first = _block(width, width, dilation=dilation)
        self.second = nn.Sequential(
            nn.Conv2d(width, width, 3, 1, dilation, dilation=dilation, bias=False),
            nn.BatchNorm2d(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(x + self.second(self.first(x)))


class RoadNet(nn.Module):
    """Encoder to 1/16 with dilated context, decoder with skips to 1/2, pixel shuffle to full."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.encode_half = _block(3, 16, 2)
        self.encode_quarter = nn.Sequential(_block(16, 32, 2), Residual(32))
        self.encode_eighth = nn.Sequential(_block(32, 48, 2), Residual(48))
        self.encode_sixteenth = nn.Sequential(
            _block(48, 76, 2), Residual(76), Residual(76, 2), Residual(76, 4)
        )
        self.to_eighth = nn.Conv2d(76, 48, 1)
        self.at_eighth = Residual(48)
        self.to_quarter = nn.Conv2d(48, 32, 1)
        self.at_quarter = Residual(32)
        self.to_half = nn.Conv2d(32, 16, 1)
        self.at_half = _block(16, 16)
        self.head = nn.Conv2d(16, 4 * classes, 3, padding=1)
        self.shuffle = nn.PixelShuffle(2)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) RGB in 0–1 to (B, classes, H, W) scores."""
        half = self.encode_half(images)
        quarter = self.encode_quarter(half)
        eighth = self.encode_eighth(quarter)
        x = self.encode_sixteenth(eighth)
        x = self.at_eighth(eighth + _doubled(self.to_eighth(x)))
        x = self.at_quarter(quarter + _doubled(self.to_quarter(x)))
        x = self.at_half(half + _doubled(self.to_half(x)))
        return self.shuffle(self.head(x))


def _doubled(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


def _batch(images: np.ndarray, indices: np.ndarray) -> Tensor:
    bgr = torch.from_numpy(np.ascontiguousarray(images[indices]))
    return bgr.flip(-1).permute(0, 3, 1, 2).float().div_(255.0)


def _jitter(batch: Tensor, rng: np.random.Generator) -> Tensor:
    """Brightness, contrast and colour per picture."""
    count = len(batch)
    gain = torch.from_numpy(rng.uniform(0.75, 1.25, (count, 3, 1, 1)).astype(np.float32))
    common = torch.from_numpy(rng.uniform(0.7, 1.3, (count, 1, 1, 1)).astype(np.float32))
    shift = torch.from_numpy(rng.uniform(-0.08, 0.08, (count, 1, 1, 1)).astype(np.float32))
    return (batch * (0.3 * gain + 0.7 * common) + shift).clamp_(0.0, 1.0)


def train(
    spec: ModelSpec, data: Path, work: Path, seed: int, epochs: int, as_it_is: bool = False
) -> RoadNet:
    """Trains, or goes on from the last finished epoch found in ``work``.

    ``as_it_is`` returns that epoch's network without training.
    """
    torch.manual_seed(seed)
    images = np.load(data / "train_images.npy", mmap_mode="r")
    maps = np.load(data / "train_maps.npy", mmap_mode="r")
    net = RoadNet(len(spec.classes))
    optimizer = torch.optim.AdamW(net.parameters(), lr=spec.learning_rate, weight_decay=1e-3)
    steps = len(images) // spec.batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, spec.learning_rate, total_steps=epochs * steps, pct_start=0.15
    )
    weights = torch.tensor([1.0, 1.0, LINE_WEIGHT])
    saved = work / "road.pt"
    first = 0
    if saved.is_file():
        state = torch.load(saved)
        net.load_state_dict(state["net"])
        optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])
        first = epochs if as_it_is else state["epoch"] + 1
    net = net.to(memory_format=torch.channels_last)
    for epoch in range(first, epochs):
        net.train()
        rng = np.random.default_rng([seed, epoch])
        order = rng.permutation(len(images))
        started, total = time.monotonic(), 0.0
        for step in range(steps):
            chosen = np.sort(order[step * spec.batch : (step + 1) * spec.batch])
            x = _jitter(_batch(images, chosen), rng).to(memory_format=torch.channels_last)
            y = torch.from_numpy(np.ascontiguousarray(maps[chosen])).long()
            if spec.mirror and rng.random() < 0.5:
                x, y = x.flip(-1), y.flip(-1)
            loss = functional.cross_entropy(net(x), y, weight=weights)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += float(loss.detach())
        _save(saved, net, optimizer, schedule, epoch)
        took = time.monotonic() - started
        print(f"road epoch {epoch + 1}/{epochs} loss {total / steps:.4f} {took:.0f} s", flush=True)
    return net.eval()


def _save(
    path: Path,
    net: RoadNet,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    epoch: int,
) -> None:
    state = {
        "net": net.state_dict(),
        "optimizer": optimizer.state_dict(),
        "schedule": schedule.state_dict(),
        "epoch": epoch,
    }
    partial = path.with_suffix(".part")
    torch.save(state, partial)
    partial.replace(path)


def export(spec: ModelSpec, net: RoadNet, target: Path) -> None:
    """A static ONNX with the metadata that the daemon reads."""
    width, height = spec.size
    example = torch.zeros(1, 3, height, width)
    partial = target.with_suffix(".part")
    net = net.to(memory_format=torch.contiguous_format).eval()
    torch.onnx.export(
        net,
        (example,),
        str(partial),
        input_names=["images"],
        output_names=["scores"],
        opset_version=17,
        dynamo=False,
    )
    model = onnx.load(str(partial))
    for key, value in _metadata(spec).items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.checker.check_model(model)
    onnx.save(model, str(partial))
    partial.replace(target)


def _metadata(spec: ModelSpec) -> dict[str, str]:
    width, height = spec.size
    return {
        "description": "drag_edge demo road segmenter, trained on rendered scenes",
        "author": "The drag_edge authors",
        "license": "Apache-2.0",
        "task": "segment",
        "stride": "16",
        "batch": "1",
        "channels": "3",
        "imgsz": json.dumps([height, width]),
        "names": repr(dict(enumerate(spec.classes))),
        "resize": "stretch",
        "color_order": "rgb",
        "scale": repr(1.0 / 255.0),
        "mean": "[0.0, 0.0, 0.0]",
        "std": "[1.0, 1.0, 1.0]",
        "roi": json.dumps(list(spec.roi)),
    }
