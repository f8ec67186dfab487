from __future__ import annotations

import logging

import pytest

from drag_edge.events import Event
from drag_edge.service.event_log import EventLog


def event(name: str, time_s: float, source: str = "road") -> Event:
    return Event(name, source, "detail", time_s)


def test_a_repeated_event_is_told_seldom_and_with_its_count(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log = EventLog()
    with caplog.at_level(logging.INFO):
        for i in range(30):
            log.write([event("model_failed", i * 0.5)], i * 0.5)
    assert [record.getMessage() for record in caplog.records] == [
        "model_failed: road: detail",
        "model_failed: road: detail (and 19 times since it was last told)",
    ]


def test_events_that_matter_are_warnings_and_the_rest_is_information(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        EventLog().write([event("camera_lost", 0.0), event("model_loaded", 0.0)], 0.0)
    assert [record.levelno for record in caplog.records] == [logging.WARNING, logging.INFO]


def test_an_unknown_event_is_never_silent(caplog: pytest.LogCaptureFixture) -> None:
    EventLog().write([event("nobody_knows_this", 0.0)], 0.0)
    assert "nobody_knows_this" in caplog.text


def test_of_one_kind_of_event_only_so_many_lines_leave_whatever_their_sources(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log = EventLog()
    with caplog.at_level(logging.INFO):
        log.write((event("ego_frame_invalid", 0.0, f"MESSAGE_{i}") for i in range(500)), 0.0)
        log.write([event("camera_lost", 0.1, "front")], 0.1)
        assert len(caplog.records) == 20 + 1
        caplog.clear()
        log.write([event("ego_frame_invalid", 11.0, "MESSAGE_499")], 11.0)
    assert caplog.records[0].getMessage().endswith("(and 1 times since it was last told)")


def test_the_last_line_of_a_flapping_camera_is_how_it_is(caplog: pytest.LogCaptureFixture) -> None:
    log = EventLog()
    with caplog.at_level(logging.INFO):
        for time_s, name in ((0, "camera_lost"), (1, "camera_recovered"), (2, "camera_lost")):
            log.write([event(name, time_s, "front")], time_s)
        for time_s in range(3, 40):
            log.write([], time_s)
    assert [record.getMessage() for record in caplog.records] == [
        "camera_lost: front: detail",
        "camera_recovered: front: detail",
        "camera_lost: front: detail",
    ]


def test_a_person_who_saves_twice_within_seconds_is_answered_twice(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log = EventLog()
    with caplog.at_level(logging.INFO):
        for time_s, line in enumerate((7, 9, 12)):
            log.write([Event("settings_refused", "drive.yaml", f"line {line}", time_s)], time_s)
    assert [record.getMessage() for record in caplog.records] == [
        f"settings_refused: drive.yaml: line {line}" for line in (7, 9, 12)
    ]


def test_a_program_that_saves_all_the_time_does_not_fill_the_journal(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log = EventLog()
    with caplog.at_level(logging.INFO):
        for i in range(90):
            log.write([event("settings_changed", i * 0.1, "drive.yaml")], i * 0.1)
    assert len(caplog.records) == 20
