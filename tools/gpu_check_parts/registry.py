"""Every part: its letter, what it is, how long it may take, and the processes it runs in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """One letter of the table.

    module: in this package, with `run(check, shard)`. shards: each runs in a process of its own,
    so that an abort in one is one row. limit_s: for each shard. together: a few shards at the same
    time, where neither time nor memory is measured. may_die: shards whose sudden death is what is
    shown.
    """

    letter: str
    title: str
    module: str
    limit_s: float
    shards: tuple[str, ...] = ("",)
    together: bool = False
    may_die: tuple[str, ...] = ()


PARTS: tuple[Part, ...] = (
    Part("0", "the machine, pictures and engines", "prepare", 580, ("machine", "engines")),
    Part("a", "engines against ONNX Runtime on the same tensors", "outputs", 120),
    Part(
        "d",
        "the whole chain over the bare engines",
        "chain",
        75,
        (
            "as shipped",
            "CPU preprocessing",
            "graphs off",
            "own scratch",
            "whole outputs copied",
            "mapped frames",
            "asleep while waiting",
            "looking all the time while waiting",
            "as shipped, larger networks",
            "CPU preprocessing, larger networks",
            "graphs off, larger networks",
            "candidates by the CPU, larger networks",
            "candidates by the GPU, larger networks",
        ),
    ),
    Part(
        "h",
        "engines that cannot be used",
        "damaged",
        60,
        (
            "truncated",
            "corrupt head",
            "corrupt middle",
            "other version",
            "empty",
            "no plan",
            "truncated, raw plan",
            "corrupt head, raw plan",
            "other version, raw plan",
        ),
        together=True,
    ),
    Part("i", "kernels against the CPU", "kernels", 90, ("pictures", "results"), True),
    Part(
        "b",
        "thousands of frames, lazily loaded, torch beside",
        "endurance",
        240,
        ("frames", "runtime ultralytics"),
    ),
    Part("f", "device memory with and without shared scratch", "memory", 60, ("shared", "own")),
    Part("g", "load and unload", "unload", 200, ("models", "everything")),
    Part(
        "j",
        "misuse and the end of the process",
        "misuse",
        60,
        ("thread", "sigterm", "daemon"),
        together=True,
    ),
    Part(
        "e",
        "the same engines in other runners",
        "rivals",
        90,
        ("onnxruntime", "ultralytics", "ultralytics, its newer path", "trtutils"),
    ),
    Part(
        "c",
        "the ancestor's recipe: a context for each library",
        "contexts",
        45,
        (
            "segmenter first",
            "segmenter last",
            "popped after loading",
            "worker thread",
            "torch",
            "ultralytics",
            "one primary context",
        ),
        together=True,
        may_die=(
            "segmenter first",
            "segmenter last",
            "popped after loading",
            "worker thread",
            "torch",
            "ultralytics",
        ),
    ),
)
BY_LETTER = {part.letter: part for part in PARTS}
LETTERS = tuple(sorted(BY_LETTER))
