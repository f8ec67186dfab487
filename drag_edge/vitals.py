"""A running daemon → its health, for systemd, the health page and `drag-edge status`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import accumulate

from drag_edge import __version__
from drag_edge.daemon import Daemon
from drag_edge.inference.stats import ModelStats
from drag_edge.service.health import (
    BusHealth,
    CameraHealth,
    DurationHistogram,
    Health,
    LinkHealth,
    ModelHealth,
)
from drag_edge.tally import BOUNDS_S, Histogram


def vitals(daemon: Daemon, config: str) -> Health:
    """How it is now. May be called from any thread; the loop is not held."""
    parts, tally, settings = daemon.parts, daemon.tally, daemon.settings
    now_s = parts.clock.now_s()
    decision = tally.decision
    events = dict(daemon.summary.events)
    return Health(
        version=__version__,
        config=config,
        uptime_s=now_s - daemon.started_s,
        fps=daemon.fps(),
        rounds=tally.rounds,
        round_age_s=time.monotonic() - tally.round_wall_s,
        mode="INIT" if decision is None else decision.mode.name,
        reason="" if decision is None else decision.mode_reason,
        alerts=() if decision is None else tuple(alert.name for alert in decision.alerts),
        actuation=settings.adas.actuation,
        gpu=parts.pool.gpu_name,
        cameras=_cameras(daemon, now_s),
        models={name: _model(stats) for name, stats in parts.pool.stats().items()},
        bus=_bus(daemon),
        links=dict(_links(daemon, now_s)),
        events={_split(key): count for key, count in events.items()},
        modes=dict(daemon.summary.modes),
        reloads=dict(tally.reloads),
        round_s=_histogram(tally.round_s),
        latency_s=_histogram(tally.latency_s),
        frame_age_s={name: _histogram(ages) for name, ages in tally.frame_age_s.items()},
    )


def _cameras(daemon: Daemon, now_s: float) -> dict[str, CameraHealth]:
    frames, newest_s = dict(daemon.summary.frames), dict(daemon.tally.newest_s)
    faults, readers = daemon.camera_faults(), daemon.parts.feed.health(now_s)
    cameras = {}
    for name in daemon.settings.cameras:
        reader = readers.get(name)
        cameras[name] = CameraHealth(
            frames=frames.get(name, 0),
            age_s=now_s - newest_s[name] if name in newest_s else None,
            fault=faults.get(name),
            reason="" if reader is None else reader.reason,
            unused=None if reader is None else reader.unused,
            losses=None if reader is None else reader.losses,
        )
    return cameras


def _model(stats: ModelStats) -> ModelHealth:
    return ModelHealth(
        loaded=stats.loaded,
        results=stats.count,
        failures=stats.failures,
        p50_s=None if stats.total is None else stats.total.p50_ms / 1e3,
        p99_s=None if stats.total is None else stats.total.p99_ms / 1e3,
        load_s=stats.load_time_s,
        error=stats.last_error or None,
    )


def _bus(daemon: Daemon) -> BusHealth:
    vehicle, can = daemon.parts.vehicle, daemon.settings.vehicle.can
    return BusHealth(
        name=can.channel,
        up=not vehicle.off,
        error=vehicle.last_error or None,
        sent=vehicle.sent,
        received=vehicle.received,
        failed=vehicle.failed,
        fallback=vehicle.fallback_frames,
    )


def _links(daemon: Daemon, now_s: float) -> Iterator[tuple[str, LinkHealth]]:
    mcu, gnss = daemon.parts.vehicle.mcu, daemon.parts.vehicle.gnss
    if mcu is not None:
        counts = {"sent": mcu.sent, "failed": mcu.failed, "refused": mcu.refused}
        yield "mcu", LinkHealth(mcu.status is not None, True, counts)
    if gnss is not None:
        counts = {"received": gnss.sentences, "refused": gnss.refused}
        yield "gnss", LinkHealth(gnss.speed(now_s) is not None, False, counts)


def _split(key: str) -> tuple[str, str]:
    name, _, source = key.partition(":")
    return name, source


def _histogram(histogram: Histogram) -> DurationHistogram:
    running = accumulate(list(histogram.counts))
    bounds = (*BOUNDS_S, float("inf"))
    return DurationHistogram(tuple(zip(bounds, running, strict=True)), histogram.sum_s)
