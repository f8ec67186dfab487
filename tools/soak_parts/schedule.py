"""Which fault comes when: drawn with a seed, every kind once before any comes again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from soak_parts.faults import Kind


@dataclass(frozen=True, slots=True)
class Planned:
    """at_s: from the start of the soak. hold_s: how long it lasts."""

    at_s: float
    kind: Kind
    target: str
    hold_s: float


def plan(kinds: Sequence[Kind], seconds: float, every_s: float, seed: int) -> list[Planned]:
    """One fault every every_s, the first after every_s, none within the last every_s: it has to
    be over by then. A fault holds for no more than a third of every_s."""
    rng = np.random.default_rng(seed)
    order = _drawn(kinds, rng)
    count = max(0, int(seconds / every_s) - 1)
    return [_planned((i + 1) * every_s, next(order), every_s, rng) for i in range(count)]


def _drawn(kinds: Sequence[Kind], rng: np.random.Generator) -> Iterator[Kind]:
    while True:
        for index in rng.permutation(len(kinds)):
            yield kinds[index]


def _planned(at_s: float, kind: Kind, every_s: float, rng: np.random.Generator) -> Planned:
    target = kind.targets[rng.integers(len(kind.targets))]
    hold_s = min(float(rng.uniform(*kind.hold_s)), every_s / 3)
    return Planned(at_s, kind, target, hold_s)
