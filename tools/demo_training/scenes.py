"""Renders scenes into data sets: JPEG and text for detectors, arrays for the segmenter."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from demo_training.specs import HELD_OUT_OFFSET, HELD_OUT_SCENES, WHOLE, ModelSpec
from drag_edge.sim.labels import (
    BoxLabel,
    Roi,
    object_labels,
    road_map,
    signal_labels,
    split_labels,
)
from drag_edge.sim.render import render
from drag_edge.sim.scene_sampler import Scene, sample_scene

Image = npt.NDArray[np.uint8]
YoloBox = tuple[int, float, float, float, float]
"""Class, then centre x, centre y, width, height as shares of the crop."""

MIN_IN_ROI = 0.3
RENDER_PROCESSES = 2


def scene_seeds(spec: ModelSpec, seed: int, scenes: int) -> dict[str, list[int]]:
    """The seeds of the training and of the held-out scenes; they never meet."""
    held_out = seed * 1_000_000 + HELD_OUT_OFFSET
    first = seed * 1_000_000 + spec.seed_offset
    return {
        "train": list(range(first, first + scenes)),
        "val": list(range(held_out, held_out + HELD_OUT_SCENES)),
    }


def roi_of(spec: ModelSpec, scene: Scene) -> Roi:
    """Side cameras are seen in full."""
    return spec.roi if scene.camera.name == "front" else WHOLE


def crop_and_resize(picture: Image, roi: Roi, size: tuple[int, int]) -> Image:
    """What the daemon feeds: the crop, stretched to the model's input with linear sampling."""
    height, width = picture.shape[:2]
    x0, y0, x1, y1 = roi
    rows = slice(round(y0 * height), round(y1 * height))
    part = picture[rows, round(x0 * width) : round(x1 * width)]
    return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def scene_boxes(spec: ModelSpec, scene: Scene) -> list[YoloBox]:
    """The labels of a detector's crop."""
    if "signal" in spec.foci:
        labels = signal_labels(scene.world, scene.ego, scene.camera)
    elif "split" in spec.foci:
        labels = split_labels(scene.world, scene.ego, scene.camera, scene.look)
    else:
        labels = object_labels(scene.world, scene.ego, scene.camera, scene.look)
    roi = roi_of(spec, scene)
    frame = (scene.camera.width, scene.camera.height)
    boxes = [_box_in_roi(spec, label, roi, frame) for label in labels]
    return [box for box in boxes if box is not None]


def _box_in_roi(
    spec: ModelSpec, label: BoxLabel, roi: Roi, frame: tuple[int, int]
) -> YoloBox | None:
    left, top = roi[0] * frame[0], roi[1] * frame[1]
    width, height = (roi[2] - roi[0]) * frame[0], (roi[3] - roi[1]) * frame[1]
    scale_x, scale_y = spec.size[0] / width, spec.size[1] / height
    x0, x1 = (max(0.0, label.x0 - left) * scale_x, min(width, label.x1 - left) * scale_x)
    y0, y1 = (max(0.0, label.y0 - top) * scale_y, min(height, label.y1 - top) * scale_y)
    number = spec.classes.index(label.name)
    lowest = spec.min_heights[number] if spec.min_heights else spec.min_size[1]
    if x1 - x0 < spec.min_size[0] or y1 - y0 < lowest:
        return None
    whole = (label.x1 - label.x0) * (label.y1 - label.y0) * scale_x * scale_y
    if (x1 - x0) * (y1 - y0) < MIN_IN_ROI * whole:
        return None
    missing = max(0.0, spec.pad_height - (y1 - y0))
    y0, y1 = max(0.0, y0 - 0.5 * missing), min(float(spec.size[1]), y1 + 0.5 * missing)
    w, h = spec.size
    return number, 0.5 * (x0 + x1) / w, 0.5 * (y0 + y1) / h, (x1 - x0) / w, (y1 - y0) / h


def _rendered(spec: ModelSpec, seed: int) -> tuple[Image, Scene]:
    scene = sample_scene(seed, spec.foci[seed % len(spec.foci)])
    picture = render(scene.world, scene.ego, scene.camera, scene.look)
    return crop_and_resize(picture, roi_of(spec, scene), spec.size), scene


def _detect_sample(spec: ModelSpec, folder: Path, item: tuple[str, int]) -> None:
    part, seed = item
    crop, scene = _rendered(spec, seed)
    lines = [
        f"{box[0]} " + " ".join(f"{v:.6f}" for v in box[1:]) for box in scene_boxes(spec, scene)
    ]
    cv2.imwrite(str(folder / "images" / part / f"{seed}.jpg"), crop, [cv2.IMWRITE_JPEG_QUALITY, 95])
    (folder / "labels" / part / f"{seed}.txt").write_text("\n".join(lines))


def _segment_sample(spec: ModelSpec, seed: int) -> tuple[Image, Image]:
    crop, scene = _rendered(spec, seed)
    roi = roi_of(spec, scene)
    return crop, road_map(scene.world, scene.ego, scene.camera, scene.look, roi, spec.size)


def build_detect_set(spec: ModelSpec, folder: Path, seed: int, scenes: int) -> Path:
    """An Ultralytics data set under ``folder``; returns its YAML. Reused when complete."""
    stamp = _stamp(spec, seed, scenes)
    description = folder / "data.yaml"
    if _is_complete(folder, stamp):
        return description
    _start_afresh(folder)
    parts = scene_seeds(spec, seed, scenes)
    for part in parts:
        (folder / "images" / part).mkdir(parents=True)
        (folder / "labels" / part).mkdir(parents=True)
    items = [(part, number) for part, numbers in parts.items() for number in numbers]
    for _ in _in_processes(partial(_detect_sample, spec, folder), items):
        pass
    names = {number: name for number, name in enumerate(spec.classes)}
    description.write_text(
        json.dumps(
            {"path": str(folder), "train": "images/train", "val": "images/val", "names": names}
        )
    )
    (folder / "complete.json").write_text(json.dumps(stamp))
    return description


def build_segment_set(spec: ModelSpec, folder: Path, seed: int, scenes: int) -> Path:
    """Arrays ``{train,val}_{images,maps}.npy`` under ``folder``. Reused when complete."""
    stamp = _stamp(spec, seed, scenes)
    if _is_complete(folder, stamp):
        return folder
    _start_afresh(folder)
    width, height = spec.size
    for part, numbers in scene_seeds(spec, seed, scenes).items():
        images = np.empty((len(numbers), height, width, 3), np.uint8)
        maps = np.empty((len(numbers), height, width), np.uint8)
        samples = _in_processes(partial(_segment_sample, spec), numbers)
        for index, (crop, classes) in enumerate(samples):
            images[index], maps[index] = crop, classes
        np.save(folder / f"{part}_images.npy", images)
        np.save(folder / f"{part}_maps.npy", maps)
    (folder / "complete.json").write_text(json.dumps(stamp))
    return folder


def _in_processes(work: object, items: list[object]) -> Iterator[object]:
    with get_context("spawn").Pool(
        RENDER_PROCESSES, initializer=cv2.setNumThreads, initargs=(1,)
    ) as pool:
        yield from pool.imap(work, items, chunksize=8)  # type: ignore[arg-type]


def _stamp(spec: ModelSpec, seed: int, scenes: int) -> dict[str, object]:
    """All that a data set depends on, but the code."""
    look = repr(
        (spec.roi, spec.size, spec.classes, spec.min_size, spec.min_heights, spec.pad_height)
    )
    return {"seed": seed, "scenes": scenes, "look": look}


def _is_complete(folder: Path, stamp: dict[str, object]) -> bool:
    marker = folder / "complete.json"
    return marker.is_file() and json.loads(marker.read_text()) == stamp


def _start_afresh(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
