"""Made-up situations: for looking at the overlay, for its benchmark, and for its tests."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from drag_edge.adas.alerts import alert_of
from drag_edge.adas.decision import (
    AccDecision,
    AccState,
    AebDecision,
    AebStage,
    ApaDecision,
    ApaState,
    BsdDecision,
    BsdLevel,
    Command,
    Decision,
    LkaDecision,
    LkaState,
    Mode,
    OfferedSlot,
    ParkingGuidance,
    Side,
)
from drag_edge.config.body import BodySettings
from drag_edge.config.cameras import Role
from drag_edge.display.status import LoopStatus, ModelStatus
from drag_edge.events import Event
from drag_edge.frames.frame import Frame
from drag_edge.perception.camera import CameraModel
from drag_edge.perception.ego import EgoState
from drag_edge.perception.scene import (
    BlindSpot,
    LaneLine,
    Lanes,
    LightState,
    Path,
    PathSource,
    RoadMark,
    Scene,
    Track,
    TrafficLight,
)

TIME_S = 12.35
BODY = BodySettings()
ROLES = {"front": Role.FRONT, "left": Role.LEFT, "right": Role.RIGHT}
CAMERA = CameraModel(1280, 720, 1000, 1000, 640, 360, x_m=1.9, y_m=0.0, z_m=1.3)
SIZES_M = {
    "car": (1.8, 1.5),
    "truck": (2.5, 3.4),
    "pedestrian": (0.6, 1.75),
    "bicycle": (0.6, 1.7),
    "motorcycle": (0.8, 1.5),
}


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that `Overlay.draw` is given, but for the frames."""

    scene: Scene | None
    decision: Decision | None
    command: Command | None
    status: LoopStatus
    night: bool = False


def lane_line(offset_m: float, **changes: float) -> LaneLine:
    """A fresh line in a gentle left bend."""
    line = LaneLine(offset_m, 0.0, 0.0011, 0.0, 62.0, 0.95, 0.0)
    return replace(line, **changes)


def track(
    number: int, label: str, x_m: float, y_m: float, speed_mps: float, ego_mps: float = 24.0
) -> Track:
    """A road user ahead, with the box that the example camera would see."""
    width_m, height_m = SIZES_M[label]
    corners = [(x_m, y_m + width_m / 2, height_m), (x_m, y_m - width_m / 2, 0.0)]
    pixels = CAMERA.project(corners)
    rate = speed_mps - ego_mps
    gap_m = x_m - BODY.front_overhang_m
    box = (*pixels[0], *pixels[1])
    return Track(
        id=number,
        camera="front",
        label=label,
        box_px=(float(box[0]), float(box[1]), float(box[2]), float(box[3])),
        x_m=x_m,
        y_m=y_m,
        width_m=width_m,
        gap_m=gap_m,
        range_rate_mps=rate,
        speed_mps=speed_mps,
        accel_mps2=0.0,
        vy_mps=0.0,
        ttc_s=gap_m / -rate if rate < -0.5 else None,
        scale_ttc_s=None,
        path_overlap=1.0 if abs(y_m) < 1.2 else 0.0,
        confidence=0.9,
        age_s=2.0,
        coasted_s=0.0,
        frames=40,
        range_std_m=0.4,
    )


def following() -> Situation:
    """Motorway, ACC follows, all is well."""
    lead = track(1, "car", 42.0, 0.6, 23.5)
    tracks = (
        lead,
        track(2, "truck", 36.0, -3.2, 22.0),
        track(3, "car", 24.0, 3.7, 27.0),
        track(4, "car", 68.0, 5.6, 30.0),
    )
    lanes = Lanes(
        lane_line(1.75), lane_line(-1.75, confidence=0.9), 0.05, 0.002, 0.0011, 3.5, 0.95, 0.0
    )
    scene = Scene(
        time_s=TIME_S,
        frame_index=247,
        ego=EgoState(TIME_S, speed_mps=24.0, set_speed_mps=27.8, gap_setting=2, acc_enabled=True),
        lanes=lanes,
        path=Path(0.0, 0.0, 0.0011, PathSource.LANES),
        tracks=tracks,
        lead=lead,
        side_tracks=(),
        blind_spot_left=BlindSpot(False, None, None, None, None, 0.0),
        blind_spot_right=BlindSpot(False, None, None, None, None, 0.0),
        traffic_light=None,
        marks=(),
        pitch_rad=0.0,
        events=(),
    )
    decision = Decision(
        time_s=TIME_S,
        mode=Mode.ACTIVE,
        acc=AccDecision(AccState.FOLLOW, -0.2, 27.8, 2, 1.5, 36.0, 1, False, "following the lead"),
        lka=LkaDecision(LkaState.ACTIVE, 0.0011, Side.NONE, None, 0.8, 0.0, "centring"),
        aeb=AebDecision(AebStage.READY, None, False, None, None, None, ""),
        bsd=BsdDecision(BsdLevel.CLEAR, BsdLevel.CLEAR, None, None),
        alerts=(),
        events=(),
    )
    command = Command(TIME_S, TIME_S + 0.2, True, -0.2, None, 0.0011, ())
    return Situation(scene, decision, command, status())


def status(**changes: object) -> LoopStatus:
    """A healthy loop with the four demo models."""
    models = {
        "road": ModelStatus("ready", 11.8),
        "objects": ModelStatus("ready", 24.6),
        "signal": ModelStatus("ready", 19.2),
        "split": ModelStatus("idle", 9.4),
    }
    healthy = LoopStatus(
        TIME_S + 0.06, 20.0, 61.0, {"infer": 48.0}, models, 247, 0, 0, 8123, 4100, 0, 12.4
    )
    return replace(healthy, **changes)  # type: ignore[arg-type]


def _changed(situation: Situation, **changes: object) -> Situation:
    """Changes by dotted path with __: scene__lanes=None, decision__acc=…"""
    for path, value in changes.items():
        part, _, name = path.partition("__")
        held = replace(getattr(situation, part), **{name: value}) if name else value
        situation = replace(situation, **{part: held})  # type: ignore[arg-type]
    return situation


def situations() -> dict[str, Situation]:
    """All examples by name."""
    base = following()
    return {
        "following": base,
        "emergency": _emergency(base),
        "departure": _departure(base),
        "blind_spot": _blind_spot(base),
        "fallback": _fallback(base),
        "no_lanes": _no_lanes(base),
        "town": _town(base),
        "crowded": _crowded(base),
        "night": replace(_town(base), night=True),
        "parking": _parking(base),
        "starting": Situation(None, None, None, status(fps=None, latency_ms=None)),
        "old": replace(base, status=status(time_s=TIME_S + 0.9)),
    }


def _emergency(base: Situation) -> Situation:
    lead = track(1, "car", 19.0, 0.15, 9.0)
    aeb = AebDecision(AebStage.FULL, -9.0, True, 1, 1.0, 0.6, "brake now")
    return _changed(
        base,
        scene__lead=lead,
        scene__tracks=(lead, track(2, "truck", 36.0, -3.2, 22.0)),
        decision__aeb=aeb,
        decision__acc=AccDecision(
            AccState.FOLLOW, -3.5, 27.8, 2, 1.5, 36.0, 1, True, "at the limit"
        ),
        decision__alerts=(
            alert_of("aeb_braking"),
            alert_of("acc_takeover"),
        ),
        command__aeb_decel_mps2=-9.0,
        command__limited=("jerk",),
    )


def _departure(base: Situation) -> Situation:
    lanes = Lanes(
        lane_line(0.95, heading_rad=-0.02),
        lane_line(-2.55, heading_rad=-0.02),
        0.8,
        0.02,
        0.0011,
        3.5,
        0.9,
        0.0,
    )
    return _changed(
        base,
        scene__lanes=lanes,
        decision__lka=LkaDecision(
            LkaState.ACTIVE, -0.0022, Side.LEFT, 0.4, -0.05, 3.0, "departure"
        ),
        decision__alerts=(alert_of("lane_departure_left"),),
    )


def _blind_spot(base: Situation) -> Situation:
    beside = replace(
        track(9, "car", 30.0, 0.0, 31.0),
        camera="right",
        box_px=(210.0, 120.0, 390.0, 230.0),
        x_m=-7.0,
        y_m=-3.5,
        gap_m=6.0,
    )
    return _changed(
        base,
        scene__side_tracks=(beside,),
        scene__blind_spot_right=BlindSpot(True, 9, 6.0, 7.0, 0.9, 0.0),
        decision__bsd=BsdDecision(BsdLevel.OCCUPIED, BsdLevel.WARN, None, 0.9),
        decision__alerts=(alert_of("blind_spot_right"),),
    )


def _fallback(base: Situation) -> Situation:
    events = (
        Event("scene_stale", "front", "no scene for 0.4 s", TIME_S),
        Event("camera_lost", "front", "no picture for 0.6 s", TIME_S),
    )
    models = {
        **base.status.models,
        "objects": ModelStatus("failed"),
        "road": ModelStatus("loading"),
    }
    return _changed(
        base,
        scene__tracks=None,
        scene__lead=None,
        scene__lanes=None,
        decision__mode=Mode.FALLBACK,
        decision__acc=AccDecision(
            AccState.UNAVAILABLE, None, 27.8, 2, 1.5, None, None, False, "no scene"
        ),
        decision__lka=LkaDecision(LkaState.UNAVAILABLE, None, Side.NONE, None, None, 0.0, ""),
        decision__aeb=AebDecision(AebStage.UNAVAILABLE, None, False, None, None, None, ""),
        decision__bsd=BsdDecision(BsdLevel.UNAVAILABLE, BsdLevel.UNAVAILABLE, None, None),
        decision__alerts=(
            alert_of("system_fallback"),
            alert_of("camera_fault"),
        ),
        decision__events=events,
        decision__mode_reason="scene stale, camera lost: front",
        command=Command(TIME_S, TIME_S, False, None, None, None, ()),
        status=status(models=models, dropped=14, late=3, can_errors=2),
    )


def _no_lanes(base: Situation) -> Situation:
    return _changed(
        base,
        scene__lanes=None,
        scene__path=Path(0.0, 0.0, 0.0008, PathSource.YAW_RATE),
        decision__lka=LkaDecision(LkaState.STANDBY, None, Side.NONE, None, None, 0.0, "no lanes"),
        command=Command(TIME_S, TIME_S, False, None, None, None, ()),
    )


def _town(base: Situation) -> Situation:
    lead = track(1, "car", 24.0, 0.1, 4.0, 9.0)
    tracks = (
        lead,
        track(5, "pedestrian", 21.0, -3.4, 1.0, 9.0),
        track(6, "bicycle", 15.0, 2.9, 4.0, 9.0),
        replace(track(7, "car", 40.0, 4.0, 8.0, 9.0), coasted_s=0.25),
    )
    light = TrafficLight(LightState.RED, 43.0, (700.0, 190.0, 716.0, 230.0), 0.9, 0.05)
    return _changed(
        base,
        scene__tracks=tracks,
        scene__lead=lead,
        scene__traffic_light=light,
        scene__marks=(RoadMark("stop_line", 14.0, 0.0, (400.0, 440.0, 800.0, 452.0), 0.8),),
        scene__ego=EgoState(TIME_S, speed_mps=9.0, set_speed_mps=13.9, gap_setting=1),
        decision__aeb=AebDecision(AebStage.READY, None, False, None, None, None, ""),
        decision__acc=AccDecision(
            AccState.FOLLOW, -1.2, 13.9, 1, 1.2, 14.0, 1, False, "following the lead"
        ),
        command__actuation=False,
    )


def _parking(base: Situation) -> Situation:
    corners = ((-7.5, -2.1), (-1.4, -2.1), (-1.4, -4.2), (-7.5, -4.2))
    path = tuple((-0.4 * step, -0.012 * step**2) for step in range(16))
    guidance = ParkingGuidance(
        4, Side.RIGHT, False, False, -0.2, -8.0, 2.34, 3, 0.0, path,
        "reverse, steer full right, 2.3 m to go",
    )  # fmt: skip
    slot = OfferedSlot(4, Side.RIGHT, False, 6.1, -4.4, corners)
    return _changed(
        base,
        scene__lead=None,
        scene__tracks=(),
        scene__ego=EgoState(TIME_S, speed_mps=0.6, reverse=True),
        decision__apa=ApaDecision(ApaState.GUIDING, (slot,), guidance, "following the path"),
    )


def _crowded(base: Situation) -> Situation:
    people = [
        track(20 + i, "pedestrian", 16.0 + 2.2 * i, -4.5 + 0.5 * math.sin(i), 1.2, 9.0)
        for i in range(6)
    ]
    riders = [track(40 + i, "bicycle", 19.0 + 6 * i, 3.2, 4.0, 9.0) for i in range(3)]
    cars = [track(60 + i, "car", 18.0 + 9 * i, (3.8, -3.6, 6.9)[i % 3], 20.0) for i in range(7)]
    lead = track(1, "truck", 33.0, 0.4, 20.0)
    light = TrafficLight(LightState.GREEN, 52.0, (700.0, 190.0, 716.0, 230.0), 0.9, 0.05)
    side = replace(cars[0], id=90, camera="left", box_px=(300.0, 110.0, 420.0, 190.0), x_m=-9.0)
    return _changed(
        _blind_spot(base),
        scene__tracks=(lead, *people, *riders, *cars),
        scene__lead=lead,
        scene__side_tracks=(side,),
        scene__traffic_light=light,
        scene__marks=(RoadMark("stop_line", 21.0, 0.0, (400.0, 440.0, 800.0, 452.0), 0.8),),
    )


def picture(width: int, height: int, night: bool = False, seed: int = 1) -> NDArray[np.uint8]:
    """A plain road under a plain sky, with noise."""
    generator = np.random.default_rng(seed)
    sky, horizon, ground = (
        ((40, 26, 20), (52, 40, 34), (38, 36, 36))
        if night
        else (
            (222, 190, 150),
            (238, 228, 214),
            (124, 122, 120),
        )
    )
    rows = np.linspace(0, 2, height)[:, None]
    upper = np.array(sky) + (np.array(horizon) - np.array(sky)) * np.clip(rows, 0, 1)
    image = np.where(rows < 1, upper, np.array(ground))[:, None, :] + np.zeros((1, width, 1))
    image += generator.normal(0, 4, (height, width, 1))
    plain = np.clip(image, 0, 255).astype(np.uint8)
    middle = (width // 2, height // 2)
    for x in (-0.35, 0.35, -1.05, 1.05):
        foot = (round(middle[0] + x * width), height)
        cv2.line(plain, middle, foot, (190, 190, 190) if not night else (90, 90, 90), 3)
    return np.asarray(plain, np.uint8)


def frames(night: bool = False) -> dict[str, Frame]:
    """One frame of each camera."""
    return {
        "front": Frame("front", 247, TIME_S, picture(1280, 720, night)),
        "left": Frame("left", 247, TIME_S, picture(640, 320, night, 2)),
        "right": Frame("right", 247, TIME_S, picture(640, 320, night, 3)),
    }
