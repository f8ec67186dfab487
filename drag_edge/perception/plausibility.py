"""Which boxes cannot be road users, and why: each rejection has a name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from drag_edge.config.tracking import RejectionSettings, SizePrior
from drag_edge.config.vocabulary import BACKGROUND_ID
from drag_edge.inference.results import ClassMap
from drag_edge.perception.camera import CameraModel, Floats
from drag_edge.perception.ground import GroundTable
from drag_edge.perception.sightings import Bools, Sightings

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


def reasons(
    sightings: Sightings,
    priors: list[SizePrior],
    camera: CameraModel,
    own_body: OwnBody | None,
    pitch_sigma_rad: float,
    settings: RejectionSettings,
) -> list[str | None]:
    """For each box the name of what is wrong with it, or None. own_body None: a mirror camera."""
    found: list[str | None] = [None] * len(sightings)
    if not found:
        return found
    box = sightings.boxes.boxes_px
    small = (box[:, 2] - box[:, 0] < settings.min_width_px) | (
        box[:, 3] - box[:, 1] < settings.min_height_px
    )
    sigma = np.hypot(sightings.sigma_v, pitch_sigma_rad)
    high = sightings.foot < -(settings.horizon_margin_rad + 2 * sigma)
    usual = np.array([(p.width_m, p.height_m, p.length_m) for p in priors])
    spread = np.array([(p.width_sigma_m, p.height_sigma_m) for p in priors])
    odd = _impossible(sightings, usual, spread, camera.z_m, sigma, settings)
    body = np.zeros(len(found), dtype=np.bool_)
    if own_body is not None:
        body = _on_own_body(
            sightings, usual, spread, camera.z_m, own_body, camera.width_px, settings
        )
    for name, wrong in (
        (IMPOSSIBLE_SIZE, odd),
        (TOO_SMALL, small),
        (ABOVE_HORIZON, high),
        (OWN_BODY, body),
    ):
        for index in np.flatnonzero(wrong):
            found[index] = name
    return found


def _on_own_body(
    sightings: Sightings,
    usual: Floats,
    spread: Floats,
    height_m: float,
    own_body: OwnBody,
    width_px: float,
    settings: RejectionSettings,
) -> Bools:
    """The bonnet: even the largest distance that foot, top and width allow is within the body.

    A part that the picture's edge cuts away only makes the true distance shorter, so the bounds by
    top and width hold for cut boxes, too. A wide box counts only when it lies below the horizon, as
    the own bonnet does: a lorry's side just before us reaches above it. What spans the picture
    there is the bonnet even where a detector's box ends a little above the lower edge.
    """
    limit = own_body.to_bumper_m + settings.body_margin_m
    most_width = usual[:, 0] + 3 * spread[:, 0]
    least_height = np.maximum(0.0, usual[:, 1] - 3 * spread[:, 1])
    by_foot = height_m / np.maximum(sightings.foot, 1e-6)
    by_width = most_width / np.maximum(sightings.left - sightings.right, 1e-6)
    headroom = np.maximum(0.0, height_m - least_height)
    by_top = np.where(sightings.top > 0.05, headroom / np.maximum(sightings.top, 0.05), np.inf)
    perhaps = (by_foot < limit + 0.5) | sightings.boxes.cut[:, 3]
    below = sightings.top > -settings.horizon_margin_rad
    wide = (by_width < limit) & below
    box = sightings.boxes.boxes_px
    spanning = (box[:, 2] - box[:, 0] >= settings.spanning_share * width_px) & below
    spanning &= by_foot < limit + settings.spanning_range_m
    return np.asarray((by_foot < limit) | (perhaps & (wide | (by_top < limit))) | spanning)


def _impossible(
    sightings: Sightings,
    usual: Floats,
    spread: Floats,
    camera_height_m: float,
    sigma: Floats,
    settings: RejectionSettings,
) -> Bools:
    """Sizes that the foot's distance contradicts; only where the foot tells a distance at all."""
    foot = np.maximum(sightings.foot, 1e-6)
    doubt = 2 * sigma / foot
    telling = sightings.foot_seen & (doubt < 0.6)
    distance = camera_height_m / foot
    least, most = distance * (1 - np.minimum(doubt, 0.9)), distance * (1 + doubt)
    width = sightings.left - sightings.right
    height = sightings.foot - sightings.top
    tolerance = settings.size_tolerance
    too_large = (least * width > usual[:, 2] + usual[:, 0] + 3 * spread[:, 0]) | (
        least * height > (usual[:, 1] + 3 * spread[:, 1]) * (1 + tolerance)
    )
    too_narrow = sightings.width_seen & (
        most * width < (usual[:, 0] - 3 * spread[:, 0]) * (1 - tolerance)
    )
    too_low = sightings.height_seen & (
        most * height < (usual[:, 1] - 3 * spread[:, 1]) * (1 - tolerance)
    )
    return np.asarray(telling & (too_large | too_narrow | too_low))


def road_shares(
    sightings: Sightings,
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
    classes = class_map.classes
    thinned = classes[::4, ::4]
    drivable = np.count_nonzero(thinned != BACKGROUND_ID)
    if not unknown or drivable < settings.min_drivable_share * thinned.size:
        return unknown
    x0, _, x1, y1 = sightings.boxes.boxes_px.T
    rows, columns = table.shape
    left_px, top_px, right_px, bottom_px = table.region_px
    per_row = (bottom_px - top_px) / rows
    # 1/distance is linear in the row: 0.85 of the distance lies 18 % further below the horizon.
    depth_px = np.maximum(0.18 * (y1 - horizon_px), 3 * per_row)
    per_column = (right_px - left_px) / columns
    down = ((y1 + 0.5 - top_px) + _DOWN[:, None] * depth_px) / per_row
    across = ((x0 + 0.5 - left_px) + _ACROSS[:, None] * (x1 - x0)) / per_column
    inside = (down[-1] < rows) & (down[0] >= 0) & sightings.foot_seen
    row = np.minimum(np.maximum(down, 0), rows - 1).astype(np.intp)
    column = np.minimum(np.maximum(across, 0), columns - 1).astype(np.intp)
    ground = classes[row[:, None], column]
    road = np.count_nonzero(ground != BACKGROUND_ID, axis=(0, 1)) / (len(_DOWN) * len(_ACROSS))
    return [s if known else None for s, known in zip(road.tolist(), inside, strict=True)]
