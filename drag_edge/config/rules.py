"""What must hold between sections; each rule says where it is broken and what would be right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from drag_edge.config.report import Kind, Problem, listed, nearest
from drag_edge.config.root import Settings
from drag_edge.config.tree import Where, dotted, problem_at

Path_ = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that does not hold: at which value, and what was expected."""

    path: Path_
    value: Any
    expected: str
    hint: str = ""


def broken_rules(settings: Settings, places: Mapping[Path_, Where]) -> list[Problem]:
    """Every rule that the settings break, at the line of the value that breaks it."""
    return [
        problem_at(
            _place(broken.path, places),
            Kind.VALUE,
            dotted(broken.path),
            broken.value,
            broken.expected,
            broken.hint,
        )
        for rule in RULES
        for broken in rule(settings)
    ]


def _place(path: Path_, places: Mapping[Path_, Where]) -> Where:
    """Where the value stands, or, where a default broke the rule, the section that holds it."""
    while path not in places:
        path = path[:-1]
    return places[path]


def models_name_cameras(settings: Settings) -> Iterator[Broken]:
    """A model looks at cameras that exist, each once."""
    known = list(settings.cameras)
    for name, model in settings.models.items():
        for index, camera in enumerate(model.cameras or ()):
            path = ("models", name, "cameras", str(index))
            if camera not in known:
                close = nearest(camera, known)
                hint = f"did you mean {close}?" if close else ""
                yield Broken(path, camera, f"one of the cameras {listed(known)}", hint)
            elif camera in (model.cameras or ())[:index]:
                yield Broken(path, camera, "each camera once")


def one_camera_per_role(settings: Settings) -> Iterator[Broken]:
    """Perception understands one camera each to the front, left, right and rear."""
    first: dict[str, str] = {}
    for name, camera in settings.cameras.items():
        role = camera.role.value
        if role in first:
            wanted = f"one camera per role; {role} is camera {first[role]!r} already"
            yield Broken(("cameras", name, "role"), role, wanted)
        first.setdefault(role, name)


RULES = (models_name_cameras, one_camera_per_role)
