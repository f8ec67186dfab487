"""The lead as it is now, and the braking that it makes necessary."""

from __future__ import annotations

from dataclasses import dataclass, replace

from drag_edge.perception.scene import Scene, Track

TAKEOVER_SLACK_MPS2 = 0.5
"""What is needed must exceed what ACC can or does ask for by this before the driver is called: the
estimate of a lead's deceleration errs by as much and more."""


@dataclass(frozen=True, slots=True)
class Lead:
    """The lead as it is now, the picture's age made up for."""

    id: int
    gap_m: float
    speed_mps: float
    accel_mps2: float


def present_lead(track: Track, scene: Scene, speed_mps: float, time_s: float) -> Lead:
    """The lead moved on from the picture's time to now."""
    age_s = min(max(time_s - scene.time_s, 0.0), 0.5)
    lead_mps = speed_mps + track.range_rate_mps if track.speed_mps is None else track.speed_mps
    moved_mps = lead_mps + track.accel_mps2 * age_s / 2
    ego_mps = speed_mps - (scene.ego.accel_mps2 or 0.0) * age_s / 2
    return Lead(
        track.id,
        track.gap_m + (moved_mps - ego_mps) * age_s,
        max(0.0, lead_mps + track.accel_mps2 * age_s),
        track.accel_mps2,
    )


def smoothed_lead(
    lead: Lead, before: Lead | None, step_s: float, speed_filter_s: float, accel_filter_s: float
) -> Lead:
    """Its speed and acceleration low-passed since they were `before`, with these time constants;
    another lead's begin anew."""
    if before is None or before.id != lead.id:
        return lead
    speed_share = step_s / max(step_s + speed_filter_s, 1e-9)
    accel_share = step_s / max(step_s + accel_filter_s, 1e-9)
    return replace(
        lead,
        speed_mps=before.speed_mps + speed_share * (lead.speed_mps - before.speed_mps),
        accel_mps2=before.accel_mps2 + accel_share * (lead.accel_mps2 - before.accel_mps2),
    )


def needed_accel(lead: Lead, speed_mps: float, standoff_m: float) -> float:
    """Constant braking with which the gap never falls below the stand-off, ≤ 0.

    Either the speeds meet while the lead still rolls, or the ego stops behind the stopped lead.
    """
    closing = speed_mps - lead.speed_mps
    room_m = max(lead.gap_m - standoff_m, 0.5)
    decel = max(-lead.accel_mps2, 0.0)
    if decel < 0.1:
        return -(max(closing, 0.0) ** 2) / (2 * room_m)
    lead_stops_s = lead.speed_mps / decel
    if closing > 0.0 and 2 * room_m / closing < lead_stops_s:
        return -decel - closing**2 / (2 * room_m)
    return -(speed_mps**2) / (2 * (room_m + lead.speed_mps * lead_stops_s / 2))
