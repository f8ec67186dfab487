"""Scenarios by name or path, read as strictly as a configuration."""

from __future__ import annotations

from pathlib import Path

from drag_edge.config.load import load_section
from drag_edge.errors import InputMissingError
from drag_edge.sim.scenario import Scenario

SCENARIO_FOLDER = Path(__file__).with_name("scenarios")


def known_scenarios() -> tuple[str, ...]:
    """Names of the scenarios that come with the project."""
    return tuple(sorted(path.stem for path in SCENARIO_FOLDER.glob("*.yaml")))


def load_scenario(target: str) -> Scenario:
    """What follows ``sim://``: a name of ours, or the path of a YAML file.

    Raises InputMissingError when there is no such scenario and ConfigError, with
    file:line:column, key and what was expected, when it cannot be used.
    """
    if "/" in target or target.endswith((".yaml", ".yml")):
        return load_section(Path(target), Scenario)
    if target not in known_scenarios():
        known = ", ".join(known_scenarios())
        raise InputMissingError(f"sim://{target}: no such scenario; there are: {known}")
    return load_section(SCENARIO_FOLDER / f"{target}.yaml", Scenario)
