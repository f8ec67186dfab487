"""Which boxes cannot be road users, and why: each rejection has a name."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from drag_edge.config.tracking import RejectionSettings, SizePrior
from drag_edge.config.vocabulary import BACKGROUND_ID
from drag_edge.inference.results import ClassMap
from drag_edge.perception.camera import CameraModel
from drag_edge.perception.ground import GroundTable
from drag_edge.perception.sightings import Sighting

OWN_BODY = "own_body"
ABOVE_HORIZON = "above_horizon"
TOO_SMALL = "too_small"
IMPOSSIBLE_SIZE = "impossible_size"

# A passing bump may make a true object's size look wrong: that must not end its track.
NEVER = frozenset({OWN_BODY, ABOVE_HORIZON, TOO_SMALL})

# Where on the ground before a box' foot the class map is looked at: shares of width and depth.
_ACROSS = np.linspace(0.1, 0.9, 7)
_DOWN = np.linspace(0.33, 1.0, 3)


@dataclass(frozen=True, slots=True)
class OwnBody:
    """How far the own body reaches from a camera along its view: to the bumper, metres."""

    to_bumper_m: float

    @classmethod
    def seen_from(
        cls, camera: CameraModel, front_overhang_m: float, rear_overhang_m: float
    ) -> OwnBody:
        """Of a camera that looks forward or back."""
        if camera.heading[0] >= 0:
            return cls(front_overhang_m - camera.x_m)
        return cls(camera.x_m + rear_overhang_m)


def reason(
    seen: Sighting,
    prior: SizePrior,
    camera: CameraModel,
    own_body: OwnBody | None,
    pitch_sigma_rad: float,
    settings: RejectionSettings,
) -> str | None:
    """The name of what is wrong with a box, or None. own_body None: a mirror camera."""
    x0, y0, x1, y1 = seen.box.box_px
    sigma = math.hypot(seen.sigma_v, pitch_sigma_rad)
    if own_body is not None and _on_own_body(seen, prior, camera, own_body, settings):
        return OWN_BODY
    if seen.foot < -(settings.horizon_margin_rad + 2 * sigma):
        return ABOVE_HORIZON
    if x1 - x0 < settings.min_width_px or y1 - y0 < settings.min_height_px:
        return TOO_SMALL
    if seen.foot_seen and _impossible(seen, prior, camera.z_m, sigma, settings):
        return IMPOSSIBLE_SIZE
    return None


def _on_own_body(
    seen: Sighting,
    prior: SizePrior,
    camera: CameraModel,
    own_body: OwnBody,
    settings: RejectionSettings,
) -> bool:
    """The bonnet: even the largest distance that foot, top and width allow is within the body.

    A part that the picture's edge cuts away only makes the true distance shorter, so the bounds by
    top and width hold for cut boxes, too. A wide box counts only when it lies below the horizon, as
    the own bonnet does: a lorry's side just before us reaches above it. What spans the picture
    there is the bonnet even where a detector's box ends a little above the lower edge.
    """
    limit = own_body.to_bumper_m + settings.body_margin_m
    by_foot = camera.z_m / max(seen.foot, 1e-6)
    if by_foot < limit:
        return True
    below = seen.top > -settings.horizon_margin_rad
    if by_foot < limit + 0.5 or seen.box.cut.bottom:
        by_width = (prior.width_m + 3 * prior.width_sigma_m) / max(seen.wide, 1e-6)
        least_height = max(0.0, prior.height_m - 3 * prior.height_sigma_m)
        headroom = max(0.0, camera.z_m - least_height)
        by_top = headroom / seen.top if seen.top > 0.05 else math.inf
        if (by_width < limit and below) or by_top < limit:
            return True
    width_px = seen.box.box_px[2] - seen.box.box_px[0]
    spanning = width_px >= settings.spanning_share * camera.width_px
    return spanning and below and by_foot < limit + settings.spanning_range_m


def _impossible(
    seen: Sighting,
    prior: SizePrior,
    camera_height_m: float,
    sigma: float,
    settings: RejectionSettings,
) -> bool:
    """A size that the foot's distance contradicts; only where the foot tells a distance at all."""
    foot = max(seen.foot, 1e-6)
    doubt = 2 * sigma / foot
    if doubt >= 0.6:
        return False
    distance = camera_height_m / foot
    least, most = distance * (1 - doubt), distance * (1 + doubt)
    spare_width, spare_height = 3 * prior.width_sigma_m, 3 * prior.height_sigma_m
    tolerance = settings.size_tolerance
    too_large = (
        least * seen.wide > prior.length_m + prior.width_m + spare_width
        or least * seen.tall > (prior.height_m + spare_height) * (1 + tolerance)
    )
    least_width = (prior.width_m - spare_width) * (1 - tolerance)
    least_height = (prior.height_m - spare_height) * (1 - tolerance)
    too_narrow = seen.width_seen and most * seen.wide < least_width
    too_low = seen.height_seen and most * seen.tall < least_height
    return too_large or too_narrow or too_low


def road_shares(
    sightings: Sequence[Sighting],
    class_map: ClassMap,
    table: GroundTable,
    horizon_px: float,
    settings: RejectionSettings,
) -> list[float | None]:
    """Share of drivable ground just before each box' foot, 0–1; None where the map cannot tell.

    Looked at: the strip under the box that spans the last 15 % of its distance. Unknown for boxes
    whose foot is cut or outside the map, and for all when the map has hardly any road.
    """
    unknown: list[float | None] = [None] * len(sightings)
    if not sightings:
        return unknown
    classes = class_map.classes
    thinned = classes[::4, ::4]
    drivable = np.count_nonzero(thinned != BACKGROUND_ID)
    if drivable < settings.min_drivable_share * thinned.size:
        return unknown
    x0, _, x1, y1 = np.array([seen.box.box_px for seen in sightings]).T
    rows, columns = table.shape
    left_px, top_px, right_px, bottom_px = table.region_px
    per_row = (bottom_px - top_px) / rows
    # 1/distance is linear in the row: 0.85 of the distance lies 18 % further below the horizon.
    depth_px = np.maximum(0.18 * (y1 - horizon_px), 3 * per_row)
    per_column = (right_px - left_px) / columns
    down = ((y1 + 0.5 - top_px) + _DOWN[:, None] * depth_px) / per_row
    across = ((x0 + 0.5 - left_px) + _ACROSS[:, None] * (x1 - x0)) / per_column
    inside = ((down[-1] < rows) & (down[0] >= 0)).tolist()
    row = np.minimum(np.maximum(down, 0), rows - 1).astype(np.intp)
    column = np.minimum(np.maximum(across, 0), columns - 1).astype(np.intp)
    ground = classes[row[:, None], column]
    road = np.count_nonzero(ground != BACKGROUND_ID, axis=(0, 1)) / (len(_DOWN) * len(_ACROSS))
    return [
        share if known and seen.foot_seen else None
        for share, known, seen in zip(road.tolist(), inside, sightings, strict=True)
    ]
