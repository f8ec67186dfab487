"""How the daemon is, as values; what is wrong with its life and its readiness, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from drag_edge.config.service import HttpSettings
from drag_edge.service.watchdog import LOADING_S


@dataclass(frozen=True, slots=True)
class CameraHealth:
    """One camera. age_s: of the newest picture, None before the first. fault: an event's name.

    reason: what its reader says of it, "" while it streams. unused: pictures that newer ones
    replaced; losses: how often it was lost. Both None for a recording.
    """

    frames: int
    age_s: float | None
    fault: str | None
    reason: str = ""
    unused: int | None = None
    losses: int | None = None


@dataclass(frozen=True, slots=True)
class ModelHealth:
    """One model. Times of one inference: seconds, None before the first."""

    loaded: bool
    results: int
    failures: int
    p50_s: float | None
    p99_s: float | None
    load_s: float | None
    error: str | None


@dataclass(frozen=True, slots=True)
class BusHealth:
    """The vehicle's bus; frames since the start. fallback: those that only say "no command"."""

    name: str
    up: bool
    error: str | None
    sent: int
    received: int
    failed: int
    fallback: int


@dataclass(frozen=True, slots=True)
class LinkHealth:
    """A serial link. needed: without it, nothing can be driven. counts: "sent", "refused" …"""

    up: bool
    needed: bool
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class DurationHistogram:
    """How many were at most so long: (upper bound in seconds, count up to it), +inf last."""

    buckets: tuple[tuple[float, int], ...]
    sum_s: float


@dataclass(frozen=True, slots=True)
class Health:
    """The daemon, now. round_age_s: since the loop last came round. gpu: its name, None without.

    events: (name, source) → count. reloads: what became of changed settings → count.
    """

    version: str
    config: str
    uptime_s: float
    fps: float | None
    rounds: int
    round_age_s: float
    mode: str
    reason: str
    alerts: tuple[str, ...]
    actuation: bool
    gpu: str | None
    cameras: Mapping[str, CameraHealth]
    models: Mapping[str, ModelHealth]
    bus: BusHealth
    links: Mapping[str, LinkHealth]
    events: Mapping[tuple[str, str], int]
    modes: Mapping[str, int]
    reloads: Mapping[str, int]
    round_s: DurationHistogram
    latency_s: DurationHistogram
    frame_age_s: Mapping[str, DurationHistogram]


def not_alive(health: Health, settings: HttpSettings) -> Iterator[str]:
    """Why the process should be restarted; nothing when it lives.

    A GPU that is lost ends the process, and one that hangs holds the loop: the loop is the test.
    A model is loaded between two rounds, so one that is still to be loaded may be what takes long.
    """
    longest_s = settings.stalled_s
    if any(not model.loaded and model.error is None for model in health.models.values()):
        longest_s = max(longest_s, LOADING_S)
    if health.round_age_s > longest_s:
        yield f"the loop last came round {health.round_age_s:.1f} s ago"


def not_ready(health: Health, settings: HttpSettings) -> Iterator[str]:
    """What is missing to drive with; nothing when all is there."""
    yield from not_alive(health, settings)
    for name, camera in health.cameras.items():
        if camera.fault is not None:
            yield f"camera {name}: {camera.fault}" + (f": {camera.reason}" if camera.reason else "")
        elif camera.age_s is None:
            yield f"camera {name}: {camera.reason or 'no picture yet'}"
        elif camera.age_s > settings.fresh_s:
            yield f"camera {name}: newest picture is {camera.age_s:.1f} s old"
    for name, model in health.models.items():
        if not model.loaded:
            yield f"model {name}: {model.error or 'not loaded yet'}"
    if not health.bus.up:
        yield f"bus {health.bus.name}: {health.bus.error or 'off'}"
    for name, link in health.links.items():
        if link.needed and not link.up:
            yield f"{name}: silent"


def in_words(health: Health) -> str:
    """For `systemctl status`: "2 cameras, 4 models, 31 fps, ACTIVE"."""
    silent = [name for name, one in health.cameras.items() if one.age_s is None or one.fault]
    unloaded = [name for name, one in health.models.items() if not one.loaded]
    parts = [
        _counted(len(health.cameras), "camera", silent),
        _counted(len(health.models), "model", unloaded),
        "no frames yet" if health.fps is None else f"{health.fps:.0f} fps",
        health.mode + (f" ({health.reason})" if health.reason else ""),
    ]
    if not health.bus.up:
        parts.append(f"bus {health.bus.name} off")
    return ", ".join(parts)


def as_dict(health: Health) -> dict[str, Any]:
    """For JSON: the same without the histograms, which are for /metrics."""
    content = asdict(health)
    for name in ("round_s", "latency_s", "frame_age_s"):
        del content[name]
    content["events"] = [
        {"event": name, "source": source, "count": count}
        for (name, source), count in health.events.items()
    ]
    return content


def _counted(count: int, what: str, missing: list[str]) -> str:
    total = f"{count} {what}{'' if count == 1 else 's'}"
    return f"{total} ({', '.join(missing)} missing)" if missing else total
