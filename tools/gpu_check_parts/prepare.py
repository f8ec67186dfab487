"""Line 0: what the machine has, the pictures, and the engines that the other lines use."""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from drag_edge.inference.sidecar import read_sidecar
from gpu_check_parts import models, pictures
from gpu_check_parts.check import Check, say
from gpu_check_parts.driver import card, open_driver
from gpu_check_parts.plain_build import build_plainly
from gpu_check_parts.rows import FAILED, INFO, NOT_MEASURED, OK, one_line

PICTURES = 32
_EACH_S = 300.0
_LAST_S = 20.0  # left for the report
_SAY_S = 15.0
_PACKAGES = (
    "numpy",
    "tensorrt",
    "pycuda",
    "onnxruntime",
    "cv2",
    "torch",
    "ultralytics",
    "trtutils",
)
_SCRIPT = Path(__file__).resolve().parent.parent / "gpu_check.py"


def run(check: Check, shard: str) -> None:
    if shard == "machine":
        _machine(check)
    elif shard == "engines":
        _engines(check)
    else:
        _, stem, precision = shard.split(":")
        _build_one(check, next(f for f in _networks(check) if f.stem == stem), precision)


def _machine(check: Check) -> None:
    device = card(open_driver())
    found: dict[str, Any] = {
        "GPU": device.name,
        "compute": ".".join(map(str, device.compute)),
        "driver CUDA": ".".join(map(str, device.cuda)),
        "kernel driver": _kernel_driver(),
        "Python": sys.version.split()[0],
    }
    found.update({name: _version(name) for name in _PACKAGES})
    check.row("machine", ", ".join(f"{k} {v}" for k, v in found.items()), figures=found)
    started_s = time.monotonic()
    images = pictures.pictures(check.out, PICTURES)
    pictures.write_jpegs(images, check.out / "pictures")
    check.row("pictures", f"{len(images)} of 1280x720 in {time.monotonic() - started_s:.1f} s")


def _kernel_driver() -> str | None:
    try:
        return Path("/sys/module/nvidia/version").read_text(encoding="ascii").strip()
    except OSError:
        return None


def _version(name: str) -> str | None:
    """In a process of its own: importing torch here would take seconds, or the process with it."""
    ask = f"import {name}; print(getattr({name}, '__version__', 'here'))"
    if name == "pycuda":
        ask = "import pycuda; print(pycuda.VERSION_TEXT)"
    done = subprocess.run(
        [sys.executable, "-c", ask], capture_output=True, text=True, timeout=60, check=False
    )
    return done.stdout.strip().splitlines()[-1] if done.returncode == 0 else None


def _networks(check: Check) -> list[Path]:
    return [models.onnx_file(name) for name in models.NAMES] + list(check.extra)


def _engines(check: Check) -> None:
    """All of them, a few at a time; an engine that lies there already is taken as it is."""
    check.engines.mkdir(parents=True, exist_ok=True)
    wanted = [(onnx, "fp32") for onnx in _networks(check) if onnx not in check.extra]
    wanted += [(onnx, "fp16") for onnx in _networks(check)]
    wanted += [(models.onnx_file(name), "int8") for name in models.NAMES if check.int8]
    # Not usual, but built where it is named, and taken where it lies.
    wanted += [
        (onnx, "fp32")
        for onnx in check.extra
        if f"{onnx.stem}:fp32" in check.build
        or models.engine_file(check.engines, onnx, "fp32").is_file()
    ]
    waiting = [
        (onnx, precision)
        for onnx, precision in wanted
        if not models.engine_file(check.engines, onnx, precision).is_file()
        and (not check.build or f"{onnx.stem}:{precision}" in check.build)
    ]
    say(f"   {len(wanted) - len(waiting)} engines are there, {len(waiting)} to build")
    _build_all(check, waiting)
    for onnx, precision in wanted:
        _report(check, onnx, precision)
    used = []
    for onnx in _networks(check):
        with suppress(FileNotFoundError):
            used.append(models.best_engine(check.engines, onnx).name.removesuffix(".engine"))
    check.row("engines of lines b to j", ", ".join(used))


def _build_all(check: Check, waiting: list[tuple[Path, str]]) -> None:
    """A few at a time, until all are there or the time is over."""
    running: dict[str, tuple[subprocess.Popen[bytes], float]] = {}
    started_s = said_s = time.monotonic()
    until_s = started_s + check.limit_s - _LAST_S
    while waiting or running:
        now_s = time.monotonic()
        if now_s > until_s:
            waiting = []
        for what, (process, since_s) in running.items():
            most_s = min(_EACH_S, until_s - since_s)
            if now_s - since_s > most_s and process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)  # it builds in a child of its own
                why = f"not built after {most_s:.0f} s, ended"
                check.row(f"engine {what}", verdict=FAILED, detail=why)
                process.wait()
        while waiting and len(running) < check.jobs:
            onnx, precision = waiting.pop(0)
            process = _start(check, onnx, precision)
            running[f"{onnx.stem} {precision}"] = (process, time.monotonic())
        if now_s - said_s > _SAY_S:
            said_s = now_s
            waits = f"{len(waiting)} wait"
            say(f"   {now_s - started_s:.0f} s, building {', '.join(running)}; {waits}")
        time.sleep(0.2)
        for what in [what for what, (one, _) in running.items() if one.poll() is not None]:
            code = running.pop(what)[0].returncode
            if code not in (0, -signal.SIGKILL):
                why = f"its builder ended with {code}; see parts/*.log"
                check.row(f"engine {what}", verdict=FAILED, detail=why)


def _start(check: Check, onnx: Path, precision: str) -> subprocess.Popen[bytes]:
    command = [
        sys.executable, "-X", "faulthandler", str(_SCRIPT), "--part", "0",
        "--shard", f"build:{onnx.stem}:{precision}", "--rows", str(check.rows),
        "--out", str(check.out), "--engines", str(check.engines), "--tactics", check.tactics,
    ]  # fmt: skip
    for extra in check.extra:
        command += ["--extra", str(extra)]
    for pattern in check.avoid_tactics:
        command += ["--avoid-tactics", pattern]
    if check.most_tactics is not None:
        command += ["--most-tactics", str(check.most_tactics)]
    return subprocess.Popen(command, start_new_session=True)


def _build_one(check: Check, onnx: Path, precision: str) -> None:
    """By `drag-edge model build`'s own function; by TensorRT alone where that fails, said so."""
    target = models.engine_file(check.engines, onnx, precision)
    started_s = time.monotonic()
    how = "drag-edge model build"
    try:
        _build_ours(check, onnx, target, precision)
    except Exception as error:  # noqa: BLE001 - written down; the other lines still want an engine
        check.row(f"model build {onnx.stem} {precision}", verdict=FAILED, detail=one_line(error))
        if precision == "int8" or "hang" in str(error).lower():
            return
        build_plainly(onnx, target, precision, check.tactics)
        how = "TensorRT's builder alone, because ours failed"
    note = {"how": how, "seconds": round(time.monotonic() - started_s, 1)}
    _note(target).write_text(json.dumps(note), encoding="utf-8")
    say(f"   {target.name}: {note['seconds']} s")


def _build_ours(check: Check, onnx: Path, target: Path, precision: str) -> None:
    building = importlib.import_module("drag_edge.inference.building.builder")
    options_of = importlib.import_module("drag_edge.inference.building.options")
    options = options_of.BuildOptions(
        onnx=onnx,
        output=target,
        precision=precision,
        calibrate=check.out / "pictures" if precision == "int8" else None,
        timing_cache=check.engines / "timing.cache",
        tactics=check.tactics,
        avoid_tactics=check.avoid_tactics,
        most_tactics=check.most_tactics,
        force=True,
    )
    building.build_engine(options, lambda line: say(f"   {target.name}: {line}"))


def _report(check: Check, onnx: Path, precision: str) -> None:
    target = models.engine_file(check.engines, onnx, precision)
    what = f"engine {onnx.stem} {precision}"
    if not target.is_file():
        check.row(what, verdict=NOT_MEASURED, detail="not built")
        return
    note: dict[str, Any] = {"how": "was there"}
    if _note(target).is_file():
        note = json.loads(_note(target).read_text(encoding="utf-8"))
    sidecar = read_sidecar(target)
    took = "" if sidecar is None else f", built in {sidecar.build_time_s:.0f} s"
    ours = note["how"].startswith("drag-edge")
    value = f"{target.stat().st_size / 1e6:.1f} MB{took}"
    check.row(what, value, verdict=OK if ours else INFO, detail=note["how"], figures=note)


def _note(target: Path) -> Path:
    return target.with_suffix(".note.json")
