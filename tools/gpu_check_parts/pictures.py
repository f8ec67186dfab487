"""Seeded pictures of the small world in which every demo model finds something."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from drag_edge.sim.render import render
from drag_edge.sim.scene_sampler import Focus, sample_scene

Image = NDArray[np.uint8]
_FOCI: tuple[Focus, ...] = ("objects", "signal", "split", "signal")
_FIRST_SEED = 7_000_000  # far from every seed that the demo models were trained or measured with
_SIZE = (720, 1280)


def pictures(folder: Path, count: int) -> list[Image]:
    """`count` pictures of the front camera, 1280×720 BGR; rendered once, then read.

    Raises ValueError when the scenes give too few front pictures.
    """
    file = folder / f"pictures_{count}.npz"
    if not file.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(file, pictures=np.stack(_render(count)))
    with np.load(file) as stored:
        return list(stored["pictures"])


def write_jpegs(images: list[Image], folder: Path) -> Path:
    """The same as files, for the INT8 calibration."""
    folder.mkdir(parents=True, exist_ok=True)
    for index, image in enumerate(images):
        cv2.imwrite(str(folder / f"{index:03d}.jpg"), image, [cv2.IMWRITE_JPEG_QUALITY, 95])
    return folder


def _render(count: int) -> list[Image]:
    found: list[Image] = []
    for step in range(4 * count):
        scene = sample_scene(_FIRST_SEED + step, _FOCI[step % len(_FOCI)])
        if (scene.camera.height, scene.camera.width) == _SIZE:
            found.append(render(scene.world, scene.ego, scene.camera, scene.look))
        if len(found) == count:
            return found
    raise ValueError(f"only {len(found)} front pictures among {4 * count} scenes")
