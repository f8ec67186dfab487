"""The configuration itself: files that it names and what the rooms know about them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from drag_edge.checks import ego_mapping_fits_its_dbc, replayed_log_is_whole, scenario_is_there
from drag_edge.config.root import Settings
from drag_edge.doctor.finding import Finding, State
from drag_edge.doctor.needs import Subject

# What else is checked has a line of its own: models, cameras.
_ROOM_CHECKS = (ego_mapping_fits_its_dbc, replayed_log_is_whole, scenario_is_there)


def check_configuration(subject: Subject) -> Iterator[Finding]:
    """Only where there is one; that its YAML is right is known by now."""
    settings = subject.settings
    if settings is None:
        found = "none given: what it would need is not looked at"
        advice = "drag-edge doctor CONFIG.yaml"
        yield Finding("configuration", State.NOTE, found, advice)
        return
    findings = [*_files(settings), *_rooms(settings)]
    yield from findings or [Finding("configuration", State.OK, "right, and its files are there")]


def _files(settings: Settings) -> Iterator[Finding]:
    for key, file in _named(settings):
        if not file.exists():
            advice = "put the file there, or name another one"
            yield Finding(key, State.MISSING, f"no such file: {file}", advice, needed=True)


def _rooms(settings: Settings) -> Iterator[Finding]:
    if any(not file.exists() for _, file in _named(settings)):
        return
    for check in _ROOM_CHECKS:
        for problem in check(settings):
            found = f"{problem.value}: expected {problem.expected}"
            yield Finding(problem.key, State.BROKEN, found, problem.hint, needed=True)


def _named(settings: Settings) -> Iterator[tuple[str, Path]]:
    if settings.vehicle.ego is not None:
        yield "vehicle.ego.dbc", settings.vehicle.ego.dbc
    if settings.vehicle.can.replay is not None:
        yield "vehicle.can.replay", settings.vehicle.can.replay
