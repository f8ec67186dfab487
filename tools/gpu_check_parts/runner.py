"""Runs the parts one after another, each shard in a process with a time limit."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from gpu_check_parts.check import say
from gpu_check_parts.registry import PARTS, Part
from gpu_check_parts.report import document_of, write_document
from gpu_check_parts.rows import FAILED, INFO, NOT_MEASURED, Row, append_row, one_line, read_rows

_ENVIRONMENT = {
    "PYTHONUNBUFFERED": "1",
    "YOLO_AUTOINSTALL": "False",  # Ultralytics would install packages by itself
    "YOLO_OFFLINE": "True",
}
_TAIL_BYTES = 4000
_LAST_WORDS_S = 10.0
_LEAST_S = 5.0  # no part says anything in less
_AT_ONCE = 4


def run_parts(options: argparse.Namespace, script: Path) -> dict[str, Any]:
    """Every wanted part; returns the document, which is also in OUT/result.json after each."""
    logs = options.out / "parts"
    logs.mkdir(exist_ok=True)
    started_s = time.monotonic()
    rows: list[Row] = []
    document = document_of(rows, options, 0.0)
    for part in (part for part in PARTS if part.letter in _wanted(options)):
        files = [logs / f"{part.letter}{index}.jsonl" for index in range(len(part.shards))]

        def one(index: int, part: Part = part, files: list[Path] = files) -> None:
            left_s = options.limit - (time.monotonic() - started_s)
            _run_in_time(options, script, part, part.shards[index], files[index], left_s)

        with ThreadPoolExecutor(_AT_ONCE if part.together else 1) as pool:
            for index, _ in enumerate(pool.map(one, range(len(part.shards)))):
                rows += read_rows(files[index])
                document = document_of(rows, options, time.monotonic() - started_s)
                write_document(options.out / "result.json", document)
    return document


def _run_in_time(
    options: argparse.Namespace, script: Path, part: Part, shard: str, file: Path, left_s: float
) -> None:
    file.unlink(missing_ok=True)
    if left_s >= _LEAST_S:
        _run_shard(options, script, part, shard, file, min(part.limit_s, left_s))
        return
    what = f"{part.title} ({shard})" if shard else part.title
    why = f"the whole run's {options.limit:.0f} s were over"
    append_row(file, Row(part.letter, what, verdict=NOT_MEASURED, detail=why))


def _wanted(options: argparse.Namespace) -> set[str]:
    """The engines are always made sure of; part 0 costs nothing when they are there."""
    return ({"0"} | set(options.only)) - set(options.skip)


def _run_shard(
    options: argparse.Namespace, script: Path, part: Part, shard: str, file: Path, limit_s: float
) -> None:
    name = f"{part.letter} {part.title}" + (f": {shard}" if shard else "")
    say(f"== {name} (at most {limit_s:.0f} s)")
    command = [
        sys.executable, "-X", "faulthandler", str(script), "--part", part.letter,
        "--shard", shard, "--rows", str(file), "--out", str(options.out),
        "--engines", str(options.engines), "--seed", str(options.seed),
        "--limit", str(limit_s), "--jobs", str(options.jobs), "--tactics", options.tactics,
        "--build", options.build,
    ]  # fmt: skip
    command += ["--quick"] if options.quick else []
    command += ["--int8"] if options.int8 else []
    for extra in options.extra:
        command += ["--extra", str(extra)]
    for pattern in options.avoid_tactics:
        command += ["--avoid-tactics", pattern]
    if options.most_tactics is not None:
        command += ["--most-tactics", str(options.most_tactics)]
    log = file.with_suffix(".log")
    started_s = time.monotonic()
    with log.open("wb") as errors:
        process = subprocess.Popen(
            command,
            stderr=errors,
            env={
                **os.environ,
                "PYTHONUNBUFFERED": "1",
                "YOLO_AUTOINSTALL": "False",
                "YOLO_OFFLINE": "True",
            },
            start_new_session=True,
        )
        ended = _wait(process, limit_s)
    took_s = time.monotonic() - started_s
    say(f"   {name}: {took_s:.1f} s")
    what = f"{part.title} ({shard})" if shard else part.title
    if not ended:
        detail = f"not done after {limit_s:.0f} s and ended; {last_words(log)}"
        append_row(file, Row(part.letter, what, verdict=FAILED, detail=detail))
    elif process.returncode < 0:
        died = signal.Signals(-process.returncode).name
        detail = f"the process died of {died}; {last_words(log)}"
        verdict = INFO if shard in part.may_die else FAILED
        append_row(file, Row(part.letter, what, died, verdict=verdict, detail=detail))
    elif process.returncode != 0 and not read_rows(file):
        detail = f"the process ended with {process.returncode}; {last_words(log)}"
        append_row(file, Row(part.letter, what, verdict=FAILED, detail=detail))


def _wait(process: subprocess.Popen[bytes], limit_s: float) -> bool:
    """Whether it ended by itself; its whole session is ended if not."""
    try:
        process.wait(limit_s)
        return True
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(_LAST_WORDS_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return False


def last_words(log: Path) -> str:
    """The end of what a process wrote to stderr."""
    text = log.read_bytes()[-_TAIL_BYTES:].decode(errors="replace")
    lines = [line for line in text.splitlines() if line.strip()]
    return "last words: " + one_line(" | ".join(lines[-4:])) if lines else "it said nothing"
