"""Whether a drive has shown what it was made for before its time is over."""

from __future__ import annotations

from collections.abc import Sequence

from drag_edge.score.drive import Drive
from drag_edge.score.row import EndsOn
from drag_edge.sim.session import SimSession

AFTER_CONTACT_S = 0.3
STANDSTILL_MPS = 0.05
AFTER_STANDSTILL_S = 0.5


class Ending:
    """Asked once a picture."""

    def __init__(self, session: SimSession, ends_on: Sequence[EndsOn]) -> None:
        self._session = session
        self._ends_on = ends_on
        self._stood_since_s: float | None = None

    def reached(self, result: Drive) -> bool:
        """Whether one of the reasons to end has come."""
        truth = self._session.snapshot().truth
        now_s = truth.time_s
        touched_s = [one.time_s for one in self._session.collisions]
        if "contact" in self._ends_on and touched_s and now_s - touched_s[0] >= AFTER_CONTACT_S:
            return True
        if "warning" in self._ends_on and result.decisions and result.decisions[-1].aeb.warning:
            return True
        if truth.ego.speed_mps >= STANDSTILL_MPS:
            self._stood_since_s = None
            return False
        if self._stood_since_s is None:
            self._stood_since_s = now_s
        return "standstill" in self._ends_on and now_s - self._stood_since_s >= AFTER_STANDSTILL_S
