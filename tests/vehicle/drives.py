"""A short drive on the virtual bus that leaves a log."""

from __future__ import annotations

from pathlib import Path

import can

from drag_edge.clock import VirtualClock
from drag_edge.config.vehicle import CanSettings
from drag_edge.events import Event
from drag_edge.vehicle.bus import open_bus
from drag_edge.vehicle.codec import Codec
from drag_edge.vehicle.schedule import TICK_S
from drag_edge.vehicle.sender import CyclicSender


def drive(log: Path, events: list[Event], until_s: float = 2.0, flush_s: float = 0.5) -> int:
    """Send and receive for a while with a log; how many frames there were."""
    clock = VirtualClock()
    settings = CanSettings(channel="test-log", log=log, log_flush_s=flush_s)
    bus = open_bus(settings, clock, events.append)
    other = can.Bus(interface="virtual", channel="test-log")
    sender = CyclicSender(bus, Codec(), clock)

    def exchange(now_s: float) -> None:
        other.send(can.Message(arbitration_id=0x0A0, data=bytes(8), is_extended_id=False))
        assert bus.receive() is not None

    clock.every(TICK_S, sender.step, "sender")
    clock.every(0.05, exchange, "other")
    clock.advance_to(until_s)
    sender.close()
    bus.shutdown()
    other.shutdown()
    return sender.sent + round(until_s / 0.05) + 1
