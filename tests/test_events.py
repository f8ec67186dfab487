"""The box of events while nobody empties it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from drag_edge.events import Event, EventBox


def event(name: str, source: str = "can0", time_s: float = 0.0) -> Event:
    return Event(name, source, f"at {time_s:g}", time_s)


def test_what_was_put_in_comes_out_once_in_order() -> None:
    box = EventBox()
    put = [event("frame_late", time_s=float(tick)) for tick in range(1000)]
    for one in put:
        box.put(one)
    assert box.take() == tuple(put)
    assert box.take() == ()


def test_a_flood_does_not_wash_a_rare_event_away() -> None:
    box = EventBox(100)
    for rare in ("bus_off", "bus_recovered"):
        box.put(event(rare))
        for tick in range(1000):
            box.put(event("mcu_fault", "port", float(tick)))
    taken = box.take()
    names = [one.name for one in taken if one.name != "mcu_fault"]
    assert names == ["bus_off", "bus_recovered"]
    assert taken[-1] == event("mcu_fault", "port", 999.0)


NAMES = ["mcu_lost", "mcu_recovered", "mcu_fault", "bus_off", "bus_recovered"]


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from("ab")), max_size=80))
def test_the_newest_of_each_is_there_in_its_order(told: list[tuple[str, str]]) -> None:
    box = EventBox(12)
    put = [event(name, source, float(at)) for at, (name, source) in enumerate(told)]
    for one in put:
        box.put(one)
    taken = box.take()
    assert len(taken) <= 12
    assert list(taken) == sorted(taken, key=lambda one: one.time_s)
    assert {(one.name, one.source): one for one in taken} == {
        (one.name, one.source): one for one in put
    }
