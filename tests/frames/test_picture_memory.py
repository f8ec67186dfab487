from __future__ import annotations

import weakref
from collections import deque
from pathlib import Path

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from drag_edge.frames.picture_memory import PictureMemory
from drag_edge.frames.recording import VideoFile


def decode(memory: PictureMemory, value: int, shape: tuple[int, ...] = (4, 6, 3)) -> np.ndarray:
    """As OpenCV does: into what it is given where that fits, else into something new."""
    picture = memory.free()
    if picture is None or picture.shape != shape:
        picture = np.empty(shape, np.uint8)
    picture[...] = value
    memory.keep(picture)
    return picture


def test_a_picture_that_nobody_holds_is_written_again() -> None:
    memory = PictureMemory()
    places = {decode(memory, value).ctypes.data for value in range(100)}
    assert len(places) == 1


def test_a_part_of_a_picture_keeps_it() -> None:
    memory = PictureMemory()
    part = decode(memory, 7)[1:3, 2:4]
    row = part[0]
    del part
    for value in range(20):
        decode(memory, value + 100)
    assert (row == 7).all()


def test_what_a_stall_needed_is_given_back() -> None:
    memory = PictureMemory()
    held = [decode(memory, value) for value in range(9)]
    gone = [weakref.ref(picture) for picture in held]
    held.clear()
    for value in range(5):
        decode(memory, value)
    assert sum(picture() is not None for picture in gone) == 3


def test_three_that_a_busy_loop_takes_turns_with_stay() -> None:
    memory = PictureMemory()
    held: deque[np.ndarray] = deque()
    places = set()
    for value in range(60):
        held.append(decode(memory, value))
        places.add(held[-1].ctypes.data)
        while len(held) > (2 if value % 7 == 0 else 1):
            held.popleft()
    assert len(places) == 3


@given(st.lists(st.tuples(st.integers(0, 30), st.booleans(), st.booleans()), max_size=60))
def test_what_is_held_never_changes(steps: list[tuple[int, bool, bool]]) -> None:
    """However many are held, for however long, whole or in part, and whatever their size."""
    memory = PictureMemory()
    held: deque[tuple[int, np.ndarray]] = deque()
    for value, (hold, in_part, large) in enumerate(steps):
        picture = decode(memory, value, (8, 6, 3) if large else (4, 6, 3))
        held.append((value, picture[1:, ::2] if in_part else picture))
        del picture
        while len(held) > hold:
            held.popleft()
        for expected, array in held:
            assert (array == expected).all()


def test_a_recordings_pictures_share_memory_and_are_right(tmp_path: Path) -> None:
    file = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (64, 48))
    for value in range(12):
        writer.write(np.full((48, 64, 3), 20 * value, np.uint8))
    writer.release()
    recording = VideoFile("front", file, 0.0)
    first = recording.read()
    assert first is not None
    places, levels = set(), []
    while (frame := recording.read()) is not None:
        places.add(frame.image.ctypes.data)
        levels.append(float(frame.image.mean()))
        del frame
    recording.close()
    assert len(places) == 1
    assert first.image.ctypes.data not in places
    np.testing.assert_allclose([float(first.image.mean()), *levels], range(0, 240, 20), atol=3)
