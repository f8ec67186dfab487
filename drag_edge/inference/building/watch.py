"""Watches a building process: what hangs is killed, remembered and left out the next time."""

from __future__ import annotations

import dataclasses
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

import drag_edge
from drag_edge import errors
from drag_edge.errors import DragEdgeError, UnavailableError
from drag_edge.inference.building.messages import Message, read
from drag_edge.inference.building.options import BuildOptions
from drag_edge.inference.building.tactics import (
    KnownTactics,
    Tactic,
    compiled,
    hexadecimal,
    is_number,
    keep_tactics,
    parse_tactic,
    read_tactics,
)
from drag_edge.inference.sidecar import Sidecar

OnProgress = Callable[[str], None]

# TensorRT is silent for long where no kernel is tried (it compiles, it copies weights).
_SILENCE_OUTSIDE_TACTICS = 10.0
_PATIENCE = 5
_MOST_ATTEMPTS = 500
_LONGEST_END_S = 30.0
_KEEP_EVERY_S = 10.0
_CHILD = (sys.executable, "-m", "drag_edge.inference.building.child")


@dataclass(frozen=True, slots=True)
class _Stopped:
    """Why a process was ended. hung: or else its name matches what is to be avoided."""

    tactic: Tactic
    hung: bool


def build_watched(
    options: BuildOptions, on_progress: OnProgress, command: Sequence[str] = _CHILD
) -> Sidecar:
    """Build in a process of its own, again without each tactic that hangs or must not be tried.

    command: the process. Raises what `build_engine` raises.
    """
    watched = _Watched(options, on_progress, command)
    while True:
        ended = watched.attempt()
        if isinstance(ended, Sidecar):
            return ended
        tactic = ended.tactic
        what = f"tactic {tactic.name} ({tactic.hexadecimal}) of layer {tactic.layer or '?'}"
        if ended.hung and (not options.retry_hangs or watched.avoids(tactic)):
            raise UnavailableError(
                f"{options.onnx}: {what} hangs; avoid it: --avoid-tactics {tactic.hexadecimal}"
            )
        on_progress(f"{what} {'hangs' if ended.hung else 'is unwanted'}: building without it")
        watched.avoid(tactic)


class _Watched:
    """The builds of one engine, and what was learnt in them."""

    def __init__(
        self, options: BuildOptions, on_progress: OnProgress, command: Sequence[str]
    ) -> None:
        self._options = options
        self._say = on_progress
        self._command = command
        self._patterns = [compiled(wish) for wish in options.avoid_tactics if not is_number(wish)]
        self._avoided: set[int] = set()
        self._known = KnownTactics()
        self._file: Path | None = None
        self._trying: Tactic | None = None
        self._attempts = 0
        self._kept_s, self._kept = time.monotonic(), 0

    def avoids(self, tactic: Tactic) -> bool:
        return tactic.number in self._avoided

    def avoid(self, tactic: Tactic) -> None:
        self._avoided.add(tactic.number)

    def attempt(self) -> Sidecar | _Stopped:
        """One process, to its end. What is learnt is kept whatever comes."""
        wishes = (*self._options.avoid_tactics, *map(hexadecimal, sorted(self._avoided)))
        only = self._options.known_tactics_only or self._attempts >= _PATIENCE
        if self._attempts == _PATIENCE and not self._options.known_tactics_only:
            self._say("from here on only tactics that have been tried, where a layer has any")
        self._attempts += 1
        if self._attempts > _MOST_ATTEMPTS:
            raise UnavailableError(f"{self._options.onnx}: {_MOST_ATTEMPTS} attempts, no engine")
        options = dataclasses.replace(self._options, avoid_tactics=wishes, known_tactics_only=only)
        process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, "PYTHONPATH": _python_path()},
        )
        self._trying = None
        try:
            assert process.stdin is not None
            process.stdin.write(TypeAdapter(BuildOptions).dump_json(options).decode() + "\n")
            process.stdin.flush()
            return self._listen(process)
        except BrokenPipeError:
            return self._died(process)
        finally:
            self._end(process)
            self._keep()

    def _keep(self) -> None:
        remark = keep_tactics(self._file, self._known)
        if remark:
            self._say(remark)
        self._kept_s, self._kept = time.monotonic(), len(self._known.names)

    def _keep_now_and_then(self) -> None:
        """A build may be ended by whoever started it: what minutes have taught is not lost."""
        learnt = len(self._known.names) > self._kept
        if learnt and time.monotonic() - self._kept_s > _KEEP_EVERY_S:
            self._keep()

    def _end(self, process: subprocess.Popen[str]) -> None:
        process.kill()
        try:
            process.wait(_LONGEST_END_S)
        except subprocess.TimeoutExpired:
            self._say(
                f"process {process.pid} does not end: its kernel keeps the GPU; if nothing else "
                "helps, restart the machine"
            )

    def _listen(self, process: subprocess.Popen[str]) -> Sidecar | _Stopped:
        lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=_pump, args=(process, lines), daemon=True).start()
        heard_s = time.monotonic()
        while True:
            limit_s = self._limit_s()
            try:
                line = lines.get(timeout=max(limit_s - (time.monotonic() - heard_s), 0.01))
            except queue.Empty:
                if time.monotonic() - heard_s >= limit_s:
                    return self._silent(limit_s)
                continue
            if line is None:
                return self._died(process)
            message = read(line)
            if message is None:
                continue
            # What only shows that time passes is no sign that the kernel came back.
            if message.kind != "say":
                heard_s = time.monotonic()
            ended = self._hear(message)
            self._keep_now_and_then()
            if ended is not None:
                return ended

    def _hear(self, message: Message) -> Sidecar | _Stopped | None:
        if message.kind == "say":
            self._say(message.text)
        elif message.kind == "tactics":
            self._file = Path(message.text)
            learnt, self._known = self._known, read_tactics(self._file)
            self._known.names.update(learnt.names)
            self._known.hung.update(learnt.hung)
        elif message.kind == "trying":
            return self._try(parse_tactic(message.text))
        elif message.kind == "built":
            return TypeAdapter(Sidecar).validate_json(message.text)
        elif message.kind == "failed":
            raise _error(message)
        else:
            self._trying = None
        return None

    def _try(self, tactic: Tactic | None) -> _Stopped | None:
        self._trying = tactic
        if tactic is None:
            return None
        self._known.names[tactic.hexadecimal] = tactic.name
        unwanted = any(pattern.search(tactic.name) for pattern in self._patterns)
        # One that is tried although it was left out cannot be left out.
        return _Stopped(tactic, hung=False) if unwanted and not self.avoids(tactic) else None

    def _limit_s(self) -> float:
        hang_s = self._options.hang_s or 60.0
        return hang_s if self._trying is not None else hang_s * _SILENCE_OUTSIDE_TACTICS

    def _silent(self, limit_s: float) -> _Stopped:
        if self._trying is None:
            raise UnavailableError(
                f"{self._options.onnx}: TensorRT has said nothing for {limit_s:.0f} s while it was "
                "building; --hang-s waits longer, --verbose shows where it stops"
            )
        self._known.hung[self._trying.hexadecimal] = self._trying.layer
        return _Stopped(self._trying, hung=True)

    def _died(self, process: subprocess.Popen[str]) -> _Stopped:
        code = process.wait()
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        where = "" if self._trying is None else f" in tactic {self._trying.name}"
        where += "" if self._trying is None else f" ({self._trying.hexadecimal})"
        raise UnavailableError(
            f"{self._options.onnx}: the process that builds ended with {how}{where}; "
            "what it printed stands above"
        )


def _python_path() -> str:
    """The child imports this very package, wherever it was found."""
    before = os.environ.get("PYTHONPATH")
    ours = str(Path(drag_edge.__file__).resolve().parent.parent)
    return f"{ours}{os.pathsep}{before}" if before else ours


def _pump(process: subprocess.Popen[str], lines: queue.Queue[str | None]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        lines.put(line)
    lines.put(None)


def _error(message: Message) -> DragEdgeError:
    kind = getattr(errors, message.detail, DragEdgeError)
    error: DragEdgeError = kind(message.text)
    return error
