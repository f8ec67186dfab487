"""What a run counts: right, and never more to remember the longer it runs."""

from __future__ import annotations

import pickle

from drag_edge.summary import RunSummary
from tests.vehicle.builders import command, decision, scene, track


def after(leads: list[int]) -> RunSummary:
    summary = RunSummary()
    for track_id in leads:
        seen = scene(0.0, lead=track(id=track_id))
        summary.add(["front"], seen, decision(0.0), command(0.0))
    return summary


def test_each_vehicle_that_led_counts_once_even_when_it_leads_again() -> None:
    assert after([3, 3, 5, 3, 5, 9]).leads == 3


def test_a_service_that_runs_for_weeks_remembers_no_more_than_one_that_runs_for_minutes() -> None:
    few, many = after(list(range(1000, 1100))), after(list(range(1000, 6000)))
    assert many.leads == 5000
    assert len(pickle.dumps(many)) <= len(pickle.dumps(few)) + 64
