"""What each message of ours says: one small function a message, and the table of them.

A value is a number in the unit of the DBC, a bool for NO/YES, a label of the signal's value table,
or None for not available. Signals that a function leaves out are not available (flags: NO).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from drag_edge.adas.alerts import alert_of
from drag_edge.adas.decision import Alert
from drag_edge.perception.scene import BlindSpot, LaneLine, Track
from drag_edge.vehicle.outputs import Heartbeat, Outputs

Value = float | str | None  # bool is an int, int is a float
Signals = Mapping[str, Value]

OBJECT_SLOTS = 4
ID_MODULUS = 255  # 255 itself says not available
_CLASS_LABELS = frozenset(
    ("car", "truck", "bus", "motorcycle", "bicycle", "pedestrian", "animal", "train")
)


def _aeb(outputs: Outputs) -> Signals:
    aeb, demand = outputs.decision.aeb, _demand(outputs, outputs.command.aeb_decel_mps2)
    return {
        "AebStage": aeb.stage.name,
        "AebActuation": outputs.command.actuation,
        "AebDecelDemand": demand,
        "AebDecelWanted": aeb.decel_mps2,
        "AebTtc": aeb.ttc_s,
        "AebWarning": aeb.warning,
        "AebBrakeRequest": demand is not None,
        "AebTargetId": _id(aeb.target_id),
    }


def _lka(outputs: Outputs) -> Signals:
    lka, demand = outputs.decision.lka, _demand(outputs, outputs.command.curvature_1pm)
    return {
        "LkaState": lka.state.name,
        "LkaActuation": outputs.command.actuation,
        "LkaCurvatureDemand": demand,
        "LkaCurvatureWanted": lka.curvature_1pm,
        "LkaDeparture": lka.departure.name,
        "LkaSteerRequest": demand is not None,
    }


def _acc(outputs: Outputs) -> Signals:
    acc, demand = outputs.decision.acc, _demand(outputs, outputs.command.accel_mps2)
    return {
        "AccState": acc.state.name,
        "AccActuation": outputs.command.actuation,
        "AccAccelDemand": demand,
        "AccAccelWanted": acc.accel_mps2,
        "AccAccelRequest": demand is not None,
        "AccTakeover": acc.takeover,
        "AccTargetId": _id(acc.lead_id),
    }


def _acc_hud(outputs: Outputs) -> Signals:
    acc = outputs.decision.acc
    return {
        "AccHudGapSetting": acc.gap_setting,
        "AccHudSetSpeed": acc.set_speed_mps,
        "AccHudTimeGap": acc.time_gap_s,
        "AccHudDesiredGap": acc.desired_gap_m,
    }


def _ldw(outputs: Outputs) -> Signals:
    lka = outputs.decision.lka
    return {
        "LdwDistanceToLine": lka.distance_to_line_m,
        "LdwTimeToLine": lka.time_to_line_s,
        "LdwHandsOff": lka.hands_off_s,
        "LdwDeparture": lka.departure.name,
    }


def _bsd(outputs: Outputs) -> Signals:
    bsd, scene = outputs.decision.bsd, outputs.scene
    return {
        "BsdLeft": bsd.left.name,
        "BsdRight": bsd.right.name,
        "BsdClosingTtcLeft": bsd.closing_ttc_left_s,
        "BsdClosingTtcRight": bsd.closing_ttc_right_s,
        "BsdGapLeft": _gap(scene.blind_spot_left),
        "BsdGapRight": _gap(scene.blind_spot_right),
    }


def _apa_status(outputs: Outputs) -> Signals:
    apa = outputs.decision.apa
    told, nearest = apa.guidance, apa.slots[0] if apa.slots else None
    into = told or nearest
    signals: dict[str, Value] = {
        "ApaStatusState": apa.state.name,
        "ApaStatusSide": into.side.name if into else "NONE",
        "ApaStatusKind": ("ACROSS" if into.crosswise else "ALONG") if into else "NONE",
        "ApaStatusDirection": "NONE",
        "ApaStatusSlots": len(apa.slots),
        "ApaStatusLength": nearest.length_m if nearest else None,
    }
    if told is not None:
        signals["ApaStatusDirection"] = "FORWARD" if told.forward else "BACKWARD"
        signals["ApaStatusToGo"] = told.to_go_m
        signals["ApaStatusSteering"] = told.curvature_1pm
        signals["ApaStatusMovesLeft"] = told.moves_left
    return signals


def _lead(outputs: Outputs) -> Signals:
    scene = outputs.scene
    if scene.lead is None:
        return {"LeadClass": None if scene.tracks is None else "NONE"}
    lead = scene.lead
    return {
        "LeadClass": _class(lead),
        "LeadId": _id(lead.id),
        "LeadGap": lead.gap_m,
        "LeadRangeRate": lead.range_rate_mps,
        "LeadTtc": lead.ttc_s,
    }


def _lead_motion(outputs: Outputs) -> Signals:
    lead = outputs.scene.lead
    if lead is None:
        return {}
    return {
        "LeadMotionOverlap": lead.path_overlap,
        "LeadMotionAccel": lead.accel_mps2,
        "LeadMotionSpeed": lead.speed_mps,
        "LeadMotionY": lead.y_m,
        "LeadMotionConfidence": lead.confidence,
        "LeadMotionWidth": lead.width_m,
    }


def _lanes(outputs: Outputs) -> Signals:
    lanes = outputs.scene.lanes
    if lanes is None:
        return {}
    return {
        "LanesConfidence": lanes.confidence,
        "LanesOffset": lanes.offset_m,
        "LanesHeading": lanes.heading_rad,
        "LanesCurvature": lanes.curvature_1pm,
        "LanesWidth": lanes.width_m,
    }


def _lane_left(outputs: Outputs) -> Signals:
    lanes = outputs.scene.lanes
    return _line("LaneLeft", lanes.left if lanes else None)


def _lane_right(outputs: Outputs) -> Signals:
    lanes = outputs.scene.lanes
    return _line("LaneRight", lanes.right if lanes else None)


def _line(prefix: str, line: LaneLine | None) -> Signals:
    if line is None:
        return {}
    return {
        f"{prefix}Confidence": line.confidence,
        f"{prefix}Offset": line.offset_m,
        f"{prefix}Heading": line.heading_rad,
        f"{prefix}Curvature": line.curvature_1pm,
        f"{prefix}ViewRange": line.view_range_m,
    }


def _traffic_light(outputs: Outputs) -> Signals:
    scene = outputs.scene
    stops = [mark.distance_m for mark in scene.marks or () if mark.label == "stop_line"]
    ahead = [distance_m for distance_m in stops if distance_m >= 0]
    signals: dict[str, Value] = {"TrafficLightStopLine": min(ahead, default=None)}
    if scene.traffic_light is not None:
        signals["TrafficLightState"] = scene.traffic_light.state.name
        signals["TrafficLightDistance"] = scene.traffic_light.distance_m
        signals["TrafficLightConfidence"] = scene.traffic_light.confidence
    return signals


def _alert(outputs: Outputs) -> Signals:
    return _told(outputs.decision.alerts)


def _told(alerts: Sequence[Alert]) -> Signals:
    """The alert that wins, with all that its entry of the table says."""
    first = max(alerts, key=lambda alert: alert.priority, default=None)
    return {
        "AlertCount": len(alerts),
        "AlertId": "NONE" if first is None else first.name.upper(),
        "AlertPriority": 0 if first is None else first.priority,
        "AlertSound": "NONE" if first is None or not first.sound else first.sound.upper(),
        "AlertDuration": 0.0 if first is None else first.duration_s,
    }


SIGNALS: Mapping[str, Callable[[Outputs], Signals]] = MappingProxyType(
    {
        "AEB": _aeb,
        "LKA": _lka,
        "ACC": _acc,
        "LEAD": _lead,
        "LEAD_MOTION": _lead_motion,
        "LANES": _lanes,
        "LANE_LEFT": _lane_left,
        "LANE_RIGHT": _lane_right,
        "LDW": _ldw,
        "BSD": _bsd,
        "APA_STATUS": _apa_status,
        "ACC_HUD": _acc_hud,
        "TRAFFIC_LIGHT": _traffic_light,
        "ALERT": _alert,
    }
)


def objects(outputs: Outputs | None, slot: int) -> Signals:
    """OBJECTS for one slot of the multiplexed list; None and unknown tracks: not available.

    A slot is empty (NONE) only where somebody looked to the front: sides alone do not know that.
    """
    scene = outputs.scene if outputs else None
    if scene is None:
        return {"ObjectsSlot": slot}
    tracks = nearest_tracks(scene.tracks or (), scene.side_tracks or ())
    prefix = f"Objects{slot}"
    if slot >= len(tracks):
        return {"ObjectsSlot": slot, f"{prefix}Class": None if scene.tracks is None else "NONE"}
    track = tracks[slot]
    return {
        "ObjectsSlot": slot,
        f"{prefix}Id": _distinct_ids(tracks)[track.id],
        f"{prefix}Class": _class(track),
        f"{prefix}X": track.x_m,
        f"{prefix}Y": track.y_m,
        f"{prefix}RangeRate": track.range_rate_mps,
    }


def _distinct_ids(tracks: Sequence[Track]) -> Mapping[int, int]:
    """Track → its number on the bus: modulo 255, or the next that is free in this list. The lower
    track goes first: LEAD and AEB name the front's, which are below those of the sides.
    """
    ids: dict[int, int] = {}
    for track_id in sorted(track.id for track in tracks):
        taken = ids.values()
        number = track_id % ID_MODULUS
        while number in taken:
            number = (number + 1) % ID_MODULUS
        ids[track_id] = number
    return ids


def nearest_tracks(front: Sequence[Track], side: Sequence[Track]) -> list[Track]:
    """The nearest road users of all cameras, as many as there are slots."""
    return sorted((*front, *side), key=lambda track: math.hypot(track.x_m, track.y_m))[
        :OBJECT_SLOTS
    ]


def status(outputs: Outputs, heartbeat: Heartbeat) -> Signals:
    """STATUS while the command is in time."""
    return {
        "StatusMode": outputs.decision.mode.name,
        "StatusActuation": outputs.command.actuation,
        "StatusFaultLimits": bool(outputs.command.limited),
        **_heartbeat(heartbeat),
    }


def status_without_command(mode: str, late: bool, heartbeat: Heartbeat) -> Signals:
    """STATUS when nobody may act: no command yet, the last one too old, or the end."""
    return {
        "StatusMode": mode,
        **_heartbeat(heartbeat),
        **({"StatusFaultLate": True} if late else {}),
    }


def _heartbeat(heartbeat: Heartbeat) -> Signals:
    return {
        "StatusLoopAge": heartbeat.loop_age_s,
        "StatusFps": heartbeat.fps,
        "StatusUptime": heartbeat.uptime_s,
        **dict.fromkeys(heartbeat.faults, True),
    }


def without_command(state: str, alert: str | None = None) -> Mapping[str, Signals]:
    """What every message says when nobody may act: no demand, no picture of the road.

    state: the features' state, UNAVAILABLE while something is wrong, OFF at a clean end. alert:
    key of adas/alerts.py that the driver is told.
    """
    return {
        "AEB": {"AebStage": state},
        "LKA": {"LkaState": state, "LkaDeparture": "NONE"},
        "ACC": {"AccState": state},
        "BSD": {"BsdLeft": state, "BsdRight": state},
        "APA_STATUS": {"ApaStatusState": state},
        "LDW": {"LdwDeparture": "NONE"},
        "ALERT": _told(() if alert is None else (alert_of(alert),)),
    }


def _demand(outputs: Outputs, value: float | None) -> float | None:
    """A demand that may be acted on: never one that is not a number, never without actuation."""
    if not outputs.command.actuation or value is None or not math.isfinite(value):
        return None
    return value


def _id(track_id: int | None) -> int | None:
    return None if track_id is None else track_id % ID_MODULUS


def _class(track: Track) -> str | None:
    return track.label.upper() if track.label in _CLASS_LABELS else None


def _gap(spot: BlindSpot | None) -> float | None:
    return spot.gap_m if spot else None
