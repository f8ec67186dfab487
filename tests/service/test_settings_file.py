from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from drag_edge.config.root import Settings
from drag_edge.config.service import ReloadSettings
from drag_edge.errors import DragEdgeError, InvalidConfigError
from drag_edge.service import settings_file
from drag_edge.service.settings_file import Found, SettingsFile, Watch, stamp_of

FAST = ReloadSettings(period_s=0.06, settle_s=0.0)


def wait_for(file: SettingsFile, seconds: float = 5.0) -> Found:
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        found = file.take()
        if found is not None:
            return found
        time.sleep(0.005)
    raise AssertionError("nothing was read")


def test_a_change_counts_once_it_has_settled() -> None:
    watch = Watch((1, 10, 0, 0))
    steps = [  # an editor that empties the file, writes it in pieces, and is done
        (0.0, (1, 10, 0, 0), False),
        (1.0, (1, 0, 5), False),
        (1.4, (1, 6, 6), False),
        (1.8, (1, 12, 7), False),
        (2.2, (1, 12, 7), False),
        (2.4, (1, 12, 7), True),
    ]
    for now_s, stamp, expected in steps:
        assert watch.look(stamp, 0.5, now_s) is expected, now_s


def test_a_file_that_is_gone_for_a_moment_is_no_change_and_its_return_is() -> None:
    watch = Watch((1, 10, 0, 0))
    assert not watch.look(None, 0.5, 1.0)
    assert not watch.look(None, 0.5, 9.0)
    assert not watch.look((2, 10, 3, 3), 0.5, 10.0)
    assert watch.look((2, 10, 3, 3), 0.5, 10.6)


def test_back_to_what_was_read_is_no_change() -> None:
    watch = Watch((1, 10, 0, 0))
    watch.look((1, 11, 1, 1), 0.5, 1.0)
    assert not watch.look((1, 10, 0, 0), 0.5, 5.0)


@pytest.mark.parametrize("how", ["in place", "renamed over"])
def test_a_saved_file_is_read_by_itself(tmp_path: Path, settings: Settings, how: str) -> None:
    path = tmp_path / "drive.yaml"
    path.write_text("one")
    reading = threading.Event()
    file = SettingsFile(path, stamp_of(path), lambda: settings, FAST, reading.set)
    try:
        time.sleep(0.15)
        assert file.take() is None  # nothing changed
        if how == "in place":
            path.write_text("two, longer")
        else:
            (tmp_path / "new").write_text("two")
            os.replace(tmp_path / "new", path)
        assert wait_for(file) is settings
        assert reading.is_set()
        time.sleep(0.15)
        assert file.take() is None  # once
    finally:
        file.close()


def test_what_was_saved_since_the_settings_were_read_is_a_change(
    tmp_path: Path, settings: Settings
) -> None:
    """Between the two, cameras and bus are opened: that takes its time."""
    path = tmp_path / "drive.yaml"
    path.write_text("one")
    before = stamp_of(path)
    path.write_text("two, longer")
    file = SettingsFile(path, before, lambda: settings, FAST, lambda: None)
    try:
        assert wait_for(file) is settings
    finally:
        file.close()


def test_without_watching_only_asking_reads_it(tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "drive.yaml"
    path.write_text("one")
    unwatched = FAST.model_copy(update={"watch": False})
    file = SettingsFile(path, stamp_of(path), lambda: settings, unwatched, lambda: None)
    try:
        path.write_text("two, longer")
        time.sleep(0.2)
        assert file.take() is None
        file.ask()
        assert wait_for(file) is settings
    finally:
        file.close()


def test_who_asks_just_when_the_waiting_ends_is_heard(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    class JustAfter(threading.Event):
        """Somebody asks when the wait is over and before anything else happens."""

        asks = 1

        def wait(self, timeout: float | None = None) -> bool:
            asked = super().wait(timeout)
            if not asked and self.asks:
                self.asks -= 1
                self.set()
            return asked

    path = tmp_path / "drive.yaml"
    path.write_text("one")
    unwatched = FAST.model_copy(update={"watch": False})
    monkeypatch.setattr(settings_file.threading, "Event", JustAfter)
    file = SettingsFile(path, stamp_of(path), lambda: settings, unwatched, lambda: None)
    monkeypatch.undo()
    try:
        assert wait_for(file) is settings
    finally:
        file.close()


def test_a_file_copied_over_with_its_times_is_another(tmp_path: Path) -> None:
    path = tmp_path / "drive.yaml"
    path.write_text("one")
    before, times = stamp_of(path), path.stat()
    time.sleep(0.02)
    path.write_text("two")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert stamp_of(path) != before


def test_what_is_wrong_with_the_file_is_handed_over_and_watching_goes_on(
    tmp_path: Path, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "drive.yaml"
    path.write_text("one")
    answers: list[Settings | Exception] = [
        InvalidConfigError("drive.yaml:3:1: no"), KeyError("a bug"), settings,
    ]  # fmt: skip

    def read() -> Settings:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    file = SettingsFile(path, stamp_of(path), read, FAST, lambda: None)
    try:
        for expected in ("drive.yaml:3:1: no", "a bug"):
            file.ask()
            found = wait_for(file)
            assert isinstance(found, DragEdgeError)
            assert expected in str(found)
        file.ask()
        assert wait_for(file) is settings
    finally:
        file.close()


def test_closing_ends_the_thread(tmp_path: Path, settings: Settings) -> None:
    file = SettingsFile(tmp_path / "gone.yaml", None, lambda: settings, FAST, lambda: None)
    file.close()
    assert not file._thread.is_alive()


def test_a_stamp_tells_a_missing_file(tmp_path: Path) -> None:
    assert stamp_of(tmp_path / "gone") is None
