"""What changed between two configurations; a reload restarts only the parts concerned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drag_edge.config.base import Section
from drag_edge.config.root import Settings


def diff(old: Settings, new: Settings) -> list[str]:
    """Dotted keys whose values differ, in the schema's order.

    A whole entry that came or went (a camera, a model) is one key ("models.signal"); a list is
    compared as one value.
    """
    return [".".join(path) for path in _differing(old, new)]


def _differing(old: Any, new: Any) -> list[tuple[str, ...]]:
    """Paths below these two values where they differ; [()] when they differ as a whole."""
    if isinstance(old, Section) and type(old) is type(new):
        names = list(type(old).model_fields)
        pairs = [(name, getattr(old, name), getattr(new, name)) for name in names]
    elif isinstance(old, dict) and isinstance(new, dict):
        names = [*old, *(name for name in new if name not in old)]
        pairs = [(str(name), old.get(name, ...), new.get(name, ...)) for name in names]
    else:
        return [] if old == new and type(old) is type(new) else [()]
    return [(name, *rest) for name, was, now in pairs for rest in _differing(was, now)]


def merged(old: Settings, new: Settings, takes: Callable[[str], bool]) -> Settings:
    """`new` where takes(key) of diff's keys, else `old`.

    A whole entry that came or went is taken or left as one, and keeps its place in the order.
    """
    taken = {key for key in diff(old, new) if takes(key)}
    settings: Settings = _merged(old, new, "", taken)
    return settings


def _merged(old: Any, new: Any, key: str, taken: set[str]) -> Any:
    if key in taken:
        return new
    below = f"{key}." if key else ""
    if isinstance(old, Section) and type(old) is type(new):
        names = list(type(old).model_fields)
        pairs = {n: (getattr(old, n), getattr(new, n)) for n in names}
        return old.model_copy(
            update={n: _merged(*pair, f"{below}{n}", taken) for n, pair in pairs.items()}
        )
    if isinstance(old, dict) and isinstance(new, dict):
        both = {
            name: _merged(old.get(name, ...), new.get(name, ...), f"{below}{name}", taken)
            for name in (*new, *(name for name in old if name not in new))
        }
        return {name: value for name, value in both.items() if value is not ...}
    return old
