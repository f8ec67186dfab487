from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from drag_edge.inference.gpu.cubin_cache import CubinCache, cache_folder


def entry(folder: Path | None, source: str = "a", sm: str = "sm_87", minor: int = 6) -> CubinCache:
    return CubinCache(folder, source, sm, (12, minor))


def test_what_was_kept_comes_back_for_the_same_source_gpu_and_compiler_only(tmp_path: Path) -> None:
    assert entry(tmp_path / "new").read() is None
    entry(tmp_path / "new").write(b"code")
    assert entry(tmp_path / "new").read() == b"code"
    assert entry(tmp_path / "new", source="b").read() is None
    assert entry(tmp_path / "new", sm="sm_90").read() is None
    assert entry(tmp_path / "new", minor=7).read() is None
    assert len(list((tmp_path / "new").iterdir())) == 1


@pytest.mark.parametrize("keep", [0, 5, 32, 35])
def test_half_a_file_is_no_entry(tmp_path: Path, keep: int) -> None:
    entry(tmp_path).write(b"code")
    file = next(tmp_path.iterdir())
    file.write_bytes(file.read_bytes()[:keep])
    assert entry(tmp_path).read() is None
    entry(tmp_path).write(b"code")
    assert entry(tmp_path).read() == b"code"


def test_a_changed_byte_is_noticed(tmp_path: Path) -> None:
    entry(tmp_path).write(b"code")
    file = next(tmp_path.iterdir())
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    assert entry(tmp_path).read() is None


def test_a_folder_that_cannot_be_written_to_is_said_and_ignored(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    with caplog.at_level(logging.WARNING):
        entry(tmp_path / "file" / "kernels").write(b"code")
    assert "not kept" in caplog.text
    assert entry(tmp_path / "file" / "kernels").read() is None


def test_a_write_that_fails_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: str, target: str) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "replace", full)
    entry(tmp_path).write(b"code")
    assert list(tmp_path.iterdir()) == []


def test_without_a_folder_nothing_is_kept() -> None:
    entry(None).write(b"code")
    assert entry(None).read() is None


def test_the_folder_is_systemds_then_the_persons() -> None:
    by_systemd = {"CACHE_DIRECTORY": "/var/cache/drag-edge:/x", "XDG_CACHE_HOME": "/c"}
    assert cache_folder(by_systemd) == Path("/var/cache/drag-edge/kernels")
    assert cache_folder({"XDG_CACHE_HOME": "/c"}) == Path("/c/drag-edge/kernels")
    home = cache_folder({})
    assert home is not None
    assert home.parts[-3:] == (".cache", "drag-edge", "kernels")


def test_no_home_is_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> Path:
        raise RuntimeError("no home")

    monkeypatch.setattr(Path, "home", nowhere)
    assert cache_folder({}) is None
