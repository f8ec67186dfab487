"""Line j: another thread is refused by name, and SIGTERM in the middle of work ends cleanly."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from gpu_check_parts import models, pictures
from gpu_check_parts.check import Check
from gpu_check_parts.ours import require_results, session
from gpu_check_parts.prepare import PICTURES
from gpu_check_parts.rows import one_line

_FAULT_WORDS = ("cuda", "cuerror", "abort", "traceback", "segmentation", "invalid", "leak")
_HARMLESS = ("cuda lazy loading",)
_REPOSITORY = Path(__file__).resolve().parent.parent.parent


def run(check: Check, shard: str) -> None:
    {"thread": _thread, "sigterm": _sigterm, "daemon": _daemon, "work": _work}[shard](check)


def _thread(check: Check) -> None:
    """The pool's GPU used from a thread that is not its own."""
    settings = models.demo_settings(models.demo_engines(check.engines))
    images = pictures.pictures(check.out, PICTURES)
    caught: list[BaseException] = []
    with session(settings) as running:
        require_results(running.infer(images[0]), running)
        gpu = running.gpu

        def trespass() -> None:
            try:
                gpu.synchronise()
            except BaseException as error:  # noqa: BLE001 - what it is, is the measurement
                caught.append(error)

        thread = threading.Thread(target=trespass, name="trespasser")
        thread.start()
        thread.join()
        require_results(running.infer(images[1]), running)  # it did no harm
    text = f"{type(caught[0]).__name__}: {one_line(caught[0])}" if caught else "no error"
    owner = threading.current_thread().name
    good = text.startswith("CudaMisuseError") and "trespasser" in text and owner in text
    check.judge("use from another thread", text, "CudaMisuseError, both names", good)


def _sigterm(check: Check) -> None:
    """A process that runs the pool as the daemon does is told to end while it works."""
    command = [
        sys.executable, str(_REPOSITORY / "tools" / "gpu_check.py"), "--part", "j", "--shard",
        "work", "--rows", str(check.rows), "--out", str(check.out), "--engines",
        str(check.engines),
    ]  # fmt: skip
    _end_while_working(check, "SIGTERM to the pool", command, "working", 40)


def _daemon(check: Check) -> None:
    """The same with the whole daemon, where its packages are installed."""
    files = models.demo_engines(check.engines)
    command = [sys.executable, "-m", "drag_edge", "run", "configs/demo.yaml", "--headless"]
    command += ["--set", "run.pace=1"]
    for name, file in files.items():
        command += ["--set", f"models.{name}.file={file}"]
    asked = subprocess.run(
        [sys.executable, "-c", "import drag_edge.daemon, cantools, can"],
        capture_output=True, text=True, cwd=_REPOSITORY, check=False,
    )  # fmt: skip
    if asked.returncode != 0:
        check.not_measured("SIGTERM to the daemon", asked.stderr.strip().splitlines()[-1])
        return
    _end_while_working(check, "SIGTERM to the daemon", command, "", 10)


def _end_while_working(
    check: Check, what: str, command: list[str], ready: str, most_s: float
) -> None:
    """Ends it as soon as it has written `ready`, or after `most_s`; "" for one that writes late."""
    log = check.out / "parts" / f"{what.replace(' ', '_')}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, cwd=_REPOSITORY)
        until_s = time.monotonic() + most_s
        while time.monotonic() < until_s and process.poll() is None:
            if ready and ready in log.read_text(encoding="utf-8", errors="replace"):
                break
            time.sleep(0.1)
        time.sleep(1.0)
        told = process.poll() is None
        process.send_signal(signal.SIGTERM)
        asked_s = time.monotonic()
        try:
            code: int | None = process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            code = None
    took_s = time.monotonic() - asked_s
    text = log.read_text(encoding="utf-8", errors="replace")
    lines = text.splitlines()
    after = [line for line in lines if _sounds_bad(line)]
    worked = ready in text if ready else "model_loaded" in text and "model_failed" not in text
    good = told and worked and code == 0 and not after
    value = f"exit code {code} after {took_s:.2f} s" if told else f"ended by itself with {code}"
    detail = one_line(" | ".join(after or lines[-3:]))
    check.judge(what, value, "0, no error text", good, "" if good else detail)


def _sounds_bad(line: str) -> bool:
    low = line.lower()
    if any(word in low for word in _HARMLESS) or ("error" not in low and "warn" not in low):
        return any(word in low for word in ("traceback", "abort", "segmentation"))
    return any(word in low for word in _FAULT_WORDS)


def _work(check: Check) -> None:
    """What `_sigterm` starts: runs until it is told to end, and closes."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: stop.set())
    settings = models.demo_settings(models.demo_engines(check.engines))
    images = pictures.pictures(check.out, PICTURES)
    number = 0
    with session(settings) as running:
        while not stop.is_set():
            require_results(running.infer(images[number % len(images)]), running)
            number += 1
            if number == 20:
                print("working", flush=True)
    print(f"ended after {number} frames", flush=True)
