"""What the rooms know to be wrong with a configuration beyond its schema: they look into files."""

from __future__ import annotations

from collections.abc import Iterator

from drag_edge.config.load import RoomCheck
from drag_edge.config.report import UNSET, Kind, Problem
from drag_edge.config.root import Settings
from drag_edge.errors import DragEdgeError


def ego_mapping_fits_its_dbc(settings: Settings) -> Iterator[Problem]:
    """The vehicle's DBC can be read and has the messages and signals that the YAML maps."""
    from drag_edge.vehicle.mapping import check_ego_mapping

    if settings.vehicle.ego is not None:
        yield from check_ego_mapping(settings.vehicle.ego)


ROOM_CHECKS: tuple[RoomCheck, ...] = (ego_mapping_fits_its_dbc,)
