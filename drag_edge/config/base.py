"""What every section of the YAML is made of: strict, frozen, every number with its unit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """A part of the YAML: unknown keys are refused, values cannot change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


def quantity(default: Any, unit: str, description: str, **limits: Any) -> Any:
    """Declare a number with a unit.

    `unit` is spelled as a person would ("m", "s", "m/s", "km/h", "deg", "1/m", "m/s^2", "Hz",
    "px", "1" for a plain ratio). `limits` are pydantic's (ge, gt, le, lt). Pass `...` as the
    default for a required value. The unit goes into the JSON schema, and the loader refuses a
    value that spells another one.
    """
    return Field(default, description=description, json_schema_extra={"unit": unit}, **limits)


def input_file(default: Any, description: str) -> Any:
    """Declare a Path that must exist when the YAML is loaded.

    A relative path counts from the folder of the YAML that names it, so after loading every path
    is absolute. A field typed `SomeSection | Path` is read from that YAML file at load: after
    loading it is always the section, and its errors name the line in its own file.
    """
    return Field(default, description=description, json_schema_extra={"path": "input"})


def output_file(default: Any, description: str) -> Any:
    """Declare a Path that the daemon writes; relative to the YAML like every other."""
    return Field(default, description=description, json_schema_extra={"path": "output"})


def output_folder(default: Any, description: str) -> Any:
    """Declare a Path of a folder that the daemon writes into, and makes where it is missing."""
    return Field(default, description=description, json_schema_extra={"path": "folder"})


def one_of(words: Iterable[str]) -> Any:
    """For `Annotated[str, one_of(…)]`: the loader takes only these words, and names the nearest."""
    return Field(json_schema_extra={"words": list(words)})
