"""What the TensorRT that is here offers, as a value: names, not version numbers."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Offers:
    """version: "10.3.0". names: public names of the module and of its classes: "Builder",
    "BuilderFlag.FP16", "IBuilderConfig.int8_calibrator".
    """

    version: str
    names: frozenset[str]

    def has(self, name: str) -> bool:
        """Whether the module has a name, or a class of it ("BuilderFlag.FP16")."""
        return name in self.names


def offers_of(trt: Any) -> Offers:
    """Look at a `tensorrt` module."""
    return Offers(str(trt.__version__), frozenset(public_names(trt)))


def public_names(module: Any) -> set[str]:
    """Names of a module, and of its classes one level deep, that do not begin with _."""
    names = {name for name in dir(module) if not name.startswith("_")}
    for owner in tuple(names):
        value = getattr(module, owner)
        if inspect.isclass(value):
            names |= {f"{owner}.{name}" for name in dir(value) if not name.startswith("_")}
    return names
