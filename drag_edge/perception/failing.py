"""Since when no model of a kind can answer any more, though it was asked."""

from __future__ import annotations

from drag_edge.inference.results import ClassMap, Detections, Perceived, Result
from drag_edge.perception.answers import tells_road_users

_EMPTY_ANSWERS = 3
"""Nobody seen, so often in a row, is believed of a model that has just failed: answers that are
spoilt look sound while there is nothing in them to spoil."""


class FailingAnswers:
    """Stepped once a frame. What a model tells is known once it has answered; a model that was not
    due says nothing, one that was due and has no answer fails."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget who tells what."""
        self._surface: set[str] = set()
        self._users: set[str] = set()
        self._surface_fails = _Failure()
        self._users_fail = _Failure()

    def step(self, perceived: Perceived) -> tuple[float, float]:
        """For how long, in seconds, the surface and the road users have failed; 0 while not."""
        for name, result in perceived.results.items():
            if isinstance(result, ClassMap):
                self._surface.add(name)
            elif tells_road_users(result):
                self._users.add(name)
        return (
            self._surface_fails.step(perceived, self._surface),
            self._users_fail.step(perceived, self._users),
        )


class _Failure:
    """Of the models that tell of one kind."""

    def __init__(self) -> None:
        self._since_s: float | None = None
        self._failed_s = 0.0
        self._empty = 0

    def step(self, perceived: Perceived, models: set[str]) -> float:
        """How long it has lasted, in seconds; 0 once it is over."""
        due = [perceived.results[name] for name in models if name in perceived.results]
        answers = [result for result in due if result is not None]
        if answers:
            self._empty = self._empty + 1 if all(map(_is_empty, answers)) else _EMPTY_ANSWERS
            if self._empty >= _EMPTY_ANSWERS:
                self._since_s = None
        elif due:
            self._empty, self._failed_s = 0, perceived.time_s
            if self._since_s is None:
                self._since_s = perceived.time_s
        return 0.0 if self._since_s is None else self._failed_s - self._since_s


def _is_empty(result: Result) -> bool:
    return isinstance(result, Detections) and len(result.boxes_px) == 0
