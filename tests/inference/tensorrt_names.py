"""The names that each TensorRT's Python package offers, from the lists in tensorrt_api/."""

from __future__ import annotations

import functools
from pathlib import Path

FOLDER = Path(__file__).with_name("tensorrt_api")
VERSIONS = ("8.5.3", "8.6.1", "10.3.0", "10.16.1", "11.4.0")


@functools.cache
def names_of(version: str) -> dict[str, frozenset[str]]:
    """Class → names of its members; "" → names of the module."""
    classes = {}
    for line in (FOLDER / f"{version}.txt").read_text(encoding="utf-8").splitlines():
        owner, colon, members = line.partition(":")
        if colon and not line.startswith("#"):
            classes[owner] = frozenset(members.split())
    return classes


@functools.cache
def dotted_names(version: str) -> frozenset[str]:
    """As `offers.public_names` gives them: "Builder", "BuilderFlag.FP16"."""
    classes = names_of(version)
    own = set(classes[""])
    return frozenset(
        own | {f"{owner}.{name}" for owner in own & set(classes) for name in classes[owner]}
    )
