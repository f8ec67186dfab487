"""Our messages as the DBC describes them: loaded once, for whoever encodes or decodes them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cantools
from cantools.database.can import Database

DBC_PATH = Path(__file__).with_name("drag_edge.dbc")
NOT_AVAILABLE = "NOT_AVAILABLE"  # the label of "all bits set" in the value tables


@lru_cache(maxsize=1)
def drag_edge_dbc() -> Database:
    """The messages that drag_edge sends."""
    database = cantools.database.load_file(DBC_PATH, strict=True)
    assert isinstance(database, Database)
    return database


def decode(frame_id: int, data: bytes) -> dict[str, float | str | None]:
    """A frame of ours as signal name → physical value, label of a value table, or None where the
    sender says not available. Raises KeyError for an identifier which is not ours and
    cantools' DecodeError for data of a wrong length."""
    raw = drag_edge_dbc().decode_message(frame_id, data)
    assert isinstance(raw, dict)
    return {name: _plain(value) for name, value in raw.items()}


def _plain(value: object) -> float | str | None:
    if isinstance(value, (int, float)):
        return value
    label = str(value)
    return None if label == NOT_AVAILABLE else label
