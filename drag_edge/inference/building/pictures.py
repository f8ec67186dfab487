"""Pictures to calibrate on: evenly spread over a folder or a video."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from drag_edge.errors import InputMissingError
from drag_edge.frames.recording import IMAGE_SUFFIXES

Picture = NDArray[np.uint8]


def pictures(source: Path, most: int) -> Iterator[Picture]:
    """At most `most` pictures, H×W×3 BGR. Raises InputMissingError when there are none."""
    if source.is_dir():
        found = _of_folder(source, most)
    elif source.is_file():
        found = _of_video(source, most)
    else:
        raise InputMissingError(f"no such folder or video: {source}")
    count = 0
    for picture in found:
        count += 1
        yield picture
    if not count:
        raise InputMissingError(f"{source} holds no picture that can be read")


def fingerprint(source: Path) -> str:
    """Changes when the pictures do: names, sizes and times of the files."""
    files = _files(source) if source.is_dir() else [source]
    said = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return repr(said)


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if file.suffix.lower() in IMAGE_SUFFIXES)


def _of_folder(folder: Path, most: int) -> Iterator[Picture]:
    files = _files(folder)
    for index in _spread(len(files), most):
        image = cv2.imread(str(files[index]), cv2.IMREAD_COLOR)
        if image is not None:
            yield np.asarray(image, np.uint8)


def _of_video(file: Path, most: int) -> Iterator[Picture]:
    capture = cv2.VideoCapture(str(file))
    try:
        announced = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        wanted = set(_spread(announced, most)) if announced > 0 else set(range(most))
        index = 0
        while index <= max(wanted, default=-1) and capture.grab():
            if index in wanted:
                ok, image = capture.retrieve()
                if ok and image is not None:
                    yield np.asarray(image, np.uint8)
            index += 1
    finally:
        capture.release()


def _spread(count: int, most: int) -> list[int]:
    """At most `most` of 0 … count - 1, evenly, the first among them."""
    taken = min(count, most)
    return [index * count // taken for index in range(taken)]
