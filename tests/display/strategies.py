"""Situations of every kind, also such as should never come."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from drag_edge.adas.decision import (
    AccDecision,
    AccState,
    AebDecision,
    AebStage,
    Alert,
    BsdDecision,
    BsdLevel,
    Command,
    Decision,
    LkaDecision,
    LkaState,
    Mode,
    Side,
)
from drag_edge.config.vocabulary import ROAD_USERS
from drag_edge.display.status import LoopStatus, ModelStatus
from drag_edge.events import Event
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
from tests.display import examples

TIME_S = examples.TIME_S
any_float = st.floats(-1e6, 1e6)
metres = st.floats(-200, 200)
pixels = st.floats(-3000, 5000) | st.sampled_from([float("nan"), float("inf"), -1e12])
box = st.tuples(pixels, pixels, pixels, pixels)
maybe = st.none() | st.floats(-50, 200)
share = st.floats(0, 1)
words = st.text(max_size=60)

line = st.builds(
    LaneLine,
    offset_m=st.floats(-6, 6),
    heading_rad=st.floats(-1, 1),
    curvature_1pm=st.floats(-0.2, 0.2),
    curvature_rate_1pm2=st.floats(-0.01, 0.01),
    view_range_m=st.floats(-5, 300),
    confidence=share,
    age_s=st.floats(0, 10),
)
lanes = st.builds(
    Lanes,
    left=st.none() | line,
    right=st.none() | line,
    offset_m=st.floats(-5, 5),
    heading_rad=st.floats(-1, 1),
    curvature_1pm=st.floats(-0.2, 0.2),
    width_m=st.floats(2.5, 4.5),
    confidence=share,
    age_s=st.floats(0, 5),
)
path = st.builds(
    Path,
    offset_m=st.floats(-5, 5),
    heading_rad=st.floats(-1, 1),
    curvature_1pm=st.floats(-0.2, 0.2),
    source=st.sampled_from(PathSource),
)
track = st.builds(
    Track,
    id=st.integers(0, 20),
    camera=st.sampled_from(["front", "left", "right"]),
    label=st.sampled_from(ROAD_USERS),
    box_px=box,
    x_m=metres,
    y_m=metres,
    width_m=st.floats(-1, 20),
    gap_m=metres,
    range_rate_mps=st.floats(-90, 90),
    speed_mps=maybe,
    accel_mps2=st.floats(-20, 20),
    vy_mps=st.floats(-20, 20),
    ttc_s=maybe,
    scale_ttc_s=maybe,
    path_overlap=share,
    confidence=share,
    age_s=st.floats(0, 100),
    coasted_s=st.floats(0, 3),
    frames=st.integers(0, 1000),
    range_std_m=st.floats(0, 50),
)
tracks = st.none() | st.lists(track, max_size=6, unique_by=lambda t: t.id).map(tuple)
spot = st.none() | st.builds(
    BlindSpot, st.booleans(), st.none() | st.integers(0, 9), maybe, maybe, maybe, share
)
light = st.none() | st.builds(
    TrafficLight, st.sampled_from(LightState), maybe, box, share, st.floats(0, 9)
)
labels = st.sampled_from(["stop_line", "crosswalk", "arrow_left"])
marks = st.none() | st.lists(
    st.builds(RoadMark, labels, metres, metres, box, share), max_size=3
).map(tuple)
ego = st.builds(EgoState, st.just(TIME_S), speed_mps=st.none() | st.floats(0, 90))
event = st.builds(Event, words, words, words, st.just(TIME_S))
events = st.lists(event, max_size=3).map(tuple)
model = st.builds(ModelStatus, st.sampled_from(["ready", "failed", "loading", "idle", "?"]), maybe)
status = st.builds(
    LoopStatus,
    time_s=st.floats(TIME_S - 5, TIME_S + 5),
    fps=maybe,
    latency_ms=maybe,
    models=st.dictionaries(words, model, max_size=5),
    dropped=st.integers(0, 10**6),
    late=st.integers(0, 10**6),
    can_errors=st.integers(0, 10**6),
)
acc = st.builds(
    AccDecision,
    state=st.sampled_from(AccState),
    accel_mps2=maybe,
    set_speed_mps=maybe,
    gap_setting=st.integers(-1, 5),
    time_gap_s=st.floats(0, 5),
    desired_gap_m=maybe,
    lead_id=st.none() | st.integers(0, 9),
    takeover=st.booleans(),
    reason=words,
)
lka = st.builds(
    LkaDecision, st.sampled_from(LkaState), maybe, st.sampled_from(Side), maybe, maybe, share, words
)
aeb = st.builds(
    AebDecision,
    st.sampled_from(AebStage),
    maybe,
    st.booleans(),
    st.none() | st.integers(0, 20),
    maybe,
    maybe,
    words,
)
level = st.sampled_from(BsdLevel)
bsd = st.builds(BsdDecision, level, level, maybe, maybe)
alert = st.builds(Alert, words, words, words, st.integers(0, 100), st.floats(0, 10))
decision = st.builds(
    Decision,
    time_s=st.just(TIME_S),
    mode=st.sampled_from(Mode),
    acc=acc,
    lka=lka,
    aeb=aeb,
    bsd=bsd,
    alerts=st.lists(alert, max_size=3).map(tuple),
    events=events,
)
command = st.builds(
    Command,
    st.just(TIME_S),
    st.just(TIME_S),
    st.booleans(),
    maybe,
    maybe,
    maybe,
    st.lists(words, max_size=3).map(tuple),
)


@st.composite
def any_scene(draw: st.DrawFn) -> Scene:
    seen = draw(tracks)
    return Scene(
        time_s=draw(st.floats(TIME_S - 3, TIME_S + 3)),
        frame_index=draw(st.integers(0, 10**9)),
        ego=draw(ego),
        lanes=draw(st.none() | lanes),
        path=draw(path),
        tracks=seen,
        lead=draw(st.sampled_from([None, *(seen or ())]) | track),
        side_tracks=draw(tracks),
        blind_spot_left=draw(spot),
        blind_spot_right=draw(spot),
        traffic_light=draw(light),
        marks=draw(marks),
        pitch_rad=draw(st.floats(-0.3, 0.3)),
        events=draw(events),
    )


@st.composite
def any_situation(draw: st.DrawFn) -> examples.Situation:
    return replace(
        examples.following(),
        scene=draw(st.none() | any_scene()),
        decision=draw(st.none() | decision),
        command=draw(st.none() | command),
        status=draw(status),
    )
