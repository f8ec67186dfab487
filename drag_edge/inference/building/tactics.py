"""Tactics: the kernels that TensorRT tries while it builds. What is known of them on a device.

TensorRT's selector knows a tactic by its number only, its log knows the name too; both are the same
for every layer and network. So names are learnt from the log, and kept beside the timing cache,
together with those that were seen to hang.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from drag_edge.errors import CannotCreateError, UsageError
from drag_edge.inference.building.files import write_atomically

_LINE = re.compile(r"(?:(?P<layer>\S.*) )?Set Tactic Name: (?P<name>\S+) Tactic: (?P<id>-?\w+)")


@dataclass(frozen=True, slots=True)
class Tactic:
    """number: 64 bits, not negative. layer: where it was about to be tried."""

    number: int
    name: str
    layer: str

    @property
    def hexadecimal(self) -> str:
        """As --avoid-tactics takes it."""
        return hexadecimal(self.number)


@dataclass(slots=True)
class KnownTactics:
    """names: "0x…" → name. hung: "0x…" of those that never came back, → the layer."""

    names: dict[str, str] = field(default_factory=dict)
    hung: dict[str, str] = field(default_factory=dict)

    def matching(self, wishes: Iterable[str]) -> frozenset[int]:
        """The numbers that the wishes ("0x…" or a regular expression for names) stand for.

        Raises UsageError for an expression that is none.
        """
        found = set()
        for wish in wishes:
            if is_number(wish):
                found.add(int(wish, 16))
            else:
                pattern = compiled(wish)
                found |= {int(key, 16) for key, name in self.names.items() if pattern.search(name)}
        return frozenset(found)

    def named_numbers(self) -> frozenset[int]:
        """The numbers of those that have been tried."""
        return frozenset(int(key, 16) for key in self.names)

    def hung_numbers(self) -> frozenset[int]:
        """The numbers of those that hung."""
        return frozenset(int(key, 16) for key in self.hung)


def parse_tactic(line: str) -> Tactic | None:
    """The tactic that a line of TensorRT's verbose log is about to try."""
    said = _LINE.search(line)
    if said is None:
        return None
    try:
        number = int(said["id"], 0)
    except ValueError:
        return None
    return Tactic(unsigned(number), said["name"], (said["layer"] or "").strip())


def unsigned(number: int) -> int:
    """TensorRT's selector gives them with a sign."""
    return number & (1 << 64) - 1


def hexadecimal(number: int) -> str:
    """As TensorRT's log has it."""
    return f"0x{number:016x}"


def is_number(wish: str) -> bool:
    """Whether a wish is a number and not an expression."""
    return re.fullmatch(r"0x[0-9a-fA-F]{1,16}", wish) is not None


def compiled(wish: str) -> re.Pattern[str]:
    """Raises UsageError for an expression that is none."""
    try:
        return re.compile(wish)
    except re.error as error:
        raise UsageError(f"--avoid-tactics {wish}: no regular expression: {error}") from error


def read_tactics(file: Path | None) -> KnownTactics:
    """What is known; nothing when there is no file, or none of ours."""
    try:
        said = json.loads(file.read_bytes()) if file is not None else {}
        known = KnownTactics(dict(said.get("names", {})), dict(said.get("hung", {})))
        for number in (*known.names, *known.hung):
            int(number, 16)
    except (OSError, ValueError, TypeError, AttributeError):
        return KnownTactics()
    return known


def keep_tactics(file: Path | None, known: KnownTactics) -> str:
    """Write what is known. Returns a remark for a person, or ""."""
    if file is None:
        return ""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, (json.dumps(asdict(known), indent=1).encode("utf-8"),))
    except (OSError, CannotCreateError) as error:
        return f"what was learnt of tactics was not kept: {error}"
    return ""
