from __future__ import annotations

import ctypes
import platform

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from drag_edge.inference.engine import ModelError, TensorSpec
from drag_edge.inference.gpu.frames import FrameUpload
from drag_edge.inference.gpu.kernels import Kernels
from drag_edge.inference.gpu.picture import PictureStep, column_taps, row_taps
from drag_edge.inference.letterbox import Placement
from drag_edge.inference.preprocess import InputRecipe, Preprocessor, normalisation
from tests.inference.gpu.host_gpu import HostGpu

# OpenCV on ARM has other code for some scalings, and its compilers fuse multiplications with sums.
LEVELS_APART = 0 if platform.machine() in ("x86_64", "AMD64") else 1

SIDES = st.integers(1, 90)
DTYPES = st.sampled_from(("float32", "float16", "uint8"))
EDGES = st.tuples(st.floats(0, 0.9), st.floats(0.05, 1)).map(lambda e: (e[0], min(e[0] + e[1], 1)))
RECIPES = st.builds(
    lambda resize, x, y, rgb, scale, mean, std, pad: InputRecipe(
        resize, (x[0], y[0], x[1], y[1]), rgb, scale, mean, std, pad
    ),
    st.sampled_from(("letterbox", "letterbox_corner", "stretch", "crop")),
    EDGES,
    EDGES,
    st.booleans(),
    st.sampled_from((1 / 255, 1.0, 1 / 128)),
    st.sampled_from(((0.0, 0.0, 0.0), (0.485, 0.456, 0.406))),
    st.sampled_from(((1.0, 1.0, 1.0), (0.229, 0.224, 0.225))),
    st.sampled_from((114, 0, 255)),
)


def picture(width: int, height: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def by_cpu(image: NDArray[np.uint8], recipe: InputRecipe, spec: TensorSpec) -> NDArray:
    buffer = np.zeros(spec.shape, spec.dtype)
    Preprocessor(recipe, buffer).fill(image)
    return buffer


def by_kernel(
    gpu: HostGpu, image: NDArray[np.uint8], recipe: InputRecipe, spec: TensorSpec
) -> NDArray:
    target = gpu.pinned(spec.shape, spec.dtype)
    step = PictureStep(Kernels(gpu, b""), recipe, spec, target.pointer)
    frame = FrameUpload(gpu).put(image)
    step.place(frame.width, frame.height)
    step.enqueue(frame)
    gpu.synchronise()
    gpu.check_guards()
    return target.array


def by_reference(
    image: NDArray[np.uint8], recipe: InputRecipe, spec: TensorSpec, placed: Placement
) -> NDArray:
    """picture.cu line by line in numpy, all pixels at once."""
    x0, y0, x1, y1 = placed.source
    part = image[y0:y1, x0:x1].astype(np.int64)
    left, right, left_weight, right_weight = column_taps(x1 - x0, placed.width).astype(int).T
    upper, lower, upper_weight, lower_weight = row_taps(y1 - y0, placed.height).astype(int).T
    sums = part[:, left] * left_weight[:, None] + part[:, right] * right_weight[:, None]
    above, below = sums[upper] >> 4, sums[lower] >> 4
    levels = upper_weight[:, None, None] * above >> 16
    levels = levels + (lower_weight[:, None, None] * below >> 16) + 2 >> 2
    canvas = np.full((*spec.shape[2:], 3), recipe.pad)
    canvas[placed.top :, placed.left :][: placed.height, : placed.width] = levels
    planes = (canvas[:, :, ::-1] if recipe.rgb else canvas).transpose(2, 0, 1)
    gain, offset = normalisation(recipe)
    values = planes.astype(np.float32) * gain[:, None, None] + offset[:, None, None]
    if spec.dtype == np.uint8:
        return values.astype(np.int32).astype(np.uint8)[None]
    return values.astype(spec.dtype)[None]


def require_equal(found: NDArray, expected: NDArray, recipe: InputRecipe) -> None:
    if LEVELS_APART == 0:
        np.testing.assert_array_equal(found, expected)
    else:
        most = LEVELS_APART * float(normalisation(recipe)[0].max()) * 1.01
        np.testing.assert_allclose(
            found.astype(np.float32), expected.astype(np.float32), rtol=0, atol=most
        )


@settings(deadline=None, max_examples=150)
@given(SIDES, SIDES, SIDES, SIDES, DTYPES, RECIPES, st.integers(0, 99))
def test_the_kernel_and_its_reference_give_the_cpus_tensor(
    host_library: ctypes.CDLL,
    frame_width: int,
    frame_height: int,
    width: int,
    height: int,
    dtype: str,
    recipe: InputRecipe,
    seed: int,
) -> None:
    if dtype == "uint8":  # what a byte cannot hold is no network's input
        recipe = InputRecipe(recipe.resize, recipe.roi, recipe.rgb, scale=1.0, pad=recipe.pad)
    image = picture(frame_width, frame_height, seed)
    spec = TensorSpec("images", (1, 3, height, width), np.dtype(dtype))
    expected = by_cpu(image, recipe, spec)
    require_equal(by_kernel(HostGpu(host_library, stride=7), image, recipe, spec), expected, recipe)
    buffer = np.zeros(spec.shape, spec.dtype)
    placed = Preprocessor(recipe, buffer).fill(image)
    require_equal(by_reference(image, recipe, spec, placed), expected, recipe)


@settings(deadline=None, max_examples=200)
@given(st.integers(1, 700), st.integers(1, 700), st.integers(1, 500), st.integers(1, 500))
def test_the_reference_scales_like_opencv(
    frame_width: int, frame_height: int, width: int, height: int
) -> None:
    image = picture(frame_width, frame_height)
    spec = TensorSpec("images", (1, 3, height, width), np.dtype(np.uint8))
    recipe = InputRecipe("stretch", rgb=False, scale=1.0)
    placed = Placement((0, 0, frame_width, frame_height), 0, 0, width, height, width, height)
    scaled = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
    found = by_reference(image, recipe, spec, placed)[0].transpose(1, 2, 0)
    assert np.abs(found.astype(int) - scaled.astype(int)).max() <= LEVELS_APART


@pytest.mark.parametrize(
    ("frame", "roi", "size"),
    [
        ((1280, 720), (0.0, 0.444444, 1.0, 1.0), (512, 160)),
        ((1920, 1080), (0.0, 0.0, 1.0, 1.0), (640, 640)),
        ((512, 256), (0.0, 0.0, 1.0, 1.0), (512, 256)),
        ((1280, 640), (0.0, 0.0, 1.0, 1.0), (640, 320)),  # OpenCV averages halves in its own way
    ],
)
def test_real_sizes(
    gpu: HostGpu,
    frame: tuple[int, int],
    roi: tuple[float, float, float, float],
    size: tuple[int, int],
) -> None:
    image = picture(*frame)
    recipe = InputRecipe("letterbox", roi, mean=(0.1, 0.2, 0.3), std=(0.9, 0.8, 0.7))
    spec = TensorSpec("images", (1, 3, size[1], size[0]), np.dtype(np.float32))
    require_equal(by_kernel(gpu, image, recipe, spec), by_cpu(image, recipe, spec), recipe)


def test_a_captured_step_follows_the_frames_and_sizes_keep_to_themselves(gpu: HostGpu) -> None:
    spec = TensorSpec("images", (1, 3, 32, 64), np.dtype(np.float32))
    recipe = InputRecipe("letterbox")
    target = gpu.pinned(spec.shape, spec.dtype)
    step = PictureStep(Kernels(gpu, b""), recipe, spec, target.pointer)
    upload = FrameUpload(gpu)
    graphs = {}
    for turn, size in enumerate([(100, 50), (40, 60), (100, 50), (40, 60), (100, 50)]):
        image = picture(*size, seed=turn)
        frame = upload.put(image)
        placed = step.place(frame.width, frame.height)
        assert placed == Preprocessor(recipe, np.zeros(spec.shape, np.float32)).fill(image)
        if frame not in graphs:
            with gpu.capture() as captured:
                step.enqueue(frame)
            graphs[frame] = captured
        gpu.replay(graphs[frame])
        upload.next_frame()
        gpu.synchronise()
        require_equal(target.array, by_cpu(image, recipe, spec), recipe)
    assert len(graphs) <= 4
    assert step.generation == 0


def test_many_sizes_do_not_gather_and_void_what_was_captured(gpu: HostGpu) -> None:
    spec = TensorSpec("images", (1, 3, 8, 8), np.dtype(np.float32))
    step = PictureStep(Kernels(gpu, b""), InputRecipe("letterbox"), spec, 0)
    for width in range(1, 60):
        step.place(width, 9)
    assert step.generation > 0
    assert sum(not memory.freed for memory in gpu.memories) <= 32
    step.close()
    step.close()
    assert all(memory.freed for memory in gpu.memories)


def test_without_memory_for_a_size_nothing_stays(gpu: HostGpu) -> None:
    spec = TensorSpec("images", (1, 3, 8, 8), np.dtype(np.float32))
    step = PictureStep(Kernels(gpu, b""), InputRecipe("letterbox"), spec, 0)
    gpu.most_memories = 1
    with pytest.raises(ModelError, match="out of memory"):
        step.place(20, 9)
    assert all(memory.freed for memory in gpu.memories)
    gpu.most_memories = 10
    assert step.place(20, 9).input_width == 8


def test_what_the_kernel_cannot_address_is_refused(gpu: HostGpu) -> None:
    spec = TensorSpec("images", (1, 3, 8, 8), np.dtype(np.float32))
    step = PictureStep(Kernels(gpu, b""), InputRecipe("letterbox"), spec, 0)
    with pytest.raises(ModelError, match="too large"):
        step.place(70000, 9)
    with pytest.raises(ModelError, match="float64"):
        PictureStep(
            Kernels(gpu, b""),
            InputRecipe("letterbox"),
            TensorSpec("images", (1, 3, 8, 8), np.dtype(np.float64)),
            0,
        )
