from __future__ import annotations

import ctypes

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from drag_edge.inference.engine import ModelError
from drag_edge.inference.gpu.frames import DeviceFrame, FrameUpload
from tests.inference.gpu.host_gpu import GARBAGE, HostGpu
from tests.inference.gpu.test_picture import picture


def seen(gpu: HostGpu, frame: DeviceFrame) -> NDArray[np.uint8]:
    """What a kernel sees that runs when everything before it has."""
    gpu.synchronise()
    size = frame.height * frame.stride_bytes
    flat = np.ctypeslib.as_array((ctypes.c_uint8 * size).from_address(frame.pointer))
    rows = flat.reshape(frame.height, frame.stride_bytes)[:, : 3 * frame.width]
    return rows.reshape(frame.height, frame.width, 3).copy()


def test_all_models_share_one_upload(gpu: HostGpu) -> None:
    upload = FrameUpload(gpu)
    image = picture(30, 20)
    frames = {upload.put(image) for _ in range(4)}
    assert len(frames) == upload.uploads == 1
    np.testing.assert_array_equal(seen(gpu, frames.pop()), image)


@pytest.mark.parametrize("size", [(1280, 720), (1921, 1081), (400_000, 2)])
def test_a_large_picture_travels_in_parts_and_arrives_whole(
    gpu: HostGpu, size: tuple[int, int]
) -> None:
    image = picture(*size)
    frame = FrameUpload(gpu).put(image)
    assert gpu.put_count > 1
    np.testing.assert_array_equal(seen(gpu, frame), image)


def _spans(most: int) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(0, most - 1), st.integers(1, most)).map(
        lambda span: (span[0], min(sum(span), most))
    )


@pytest.mark.parametrize("integrated", [False, True])
@settings(deadline=None)
@given(wishes=st.lists(st.tuples(_spans(30), _spans(40)), min_size=1, max_size=5))
def test_the_parts_that_models_read_arrive_and_no_pixel_is_written_twice(
    host_library: ctypes.CDLL,
    integrated: bool,
    wishes: list[tuple[tuple[int, int], tuple[int, int]]],
) -> None:
    """The picture changes behind the upload's back, so whatever is written again is seen."""
    gpu = HostGpu(host_library, integrated)
    upload = FrameUpload(gpu)
    image = np.empty((40, 30, 3), np.uint8)
    expected = np.full_like(image, GARBAGE)
    sent = np.zeros((40, 30), bool)
    for number, ((left, right), (top, bottom)) in enumerate(wishes):
        image[...] = number
        frame = upload.put(image, (left, top, right, bottom))
        ys, xs = np.nonzero(sent)
        union = np.zeros_like(sent)
        union[
            min([top, *ys]) : max([bottom, *(ys + 1)]), min([left, *xs]) : max([right, *(xs + 1)])
        ] = True
        expected[union & ~sent] = number
        sent = union
        np.testing.assert_array_equal(seen(gpu, frame), expected)
    assert upload.uploads == 1


@pytest.mark.parametrize("first", [(5, 5, 20, 20), (0, 0, 30, 40), (29, 39, 30, 40)])
def test_a_part_that_is_there_is_not_sent_again(
    gpu: HostGpu, first: tuple[int, int, int, int]
) -> None:
    upload = FrameUpload(gpu)
    image = picture(30, 40)
    upload.put(image, first)
    before = gpu.put_bytes
    assert before == (first[3] - first[1]) * 90
    upload.put(image, first)
    upload.put(image, (first[2] - 1, first[3] - 1, first[2], first[3]))
    assert gpu.put_bytes == before
    np.testing.assert_array_equal(seen(gpu, upload.put(image)), image)
    assert gpu.put_bytes <= before + 40 * 90 + before  # beside it the copy takes whole rows again


def test_the_same_array_in_a_new_frame_is_uploaded_again(gpu: HostGpu) -> None:
    upload = FrameUpload(gpu)
    image = picture(30, 20)
    upload.put(image)
    upload.next_frame()
    image[:] = 7  # a camera that reuses its memory
    assert (seen(gpu, upload.put(image)) == 7).all()
    assert upload.uploads == 2


@pytest.mark.parametrize("integrated", [False, True])
@settings(deadline=None)
@given(sizes=st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), min_size=1, max_size=12))
def test_work_that_is_still_to_come_sees_its_own_picture(
    host_library: ctypes.CDLL, integrated: bool, sizes: list[tuple[int, int]]
) -> None:
    """Nothing waits between the frames except the upload itself."""
    gpu = HostGpu(host_library, integrated)
    upload = FrameUpload(gpu)
    expected, found = [], []
    for seed, (width, height) in enumerate(sizes):
        image = picture(width, height, seed)
        frame = upload.put(image)
        read = np.zeros(height * width * 3, np.uint8)
        found.append(read)
        expected.append(image)
        kernel = ctypes.memmove, read.ctypes.data, frame.pointer, read.nbytes
        gpu._put(lambda kernel=kernel: kernel[0](*kernel[1:]) and None)
        upload.next_frame()
    gpu.synchronise()
    gpu.check_guards()
    for read, image in zip(found, expected, strict=True):
        np.testing.assert_array_equal(read, image.reshape(-1))
    assert upload.uploads == len(sizes)


def test_addresses_stay_few_for_the_sake_of_graphs(host_library: ctypes.CDLL) -> None:
    for integrated, most in ((False, 1), (True, 2)):
        upload = FrameUpload(HostGpu(host_library, integrated))
        upload.put(picture(60, 40))
        frames = set()
        for seed in range(10):
            upload.next_frame()
            upload.next_frame()  # no picture in between: nothing changes
            frames.add(upload.put(picture(60, 40, seed)))
        assert len(frames) <= most


def test_mapped_pictures_are_read_where_they_lie(host_library: ctypes.CDLL) -> None:
    gpu = HostGpu(host_library, integrated=True)
    frame = FrameUpload(gpu).put(picture(30, 20))
    assert gpu.put_count == 0
    assert frame.pointer in [memory.device_pointer for memory in gpu.memories]
    gpu = HostGpu(host_library, integrated=True)
    FrameUpload(gpu, mapped=False).put(picture(30, 20))
    assert gpu.put_count == 1


@pytest.mark.parametrize(
    "view",
    [
        lambda image: image[3:17, 5:25],
        lambda image: image[::2, ::-1],
        lambda image: image[:, :, ::-1],
        lambda image: np.asfortranarray(image),
    ],
)
def test_any_view_of_memory_is_a_picture(gpu: HostGpu, view: object) -> None:
    image = view(picture(30, 20))  # type: ignore[operator]
    image.flags.writeable = False
    np.testing.assert_array_equal(seen(gpu, FrameUpload(gpu).put(image)), image)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((64, 32), np.uint8),
        np.zeros((64, 32, 3)),
        np.zeros((64, 32, 4), np.uint8),
        np.zeros((0, 32, 3), np.uint8),
    ],
)
def test_what_is_no_bgr_picture_is_refused(gpu: HostGpu, image: NDArray) -> None:
    upload = FrameUpload(gpu)
    upload.put(picture(32, 64))
    upload.next_frame()
    with pytest.raises(ModelError, match="not H×W×3 uint8"):
        upload.put(image)


def test_closing_frees_everything_once(gpu: HostGpu) -> None:
    upload = FrameUpload(gpu)
    for size in ((30, 20), (60, 40), (10, 10)):
        upload.put(picture(*size))
        upload.next_frame()
    gpu.synchronise()
    upload.close()
    upload.close()
    assert all(memory.freed for memory in gpu.memories)
