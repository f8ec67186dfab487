"""The renderer: deterministic, and its pictures show what the world holds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from drag_edge.sim.camera import Camera, Projector, front_camera, left_camera
from drag_edge.sim.render import render
from drag_edge.sim.render_look import Look, look_from_seed
from drag_edge.sim.road import Lane, TrafficLight, build_road
from drag_edge.sim.scene_sampler import sample_scene
from drag_edge.sim.world import EgoPose, Weather, World, actor_on_road, world_at

EGO = EgoPose(50.0, 0.0, 0.0)
QUIET = Look(seed=3, noise_level=0.0, blur_px=0.0, texture_gain=0.0)


def straight_world(**changes) -> World:
    road = build_road([(0.0, 0.0)], 300.0, [Lane(), Lane()], reference_lane=1, **changes)
    return world_at(road, 2.0)


@pytest.mark.parametrize("focus", ["road", "objects", "signal", "split"])
def test_equal_seeds_give_equal_pictures(focus):
    first, second = sample_scene(7, focus), sample_scene(7, focus)
    one = render(first.world, first.ego, first.camera, first.look)
    two = render(second.world, second.ego, second.camera, second.look)
    assert np.array_equal(one, two)
    assert one.dtype == np.uint8
    assert one.shape == (first.camera.height, first.camera.width, 3)


def test_other_seeds_give_other_pictures():
    world = straight_world()
    one, two = (render(world, EGO, front_camera(), seed) for seed in (1, 2))
    assert np.abs(one.astype(int) - two).mean() > 2.0


def test_a_seed_is_the_look_that_it_chooses():
    world = straight_world()
    one = render(world, EGO, front_camera(), 5)
    assert np.array_equal(one, render(world, EGO, front_camera(), look_from_seed(5)))


def mean_colour_at(picture, camera: Camera, point_m, ego: EgoPose = EGO):
    projector = Projector(camera, ego)
    u, v = np.round(projector.to_pixels(projector.to_optical(np.array(point_m)))).astype(int)
    return picture[v - 1 : v + 2, u - 1 : u + 2].reshape(-1, 3).mean(axis=0)


def test_lane_lines_are_brighter_than_asphalt():
    picture = render(straight_world(), EGO, front_camera(), QUIET)
    line = mean_colour_at(picture, front_camera(), (62.0, -1.75, 0.0))
    asphalt = mean_colour_at(picture, front_camera(), (62.0, 0.0, 0.0))
    assert line.mean() > asphalt.mean() + 60.0


@pytest.mark.parametrize(("state", "channel"), [("red", 2), ("green", 1)])
def test_the_lit_lamp_has_its_colour(state, channel):
    light = TrafficLight(75.0, -2.5, -4.0, 3.2, ((9.0, state),))
    picture = render(straight_world(traffic_lights=[light]), EGO, front_camera(), QUIET)
    height = 3.2 + (0.36 if state == "red" else -0.36)
    colour = mean_colour_at(picture, front_camera(), (75.0, -2.5, height))
    assert colour[channel] > 150.0
    assert np.argmax(colour) == channel


def test_brake_lights_glow_red():
    road = straight_world().road
    dark, lit = (
        render(
            world_at(road, 2.0, (actor_on_road(road, 1, "car", 70.0, 0.0, brake_lights=on),)),
            EGO,
            front_camera(),
            QUIET,
        )
        for on in (False, True)
    )
    brighter = (lit[..., 2].astype(int) - dark[..., 2]) > 50
    assert brighter.sum() > 50


def test_fog_hides_a_far_car_and_leaves_a_near_one():
    road = straight_world().road
    fog = Weather("day", "fog", 60.0)

    def change(s_m: float) -> float:
        car = actor_on_road(road, 1, "car", s_m, 0.0)
        empty = render(world_at(road, 2.0, (), fog), EGO, front_camera(), QUIET)
        with_car = render(world_at(road, 2.0, (car,), fog), EGO, front_camera(), QUIET)
        return float(np.abs(with_car.astype(int) - empty).max())

    assert change(150.0) < 12.0
    assert change(65.0) > 40.0


def test_the_bonnet_is_at_the_bottom_of_the_front_picture_only():
    world = straight_world()
    with_bonnet = replace(QUIET, bonnet=(20.0, 20.0, 160.0))
    front = render(world, EGO, front_camera(), with_bonnet)
    assert front[-5, 640, 2] > front[-5, 640, 0] + 50
    left = render(world, EGO, left_camera(), with_bonnet)
    assert left.shape == (320, 640, 3)


@pytest.mark.parametrize("pose", [EgoPose(0, 0, 3.1), EgoPose(50, 9, 1.2), EgoPose(400, 3, 0)])
def test_odd_poses_are_drawn_without_failing(pose):
    assert render(straight_world(), pose, front_camera(), 4).shape == (720, 1280, 3)
