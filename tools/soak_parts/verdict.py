"""From what was measured to rows: what, value, limit, kept or not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from drag_edge.adas.events import policy_of
from drag_edge.vehicle.dbc import decode, drag_edge_dbc
from soak_parts.conduct import Outcome
from soak_parts.daemon import Daemon, Sign
from soak_parts.figures import Span, growth, jitter_s, joined, percentile, touches

MOST_GROWTH = 0.02
MOST_JITTER_S = 0.003
FAST_CYCLE_S = 0.02
MOST_AGE_S = 0.15
SETTLED_S = 180.0
# Shorter than this, loading, caches and the allocator's first sizes are most of what grows.
LONG_ENOUGH_S = 900.0
LONGEST_STOP_S = 5.0
# A machine with other work on it is late; that is told, and no fault that nobody injected.
_OF_LOAD = frozenset(
    ("frame_late", "latency_high", "loop_late", "loop_stalled", "scene_late", "scene_stale",
     "frame_missing", "frame_dropped", "frame_rate_low", "clock_jump")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """good: None where the value is only told."""

    what: str
    value: str
    limit: str
    good: bool | None

    def line(self) -> str:
        mark = {True: "ok ", False: "BAD", None: "   "}[self.good]
        return f"{mark}  {self.what:<44} {self.value:<48} {self.limit}"


@dataclass(frozen=True, slots=True)
class Soaked:
    """All that a soak left behind. exit: code and how long the end took."""

    seconds: float
    started_s: float
    daemon: Daemon
    outcomes: Sequence[Outcome]
    planned: int
    heard: dict[str, Any]
    times: dict[str, np.ndarray[Any, Any]]
    timer: dict[str, float]
    prompt_port: bool
    exit: tuple[int | None, float]

    @property
    def settled_s(self) -> float:
        """From when on growth counts."""
        return self.started_s + min(SETTLED_S, 0.4 * self.seconds)

    @property
    def disturbed(self) -> list[Span]:
        return joined(outcome.span for outcome in self.outcomes)

    @property
    def deaf(self) -> list[Span]:
        return joined(one.span for one in self.outcomes if one.planned.kind.deaf)

    def quiet(self) -> list[Sign]:
        """Signs of a settled process that nobody disturbs."""
        spans = self.disturbed
        return [
            sign
            for sign in self.daemon.signs
            if sign.time_s >= self.settled_s and not touches(sign.time_s, sign.time_s, spans)
        ]


def rows(soaked: Soaked) -> list[Row]:
    return [
        *_faults(soaked),
        *_log(soaked),
        *_memory(soaked),
        *_bus(soaked),
        *_speed(soaked),
        *_end(soaked),
    ]


def _faults(soaked: Soaked) -> Iterator[Row]:
    good = sum(outcome.good for outcome in soaked.outcomes)
    yield Row(
        "faults named and recovered", f"{good} of {soaked.planned}", "all, in time",
        good == soaked.planned,
    )  # fmt: skip
    spans = soaked.disturbed
    outside = Counter(
        event.name
        for event in soaked.daemon.log.events
        if not touches(event.time_s, event.time_s, spans)
        and event.time_s > soaked.started_s + 5.0
        and policy_of(event.name).mode is not None
    )
    named = ", ".join(f"{name} {count}" for name, count in outside.most_common(6))
    real = [name for name in outside if name not in _OF_LOAD]
    yield Row("events between faults", named or "none", "none but of load", not real)


def _log(soaked: Soaked) -> Iterator[Row]:
    log = soaked.daemon.log
    said = "; ".join(log.unnamed[:3])[:200] if log.unnamed else "none"
    yield Row("exceptions and errors without a name", said, "none", not log.unnamed)
    foreign = sum(log.foreign.values())
    common = f", mostly: {log.foreign.most_common(1)[0][0][:60]}" if foreign else ""
    yield Row("lines of other libraries", f"{foreign}{common}", "", None)


def _memory(soaked: Soaked) -> Iterator[Row]:
    quiet = soaked.quiet()
    long_enough = soaked.seconds >= LONG_ENOUGH_S
    grown = growth([s.time_s for s in quiet], [s.resident_kib for s in quiet])
    if grown is None:
        yield Row("memory", "too few quiet moments", "", False if long_enough else None)
        return
    from_min = (soaked.settled_s - soaked.started_s) / 60
    mib = quiet[-1].resident_kib / 1024
    yield Row(
        f"resident memory from minute {from_min:.1f}",
        f"ends {grown.ends:+.2%}, line {grown.fitted:+.2%}, {mib:.0f} MiB",
        f"{MOST_GROWTH:.0%}" if long_enough else "(too short to judge)",
        max(grown.ends, grown.fitted) <= MOST_GROWTH if long_enough else None,
    )
    for what in ("descriptors", "threads"):
        counts = [getattr(sign, what) for sign in quiet]
        third = max(1, len(counts) // 3)
        # The least: while somebody asks for the health page, there are two threads more.
        first, last = min(counts[:third]), min(counts[-third:])
        yield Row(
            what, f"{first}, at the end {last} ({min(counts)} to {max(counts)})", "no more",
            last <= first,
        )  # fmt: skip


def _bus(soaked: Soaked) -> Iterator[Row]:
    fast = [m.name for m in drag_edge_dbc().messages if m.cycle_time == FAST_CYCLE_S * 1000]
    gaps = np.concatenate(
        [jitter_s(soaked.times[name], FAST_CYCLE_S, soaked.deaf) for name in fast]
    )
    if not len(gaps):
        yield Row("20 ms messages", "never heard", "", False)
        return
    p50, p99, p999 = (float(np.percentile(gaps, p)) for p in (50, 99, 99.9))
    yield Row(
        f"20 ms messages ({', '.join(fast)})",
        f"jitter p50 {_ms(p50)}, p99 {_ms(p99)}, p99.9 {_ms(p999)}, max {_ms(gaps.max())}",
        f"p99 {_ms(MOST_JITTER_S)}", p99 <= MOST_JITTER_S,
    )  # fmt: skip
    told = ", ".join(f"{name} {_ms(value)}" for name, value in soaked.timer.items())
    yield Row("a bare timer on this machine, meanwhile", told or "not measured", "", None)
    port = "goes first" if soaked.prompt_port else "waits for its turn, up to 4 ms (not root)"
    yield Row("the kernel's worker behind the serial port", port, "", None)
    heard = soaked.heard
    count = sum(len(times) for times in soaked.times.values())
    wrong, lost = len(heard["wrong"]), sum(heard["lost"].values())
    yield Row(
        f"frames (checked by {heard['check']})", f"{count} heard, {wrong} wrong, {lost} missing",
        "none", wrong == 0 and lost == 0,
    )  # fmt: skip


def _speed(soaked: Soaked) -> Iterator[Row]:
    quiet = soaked.quiet()
    signs = [sign for sign in soaked.daemon.signs if sign.metrics]
    if len(signs) < 2 or not quiet:
        yield Row("/metrics", "never answered", "", False)
        return
    first, last = signs[0], signs[-1]
    span_s = last.time_s - first.time_s

    def rate(name: str) -> float:
        return (last.metrics.get(name, 0.0) - first.metrics.get(name, 0.0)) / span_s

    for camera in ("front", "left"):
        key = f'{{camera="{camera}"}}'
        ages = [
            age
            for sign in quiet
            if (age := sign.metrics.get(f"drag_edge_camera_frame_age_seconds{key}")) is not None
        ]
        told = [f"p{p} {_ms(percentile(ages, p))}" for p in (50, 99)]
        yield Row(
            f"{camera}: newest picture's age, faults aside",
            f"{', '.join(told)}; {rate(f'drag_edge_camera_frames_total{key}'):.1f} pictures/s",
            "", None,
        )  # fmt: skip
    yield Row("decisions a second", f"{rate('drag_edge_rounds_total'):.1f}", "", None)
    cores = rate("process_cpu_seconds_total")
    yield Row("the daemon keeps busy", f"{cores:.2f} cores", "", None)
    waited = (last.waited_s - first.waited_s) / span_s
    yield Row("its loop waits for a core (others have them)", f"{waited:.0%} of the time", "", None)
    unanswered = len(soaked.daemon.signs) - len(signs)
    yield Row("/metrics unanswered", f"{unanswered} of {len(soaked.daemon.signs)}", "", None)


def _end(soaked: Soaked) -> Iterator[Row]:
    code, took_s = soaked.exit
    good = code == 0 and took_s <= LONGEST_STOP_S
    yield Row("SIGTERM", f"exit {code} after {took_s:.1f} s", f"0, {LONGEST_STOP_S:g} s", good)
    status = soaked.heard["last"].get("STATUS")
    by_name = {message.name: message.frame_id for message in drag_edge_dbc().messages}
    mode = decode(by_name["STATUS"], bytes.fromhex(status))["StatusMode"] if status else None
    yield Row("last frame on the bus", f"mode {mode}", "STANDBY", mode == "STANDBY")


def _ms(seconds: float | None) -> str:
    return "-" if seconds is None else f"{1000 * seconds:.1f} ms"


def too_busy(soaked: Soaked) -> bool:
    """Whether a process that does nothing but wake up would break the limit here, too."""
    return soaked.timer.get("p99", 0.0) > MOST_JITTER_S


def as_json(soaked: Soaked, judged: Sequence[Row]) -> dict[str, Any]:
    """All of it for a program."""
    start_s = soaked.started_s
    return {
        "seconds": soaked.seconds,
        "rows": [asdict(row) for row in judged],
        "faults": [
            {
                "at_s": round(one.began_s - start_s, 2), "what": one.planned.kind.name,
                "target": one.planned.target, "held_s": round(one.ended_s - one.began_s, 2),
                "named_s": one.named_s, "back_s": one.back_s, "good": one.good,
                "grew_kib": _grew_kib(soaked.daemon.signs, one),
            }
            for one in soaked.outcomes
        ],
        "signs": [
            [round(s.time_s - start_s, 1), s.resident_kib, s.descriptors, s.threads]
            for s in soaked.daemon.signs
        ],
        "bare_timer_s": soaked.timer,
        "prompt_port": soaked.prompt_port,
        "too_busy": too_busy(soaked),
        "foreign_lines": dict(soaked.daemon.log.foreign.most_common(50)),
        "unnamed": soaked.daemon.log.unnamed[:50],
    }  # fmt: skip


def _grew_kib(signs: Sequence[Sign], one: Outcome) -> int | None:
    """Memory some seconds after a fault, less that just before it: which kind costs some."""
    before = [sign for sign in signs if sign.time_s < one.began_s][-3:]
    after = [sign for sign in signs if sign.time_s > one.over_s][:3]
    if not before or not after:
        return None
    first, last = (float(np.median([s.resident_kib for s in part])) for part in (before, after))
    return round(last - first)


def load_times(folder: Path) -> dict[str, np.ndarray[Any, Any]]:
    """Arrival times by message."""
    with np.load(folder / "times.npz") as file:
        return {name: file[name] for name in file.files}
