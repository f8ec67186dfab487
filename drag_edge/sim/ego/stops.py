"""Where traffic lights demand a stop, for the driver and for the truth."""

from __future__ import annotations

from dataclasses import dataclass

from drag_edge.sim.road import Road, TrafficLight

LINE_BEFORE_LIGHT_M = 40.0
SEEN_FROM_M = 150.0
PASSED_M = 1.0
WILLING_DECEL_MPS2 = 3.0


@dataclass(frozen=True, slots=True)
class StopLine:
    """The station to stop at, and the light that it belongs to."""

    s_m: float
    light: TrafficLight


class StopLines:
    """The stop lines of a road's lights: the paint nearest before a light, else the light."""

    def __init__(self, road: Road) -> None:
        painted = [mark.s_m for mark in road.marks if mark.kind == "stop_line"]
        self._stops: list[StopLine] = []
        for light in sorted(road.traffic_lights, key=lambda light: light.s_m):
            before = [s for s in painted if 0.0 <= light.s_m - s <= LINE_BEFORE_LIGHT_M]
            self._stops.append(StopLine(max(before, default=light.s_m), light))

    def next(self, front_s_m: float) -> StopLine | None:
        """The next one within sight ahead of the front bumper."""
        for stop in self._stops:
            if -PASSED_M <= stop.s_m - front_s_m <= SEEN_FROM_M:
                return stop
        return None

    def demanding(self, front_s_m: float, speed_mps: float, time_s: float) -> StopLine | None:
        """The next one if it must be respected: red, or yellow while a stop is reasonable."""
        stop = self.next(front_s_m)
        if stop is None:
            return None
        state = stop.light.state_at(time_s)
        if state == "red":
            return stop
        left_m = max(stop.s_m - front_s_m, 0.01)
        reasonable = speed_mps**2 / (2.0 * left_m) <= WILLING_DECEL_MPS2
        return stop if state == "yellow" and reasonable else None
