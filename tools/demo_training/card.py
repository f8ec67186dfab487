"""Writes the measured numbers into the model card, between two marks."""

from __future__ import annotations

import json
from pathlib import Path

BEGIN, END = "<!-- metrics: written by tools/train_demo_models.py -->", "<!-- end of metrics -->"


def update_card(folder: Path) -> None:
    """Renews the tables of ``README.md`` from ``metrics.json`` beside it, if both exist."""
    card, metrics = folder / "README.md", folder / "metrics.json"
    if not card.is_file() or not metrics.is_file():
        return
    text = card.read_text()
    if BEGIN not in text or END not in text:
        raise ValueError(f"{card}: the marks around the metrics are missing")
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    tables = _tables(json.loads(metrics.read_text()))
    card.write_text(f"{before}{BEGIN}\n\n{tables}\n{END}{after}")


def _tables(metrics: dict[str, dict[str, object]]) -> str:
    lines = [
        "| model | input | training scenes | epochs | seed | training | mean "
        "| ONNX Runtime, 2 threads |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, row in metrics.items():
        mean = (
            f"mIoU {row['miou']:.3f}"
            if "miou" in row
            else f"mAP50 {row['map50']:.3f}, mAP50-95 {row['map50_95']:.3f}"
        )
        width, height = row["input"]  # type: ignore[misc]
        seconds = row["training_s"]
        minutes = "unfinished" if seconds is None else f"{round(float(str(seconds)) / 60)} min"
        lines.append(
            f"| {name} | {width}×{height} | {row['scenes']} | {row['epochs']} | {row['seed']} "
            f"| {minutes} | {mean} | {row['onnxruntime_ms_median']} ms |"
        )
    lines += ["", "| model | class | held-out boxes | AP50 | AP50-95 | precision | recall | IoU |"]
    lines.append("|---|---|---|---|---|---|---|---|")
    for name, row in metrics.items():
        for label, values in row["per_class"].items():  # type: ignore[attr-defined]
            cells = [
                str(values.get("boxes", "")),
                *(_three(values, key) for key in ("ap50", "ap50_95", "precision", "recall", "iou")),
            ]
            lines.append(f"| {name} | {label} | " + " | ".join(cells) + " |")
    return "\n".join(lines + _recall_by_height(metrics)) + "\n"


def _recall_by_height(metrics: dict[str, dict[str, object]]) -> list[str]:
    lines = ["", "Recall by the box's height in input pixels:", ""]
    headed = False
    for name, row in metrics.items():
        for label, values in row["per_class"].items():  # type: ignore[attr-defined]
            by_height = values.get("recall_by_height_px")
            if by_height is None:
                continue
            if not headed:
                lines.append("| model | class | " + " | ".join(by_height) + " |")
                lines.append("|---|---|" + "---|" * len(by_height))
                headed = True
            cells = ["" if value is None else f"{value:.2f}" for value in by_height.values()]
            lines.append(f"| {name} | {label} | " + " | ".join(cells) + " |")
    return lines


def _three(values: dict[str, float], key: str) -> str:
    return f"{values[key]:.3f}" if key in values else ""
