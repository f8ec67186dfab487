"""While pictures are lost the loop still turns, as often as the daemon's wait for them ends."""

from __future__ import annotations

import itertools

from drag_edge.faults.fault import parse_fault
from drag_edge.score.card import chosen, load_card
from drag_edge.score.judge import settings_for
from drag_edge.score.loop import IDLE_TICK_S, drive
from tests.conftest import REPOSITORY


def test_a_lost_picture_is_not_waited_for() -> None:
    (row,) = chosen(load_card(), (), "lost-1s")
    settings = settings_for(REPOSITORY / "configs" / "demo.yaml", "ours", ())
    faults = (parse_fault("drop:front@1+0.5"),)
    done = drive(row.cases[0].scenario, settings, seconds=2.0, faults=faults)
    lost = [time_s for time_s in done.times_s if 1.15 < time_s < 1.55]
    assert len(lost) >= 7
    steps = [after - before for before, after in itertools.pairwise(lost)]
    assert max(steps) <= IDLE_TICK_S + 0.011
