"""Runs the schedule against the rig, and writes down what became of each fault."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from soak_parts.log import Told
from soak_parts.rig import Rig
from soak_parts.schedule import Planned

# Late events (a decoder's last picture, a second source of the same event) still belong to it.
AFTERMATH_S = 3.0


@dataclass(slots=True)
class Outcome:
    """One fault. Times: monotonic; began_s and ended_s are when the act was done. named_s,
    back_s: event → how long it took, None where it did not come in time."""

    planned: Planned
    began_s: float
    ended_s: float = 0.0
    over_s: float = 0.0
    named_s: dict[str, float | None] = field(default_factory=dict)
    back_s: dict[str, float | None] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        return None not in (*self.named_s.values(), *self.back_s.values())

    @property
    def span(self) -> tuple[float, float]:
        """While nothing is expected to be as usual."""
        return self.began_s, self.over_s + AFTERMATH_S


def conduct(rig: Rig, planned: Sequence[Planned], seconds: float, say: Callable[[str], None]
            ) -> list[Outcome]:  # fmt: skip
    """Until `seconds` are over, or the daemon is."""
    start_s = time.monotonic()
    outcomes = []
    for one in planned:
        _wait(rig, start_s + one.at_s)
        if not rig.daemon.alive:
            break
        outcomes.append(_suffer(rig, one))
        say(f"{one.at_s / 60:5.1f} min  {told(outcomes[-1])}")
    _wait(rig, start_s + seconds)
    return outcomes


def told(outcome: Outcome) -> str:
    """One line for a person."""
    planned = outcome.planned
    words = [
        f"{name} {'NEVER' if took is None else f'{took:.2f} s'}"
        for name, took in (*outcome.named_s.items(), *outcome.back_s.items())
    ]
    what = f"{planned.kind.name} ({planned.target}, {outcome.ended_s - outcome.began_s:.1f} s)"
    return f"{'ok ' if outcome.good else 'BAD'} {what:<38} {', '.join(words)}"


def _suffer(rig: Rig, planned: Planned) -> Outcome:
    kind, log = planned.kind, rig.daemon.log
    outcome = Outcome(planned, time.monotonic())
    kind.begin(rig, planned.target)
    _wait(rig, outcome.began_s + planned.hold_s)
    for name, within_s in kind.named.items():
        until_s = outcome.began_s + within_s
        found = log.wait_for(_is(name), outcome.began_s, until_s)
        outcome.named_s[name] = _within(found, outcome.began_s, until_s)
    end_s = time.monotonic()
    kind.end(rig, planned.target)
    # What must start again first (a server) is there from this moment on.
    outcome.ended_s = time.monotonic()
    limit_s = kind.back_s(outcome.ended_s - outcome.began_s)
    for name in kind.recovered:
        found = log.wait_for(_is(name), end_s, outcome.ended_s + limit_s)
        outcome.back_s[name] = _within(found, outcome.ended_s, outcome.ended_s + limit_s)
    outcome.back_s["the loop"] = _comes_round(rig, outcome.ended_s, limit_s)
    outcome.over_s = time.monotonic()
    return outcome


def _is(name: str) -> Callable[[Told], bool]:
    return lambda told: told.name == name


def _within(found: Told | None, since_s: float, until_s: float) -> float | None:
    if found is None or found.time_s > until_s:
        return None
    return max(0.0, found.time_s - since_s)


def _comes_round(rig: Rig, since_s: float, within_s: float) -> float | None:
    """Until decisions are made again, told by the newest pictures that were looked at."""
    until_s = since_s + max(within_s, 2.5)  # signs are taken once a second
    while time.monotonic() <= until_s:
        after = [sign for sign in rig.daemon.signs if sign.time_s >= since_s]
        rounds = [sign.metrics.get("drag_edge_rounds_total", 0.0) for sign in after]
        if rounds and rounds[-1] > rounds[0]:
            return after[-1].time_s - since_s
        time.sleep(0.1)
    return None


def _wait(rig: Rig, until_s: float) -> None:
    """No longer than the daemon lives."""
    while rig.daemon.alive:
        left_s = until_s - time.monotonic()
        if left_s <= 0:
            return
        time.sleep(min(left_s, 0.5))
