"""How a model will be used: the YAML, over the file's metadata, over what its shapes tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from drag_edge.config.models import ModelSettings, Task
from drag_edge.config.vocabulary import SURFACE_IDS
from drag_edge.inference.boxes import BOX_DECODERS, BoxLayout
from drag_edge.inference.classifier import Classifier
from drag_edge.inference.detector import Detector, DetectorRecipe
from drag_edge.inference.engine import ModelError, TensorSpec
from drag_edge.inference.labels import Labels, map_labels
from drag_edge.inference.letterbox import WHOLE, Placement, Resize
from drag_edge.inference.metadata import ModelMetadata
from drag_edge.inference.preprocess import InputRecipe
from drag_edge.inference.results import Result
from drag_edge.inference.segmenter import Head, Segmenter
from drag_edge.inference.shapes import (
    box_format,
    class_count,
    extra_values,
    is_class_map,
    yolox_is_decoded,
)

# A grid of detections has the shape of class scores too, but none of the fine ones.
_COARSEST_MAP = 8
_TASKS = get_args(Task)
_RESIZES = get_args(Resize)


class Decoder(Protocol):
    """Turns the outputs of one run into a result in frame pixels."""

    def decode(self, outputs: Mapping[str, NDArray[Any]], placement: Placement) -> Result:
        """Decode."""


@dataclass(frozen=True, slots=True)
class ModelPlan:
    """Everything that was decided about a model.

    form: a key of BOX_DECODERS, "class map" or "classes". input: its only input.
    """

    task: Task
    form: str
    input: TensorSpec
    recipe: InputRecipe
    decoder: Decoder
    labels: Labels


def make_plan(
    settings: ModelSettings,
    metadata: ModelMetadata,
    inputs: tuple[TensorSpec, ...],
    outputs: tuple[TensorSpec, ...],
    first_run: Mapping[str, NDArray[Any]],
) -> ModelPlan:
    """Decide how to feed and read a model. Raises ModelError when it fits nothing that we know.

    first_run: what a run on any picture put out; it tells decoded from raw YOLOX.
    """
    spec = _picture_input(inputs)
    task = _task(settings, metadata, spec, outputs)
    if task == "classify":
        form, decoder, labels = _classifier(settings, metadata, outputs)
    elif task == "segment" and any(is_class_map(o) for o in outputs) and not _boxes(outputs):
        form, decoder, labels = _segmenter(settings, metadata, outputs)
    else:
        form, decoder, labels = _detector(settings, metadata, task, spec, outputs, first_run)
    return ModelPlan(task, form, spec, _recipe(settings, metadata, form), decoder, labels)


def _picture_input(inputs: tuple[TensorSpec, ...]) -> TensorSpec:
    if len(inputs) != 1:
        raise ModelError(f"one input was expected, it has {len(inputs)}: {_list(inputs)}")
    spec = inputs[0]
    if len(spec.shape) != 4 or spec.shape[:2] != (1, 3):
        raise ModelError(f"input {spec} is no picture: 1×3×height×width was expected")
    if spec.dtype not in (np.float32, np.float16, np.uint8):
        raise ModelError(f"input {spec} is neither float32, float16 nor uint8")
    return spec


def _task(
    settings: ModelSettings,
    metadata: ModelMetadata,
    spec: TensorSpec,
    outputs: tuple[TensorSpec, ...],
) -> Task:
    said = "segment" if metadata.task == "semantic" else metadata.task
    if said is not None and said not in _TASKS:
        raise ModelError(f"the file's task is {said!r}; known tasks: {', '.join(_TASKS)}")
    if settings.task is not None and said is not None and settings.task != said:
        raise ModelError(f"the YAML says task {settings.task}, the file itself says {said}")
    task = settings.task or said
    if task is None:
        if settings.heads or all(
            is_class_map(output) and output.shape[-1] * _COARSEST_MAP >= spec.shape[-1]
            for output in outputs
        ):
            return "segment"
        if len(outputs) == 1 and len(outputs[0].shape) == 3:
            return "detect"
        raise ModelError(
            f"the file does not say its task and its outputs ({_list(outputs)}) do not tell: "
            "set `task`"
        )
    return next(known for known in _TASKS if known == task)


def _boxes(outputs: tuple[TensorSpec, ...]) -> tuple[TensorSpec, ...]:
    return tuple(
        output
        for output in outputs
        if len(output.shape) == 3 and np.issubdtype(output.dtype, np.floating)
    )


def _detector(
    settings: ModelSettings,
    metadata: ModelMetadata,
    task: Task,
    spec: TensorSpec,
    outputs: tuple[TensorSpec, ...],
    first_run: Mapping[str, NDArray[Any]],
) -> tuple[str, Decoder, Labels]:
    height, width = spec.shape[2:]
    boxes = _boxes(outputs)
    protos = tuple(output for output in outputs if len(output.shape) == 4)
    if len(boxes) != 1 or len(outputs) != (2 if task == "segment" else 1) or len(protos) > 1:
        raise ModelError(f"outputs {_list(outputs)} do not fit task {task}")
    output = boxes[0]
    form = settings.format or metadata.format or box_format(output, width, height, metadata, task)
    if form not in BOX_DECODERS:
        raise ModelError(f"the file's format is {form!r}; known: {', '.join(BOX_DECODERS)}")
    chosen = settings.format or metadata.format
    if form == "yolox" and chosen is None and yolox_is_decoded(first_run[output.name], width):
        form = "yolox_decoded"
    extra = extra_values(metadata, task)
    classes = class_count(output, form, extra, metadata.names or None)
    if form == "end2end" and metadata.names is None:
        classes = max((key for key in settings.classes if isinstance(key, int)), default=0) + 1
    labels = _labels(settings, metadata, classes)
    recipe = DetectorRecipe(
        format=form,
        layout=BoxLayout(classes, width, height),
        boxes_output=output.name,
        labels=labels.word_of,
        confidence=settings.confidence,
        iou=settings.iou,
        max_detections=settings.max_detections,
        agnostic=settings.agnostic,
        protos_output=protos[0].name if protos else None,
        keypoints=(metadata.keypoints or (17, 3)) if task == "pose" else None,
    )
    return form, Detector(recipe), labels


def _segmenter(
    settings: ModelSettings, metadata: ModelMetadata, outputs: tuple[TensorSpec, ...]
) -> tuple[str, Decoder, Labels]:
    by_name = {output.name: output for output in outputs}
    if not settings.heads:
        if len(outputs) != 1:
            raise ModelError(
                f"it has several outputs ({_list(outputs)}): say which channel of which output "
                "is which surface, e.g. heads: {" + outputs[0].name + ": {1: drivable}}"
            )
        channels = outputs[0].shape[1] if len(outputs[0].shape) == 4 else 256
        labels = _labels(settings, metadata, channels)
        heads: tuple[Head, ...] = (Head(outputs[0].name, _surface_ids(labels.word_of)),)
    else:
        for name in settings.heads:
            if name not in by_name or not is_class_map(by_name[name]):
                raise ModelError(
                    f"head {name!r} is no class map of this file; its outputs: {_list(outputs)}"
                )
        labels = Labels({}, (), ())
        heads = tuple(
            Head(name, _surface_ids(surfaces)) for name, surfaces in settings.heads.items()
        )
    sizes = {by_name[head.output].shape[-2:] for head in heads}
    if len(sizes) != 1:
        raise ModelError(f"the heads differ in size: {_list(outputs)}")
    return "class map", Segmenter(heads), labels


def _classifier(
    settings: ModelSettings, metadata: ModelMetadata, outputs: tuple[TensorSpec, ...]
) -> tuple[str, Decoder, Labels]:
    if len(outputs) != 1 or len(outputs[0].shape) != 2 or outputs[0].shape[0] != 1:
        raise ModelError(f"outputs {_list(outputs)} do not fit task classify: 1×classes")
    labels = _labels(settings, metadata, outputs[0].shape[1])
    classifier = Classifier(outputs[0].name, labels.word_of, settings.confidence)
    return "classes", classifier, labels


def _labels(settings: ModelSettings, metadata: ModelMetadata, classes: int) -> Labels:
    names = metadata.names
    if names is None:
        if not settings.classes:
            raise ModelError(
                f"the file does not name its {classes} classes: say what they are, "
                "e.g. classes: {0: pedestrian, 2: car}"
            )
        # Without names only the ids of the table can mean something; the rest is no surprise.
        ids = (key for key in settings.classes if isinstance(key, int))
        names = {key: str(key) for key in ids if 0 <= key < classes}
    labels = map_labels(names, settings.classes)
    if labels.unused:
        raise ModelError(f"classes names what the model does not have: {', '.join(labels.unused)}")
    return labels


def _surface_ids(words: Mapping[int, str]) -> dict[int, int]:
    return {key: SURFACE_IDS[word] for key, word in words.items() if word in SURFACE_IDS}


def _recipe(settings: ModelSettings, metadata: ModelMetadata, form: str) -> InputRecipe:
    yolox = form.startswith("yolox")
    if metadata.resize is not None and metadata.resize not in _RESIZES:
        raise ModelError(f"the file's resize is {metadata.resize!r}; known: {', '.join(_RESIZES)}")
    by_file: Resize | None = next((known for known in _RESIZES if known == metadata.resize), None)
    color_order = settings.color_order or metadata.color_order or ("bgr" if yolox else "rgb")
    if color_order not in ("rgb", "bgr"):
        raise ModelError(f"the file's color_order is {color_order!r}; rgb or bgr was expected")
    scale = settings.scale or metadata.scale or (1.0 if yolox else 1 / 255)
    return InputRecipe(
        resize=settings.resize or by_file or _default_resize(form),
        roi=settings.roi or metadata.roi or WHOLE,
        rgb=color_order == "rgb",
        scale=scale,
        mean=settings.mean or metadata.mean or (0.0, 0.0, 0.0),
        std=settings.std or metadata.std or (1.0, 1.0, 1.0),
    )


def _default_resize(form: str) -> Resize:
    if form == "class map":
        return "stretch"
    if form == "classes":
        return "crop"
    return "letterbox_corner" if form.startswith("yolox") else "letterbox"


def _list(specs: tuple[TensorSpec, ...]) -> str:
    return ", ".join(map(str, specs))
