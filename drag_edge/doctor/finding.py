"""One line of the doctor's table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class State(str, Enum):
    """ok, note (worth knowing, nothing to mend), missing (not there), broken (there, unusable)."""

    OK = "ok"
    NOTE = "note"
    MISSING = "missing"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """what: the thing looked at. found: what was seen. advice: what to do, "" when nothing.

    needed: the configuration (or the package itself) cannot work without it. Only something that
    is needed and missing or broken makes the doctor's exit code 69.
    """

    what: str
    state: State
    found: str
    advice: str = ""
    needed: bool = False

    @property
    def fatal(self) -> bool:
        """Needed, and not usable."""
        return self.needed and self.state in (State.MISSING, State.BROKEN)
