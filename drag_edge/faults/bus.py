"""Faults of the bus: a python-can bus that refuses, loses, damages or repeats frames."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence

import can
import numpy as np

from drag_edge.faults.fault import Fault

Now = Callable[[], float]
_NO_BUS = ("bus_off", "unplugged")


class BusFaults:
    """What happens to frames. identifiers: by message name, ours and the vehicle's.

    speed_messages: those that hold the vehicle's own speed.
    """

    def __init__(
        self,
        faults: Sequence[Fault],
        identifiers: Mapping[str, int],
        speed_messages: Sequence[str],
        now_s: Now,
        rng: np.random.Generator,
    ) -> None:
        self._faults = list(faults)
        self._identifiers = identifiers
        self._speed = {identifiers[name] for name in speed_messages}
        self._now_s = now_s
        self._rng = rng
        self._last: dict[tuple[int, bool], bytes] = {}

    def refuse(self) -> str | None:
        """Why the bus cannot be used now; None when it can."""
        held = self._held()
        return next((kind for kind in _NO_BUS if kind in held), None)

    def gone(self) -> bool:
        """Whether the adapter cannot even be opened."""
        return "unplugged" in self._held()

    def sent(self, message: can.Message) -> can.Message | None:
        """What others receive of a frame of ours."""
        return None if "mute" in self._held() else self._damaged(message, True)

    def received(self, message: can.Message) -> can.Message | None:
        """What we receive of a frame of others."""
        if "mute" in self._held():
            return None
        identifier = message.arbitration_id
        now_s = self._now_s()
        for fault in self._faults:
            if not fault.at(now_s):
                continue
            if fault.kind == "silence" and self._names(fault, identifier):
                return None
            if fault.kind == "no_speed" and identifier in self._speed:
                return None
        return self._damaged(message, False)

    def _damaged(self, message: can.Message, ours: bool) -> can.Message:
        key = (message.arbitration_id, ours)
        before = self._last.get(key)
        now_s = self._now_s()
        data = bytes(message.data)
        for fault in self._faults:
            if not fault.at(now_s) or not self._names(fault, message.arbitration_id):
                continue
            if fault.kind == "crc" and data and self._rng.random() < fault.parameter("share"):
                data = bytes((data[0] ^ 0xFF,)) + data[1:]
            if fault.kind == "counter" and self._rng.random() < fault.parameter("share"):
                data = data if before is None else before
        if data == bytes(message.data):
            self._last[key] = data
            return message
        damaged = copy.copy(message)
        damaged.data = bytearray(data)
        return damaged

    def _names(self, fault: Fault, identifier: int) -> bool:
        return fault.target is None or self._identifiers.get(fault.target) == identifier

    def _held(self) -> frozenset[str]:
        now_s = self._now_s()
        return frozenset(fault.kind for fault in self._faults if fault.at(now_s))


class FaultyBus(can.BusABC):  # type: ignore[misc]
    """An open bus with faults."""

    def __init__(self, bus: can.BusABC, faults: BusFaults) -> None:
        self._inner = bus
        self._faults = faults
        self._is_shutdown = False  # BusABC's own mark; there is nothing else of it to set up

    def send(self, msg: can.Message, timeout: float | None = None) -> None:
        """Raises what python-can raises for a bus that is off or gone."""
        self._refuse()
        spoilt = self._faults.sent(msg)
        if spoilt is not None:
            self._inner.send(spoilt, timeout=timeout)

    def recv(self, timeout: float | None = None) -> can.Message | None:
        """The next frame that gets through."""
        self._refuse()
        while (message := self._inner.recv(timeout=timeout)) is not None:
            spoilt = self._faults.received(message)
            if spoilt is not None:
                return spoilt
        return None

    def shutdown(self) -> None:
        """Close the bus."""
        self._is_shutdown = True
        self._inner.shutdown()

    def _refuse(self) -> None:
        why = self._faults.refuse()
        if why is None:
            return
        while self._inner.recv(timeout=0) is not None:
            pass  # what comes meanwhile is lost, not kept for later
        if why == "unplugged":
            raise OSError(19, "No such device")
        raise can.CanOperationError("the controller is bus-off")


def open_faulty(open_bus: Callable[[], can.BusABC], faults: BusFaults) -> can.BusABC:
    """Open a bus with faults. Raises OSError while the adapter is gone."""
    if faults.gone():
        raise OSError(19, "No such device")
    return FaultyBus(open_bus(), faults)
