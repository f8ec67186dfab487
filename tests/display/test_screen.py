from pathlib import Path

import cv2
import numpy as np
import pytest

from drag_edge.config.display import DisplaySettings, VideoSettings
from drag_edge.display import screen as screen_module
from drag_edge.display import window as window_module
from drag_edge.display.screen import Screen
from drag_edge.display.show import Show
from drag_edge.events import Event
from tests.display import examples

PICTURE = np.zeros((48, 64, 3), np.uint8)


class ToyWindow:
    """A window without a screen."""

    def __init__(self) -> None:
        self.shown = True
        self.pictures = 0

    def show(self, picture: np.ndarray) -> None:
        self.pictures += 1

    def close(self) -> None:
        self.shown = False


def test_with_neither_window_nor_video_nothing_is_wanted() -> None:
    events: list[Event] = []
    screen = Screen(DisplaySettings(), events.append, lossless=True)
    assert not screen.runs
    screen.close(0.0)
    assert events == []


def shown(settings: DisplaySettings, headless: bool, ticks: int) -> Show:
    show = Show(
        settings,
        {"front": examples.CAMERA},
        examples.BODY,
        examples.ROLES,
        headless,
        lambda event: None,
        lossless=True,
    )
    base, frames = examples.following(), examples.frames()
    assert base.scene is not None
    assert base.decision is not None
    assert base.command is not None
    for tick in range(ticks):
        status = examples.status(time_s=examples.TIME_S + tick / 20)
        show.show(frames, {}, base.scene, base.decision, base.command, status)
    show.close()
    return show


def test_headless_draws_nothing_at_all(tmp_path: Path) -> None:
    settings = DisplaySettings(window=True, video=tmp_path / "o.mp4")
    show = shown(settings, headless=True, ticks=3)
    assert not show.active
    assert list(tmp_path.iterdir()) == []


def test_every_nth_picture_only(tmp_path: Path) -> None:
    path = tmp_path / "o.mp4"
    shown(DisplaySettings(video=path, recording=VideoSettings(every=3)), headless=False, ticks=7)
    played = cv2.VideoCapture(str(path))
    assert played.get(cv2.CAP_PROP_FRAME_COUNT) == 3
    assert played.get(cv2.CAP_PROP_FPS) == pytest.approx(20 / 3, rel=0.01)


def test_no_screen_is_one_event_and_the_drive_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen_module, "why_no_window", lambda: "no screen here")
    events: list[Event] = []
    screen = Screen(DisplaySettings(window=True), events.append, lossless=True, time_s=3.0)
    assert events == [Event("display_failed", "window", "no screen here", 3.0)]
    assert not screen.runs
    assert not screen.closed_by_person


def test_a_probe_in_a_child_finds_out_without_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    reason = window_module.why_no_window()
    assert reason is not None
    assert "\n" not in reason


def test_a_person_who_closes_the_window_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen_module, "why_no_window", lambda: None)
    monkeypatch.setattr(screen_module, "Window", ToyWindow)
    screen = Screen(DisplaySettings(window=True), lambda event: None, lossless=True)
    screen.show(PICTURE, 0.0)
    assert not screen.closed_by_person
    window = screen._window
    assert isinstance(window, ToyWindow)
    assert window.pictures == 1
    window.close()
    assert screen.closed_by_person
    assert not screen.runs


def test_a_window_that_breaks_is_one_event(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: ToyWindow, picture: np.ndarray) -> None:
        cv2.resize(picture, (0, 0))  # raises cv2.error as a lost screen does

    monkeypatch.setattr(screen_module, "why_no_window", lambda: None)
    monkeypatch.setattr(ToyWindow, "show", broken)
    monkeypatch.setattr(screen_module, "Window", ToyWindow)
    events: list[Event] = []
    screen = Screen(DisplaySettings(window=True), events.append, lossless=True)
    screen.show(PICTURE, 1.0)
    screen.show(PICTURE, 2.0)
    assert [(event.name, event.source) for event in events] == [("display_failed", "window")]
    assert not screen.closed_by_person
