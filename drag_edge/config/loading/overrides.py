"""`--set a.b=c`: values from the command line, put into the YAML's nodes before they are read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from drag_edge.config.loading.files import Files
from drag_edge.config.loading.tree import Entry, Node, Reader, Where, dotted, problem_at
from drag_edge.config.report import UNSET, Kind, Problem


def apply(root: Node, overrides: Sequence[str], files: Files, folder: Path) -> list[Problem]:
    """Set each "dotted.key=value" in order; the value is read as YAML.

    A part may be a list's index ("models.road.roi.1=0.4"). Sections that are not there yet are
    made: whether they may exist is the schema's business. Relative paths in the value count from
    `folder` (the person's own, not the YAML's).
    """
    problems: list[Problem] = []
    for override in overrides:
        where = Where(None, None, None, folder, override)
        key, equals, text = override.partition("=")
        parts = tuple(key.strip().split("."))
        if not equals or not all(parts):
            wanted = "key=value, for example models.objects.confidence=0.4"
            problems.append(problem_at(where, Kind.SYNTAX, "", UNSET, wanted))
            continue
        reader = Reader(None, folder, override)
        value = reader.read(text) or Node(where)
        problems += reader.problems
        if not reader.problems:
            problems += _set(root, parts, value, where, files)
    return problems


def _set(
    root: Node, parts: tuple[str, ...], value: Node, where: Where, files: Files
) -> list[Problem]:
    holder = root
    for depth, part in enumerate(parts):
        problem = _open(holder, parts[:depth], where, files)
        if problem is not None:
            return [problem]
        last = depth == len(parts) - 1
        if isinstance(holder.value, list):
            if not part.isdecimal() or int(part) >= len(holder.value):
                wanted = f"an index from 0 to {len(holder.value) - 1}"
                return [problem_at(where, Kind.UNKNOWN_KEY, dotted(parts), UNSET, wanted)]
            if last:
                holder.value[int(part)] = value
            holder = holder.value[int(part)]
            continue
        if last:
            key = holder.value[part].key if part in holder.value else part
            holder.value[part] = Entry(key, where, value)
        elif part not in holder.value:
            holder.value[part] = Entry(part, where, Node(where, {}))
        holder = holder.value[part].node
    return []


def _open(holder: Node, path: tuple[str, ...], where: Where, files: Files) -> Problem | None:
    """Make sure that something can be set inside a node; a file of its own is read into place."""
    if isinstance(holder.value, dict | list):
        return None
    if holder.value is None:
        holder.value = {}
        return None
    included = files.included(holder)
    if included is not None:
        holder.value, holder.where = included.value, included.where
        return None
    shown = holder.plain()
    return problem_at(where, Kind.UNKNOWN_KEY, dotted(path), shown, "a section to set a key in")
