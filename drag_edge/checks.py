"""What the rooms know to be wrong with a configuration beyond its schema: they look into files."""

from __future__ import annotations

from collections.abc import Iterator

from drag_edge.config.load import RoomCheck
from drag_edge.config.report import Kind, Problem, listed, nearest
from drag_edge.config.root import Settings
from drag_edge.errors import DragEdgeError


def ego_mapping_fits_its_dbc(settings: Settings) -> Iterator[Problem]:
    """The vehicle's DBC can be read and has the messages and signals that the YAML maps."""
    from drag_edge.vehicle.mapping import check_ego_mapping

    if settings.vehicle.ego is not None:
        yield from check_ego_mapping(settings.vehicle.ego)


def scenario_is_there(settings: Settings) -> Iterator[Problem]:
    """A simulated camera's scenario exists and can be read."""
    from drag_edge.sim.scenario_files import known_scenarios, load_scenario

    for name, camera in settings.cameras.items():
        target = camera.source.removeprefix("sim://")
        if target in (camera.source, ""):
            continue
        try:
            load_scenario(target)
        except DragEdgeError as error:
            known = known_scenarios()
            close = nearest(target, known)
            yield Problem(
                Kind.VALUE,
                None,
                None,
                None,
                f"cameras.{name}.source",
                camera.source,
                f"a scenario: {listed([f'sim://{one}' for one in known])}",
                f"did you mean sim://{close}?" if close else str(error),
            )


ROOM_CHECKS: tuple[RoomCheck, ...] = (ego_mapping_fits_its_dbc, scenario_is_there)
