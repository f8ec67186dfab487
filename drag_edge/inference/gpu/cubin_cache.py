"""Compiled kernels between runs: a file for each source, GPU and compiler."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

_LOG = logging.getLogger(__name__)
_DIGEST_BYTES = hashlib.sha256().digest_size


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path | None:
    """systemd's CacheDirectory=, else $XDG_CACHE_HOME/drag-edge, else ~/.cache/drag-edge.

    None where there is no home either.
    """
    by_systemd = environment.get("CACHE_DIRECTORY", "").split(":")[0]
    if by_systemd:
        return Path(by_systemd) / "kernels"
    by_person = environment.get("XDG_CACHE_HOME", "")
    if by_person:
        return Path(by_person) / "drag-edge" / "kernels"
    try:
        return Path.home() / ".cache" / "drag-edge" / "kernels"
    except RuntimeError:
        return None


class CubinCache:
    """One entry: its digest, then the machine code. Whatever is wrong with it, it is not there."""

    def __init__(
        self, folder: Path | None, source: str, sm: str, compiler: tuple[int, int]
    ) -> None:
        digest = hashlib.sha256(source.encode()).hexdigest()[:24]
        major, minor = compiler
        self._file = None if folder is None else folder / f"{sm}-{major}.{minor}-{digest}.cubin"

    def read(self) -> bytes | None:
        """The machine code, or None if it has to be compiled."""
        if self._file is None:
            return None
        try:
            data = self._file.read_bytes()
        except OSError:
            return None
        cubin = data[_DIGEST_BYTES:]
        whole = data[:_DIGEST_BYTES] == hashlib.sha256(cubin).digest()
        return cubin if cubin and whole else None

    def write(self, cubin: bytes) -> None:
        """Keep it, whole or not at all; a folder that cannot be written to is said in the log."""
        if self._file is None:
            return
        temporary = None
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self._file.parent, suffix=".part")
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(cubin).digest() + cubin)
            os.replace(temporary, self._file)
        except OSError as error:
            _LOG.warning("compiled kernels are not kept for the next start: %s", error)
            if temporary is not None:
                with suppress(OSError):
                    os.unlink(temporary)
