"""What TensorRT measured in earlier builds, so that the next one need not measure again."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from drag_edge.errors import CannotCreateError
from drag_edge.inference.building.files import write_atomically
from drag_edge.inference.gpu.cubin_cache import cache_folder


def default_timing_cache(tensorrt: str, device: str) -> Path | None:
    """One file for each TensorRT and kind of device: timings of another one are worth nothing.

    Beside the cache of our kernels; None where there is no home for it.
    """
    kernels = cache_folder()
    folder = None if kernels is None else kernels.parent / "timing"
    return None if folder is None else folder / f"{_name(tensorrt, device)}.cache"


def tactics_file(tensorrt: str, device: str, timing_cache: Path | None) -> Path | None:
    """What is known of tactics, in the timing cache's folder; timing_cache: None: the default."""
    beside = timing_cache or default_timing_cache(tensorrt, device)
    return None if beside is None else beside.parent / f"{_name(tensorrt, device)}.tactics.json"


def _name(tensorrt: str, device: str) -> str:
    return re.sub(r"[^A-Za-z0-9.]+", "-", f"{tensorrt}-{device}").strip("-")


def use_timing_cache(config: Any, file: Path) -> str:
    """Give the file's timings to a builder config. Returns a remark for a person, or ""."""
    remark = ""
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        data = b""
    except OSError as error:
        data, remark = b"", f"timing cache {file} cannot be read: {error.strerror or error}"
    cache = config.create_timing_cache(data)
    if data and (cache is None or not config.set_timing_cache(cache, False)):
        remark = f"timing cache {file} is of another TensorRT or device: begun anew"
        data = b""
        cache = config.create_timing_cache(data)
    if not data and cache is not None:
        config.set_timing_cache(cache, False)
    return remark


def keep_timing_cache(config: Any, file: Path) -> str:
    """Write what the config has now. Returns a remark for a person, or ""."""
    cache = config.get_timing_cache()
    if cache is None:
        return ""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, (bytes(memoryview(cache.serialize())),))
    except (OSError, CannotCreateError) as error:
        return f"the timing cache was not kept: {error}"
    return ""
