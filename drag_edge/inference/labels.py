"""A model's classes in our words, once, at load; what means nothing to us is named, not dropped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from drag_edge.config.class_names import vocabulary_label


@dataclass(frozen=True, slots=True)
class Labels:
    """word_of: class id → our word. unmapped: names that mean nothing to us and that the YAML does
    not ignore on purpose. unused: keys of the YAML's table that the model does not have.
    """

    word_of: Mapping[int, str]
    unmapped: tuple[str, ...]
    unused: tuple[str, ...]


def map_labels(names: Mapping[int, str], table: Mapping[int | str, str | None]) -> Labels:
    """Map class names; `table` (the YAML's, by id or name) wins over what maps by itself."""
    by_name = {_plain(key): word for key, word in table.items() if isinstance(key, str)}
    word_of: dict[int, str] = {}
    unmapped: list[str] = []
    for class_id, name in names.items():
        if class_id in table:
            word = table[class_id]
        elif _plain(name) in by_name:
            word = by_name[_plain(name)]
        else:
            word = vocabulary_label(name)
            if word is None:
                unmapped.append(name)
        if word is not None:
            word_of[class_id] = word
    known = {_plain(name) for name in names.values()}
    unused = tuple(
        str(key)
        for key in table
        if (_plain(key) not in known if isinstance(key, str) else key not in names)
    )
    return Labels(word_of, tuple(unmapped), unused)


def _plain(name: str) -> str:
    return name.strip().casefold()
