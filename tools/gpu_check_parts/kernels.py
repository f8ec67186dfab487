"""Line i: our kernels on this GPU against the CPU's way, for copied and for mapped frames."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from drag_edge.inference.cuda import Gpu
from drag_edge.inference.engine import TensorSpec
from drag_edge.inference.gpu.frames import FrameUpload
from drag_edge.inference.gpu.kernels import load_kernels
from drag_edge.inference.gpu.picture import PictureStep
from drag_edge.inference.letterbox import place
from drag_edge.inference.preprocess import InputRecipe, Preprocessor
from drag_edge.inference.results import ClassMap
from gpu_check_parts import models, pictures
from gpu_check_parts.check import Check
from gpu_check_parts.ours import require_results, same, session
from gpu_check_parts.patches import candidates_on
from gpu_check_parts.prepare import PICTURES

_LEVEL_LIMIT = 1.0
_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_SIZES = ((1280, 720), (640, 360), (1921, 1081), (333, 777))  # width, height


def run(check: Check, shard: str) -> None:
    if shard == "pictures":
        _pictures(check)
    else:
        _results(check)


def _recipes() -> list[tuple[InputRecipe, TensorSpec]]:
    """Every resize, both orders, plain and normalised, three types, a region, odd sizes."""
    mean, std = _IMAGENET
    part = (0.1, 0.2, 0.83, 0.97)
    kinds = [
        (InputRecipe("letterbox"), (1, 3, 640, 640)),
        (InputRecipe("letterbox", roi=part), (1, 3, 256, 512)),
        (InputRecipe("letterbox_corner", rgb=False, scale=1.0), (1, 3, 416, 416)),
        (InputRecipe("stretch", mean=mean, std=std), (1, 3, 160, 512)),
        (InputRecipe("stretch", roi=part, rgb=False), (1, 3, 97, 131)),
        (InputRecipe("crop", mean=mean, std=std), (1, 3, 224, 224)),
    ]
    types: list[np.dtype[Any]] = [np.dtype(np.float32), np.dtype(np.float16)]
    found = [(r, TensorSpec("images", shape, t)) for r, shape in kinds for t in types]
    bytes_in = TensorSpec("images", (1, 3, 320, 320), np.dtype(np.uint8))
    return [*found, (InputRecipe("letterbox", scale=1.0), bytes_in)]


def _pictures(check: Check) -> None:
    rng = np.random.default_rng(check.seed)
    noise = [rng.integers(0, 256, (height, width, 3), np.uint8) for width, height in _SIZES]
    images = [*noise, *pictures.pictures(check.out, PICTURES)[:4]]
    gpu = Gpu.open()
    try:
        kernels = load_kernels(gpu)
        for mapped in (False, True):
            worst: dict[str, float] = {}
            unequal = values = 0
            for recipe, spec in _recipes():
                for image in images:
                    found = _on_gpu(gpu, kernels, recipe, spec, image, mapped)
                    expected = np.empty(spec.shape, spec.dtype)
                    Preprocessor(recipe, expected).fill(image)
                    levels = _levels(found, expected, recipe)
                    key = f"{recipe.resize} {spec.dtype}"
                    worst[key] = max(worst.get(key, 0.0), float(levels.max()))
                    unequal += int(np.count_nonzero(found != expected))
                    values += found.size
            name = max(worst, key=lambda key: worst[key])
            check.judge(
                f"input tensors, {'mapped' if mapped else 'copied'} frames",
                f"{worst[name]:.4f} levels of 255 at most ({name})",
                f"{_LEVEL_LIMIT:g} level",
                worst[name] <= _LEVEL_LIMIT,
                f"{values / 1e6:.1f} M values of {len(_recipes())} recipes and {len(images)} "
                f"pictures; {unequal} differ at all",
                {"worst_levels": worst, "unequal": unequal, "values": values},
            )
    finally:
        gpu.close()


def _on_gpu(
    gpu: Gpu,
    kernels: Any,
    recipe: InputRecipe,
    spec: TensorSpec,
    image: NDArray[np.uint8],
    mapped: bool,
) -> NDArray[Any]:
    count = int(np.prod(spec.shape))
    tensor = gpu.allocate(count * spec.dtype.itemsize)
    host = gpu.pinned(spec.shape, spec.dtype)
    upload = FrameUpload(gpu, mapped=mapped)
    step = PictureStep(kernels, recipe, spec, tensor.pointer)
    frame = upload.put(image)
    step.place(frame.width, frame.height)
    gpu.clear(tensor.pointer, tensor.nbytes)
    step.enqueue(frame)
    gpu.copy_out(host.array, tensor.pointer)
    gpu.synchronise()
    found = host.array.copy()
    for thing in (step, upload):
        thing.close()
    tensor.free()
    host.free()
    return found


def _levels(
    found: NDArray[Any], expected: NDArray[Any], recipe: InputRecipe
) -> NDArray[np.float64]:
    """The difference in levels of the picture, whatever the recipe scales them to."""
    std = np.array(recipe.std).reshape(1, 3, 1, 1)
    apart = np.abs(found.astype(np.float64) - expected.astype(np.float64)) * std / recipe.scale
    return np.where(np.isfinite(apart), apart, np.inf)


def _results(check: Check) -> None:
    """Maps and boxes of the GPU's way against whole outputs decoded on the CPU, same outputs."""
    candidates_on(gpu=True)
    images = pictures.pictures(check.out, PICTURES)
    files = models.demo_engines(check.engines)
    for title, changes, mapped in (
        ("confidence as set, copied frames", {}, False),
        ("confidence 0.01, copied frames", {"confidence": 0.01}, False),
        ("confidence as set, mapped frames", {}, True),
    ):
        settings = models.demo_settings(files, **changes)
        counts = {"maps": 0, "maps equal": 0, "lists": 0, "lists equal": 0, "boxes": 0}
        with session(settings, mapped=mapped) as running:
            for image in images:
                perceived = running.infer(image)
                require_results(perceived, running)
                for name, model in running.models().items():
                    _count(counts, perceived.results[name], _decoded(running.gpu, model, image))
            faults = running.faults()
        good = (
            counts["maps"] == counts["maps equal"]
            and counts["lists"] == counts["lists equal"]
            and counts["boxes"] > 0
            and not faults
        )
        value = (
            f"{counts['maps equal']} of {counts['maps']} maps, {counts['lists equal']} of "
            f"{counts['lists']} box lists ({counts['boxes']} boxes)"
        )
        check.judge(f"results equal to the bit, {title}", value, "all", good, faults, counts)


def _decoded(gpu: Any, model: Any, image: NDArray[np.uint8]) -> Any:
    """The CPU's reading of what the engine has just put out."""
    engine, plan = model.engine, model.plan
    engine.copy_outputs()
    gpu.synchronise()
    height, width = image.shape[:2]
    _, _, input_height, input_width = plan.input.shape
    recipe = plan.recipe
    placement = place(width, height, input_width, input_height, recipe.resize, recipe.roi)
    outputs = {name: array.copy() for name, array in engine.output_buffers.items()}
    return plan.decoder.decode(outputs, placement)


def _count(counts: dict[str, int], found: Any, expected: Any) -> None:
    kind = "maps" if isinstance(expected, ClassMap) else "lists"
    counts[kind] += 1
    counts[f"{kind} equal"] += same(found, expected)
    counts["boxes"] += len(expected.labels) if kind == "lists" else 0
