"""Hands at the wheel: told by the vehicle, or by the torque that a hand always gives."""

from __future__ import annotations

from drag_edge.config.lka import LkaSettings
from drag_edge.perception.ego import EgoState


def hands_on(ego: EgoState, settings: LkaSettings) -> bool:
    """Whether hands are at the wheel; a vehicle that tells nothing is believed to have hands on,
    unless hands_signal_required."""
    if ego.hands_on is not None:
        return ego.hands_on
    if ego.driver_torque_nm is not None:
        return abs(ego.driver_torque_nm) >= settings.hands_torque_nm
    return not settings.hands_signal_required
