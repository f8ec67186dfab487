"""What the loop tells a person about itself; filled by the daemon once a frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """One model. state: "ready", "loading", "failed" or "idle". time_ms: last inference including
    its pre- and postprocessing, None before the first."""

    state: str
    time_ms: float | None = None


def _nothing() -> Mapping[str, float]:
    return MappingProxyType({})


def _no_models() -> Mapping[str, ModelStatus]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class LoopStatus:
    """The loop, now.

    time_s: the daemon's clock when the picture is drawn; ages are counted from here. fps: pictures
    processed per second, smoothed. latency_ms: capture to command of the newest frame. stages_ms:
    by name, in the order of the loop. models: by the YAML's name, in its order. frames: processed;
    dropped: newer ones replaced them; late: above the latency budget. can_sent, can_received,
    can_errors: frames since start. uptime_s: since the daemon started. notice: a line for a person,
    "" for none.
    """

    time_s: float
    fps: float | None = None
    latency_ms: float | None = None
    stages_ms: Mapping[str, float] = field(default_factory=_nothing)
    models: Mapping[str, ModelStatus] = field(default_factory=_no_models)
    frames: int = 0
    dropped: int = 0
    late: int = 0
    can_sent: int = 0
    can_received: int = 0
    can_errors: int = 0
    uptime_s: float = 0.0
    notice: str = ""
