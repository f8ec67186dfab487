"""The project's own words for what a model can see; perception knows these and no model's names."""

from __future__ import annotations

from types import MappingProxyType

ROAD_USERS = (
    "car",
    "truck",
    "bus",
    "motorcycle",
    "bicycle",
    "pedestrian",
    "animal",
    "train",
)
VULNERABLE_ROAD_USERS = ("motorcycle", "bicycle", "pedestrian")
TRAFFIC_LIGHTS = (
    "traffic_light",  # seen, state not told by this model
    "traffic_light_red",
    "traffic_light_yellow",
    "traffic_light_green",
    "traffic_light_off",
)
SIGNS = ("stop_sign", "traffic_sign")
ROAD_MARKS = ("stop_line", "crosswalk", "arrow_straight", "arrow_left", "arrow_right")
SURFACES = ("background", "drivable", "lane_line")

LABELS = (*ROAD_USERS, *TRAFFIC_LIGHTS, *SIGNS, *ROAD_MARKS, *SURFACES)

# uint8 values of every class map, whatever ids the model itself uses.
BACKGROUND_ID = 0
DRIVABLE_ID = 1
LANE_LINE_ID = 2
SURFACE_IDS = MappingProxyType(
    {"background": BACKGROUND_ID, "drivable": DRIVABLE_ID, "lane_line": LANE_LINE_ID}
)
