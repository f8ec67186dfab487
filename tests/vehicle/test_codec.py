"""Signals to bytes and back: what fits is kept, what does not is said."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from drag_edge.adas import decision as adas
from drag_edge.adas.alerts import ALERTS, alert_of
from drag_edge.perception.scene import LightState
from drag_edge.vehicle.codec import Codec
from drag_edge.vehicle.dbc import NOT_AVAILABLE, decode, drag_edge_dbc
from drag_edge.vehicle.faults import FAULT_BITS
from drag_edge.vehicle.outputs import Outputs
from drag_edge.vehicle.signals import OBJECT_SLOTS, SIGNALS, objects
from tests.vehicle.builders import command, decision, scene, track

CODEC = Codec()
MESSAGES = drag_edge_dbc().messages
NUMBERS = [
    (message, signal)
    for message in MESSAGES
    for signal in message.signals
    if set(map(str, (signal.choices or {}).values())) == {NOT_AVAILABLE}
    and not message.is_multiplexed()
]


def encoded(name: str, signals: dict[str, object]) -> dict[str, object]:
    payload = CODEC.encode(name, signals).payload  # type: ignore[arg-type]
    return dict(decode(CODEC.frame_id(name), payload))


@settings(max_examples=400)
@given(number=st.sampled_from(NUMBERS), share=st.floats(0, 1))
def test_what_is_in_range_comes_back_within_half_a_step(number, share) -> None:  # type: ignore[no-untyped-def]
    message, signal = number
    value = signal.minimum + share * (signal.maximum - signal.minimum)
    result = CODEC.encode(message.name, {signal.name: value})
    back = decode(message.frame_id, result.payload)[signal.name]
    assert back == pytest.approx(value, abs=signal.scale / 2 * 1.001)
    assert result.saturated == ()


@settings(max_examples=400)
@given(number=st.sampled_from(NUMBERS), value=st.floats(allow_nan=True, allow_infinity=True))
def test_any_number_is_kept_or_saturated_never_wrapped(number, value) -> None:  # type: ignore[no-untyped-def]
    message, signal = number
    result = CODEC.encode(message.name, {signal.name: value})
    back = decode(message.frame_id, result.payload)[signal.name]
    if not math.isfinite(value):
        assert back is None
        assert result.saturated == (signal.name,)
        return
    nearest = min(max(value, signal.minimum), signal.maximum)
    assert back == pytest.approx(nearest, abs=signal.scale / 2 * 1.001)
    if value < signal.minimum:
        assert result.saturated == (signal.name,)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.name)
@settings(max_examples=40)
@given(data=st.data())
def test_the_bytes_are_those_of_cantools_strict_encoding(message, data) -> None:  # type: ignore[no-untyped-def]
    selector = next((s.name for s in message.signals if s.is_multiplexer), None)
    slot = data.draw(st.integers(0, OBJECT_SLOTS - 1))
    values = {
        signal.name: data.draw(_any_value_of(signal), label=signal.name)
        for signal in message.signals
        if signal.multiplexer_ids is None or slot in signal.multiplexer_ids
    }
    if selector:
        values[selector] = slot
    payload = CODEC.encode(message.name, values).payload
    assert payload == message.encode(values, scaling=True, strict=True)


def _any_value_of(signal) -> st.SearchStrategy[float | str]:  # type: ignore[no-untyped-def]
    labels = [str(label) for label in (signal.choices or {}).values()]
    numbers = st.floats(float(signal.minimum), float(signal.maximum))
    if signal.name.endswith("Saturated"):
        return st.just("NO")
    if labels and labels != [NOT_AVAILABLE]:
        return st.sampled_from(labels)
    return st.one_of(numbers, st.sampled_from(labels)) if labels else numbers


def test_none_is_not_available_and_never_zero() -> None:
    for message, signal in NUMBERS:
        payload = CODEC.encode(message.name, {signal.name: None}).payload
        assert decode(message.frame_id, payload)[signal.name] is None


def test_zero_of_a_signed_quantity_is_exactly_zero() -> None:
    back = encoded("LKA", {"LkaCurvatureDemand": 0.0, "LkaState": "ACTIVE", "LkaDeparture": "NONE"})
    assert back["LkaCurvatureDemand"] == 0.0
    assert encoded("ACC", {"AccAccelDemand": 0.0})["AccAccelDemand"] == 0.0
    assert encoded("LANES", {"LanesOffset": 0.0})["LanesOffset"] == 0.0


def test_saturation_is_flagged_in_the_frame() -> None:
    assert encoded("ACC", {"AccAccelDemand": -30.0})["AccSaturated"] == "YES"
    assert encoded("ACC", {"AccAccelDemand": -3.0})["AccSaturated"] == "NO"
    assert encoded("ACC", {"AccAccelDemand": -30.0})["AccAccelDemand"] == pytest.approx(-10.24)


def test_a_long_time_to_collision_is_no_saturation() -> None:
    back = encoded("AEB", {"AebTtc": 80.0})
    assert back["AebTtc"] == pytest.approx(10.22)
    assert back["AebSaturated"] == "NO"


def test_a_signal_that_the_message_does_not_have_is_our_mistake() -> None:
    with pytest.raises(KeyError):
        CODEC.encode("ACC", {"AccNonsense": 1.0})


ENUMS = [
    ("STATUS", "StatusMode", adas.Mode),
    ("AEB", "AebStage", adas.AebStage),
    ("LKA", "LkaState", adas.LkaState),
    ("LKA", "LkaDeparture", adas.Side),
    ("LDW", "LdwDeparture", adas.Side),
    ("ACC", "AccState", adas.AccState),
    ("APA_STATUS", "ApaStatusState", adas.ApaState),
    ("APA_STATUS", "ApaStatusSide", adas.Side),
    ("BSD", "BsdLeft", adas.BsdLevel),
    ("BSD", "BsdRight", adas.BsdLevel),
    ("TRAFFIC_LIGHT", "TrafficLightState", LightState),
]


@pytest.mark.parametrize(("message", "signal", "enum"), ENUMS)
def test_value_tables_are_the_enums_numbers(message, signal, enum) -> None:  # type: ignore[no-untyped-def]
    choices = drag_edge_dbc().get_message_by_name(message).get_signal_by_name(signal).choices
    table = {raw: str(label) for raw, label in choices.items() if str(label) != NOT_AVAILABLE}
    assert table == {member.value: member.name for member in enum}


def test_every_alert_has_a_number_on_the_bus() -> None:
    choices = drag_edge_dbc().get_message_by_name("ALERT").get_signal_by_name("AlertId").choices
    labels = {str(label) for label in choices.values()}
    assert labels == {name.upper() for name in ALERTS} | {"NONE", "OTHER", NOT_AVAILABLE}


@pytest.mark.parametrize("name", ALERTS)
def test_an_alerts_whole_entry_of_the_table_reaches_the_bus(name: str) -> None:
    told = decision(0.0, alerts=(alert_of(name),))
    back = encoded("ALERT", dict(SIGNALS["ALERT"](Outputs(scene(0.0), told, command(0.0)))))
    entry = ALERTS[name]
    assert back["AlertId"] == name.upper()
    assert back["AlertPriority"] == entry.priority
    assert back["AlertSound"] == (entry.sound.upper() or "NONE")
    assert back["AlertDuration"] == pytest.approx(entry.duration_s)
    assert back["AlertSaturated"] == "NO"


def test_no_alert_is_no_sound() -> None:
    quiet = Outputs(scene(0.0), decision(0.0), command(0.0))
    back = encoded("ALERT", dict(SIGNALS["ALERT"](quiet)))
    assert (back["AlertCount"], back["AlertId"], back["AlertSound"]) == (0, "NONE", "NONE")


def test_an_unknown_alert_is_other_and_flagged() -> None:
    back = encoded("ALERT", {"AlertId": "SOMETHING_NEW"})
    assert back["AlertId"] == "OTHER"
    assert back["AlertSaturated"] == "YES"


def test_every_message_and_signal_is_described() -> None:
    assert {message.name for message in MESSAGES} == {*SIGNALS, "STATUS", "OBJECTS"}
    for message in MESSAGES:
        assert message.comment
        assert message.cycle_time in (20, 50, 100)
        assert message.length == 8
        layout = {signal.name: signal for signal in message.signals}
        crc, counter, age = (
            layout["".join(word.capitalize() for word in message.name.split("_")) + end]
            for end in ("Crc", "Counter", "Age")
        )
        assert (crc.start, crc.length) == (0, 8)
        assert (counter.start, counter.length) == (8, 4)
        assert (age.start, age.length) == (56, 8)
        for signal in message.signals:
            assert signal.comment, signal.name
            assert signal.byte_order == "little_endian"


def test_fault_bits_exist() -> None:
    status = drag_edge_dbc().get_message_by_name("STATUS")
    names = {signal.name for signal in status.signals}
    assert set(FAULT_BITS) <= names


def test_without_actuation_no_demand_leaves_whatever_the_command_says() -> None:
    told = Outputs(scene(), decision(), command(actuation=False, aeb_decel_mps2=-6.0))
    for name, demand in (
        ("AEB", "AebDecelDemand"),
        ("ACC", "AccAccelDemand"),
        ("LKA", "LkaCurvatureDemand"),
    ):
        assert encoded(name, dict(SIGNALS[name](told)))[demand] is None
    assert encoded("ACC", dict(SIGNALS["ACC"](told)))["AccAccelWanted"] == pytest.approx(-0.5)


def test_a_demand_that_is_not_a_number_is_not_requested() -> None:
    told = Outputs(scene(), decision(), command(accel_mps2=math.nan))
    back = encoded("ACC", dict(SIGNALS["ACC"](told)))
    assert back["AccAccelDemand"] is None
    assert back["AccAccelRequest"] == "NO"


def test_a_model_that_failed_is_not_the_same_as_a_free_road() -> None:
    free = Outputs(scene(lead=None, tracks=()), decision(), command())
    blind = Outputs(scene(lead=None, tracks=None, side_tracks=None), decision(), command())
    assert encoded("LEAD", dict(SIGNALS["LEAD"](free)))["LeadClass"] == "NONE"
    assert encoded("LEAD", dict(SIGNALS["LEAD"](blind)))["LeadClass"] is None
    assert encoded("OBJECTS", dict(objects(free, 0)))["Objects0Class"] == "NONE"
    assert encoded("OBJECTS", dict(objects(blind, 0)))["Objects0Class"] is None


def test_the_object_list_has_the_nearest_first_one_slot_a_frame() -> None:
    crowd = tuple(track(id=n, x_m=10.0 * n) for n in range(8, 0, -1))
    told = Outputs(scene(tracks=crowd), decision(), command())
    found = [encoded("OBJECTS", dict(objects(told, slot))) for slot in range(OBJECT_SLOTS)]
    assert [frame["ObjectsSlot"] for frame in found] == [0, 1, 2, 3]
    assert [found[slot][f"Objects{slot}Id"] for slot in range(OBJECT_SLOTS)] == [1, 2, 3, 4]
    assert found[1]["Objects1X"] == pytest.approx(20.0)
    assert "Objects0X" not in found[1]


def test_sides_alone_do_not_know_that_a_slot_is_empty() -> None:
    beside = track(id=1_000_000, camera="left", x_m=-3.0, y_m=3.0)
    told = Outputs(scene(lead=None, tracks=None, side_tracks=(beside,)), decision(), command())
    assert encoded("OBJECTS", dict(objects(told, 0)))["Objects0Class"] == "CAR"
    assert encoded("OBJECTS", dict(objects(told, 1)))["Objects1Class"] is None
    nobody = Outputs(scene(lead=None, tracks=None, side_tracks=()), decision(), command())
    assert encoded("OBJECTS", dict(objects(nobody, 0)))["Objects0Class"] is None
    front = Outputs(scene(lead=None, tracks=(), side_tracks=None), decision(), command())
    assert encoded("OBJECTS", dict(objects(front, 0)))["Objects0Class"] == "NONE"


@given(
    st.lists(st.integers(0, 2000), max_size=4, unique=True),
    st.lists(st.integers(1_000_000, 1_000_600), max_size=4, unique=True),
)
@example([145], [1_000_000])  # both 145 modulo 255
@example([254, 509, 764], [1_000_109])
def test_two_objects_of_one_list_never_share_a_number(front: list[int], side: list[int]) -> None:
    ahead = tuple(track(id=number, x_m=10.0 + at) for at, number in enumerate(front))
    beside = tuple(track(id=number, x_m=-5.0 - at) for at, number in enumerate(side))
    told = Outputs(scene(tracks=ahead, side_tracks=beside), decision(), command())
    count = min(OBJECT_SLOTS, len(front) + len(side))
    numbers = [objects(told, slot)[f"Objects{slot}Id"] for slot in range(count)]
    assert len(set(numbers)) == count
    assert all(0 <= number < 255 for number in numbers)
    if front == [145]:
        assert 145 in numbers, "as LEAD calls it"


def test_track_numbers_stay_in_range_for_ever() -> None:
    told = Outputs(scene(lead=track(id=1000)), decision(), command())
    assert encoded("LEAD", dict(SIGNALS["LEAD"](told)))["LeadId"] == 1000 % 255


def test_the_scene_is_told_in_the_units_of_the_dbc() -> None:
    told = Outputs(scene(), decision(), command())
    lanes = encoded("LANES", dict(SIGNALS["LANES"](told)))
    assert lanes["LanesOffset"] == pytest.approx(0.05)
    assert lanes["LanesWidth"] == pytest.approx(3.5)
    assert lanes["LanesCurvature"] == pytest.approx(0.001)
    light = encoded("TRAFFIC_LIGHT", dict(SIGNALS["TRAFFIC_LIGHT"](told)))
    assert light["TrafficLightState"] == "RED"
    assert light["TrafficLightDistance"] == pytest.approx(55.0)
    assert light["TrafficLightStopLine"] == pytest.approx(50.0)
    hud = encoded("ACC_HUD", dict(SIGNALS["ACC_HUD"](told)))
    assert hud["AccHudSetSpeed"] == pytest.approx(33.0)
    assert hud["AccHudGapSetting"] == 2
