"""Since when no model of a kind can answer any more, though it was asked."""

from __future__ import annotations

from drag_edge.inference.results import ClassMap, Perceived
from drag_edge.perception.answers import tells_road_users


class FailingAnswers:
    """Stepped once a frame. What a model tells is known once it has answered; a model that was not
    due says nothing, one that was due and has no answer fails."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget who tells what."""
        self._surface: set[str] = set()
        self._users: set[str] = set()
        self._surface_since_s: float | None = None
        self._users_since_s: float | None = None

    def step(self, perceived: Perceived) -> tuple[float, float]:
        """For how long, in seconds, the surface and the road users have failed; 0 while not."""
        for name, result in perceived.results.items():
            if isinstance(result, ClassMap):
                self._surface.add(name)
            elif tells_road_users(result):
                self._users.add(name)
        time_s = perceived.time_s
        self._surface_since_s = _since(perceived, self._surface, self._surface_since_s)
        self._users_since_s = _since(perceived, self._users, self._users_since_s)
        return _lasted(self._surface_since_s, time_s), _lasted(self._users_since_s, time_s)


def _since(perceived: Perceived, models: set[str], before_s: float | None) -> float | None:
    due = [perceived.results[name] for name in models if name in perceived.results]
    if not due:
        return before_s
    if any(result is not None for result in due):
        return None
    return perceived.time_s if before_s is None else before_s


def _lasted(since_s: float | None, time_s: float) -> float:
    return 0.0 if since_s is None else time_s - since_s
