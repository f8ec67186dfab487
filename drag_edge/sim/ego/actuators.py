"""Driver and assistance meet at the actuators: who wins, as the vehicle itself decides it."""

from __future__ import annotations

from drag_edge.sim.ego.commands import Control, Controls, Demand, Demands
from drag_edge.sim.ego.driver import DriverInputs
from drag_edge.sim.ego.plant import Car, CarCommand, CarState, steering_for_curvature

ACCELERATOR_OVERRIDE = 0.05
"""Pedal travel from which the driver's foot wins over ACC."""


def arbitrate(
    demands: Demands, inputs: DriverInputs, state: CarState, car: Car
) -> tuple[CarCommand, Controls]:
    """The plant's command: a driver who steers or uses a pedal wins over LKA and ACC, and the
    harder of the driver's and AEB's braking counts."""
    drive = _unless(
        inputs.brake_pressed or inputs.accelerator > ACCELERATOR_OVERRIDE, demands.accel
    )
    steer = _unless(inputs.steering_rad is not None, demands.curvature)
    steering = 0.0  # nobody holds the wheel: it centres itself
    if inputs.steering_rad is not None:
        steering = inputs.steering_rad
    elif steer.value is not None:
        steering = steering_for_curvature(steer.value, state.speed_mps, car)
    command = CarCommand(
        accel_mps2=drive.value,
        accelerator=inputs.accelerator,
        brake_mps2=max(-(demands.brake.value or 0.0), inputs.brake_mps2),
        steering_rad=steering,
    )
    return command, Controls(drive.control, steer.control, demands.brake.control)


def _unless(overridden: bool, demand: Demand) -> Demand:
    """The demand, or nothing where the driver takes over from it."""
    if not overridden:
        return demand
    asked = demand.control is not Control.NONE
    return Demand(None, Control.DRIVER_OVERRIDE if asked else Control.NONE, demand.ready)
