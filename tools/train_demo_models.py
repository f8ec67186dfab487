"""Renders scenes, trains the four demo models, exports them to ONNX and measures them.

    python tools/train_demo_models.py [--seed N] [--scenes N] [--epochs N] [--only NAME] [--out DIR]

Needs torch, ultralytics, onnx and onnxruntime beside the core's packages. Data sets and
checkpoints go to ``--work``, outside the repository; a second start goes on where the first
one stopped. Results are written as ``NAME.onnx`` and into ``metrics.json`` under ``--out``.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

from demo_training import card, detectors, measure, scenes, segmenter  # noqa: E402
from demo_training.specs import SPECS, ModelSpec  # noqa: E402


def main() -> int:
    arguments = _parse_arguments()
    arguments.out.mkdir(parents=True, exist_ok=True)
    names = [arguments.only] if arguments.only else list(SPECS)
    for name in names:
        spec = SPECS[name]
        count = arguments.scenes or spec.scenes
        epochs = arguments.epochs or spec.epochs
        work = arguments.work / f"seed{arguments.seed}-{count}x{epochs}"
        work.mkdir(parents=True, exist_ok=True)
        print(f"{name}: {count} scenes, {epochs} epochs, work in {work}", flush=True)
        if arguments.measure_only:
            row = _measure_again(spec, arguments, count)
        else:
            row = _make(spec, arguments, work, count, epochs)
        if row is None:
            continue
        _write_metrics(arguments.out / "metrics.json", name, row)
        card.update_card(arguments.out)
        print(json.dumps({name: row}, indent=1), flush=True)
    return 0


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scenes", type=int, help="training scenes (default: per model)")
    parser.add_argument("--epochs", type=int, help="epochs (default: per model)")
    parser.add_argument("--only", choices=list(SPECS), help="one model only")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "engines" / "demo")
    parser.add_argument(
        "--work", type=Path, default=Path(tempfile.gettempdir()) / "drag_edge_training"
    )
    parser.add_argument("--export-only", action="store_true", help="export the newest checkpoint")
    parser.add_argument("--measure-only", action="store_true", help="measure the files in --out")
    return parser.parse_args()


def _make(
    spec: ModelSpec, arguments: argparse.Namespace, work: Path, count: int, epochs: int
) -> dict[str, object] | None:
    """Data set, training, export and measurement; None for a model that does not ship."""
    folder = _data_folder(spec, arguments, count)
    build = scenes.build_segment_set if spec.task == "segment" else scenes.build_detect_set
    data = build(spec, folder, arguments.seed, count)
    rendered = time.monotonic()
    target = arguments.out / f"{spec.name}.onnx"
    training_s: int | None
    if spec.task == "segment":
        net = segmenter.train(spec, data, work, arguments.seed, epochs, arguments.export_only)
        training_s = None if arguments.export_only else round(time.monotonic() - rendered)
        segmenter.export(spec, net, target)
        row = measure.measure_segmenter(spec, target, folder)
    else:
        start = _start_weights(spec, arguments)
        weights = detectors.train(
            spec, data, work, arguments.seed, epochs, start, arguments.export_only
        )
        training_s = detectors.finished_after_s(spec, work)
        if not spec.ships:
            return None
        detectors.export(spec, weights, target)
        row = measure.measure_detector(spec, target, folder)
    row |= {
        "seed": arguments.seed,
        "scenes": count,
        "epochs": epochs,
        "input": list(spec.size),
        "roi": list(spec.roi),
        "file_kib": round(target.stat().st_size / 1024),
        "training_s": training_s,
        "partial": training_s is None,
    }
    return row


def _measure_again(
    spec: ModelSpec, arguments: argparse.Namespace, count: int
) -> dict[str, object] | None:
    """The row of a shipped file with new measurements; None for a model that does not ship."""
    if not spec.ships:
        return None
    table: dict[str, dict[str, object]] = json.loads((arguments.out / "metrics.json").read_text())
    folder = _data_folder(spec, arguments, count)
    target = arguments.out / f"{spec.name}.onnx"
    if spec.task == "segment":
        scenes.build_segment_set(spec, folder, arguments.seed, count)
        return table[spec.name] | measure.measure_segmenter(spec, target, folder)
    scenes.build_detect_set(spec, folder, arguments.seed, count)
    return table[spec.name] | measure.measure_detector(spec, target, folder)


def _data_folder(spec: ModelSpec, arguments: argparse.Namespace, count: int) -> Path:
    folder: Path = arguments.work / f"seed{arguments.seed}-{count}-data" / spec.name
    folder.parent.mkdir(parents=True, exist_ok=True)
    return folder


def _start_weights(spec: ModelSpec, arguments: argparse.Namespace) -> Path | None:
    if spec.start_from is None:
        return None
    found = sorted(arguments.work.glob(f"seed*/{spec.start_from}/weights/last.pt"))
    return found[-1] if found else None


def _write_metrics(path: Path, name: str, row: dict[str, object]) -> None:
    table = json.loads(path.read_text()) if path.is_file() else {}
    table[name] = row
    partial = path.with_suffix(".part")
    partial.write_text(json.dumps(dict(sorted(table.items())), indent=1) + "\n")
    partial.replace(path)


if __name__ == "__main__":
    sys.exit(main())
