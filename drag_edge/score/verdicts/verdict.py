"""What a verdict says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Verdict:
    """figures: measured numbers by name, units in the names; text: why, in one line."""

    passed: bool
    figures: Mapping[str, float] = field(default_factory=dict)
    text: str = ""
