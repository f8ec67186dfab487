"""What changed between two configurations; a reload restarts only the parts concerned."""

from __future__ import annotations

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
