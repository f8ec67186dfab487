"""Labelled cameras: right when asked, wrong as much as asked; and the real perception on them."""

from __future__ import annotations

import can
import numpy as np
import pytest

from drag_edge.adas.decision import AebStage
from drag_edge.clock import VirtualClock
from drag_edge.config.adas import AdasSettings
from drag_edge.config.vocabulary import ROAD_USERS
from drag_edge.inference.results import ClassMap, Detections
from drag_edge.sim.camera import front_camera, left_camera
from drag_edge.sim.ego.commands import Control
from drag_edge.sim.render_look import look_from_seed
from drag_edge.sim.scenario_files import load_scenario
from drag_edge.sim.sensor import LabelSensor, SensorErrors
from drag_edge.sim.session import SimSession, Snapshot
from tests.sim.closed_loop import drive


@pytest.fixture(scope="module")
def instant() -> Snapshot:
    clock = VirtualClock()
    bus = can.Bus(interface="virtual", channel="sensor")
    session = SimSession(load_scenario("highway"), clock, bus)
    session.start()
    clock.advance_to(3.0)
    bus.shutdown()
    return session.snapshot()


def boxes(instant: Snapshot, errors: SensorErrors | None = None, seed: int = 1) -> Detections:
    sensor = LabelSensor(front_camera(), look_from_seed(1), np.random.default_rng(seed), errors)
    found = sensor.perceive(instant).results["objects"]
    assert isinstance(found, Detections)
    return found


def test_a_front_camera_answers_for_all_four_networks(instant: Snapshot) -> None:
    sensor = LabelSensor(front_camera(), look_from_seed(1), np.random.default_rng(1))
    perceived = sensor.perceive(instant)
    assert set(perceived.results) == {"road", "objects", "signal", "split"}
    road, objects = perceived.results["road"], perceived.results["objects"]
    assert isinstance(road, ClassMap)
    assert road.classes.shape == (160, 512)
    assert isinstance(objects, Detections)
    assert objects.vocabulary == ROAD_USERS
    assert len(objects.labels) == len(objects.boxes_px) == len(objects.scores) >= 3
    assert perceived.time_s == instant.time_s


def test_a_side_camera_answers_for_objects_only(instant: Snapshot) -> None:
    sensor = LabelSensor(left_camera(), look_from_seed(1), np.random.default_rng(1), front=False)
    assert set(sensor.perceive(instant).results) == {"objects"}


def test_the_same_seed_errs_alike(instant: Snapshot) -> None:
    errors = SensorErrors(edge_sigma_px=2.0, dropout=0.3)
    first, again, other = (boxes(instant, errors, seed).boxes_px for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert first.shape != other.shape or not np.allclose(first, other)


def test_edges_scatter_and_boxes_drop_out_as_asked(instant: Snapshot) -> None:
    true = boxes(instant)
    count, kept, shifts = len(true.labels), 0, []
    for seed in range(120):
        noisy = boxes(instant, SensorErrors(edge_sigma_px=1.0, dropout=0.2), seed)
        kept += len(noisy.labels)
        if noisy.labels == true.labels:
            shifts.append(noisy.boxes_px - true.boxes_px)
    assert kept / (120 * count) == pytest.approx(0.8, abs=0.06)
    assert np.std(shifts) == pytest.approx(1.0, abs=0.15)


def test_small_boxes_are_not_seen(instant: Snapshot) -> None:
    found = boxes(instant, SensorErrors(least_height_px=40.0))
    assert len(found.labels) < len(boxes(instant).labels)
    assert np.all(found.boxes_px[:, 3] - found.boxes_px[:, 1] >= 40.0)


def test_real_perception_on_spoilt_labels_follows_and_keeps_the_lane() -> None:
    errors = SensorErrors(edge_sigma_px=1.0, dropout=0.05)
    result = drive(
        load_scenario("highway"), AdasSettings(actuation=True), seconds=10.0,
        errors=errors, latency_s=0.1,
    )  # fmt: skip
    outcome = result.session.outcome()
    assert outcome.collisions == ()
    assert outcome.lanes == (1,)
    assert outcome.max_lane_offset_m < 0.4
    later = [truth for truth in result.session.record if truth.time_s > 3.0]
    assert all(truth.controls.drive is Control.CONTROLLED for truth in later)
    assert all(t.lead is not None and t.lead.gap_m / t.ego.speed_mps > 0.8 for t in later)
    assert all(d.aeb.stage is AebStage.READY for d in result.decisions)
