"""Other people's class names in our vocabulary: COCO, BDD100K, KITTI and Cityscapes map here."""

from __future__ import annotations

import re
from types import MappingProxyType

from drag_edge.config.vocabulary import LABELS

# Bird is missing on purpose: no driver brakes for one, and COCO models see many.
_ALIASES = {
    "car": ("automobile", "van", "suv", "vehicle"),
    "truck": ("lorry", "trailer", "caravan"),
    "bus": ("coach",),
    "motorcycle": ("motor", "motorbike", "motorcyclist"),
    # A rider moves with the two-wheeler, along the lane, so it is not a pedestrian.
    "bicycle": ("bike", "cyclist", "rider"),
    "pedestrian": ("person", "people", "person_sitting", "other_person"),
    "animal": (
        "cat",
        "dog",
        "horse",
        "sheep",
        "cow",
        "elephant",
        "bear",
        "zebra",
        "giraffe",
        "deer",
    ),
    "train": ("tram", "streetcar"),
    "traffic_light": ("trafficlight",),
    "traffic_light_red": ("red_light", "red_traffic_light", "tl_red"),
    "traffic_light_yellow": (
        "yellow_light",
        "yellow_traffic_light",
        "tl_yellow",
        "amber_light",
        "traffic_light_amber",
    ),
    "traffic_light_green": ("green_light", "green_traffic_light", "tl_green"),
    "traffic_light_off": ("traffic_light_none", "traffic_light_na", "tl_off"),
    "stop_sign": ("stopsign",),
    "traffic_sign": ("trafficsign", "road_sign"),
    "stop_line": ("stopline", "lane_stop_line"),
    "crosswalk": ("zebra_crossing", "pedestrian_crossing", "lane_crosswalk"),
    "arrow_straight": ("straight_arrow", "arrow_forward"),
    "arrow_left": ("left_arrow",),
    "arrow_right": ("right_arrow",),
    "background": ("bg", "unlabeled", "void"),
    "drivable": (
        "drivable_area",
        "driveable",
        "driveable_area",
        "area_drivable",
        "area_alternative",
        "direct",
        "alternative",
        "road",
    ),
    "lane_line": ("lane", "lanes", "lane_lines", "lane_marking", "lane_markings", "laneline"),
}

_LABEL_OF = MappingProxyType(
    {alias: label for label, aliases in _ALIASES.items() for alias in (label, *aliases)}
    | {label: label for label in LABELS}
)


def vocabulary_label(name: str) -> str | None:
    """Our label for a model's class name, or None when it means nothing to us.

    Case and the separators ' ', '-', '_', '/' do not matter: "Traffic Light", "traffic-light" and
    "traffic_light" are one name. The caller says which names mapped to nothing; it never drops
    them in silence.
    """
    return _LABEL_OF.get(re.sub(r"[\s\-_/]+", "_", name.strip().lower()))
