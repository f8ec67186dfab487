"""`drag-edge model inspect FILE`: what a network's file is, and how it would be used."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drag_edge.config.models import ModelSettings
from drag_edge.errors import InputMissingError, InvalidConfigError
from drag_edge.inference.choose import ENGINE_SUFFIXES
from drag_edge.inference.engine import Engine, ModelError, TensorSpec
from drag_edge.inference.inspect_engine import EngineFacts, engine_facts, opened_here
from drag_edge.inference.metadata import ModelMetadata, parse_metadata
from drag_edge.inference.onnx import OnnxEngine
from drag_edge.inference.plan import ModelPlan, make_plan

_LONGEST_VALUE = 200


@dataclass(frozen=True, slots=True)
class ModelReport:
    """inputs, outputs: () where only running the file tells them and it cannot run here.

    plan: None when the file alone does not tell how to use it; then `obstacle` says why. engine:
    what an engine's bytes and sidecar say, None for an ONNX file.
    """

    file: Path
    runtime: str
    bytes: int
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    properties: Mapping[str, Any]
    metadata: ModelMetadata
    plan: ModelPlan | None
    obstacle: str
    engine: EngineFacts | None = None

    def lines(self) -> list[str]:
        """For a person."""
        lines = [f"{self.file.name}  {self.bytes / 1e6:.1f} MB  runtime {self.runtime}"]
        if self.engine is not None:
            lines += [f"  {line}" for line in self.engine.lines(tensors=not self.inputs)]
        lines += [f"  input   {spec}" for spec in self.inputs]
        lines += [f"  output  {spec}" for spec in self.outputs]
        lines += [f"  {key}: {_short(value)}" for key, value in sorted(self.properties.items())]
        lines += [f"  note: {note}" for note in self.metadata.notes]
        if self.plan is None:
            opened = self.engine is None or self.inputs
            what = "not usable as it is" if opened else "cannot run here"
            return [*lines, f"  {what}: {self.obstacle}"]
        recipe = self.plan.recipe
        order = "rgb" if recipe.rgb else "bgr"
        lines.append(
            f"  used as {self.plan.task}, read as {self.plan.form}, "
            f"picture by {recipe.resize}, roi {[round(part, 6) for part in recipe.roi]}, "
            f"{order}, pixel x {recipe.scale:.6g}, mean {list(recipe.mean)}, std {list(recipe.std)}"
        )
        words = self.plan.labels
        if words.word_of:
            lines.append(f"  means: {', '.join(f'{k} {v}' for k, v in words.word_of.items())}")
        if words.unmapped:
            lines.append(f"  mean nothing here: {', '.join(words.unmapped)}")
        return lines

    def as_json(self) -> str:
        """For a program."""
        plan = self.plan
        document: dict[str, Any] = {
            "file": str(self.file),
            "bytes": self.bytes,
            "runtime": self.runtime,
            "inputs": [_tensor(spec) for spec in self.inputs],
            "outputs": [_tensor(spec) for spec in self.outputs],
            "metadata": {key: str(value) for key, value in self.properties.items()},
            "notes": list(self.metadata.notes),
            "obstacle": self.obstacle or None,
            "engine": None if self.engine is None else self.engine.as_document(),
            "use": None
            if plan is None
            else {
                "task": plan.task,
                "format": plan.form,
                "resize": plan.recipe.resize,
                "roi": list(plan.recipe.roi),
                "color_order": "rgb" if plan.recipe.rgb else "bgr",
                "scale": plan.recipe.scale,
                "mean": list(plan.recipe.mean),
                "std": list(plan.recipe.std),
                "labels": {str(key): word for key, word in plan.labels.word_of.items()},
                "unmapped": list(plan.labels.unmapped),
            },
        }
        return json.dumps(document, indent=2)


def inspect_model(path: Path) -> ModelReport:
    """Say what a file is: an ONNX file is opened, an engine too where it can run. Nothing is
    written.

    Raises InputMissingError (66) when it is not there, InvalidConfigError (78) when it is no
    network that we know.
    """
    if not path.is_file():
        raise InputMissingError(f"no such file: {path}")
    try:
        return _engine_report(path) if _is_engine(path) else _onnx_report(path)
    except ModelError as error:
        text = str(error)
        raise InvalidConfigError(text if str(path) in text else f"{path}: {text}") from error


def _is_engine(path: Path) -> bool:
    """By its name; by its bytes where the name says neither engine nor ONNX."""
    if path.suffix in ENGINE_SUFFIXES:
        return True
    if path.suffix == ".onnx":
        return False
    try:
        engine_facts(path)
    except ModelError:
        return False
    return True


def _onnx_report(path: Path) -> ModelReport:
    engine = OnnxEngine(path)
    try:
        return _report(path, engine, "onnx", None)
    finally:
        engine.close()


def _engine_report(path: Path) -> ModelReport:
    facts = engine_facts(path)
    try:
        with opened_here(path) as engine:
            return _report(path, engine, "tensorrt", facts)
    except ModelError as error:
        obstacle = str(error)
    return ModelReport(
        file=path,
        runtime="tensorrt",
        bytes=path.stat().st_size,
        inputs=(),
        outputs=(),
        properties=facts.properties,
        metadata=parse_metadata(facts.properties),
        plan=None,
        obstacle=obstacle,
        engine=facts,
    )


def _report(path: Path, engine: Engine, runtime: str, facts: EngineFacts | None) -> ModelReport:
    properties = engine.metadata if facts is None else facts.properties
    metadata = parse_metadata(properties)
    settings = ModelSettings(file=path)
    plan, obstacle = None, ""
    try:
        plan = make_plan(settings, metadata, engine.inputs, engine.outputs, engine.run())
    except ModelError as error:
        obstacle = str(error)
    return ModelReport(
        file=path,
        runtime=runtime,
        bytes=path.stat().st_size,
        inputs=engine.inputs,
        outputs=engine.outputs,
        properties=properties,
        metadata=metadata,
        plan=plan,
        obstacle=obstacle,
        engine=facts,
    )


def _tensor(spec: TensorSpec) -> dict[str, Any]:
    return {"name": spec.name, "shape": list(spec.shape), "dtype": str(spec.dtype)}


def _short(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"
