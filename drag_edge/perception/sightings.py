"""Boxes of one frame as angles seen from the camera: everything later stages need, vectorised."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drag_edge.config.tracking import RangeSettings, RejectionSettings, TrackSettings
from drag_edge.config.vocabulary import ROAD_USERS, VULNERABLE_ROAD_USERS
from drag_edge.inference.results import Detections
from drag_edge.perception.camera import CameraModel, Floats

Bools = NDArray[np.bool_]
_USUAL_STEP_S = 0.05
VEHICLES = frozenset(ROAD_USERS) - frozenset(VULNERABLE_ROAD_USERS) - {"animal"}


@dataclass(frozen=True, slots=True)
class Boxes:
    """N well-formed boxes of road users, best score first, duplicates merged.

    boxes_px: N×4. cut: N×4, which of left, top, right, bottom is the picture's edge.
    """

    boxes_px: Floats
    scores: Floats
    labels: tuple[str, ...]
    cut: Bools

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, slots=True)
class Sightings:
    """N boxes as tangents in vehicle axes, along the camera's own direction of view (±x).

    foot: fall of the ray to the foot, per metre forward: camera height / distance. left and right:
    lateral tangent (y/distance, left positive) of the edges. top: like foot, of the upper edge.
    outer_foot: like foot, of the lower corner that is further to the side. Each σ is that of one
    edge, as a tangent.
    """

    boxes: Boxes
    foot: Floats
    top: Floats
    outer_foot: Floats
    left: Floats
    right: Floats
    sigma_u: Floats
    sigma_v: Floats
    foot_seen: Bools
    height_seen: Bools
    width_seen: Bools

    def __len__(self) -> int:
        return len(self.boxes)


def collect(
    detections: Iterable[Detections],
    size_px: tuple[int, int],
    tracks: TrackSettings,
    rejection: RejectionSettings,
) -> tuple[Boxes, int]:
    """Road users of all detectors of one frame, and how many boxes were malformed.

    Boxes that are not finite, inverted, empty, or scored outside 0–1 are left out. Vehicle boxes
    that overlap are one vehicle: the best score's box and label stay.
    """
    boxes: list[Floats] = []
    scores: list[Floats] = []
    labels: list[str] = []
    regions: list[Floats] = []
    width, height = size_px
    for result in detections:
        keep = [index for index, label in enumerate(result.labels) if label in tracks.sizes]
        if not keep:
            continue
        boxes.append(np.asarray(result.boxes_px, float)[keep])
        scores.append(np.asarray(result.scores, float)[keep])
        labels.extend(result.labels[index] for index in keep)
        looked_at = result.region_px or (0.0, 0.0, float(width), float(height))
        regions.append(np.broadcast_to(np.asarray(looked_at, float), (len(keep), 4)))
    if not boxes:
        return Boxes(np.empty((0, 4)), np.empty(0), (), np.empty((0, 4), np.bool_)), 0
    box, score, region = np.concatenate(boxes), np.concatenate(scores), np.concatenate(regions)
    sound = _sound(box, score, size_px)
    malformed = int(np.count_nonzero(~sound))
    order = np.flatnonzero(sound & (score >= tracks.low_score))
    order = order[np.argsort(-score[order], kind="stable")][: tracks.max_tracks]
    order = _merge(box, labels, order, tracks.duplicate_overlap)
    box, edge = box[order], region[order]
    margin = np.maximum(
        np.maximum(rejection.border_px, rejection.border_share * (box[:, 2:] - box[:, :2])),
        rejection.border_picture_share * (edge[:, 2:] - edge[:, :2]),
    )
    cut = np.column_stack(
        (box[:, :2] <= edge[:, :2] + margin, box[:, 2:] >= edge[:, 2:] - 1 - margin)
    )
    chosen = tuple(labels[index] for index in order)
    return Boxes(box, score[order], chosen, cut), malformed


def _sound(box: Floats, score: Floats, size_px: tuple[int, int]) -> Bools:
    with np.errstate(invalid="ignore"):
        finite = np.isfinite(box).all(axis=1) & np.isfinite(score)
        ordered = (box[:, 2] > box[:, 0]) & (box[:, 3] > box[:, 1])
        reach = np.array([*size_px, *size_px], float)
        near = ((box > -reach) & (box < 2 * reach)).all(axis=1)
        return np.asarray(finite & ordered & near & (score > 0) & (score <= 1.0001))


def _merge(
    box: Floats, labels: list[str], order: NDArray[np.intp], overlap: float
) -> NDArray[np.intp]:
    """Of boxes that are the same object (same kind of road user, large overlap) the best."""
    if len(order) < 2:
        return order
    ranked = box[order]
    same = intersection_over_union(ranked, ranked) > overlap
    vehicle = np.array([labels[index] in VEHICLES for index in order])
    same &= vehicle[:, None] == vehicle[None, :]
    kept: list[int] = []
    gone = np.zeros(len(order), dtype=np.bool_)
    for index in range(len(order)):
        if not gone[index]:
            kept.append(index)
            gone |= same[index]
    return order[kept]


def intersection_over_union(first: Floats, second: Floats) -> Floats:
    """N×4 and M×4 boxes (x0 y0 x1 y1) → N×M IoU."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared = np.prod(np.maximum(0.0, high - low), axis=2)
    area_first = np.prod(first[:, 2:] - first[:, :2], axis=1)
    area_second = np.prod(second[:, 2:] - second[:, :2], axis=1)
    return np.asarray(shared / (area_first[:, None] + area_second[None, :] - shared))


def sight(
    boxes: Boxes,
    camera: CameraModel,
    pitch_rad: float,
    sizes: Floats,
    dt_s: float,
    settings: RangeSettings,
) -> Sightings:
    """Angles of the boxes. sizes: N, usual width of each box's kind, metres. dt_s: since the last.

    A camera that looks askew (a mirror) sees the foot of the near corner, not of the middle: its
    forward distance follows from the box's outer edge, which is the face's outer corner.
    """
    box = boxes.boxes_px
    x0, y0, x1, y1 = box.T
    middle = (x0 + x1) / 2
    count = len(box)
    pixels = np.concatenate(
        [
            np.column_stack((x0, y1)),
            np.column_stack((x1, y1)),
            np.column_stack((middle, y1)),
            np.column_stack((middle, y0)),
        ]
    )
    rays = camera.rays(pixels)
    ahead_x, ahead_y = camera.heading
    sign = 1.0 if ahead_x >= 0 else -1.0
    cos, sin = np.cos(pitch_rad), np.sin(pitch_rad)
    forward = sign * (cos * rays[:, 0] + sin * rays[:, 2])
    # At 90° and beyond there is no tangent: such an edge is far to the side.
    forward = np.where(forward > 0.05, forward, np.nan)
    lateral = (rays[:, 1] / forward).reshape(4, count)
    along = ahead_x * (cos * rays[:, 0] + sin * rays[:, 2]) + ahead_y * rays[:, 1]
    fall = ((sin * rays[:, 0] - cos * rays[:, 2]) / along).reshape(4, count)
    left, right = np.fmax(lateral[0], lateral[1]), np.fmin(lateral[0], lateral[1])
    side = np.where(_known(left + right) >= 0, 1.0, -1.0)
    outer = np.where(side > 0, left, right)
    corner = ((sin * rays[:, 0] - cos * rays[:, 2]) / forward).reshape(4, count)
    outer_foot = np.where((lateral[0] >= lateral[1]) == (side > 0), corner[0], corner[1])
    skew = sign * ahead_x + ahead_y * outer
    # The plane of the foot's row meets the near corner: X·(a_x + a_y·outer) = D + side·a_y·width.
    scale = camera.z_m * skew / (camera.z_m + side * ahead_y * sizes * np.maximum(fall[2], 0.0))
    width_px, height_px = x1 - x0, y1 - y0
    # An error that stays for several frames weighs as many frames' worth of white noise.
    frames = 1 + settings.box_correlation_s / (dt_s or _USUAL_STEP_S)
    share = settings.box_sigma_share * np.sqrt(frames)
    edge_u = np.hypot(settings.box_sigma_px, share * width_px)
    edge_v = np.hypot(settings.box_sigma_px, share * height_px)
    cut_left, cut_top, cut_right, cut_bottom = boxes.cut.T
    known = np.isfinite(left) & np.isfinite(right) & np.isfinite(scale)
    return Sightings(
        boxes=boxes,
        foot=_known(fall[2] * scale),
        top=_known(fall[3] * scale),
        outer_foot=_known(outer_foot),
        left=_known(left),
        right=_known(right),
        sigma_u=edge_u / camera.fx,
        sigma_v=edge_v / camera.fy,
        foot_seen=~cut_bottom & known,
        height_seen=~cut_bottom & ~cut_top & known,
        width_seen=~cut_left & ~cut_right & known & ~_hidden(boxes),
    )


def _hidden(boxes: Boxes) -> Bools:
    """Whose left or right edge lies behind a nearer box: its width is not what one sees.

    Nearer is whose foot is lower; a box much weaker than the one behind does not count.
    """
    x0, y0, x1, y1 = boxes.boxes_px.T
    score = boxes.scores
    nearer = y1[None, :] > (y1 + 0.05 * (y1 - y0))[:, None]
    nearer &= (y0[None, :] < y1[:, None]) & (score[None, :] > 0.6 * score[:, None])
    left = (x0[None, :] <= x0[:, None]) & (x0[:, None] <= x1[None, :])
    right = (x0[None, :] <= x1[:, None]) & (x1[:, None] <= x1[None, :])
    return np.asarray((nearer & (left | right)).any(axis=1))


def _known(values: Floats) -> Floats:
    """0 where there is no number."""
    return np.where(np.isfinite(values), values, 0.0)
