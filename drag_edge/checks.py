"""What the rooms know to be wrong with a configuration beyond its schema: they look into files."""

from __future__ import annotations

from collections.abc import Iterator

from drag_edge.config.load import RoomCheck
from drag_edge.config.report import Kind, Problem, listed, nearest
from drag_edge.config.root import Settings
from drag_edge.errors import DragEdgeError


def ego_mapping_fits_its_dbc(settings: Settings) -> Iterator[Problem]:
    """The vehicle's DBC can be read and has the messages and signals that the YAML maps."""
    from drag_edge.vehicle.mapping import check_ego_mapping

    if settings.vehicle.ego is not None:
        yield from check_ego_mapping(settings.vehicle.ego)


def replayed_log_is_whole(settings: Settings) -> Iterator[Problem]:
    """The CAN log that is to be replayed can be read to its end."""
    from drag_edge.vehicle.replay import DamagedLogError, check_replay

    try:
        check_replay(settings.vehicle.can)
    except DamagedLogError as error:
        key, file = "vehicle.can.replay", str(settings.vehicle.can.replay)
        yield Problem(Kind.VALUE, None, None, None, key, file, "a CAN log", str(error))


def scenario_is_there(settings: Settings) -> Iterator[Problem]:
    """A simulated camera's scenario exists and can be read."""
    from drag_edge.sim.scenario_files import known_scenarios, load_scenario

    for name, camera in settings.cameras.items():
        target = camera.source.removeprefix("sim://")
        if target in (camera.source, ""):
            continue
        try:
            load_scenario(target)
        except DragEdgeError as error:
            known = known_scenarios()
            close = nearest(target, known)
            yield Problem(
                Kind.VALUE,
                None,
                None,
                None,
                f"cameras.{name}.source",
                camera.source,
                f"a scenario: {listed([f'sim://{one}' for one in known])}",
                f"did you mean sim://{close}?" if close else str(error),
            )


def models_are_networks(settings: Settings) -> Iterator[Problem]:
    """Every ONNX file and engine is whole, and its own task is not another than the YAML's."""
    from drag_edge.inference.choose import ENGINE_SUFFIXES, TORCH_SUFFIXES
    from drag_edge.inference.engine import ModelError
    from drag_edge.inference.engine_file import read_engine_file
    from drag_edge.inference.metadata import parse_metadata
    from drag_edge.inference.onnx_file import read_onnx_metadata

    for name, model in settings.models.items():
        if model.runtime == "ultralytics" or model.file.suffix in TORCH_SUFFIXES:
            continue
        key, file = f"models.{name}.file", str(model.file)
        engine = model.file.suffix in ENGINE_SUFFIXES and model.runtime != "onnx"
        try:
            said = (
                read_engine_file(model.file).metadata if engine else read_onnx_metadata(model.file)
            )
            task = parse_metadata(said).task
        except ModelError as error:
            expected = "a TensorRT engine" if engine else "an ONNX file"
            yield Problem(Kind.DAMAGED_FILE, None, None, None, key, file, expected, str(error))
            continue
        if task is not None and model.task is not None and task != model.task:
            hint = f"{model.file.name} says that it was trained to {task}"
            expected = f"task {task}, or another file"
            key = f"models.{name}.task"
            yield Problem(Kind.VALUE, None, None, None, key, model.task, expected, hint)


ROOM_CHECKS: tuple[RoomCheck, ...] = (
    ego_mapping_fits_its_dbc,
    replayed_log_is_whole,
    scenario_is_there,
    models_are_networks,
)
