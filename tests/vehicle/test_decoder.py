"""Our own decoding against cantools'."""

from __future__ import annotations

import cantools
import pytest
from cantools.database.can import Message
from hypothesis import given
from hypothesis import strategies as st

from drag_edge.sim.ego.vehicle_bus import vehicle_dbc
from drag_edge.vehicle.decoder import Decoder

FOREIGN = """
VERSION ""
NS_ :
BS_:
BU_: A
BO_ 10 ODD: 8 A
 SG_ signed : 0|13@1- (0.25,-3) [0|0] "" A
 SG_ whole : 13|11@1+ (2,5) [0|0] "" A
 SG_ fine : 24|16@1+ (0.0078125,0) [0|0] "" A
 SG_ flag : 40|1@1+ (1,0) [0|0] "" A
 SG_ motorola : 55|12@0- (0.5,1) [0|0] "" A
"""


def decoded_by_cantools(message: Message, data: bytes) -> dict[str, float]:
    return {name: float(value) for name, value in message.decode(data, False).items()}


@given(data=st.binary(min_size=8, max_size=8))
@pytest.mark.parametrize("message", vehicle_dbc().messages, ids=lambda message: message.name)
def test_the_simulated_cars_messages_say_what_cantools_reads(message: Message, data: bytes) -> None:
    names = [signal.name for signal in message.signals]

    assert Decoder(message, names).decode(data) == decoded_by_cantools(message, data)


@given(data=st.binary(min_size=8, max_size=9))
@pytest.mark.parametrize("wanted", [["signed", "whole", "fine", "flag"], ["flag", "motorola"]])
def test_signs_scales_and_foreign_byte_orders(wanted: list[str], data: bytes) -> None:
    message = cantools.database.load_string(FOREIGN, "dbc").get_message_by_name("ODD")

    found = Decoder(message, wanted).decode(data)

    assert found is not None
    expected = decoded_by_cantools(message, data)
    assert {name: found[name] for name in wanted} == {name: expected[name] for name in wanted}


def test_a_short_frame_says_nothing() -> None:
    message = vehicle_dbc().messages[0]

    assert Decoder(message, ["speed"]).decode(bytes(message.length - 1)) is None
