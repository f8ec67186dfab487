"""Line h: an engine that cannot be used gives one clear error, and the others keep running."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from drag_edge.inference.engine_file import read_engine_file
from gpu_check_parts import models, pictures
from gpu_check_parts.check import Check
from gpu_check_parts.ours import session
from gpu_check_parts.prepare import PICTURES

_FRAMES = 40
_CLASSES = {0: "car", 1: "truck", 2: "pedestrian", 3: "bicycle"}
_OTHER_TAG = 213  # the serialisation format of TensorRT 8.4


def run(check: Check, shard: str) -> None:
    files = models.demo_engines(check.engines)
    folder = check.out / "damaged"
    folder.mkdir(exist_ok=True)
    bad = folder / f"{shard.replace(' ', '_').replace(',', '')}.engine"
    bad.write_bytes(spoil(files["objects"], shard, check.seed))
    settings = models.demo_settings({**files, "objects": bad})
    if shard.endswith("raw plan"):  # it has no header that names its classes
        settings["objects"] = settings["objects"].model_copy(update={"classes": _CLASSES})
    images = pictures.pictures(check.out, PICTURES)
    answered = dict.fromkeys(settings, 0)
    with session(settings) as running:
        for number in range(_FRAMES):
            perceived = running.infer(images[number % len(images)])
            for name, result in perceived.results.items():
                answered[name] += result is not None
        said = [event for event in running.events if event.name == "model_failed"]
    others = all(answered[name] == _FRAMES for name in settings if name != "objects")
    details = [event.detail for event in said if event.source == "objects"]
    clear = len(details) >= 1 and all("\n" not in detail and len(detail) > 20 for detail in details)
    texts = {detail.rsplit("; trying again", 1)[0] for detail in details}
    good = (
        others
        and clear
        and len(texts) == 1
        and answered["objects"] == 0
        and len(details) == len(said)
    )
    what = f"engine {shard}"
    if answered["objects"]:
        value = f"taken as good on {answered['objects']} of {_FRAMES} frames"
    else:
        least = min(answered[name] for name in settings if name != "objects")
        value = f"refused with {len(texts)} text; others {least} of {_FRAMES} frames"
    check.judge(what, value, "one error, others run", good, details[0] if details else "no event",
                {"answered": answered, "events": details})  # fmt: skip


def spoil(engine: Path, how: str, seed: int) -> bytes:
    """A good engine's bytes, made bad. how: a shard's name; "…, raw plan" leaves our header out."""
    file = read_engine_file(engine)
    data = bytearray(engine.read_bytes())
    start = file.plan_offset
    if how.endswith("raw plan"):
        data, start = data[start:], 0
    rng = np.random.default_rng(seed)
    if how == "empty":
        return b""
    if how == "no plan":
        return rng.integers(0, 256, 100_000, np.uint8).tobytes()
    if how.startswith("truncated"):
        return bytes(data[: start + (len(data) - start) // 2])
    if how.startswith("corrupt head"):
        data[start + 40 : start + 2000] = rng.integers(0, 256, 1960, np.uint8).tobytes()
    elif how.startswith("corrupt middle"):
        middle = start + (len(data) - start) // 2
        data[middle : middle + 4096] = rng.integers(0, 256, 4096, np.uint8).tobytes()
    elif how.startswith("other version"):
        if data[start : start + 4] == b"ptrt":
            data[start + 8 : start + 12] = struct.pack("<I", _OTHER_TAG)
        else:  # major, minor, patch, build
            data[start + 24] = 9 if data[start + 24] != 9 else 7
    else:
        raise ValueError(f"no such damage: {how}")
    return bytes(data)
