from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drag_edge.errors import InputMissingError
from drag_edge.inference.building.pictures import _spread, fingerprint, pictures


@given(st.integers(0, 10_000), st.integers(1, 1000))
def test_they_are_spread_evenly(count: int, most: int) -> None:
    chosen = _spread(count, most)
    assert len(chosen) == min(count, most)
    assert chosen == sorted(set(chosen))
    if chosen:
        assert chosen[0] == 0
        gaps = np.diff([*chosen, count])
        assert gaps.max() - gaps.min() <= 1


def test_a_folder_gives_its_pictures_and_leaves_the_rest(tmp_path: Path) -> None:
    for grey in (10, 20, 30, 40):
        cv2.imwrite(str(tmp_path / f"{grey}.png"), np.full((8, 12, 3), grey, np.uint8))
    (tmp_path / "25.png").write_text("no picture")
    (tmp_path / "notes.txt").write_text("none either")
    assert [int(p[0, 0, 0]) for p in pictures(tmp_path, 100)] == [10, 20, 30, 40]
    assert [int(p[0, 0, 0]) for p in pictures(tmp_path, 2)] == [10]  # 25.png was the other
    before = fingerprint(tmp_path)
    (tmp_path / "40.png").unlink()
    assert fingerprint(tmp_path) != before


def test_a_video_gives_frames_from_all_of_it(tmp_path: Path) -> None:
    file = tmp_path / "drive.avi"
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    for index in range(20):
        writer.write(np.full((48, 64, 3), index * 10, np.uint8))
    writer.release()
    found = [float(picture.mean()) for picture in pictures(file, 4)]
    np.testing.assert_allclose(found, [0, 50, 100, 150], atol=4)


def test_where_nothing_is_to_be_seen_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    (tmp_path / "empty").mkdir()
    for source in ("text.mp4", "empty", "gone"):
        with pytest.raises(InputMissingError):
            list(pictures(tmp_path / source, 5))
