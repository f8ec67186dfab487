"""Pedestrians and cyclists as jointed figures of round bars."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from drag_edge.sim.painting.canvas import Canvas
from drag_edge.sim.painting.vehicles import in_world
from drag_edge.sim.reference_line import FloatArray
from drag_edge.sim.render_look import Colour
from drag_edge.sim.world import Actor, World

SKIN: tuple[Colour, ...] = ((150, 180, 225), (110, 145, 195), (60, 85, 130), (45, 60, 95))
CLOTHES: tuple[Colour, ...] = (
    (40, 40, 45),
    (120, 60, 30),
    (50, 45, 150),
    (200, 200, 205),
    (60, 110, 60),
    (30, 140, 200),
    (110, 110, 115),
    (150, 120, 60),
)


@dataclass(frozen=True, slots=True)
class Bar:
    """A round-ended bar between two points of the actor's frame; equal ends make a ball."""

    start_m: tuple[float, float, float]
    end_m: tuple[float, float, float]
    width_m: float
    colour: Colour


def figure_bars(actor: Actor, time_s: float) -> tuple[Bar, ...]:
    """All bars of a pedestrian or cyclist at this moment of its stride."""
    rng = np.random.default_rng([actor.seed, 707])
    skin = SKIN[int(rng.integers(len(SKIN)))]
    top = CLOTHES[int(rng.integers(len(CLOTHES)))]
    legs = CLOTHES[int(rng.integers(len(CLOTHES)))]
    phase = float(rng.uniform(0, 2 * np.pi))
    stride = np.sin(phase + 2.0 * np.pi * time_s * (0.9 if actor.speed_mps > 0.2 else 0.0))
    if actor.kind == "pedestrian":
        return _walker(actor, float(stride), skin, top, legs, bool(rng.random() < 0.3))
    angle = phase + 2.0 * np.pi * time_s * actor.speed_mps / 4.5
    return _cyclist(actor, float(angle), skin, top, legs)


def _walker(
    actor: Actor, stride: float, skin: Colour, top: Colour, legs: Colour, bag: bool
) -> tuple[Bar, ...]:
    h = actor.height_m
    step = (0.16 * h if actor.speed_mps > 0.2 else 0.03) * stride
    side = 0.055 * h
    shoulder = 0.105 * h
    bars = [
        Bar((0.0, side, 0.5 * h), (step, side, 0.04 * h), 0.085 * h, legs),
        Bar((0.0, -side, 0.5 * h), (-step, -side, 0.04 * h), 0.085 * h, legs),
        Bar((0.0, shoulder, 0.8 * h), (-0.8 * step, shoulder * 1.35, 0.48 * h), 0.055 * h, top),
        Bar((0.0, 0.45 * side, 0.56 * h), (0.0, 0.55 * side, 0.78 * h), 0.15 * h, top),
        Bar((0.0, -0.45 * side, 0.56 * h), (0.0, -0.55 * side, 0.78 * h), 0.15 * h, top),
        Bar((0.0, -shoulder, 0.8 * h), (0.8 * step, -shoulder * 1.35, 0.48 * h), 0.055 * h, top),
        Bar((0.0, 0.0, 0.85 * h), (0.0, 0.0, 0.9 * h), 0.06 * h, skin),
        Bar((0.0, 0.0, 0.93 * h), (0.0, 0.0, 0.94 * h), 0.12 * h, skin),
        Bar((-0.012 * h, 0.0, 0.955 * h), (-0.012 * h, 0.0, 0.96 * h), 0.11 * h, (35, 40, 50)),
    ]
    if bag:
        bars.append(Bar((-0.1, 0.0, 0.62 * h), (-0.1, 0.0, 0.76 * h), 0.13 * h, legs))
    return tuple(bars)


def _cyclist(
    actor: Actor, angle: float, skin: Colour, top: Colour, legs: Colour
) -> tuple[Bar, ...]:
    h, half = actor.height_m, 0.5 * actor.length_m
    radius = 0.34
    rear, front = -half + radius, half - radius
    frame: Colour = (60, 60, 160) if actor.seed % 2 else (130, 130, 130)
    bars: list[Bar] = []
    for centre in (rear, front):
        spokes = np.linspace(0, 2 * np.pi, 11)
        rim = [(centre + radius * np.cos(a), 0.0, radius + radius * np.sin(a)) for a in spokes]
        bars += [Bar(p, q, 0.045, (28, 28, 28)) for p, q in pairwise(rim)]
    crank = (0.5 * (rear + front) - 0.05, 0.0, 0.3)
    saddle = (rear + 0.3, 0.0, 0.55 * h)
    head_tube = (front - 0.12, 0.0, 0.5 * h)
    bars += [
        Bar((rear, 0.0, radius), crank, 0.04, frame),
        Bar(crank, saddle, 0.045, frame),
        Bar(crank, head_tube, 0.045, frame),
        Bar(saddle, head_tube, 0.04, frame),
        Bar(head_tube, (front, 0.0, radius), 0.04, frame),
        Bar((front - 0.1, 0.25, 0.58 * h), (front - 0.1, -0.25, 0.58 * h), 0.04, (40, 40, 40)),
    ]
    for side, turn in ((0.1, angle), (-0.1, angle + np.pi)):
        pedal = (crank[0] + 0.16 * np.cos(turn), side, crank[2] + 0.16 * np.sin(turn))
        knee = (0.5 * (saddle[0] + pedal[0]) + 0.2, side, 0.5 * (saddle[2] + pedal[2]) + 0.08)
        bars.append(Bar((saddle[0], side, saddle[2] + 0.03), knee, 0.15, legs))
        bars.append(Bar(knee, pedal, 0.11, legs))
    shoulder = (saddle[0] + 0.33, 0.0, 0.82 * h)
    for side in (0.17, -0.17):
        bars.append(
            Bar((shoulder[0], side, shoulder[2]), (front - 0.1, 1.2 * side, 0.6 * h), 0.09, top)
        )
    for side in (0.09, -0.09):
        hip = (saddle[0], side, saddle[2] + 0.08)
        bars.append(Bar(hip, (shoulder[0], side, shoulder[2]), 0.24, top))
    head = (shoulder[0] + 0.1, 0.0, 0.92 * h)
    bars.append(Bar(head, head, 0.21, skin))
    bars.append(Bar((head[0] - 0.03, 0.0, 0.95 * h), (head[0] - 0.03, 0.0, 0.95 * h), 0.2, top))
    return tuple(bars)


def figure_outline_m(actor: Actor, time_s: float) -> tuple[FloatArray, FloatArray]:
    """World ends (N, 3) of all bars and their radii (N,), for labels."""
    bars = figure_bars(actor, time_s)
    ends = np.array([end for bar in bars for end in (bar.start_m, bar.end_m)])
    radii = np.repeat([0.5 * bar.width_m for bar in bars], 2)
    return in_world(actor, ends), radii


def paint_figure(canvas: Canvas, world: World, actor: Actor) -> None:
    """One pedestrian or cyclist; bars far from the camera first."""
    bars = figure_bars(actor, world.time_s)
    starts = in_world(actor, np.array([bar.start_m for bar in bars]))
    ends = in_world(actor, np.array([bar.end_m for bar in bars]))
    depth = canvas.projector.to_optical(0.5 * (starts + ends))[:, 2]
    distance = float(np.median(depth))
    if distance < 0.5 or canvas.haze_at(distance) > 0.97:
        return
    feet = np.array([(0.35, 0.2, 0), (0.35, -0.2, 0), (-0.35, -0.2, 0), (-0.35, 0.2, 0)])
    feet[:, 0] *= actor.length_m / 0.7
    dark = canvas.hazed(canvas.lit((38.0, 37.0, 36.0)), distance)
    canvas.fill(in_world(actor, feet.astype(float)), dark)
    # Only the depth along the figure's sides decides; limbs are otherwise in painting order.
    order = np.argsort(-np.round(depth, 1), kind="stable")
    for index in order:
        bar = bars[int(index)]
        colour = canvas.hazed(canvas.lit(bar.colour, 0.9), distance)
        if bar.start_m == bar.end_m:
            canvas.disc(starts[index], 0.5 * bar.width_m, colour)
        else:
            canvas.stroke(starts[index], ends[index], bar.width_m, colour)
