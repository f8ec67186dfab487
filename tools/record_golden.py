#!/usr/bin/env python3
"""Record what Ultralytics itself answers, for tests/inference to compare with.

    tools/record_golden.py pictures      renders the pictures (needs only drag_edge)
    tools/record_golden.py letterbox     where LetterBox puts pictures
    tools/record_golden.py demo          the shipped detectors, after every new training
    tools/record_golden.py predict OUT.json --model MODEL.onnx=R ... PICTURE...

`predict` runs every model on every picture, whole and cropped to the roi R (x0,y0,x1,y1 as
fractions, or `whole`), at two pairs of thresholds. All but `pictures` need
`pip install ultralytics`; the tests need only the JSON. Paths are written relative to the
repository, or to $DRAG_EDGE_SHARED_DATA for files that lie there.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ["YOLO_AUTOINSTALL"] = "False"

import cv2
import numpy as np

REPOSITORY = Path(__file__).resolve().parent.parent
GOLDEN = REPOSITORY / "tests" / "inference" / "golden"
# Scenes no network was trained on: what they were sampled for, seed, and left and right edge.
SCENES = {
    "rain": ("objects", 9_000_003, 0, 1280),
    "junction": ("split", 9_000_000, 0, 1280),
    "square": ("signal", 9_000_004, 240, 960),
    "mirror": ("objects", 9_000_005, 0, 640),
}
JPEG_QUALITY = 80
# The rois of configs/demo.yaml.
DEMO_ROIS = {
    "objects": "0,0.111111,1,1",
    "signal": "0.2,0.083333,0.8,0.616667",
    "split": "0.2,0.466667,0.8,1.0",
}
THRESHOLDS = ((0.25, 0.7), (0.01, 0.45))
PICTURE_SIZES = (
    *((1280, 720), (960, 540), (640, 360), (640, 480), (1242, 375), (1164, 874), (400, 400)),
    *((333, 217), (217, 333), (31, 17), (1920, 1080), (513, 257), (2000, 1), (1, 900)),
)
INPUT_SIZES = ((512, 256), (384, 192), (640, 640), (320, 320), (416, 416), (96, 64))


def pictures() -> None:
    sys.path.insert(0, str(REPOSITORY))
    from drag_edge.sim.render import render
    from drag_edge.sim.scene_sampler import sample_scene

    for name, (focus, seed, left, right) in SCENES.items():
        scene = sample_scene(seed, focus)
        picture = render(scene.world, scene.ego, scene.camera, scene.look)[:, left:right]
        path = GOLDEN / f"{name}.jpg"
        cv2.imwrite(str(path), picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        print(f"{path.relative_to(REPOSITORY)}: {path.stat().st_size} bytes")


def letterbox() -> None:
    from ultralytics.data.augment import LetterBox

    cases = []
    for width, height in PICTURE_SIZES:
        for input_width, input_height in INPUT_SIZES:
            box = LetterBox((input_height, input_width), auto=False, stride=32)
            placed = box.get_params({"img": np.zeros((height, width, 3), np.uint8)})
            cases.append(
                {
                    "picture": [width, height],
                    "input": [input_width, input_height],
                    "size": list(placed["new_unpad"]),
                    "left": placed["left"],
                    "top": placed["top"],
                    "right": placed["right"],
                    "bottom": placed["bottom"],
                }
            )
    box = LetterBox((24, 32), auto=False)
    small = [_small_picture(box, *size) for size in ((97, 61), (40, 90), (32, 24), (7, 5))]
    write(GOLDEN / "letterbox.json", {"placements": cases, "pictures": small})


def _small_picture(box: Any, width: int, height: int) -> dict[str, Any]:
    """A seeded picture after LetterBox to 32×24: the very pixels, column after row."""
    picture = np.random.default_rng(width).integers(0, 256, (height, width, 3), np.uint8)
    placed = box(image=picture)
    return {"size": [width, height], "seed": width, "pixels": placed.tobytes().hex()}


def demo() -> None:
    scenes = [GOLDEN / f"{name}.jpg" for name in SCENES]
    for name, roi in DEMO_ROIS.items():
        model = REPOSITORY / "engines" / "demo" / f"{name}.onnx"
        predict(GOLDEN / f"demo_{name}.json", [f"{model}={roi}"], scenes)


def predict(out: Path, models: list[str], pictures: list[Path]) -> None:
    from ultralytics import YOLO

    cases = []
    for spec in models:
        name, _, roi_text = spec.partition("=")
        model_file = Path(name).resolve()
        before = sha256(model_file.read_bytes())
        model = YOLO(model_file, task="detect")
        rois = [None]
        if roi_text != "whole":
            rois.append([float(part) for part in roi_text.split(",")])
        for picture in pictures:
            for roi in rois:
                cases += [
                    _predict_one(model, model_file, picture.resolve(), roi, confidence, iou)
                    for confidence, iou in THRESHOLDS
                ]
        if sha256(model_file.read_bytes()) != before:
            sys.exit(f"{model_file} changed while it was being recorded")
    write(out, {"cases": cases})


def _predict_one(
    model: Any, file: Path, picture: Path, roi: list[float] | None, confidence: float, iou: float
) -> dict[str, Any]:
    image = cv2.imread(str(picture))
    if image is None:
        sys.exit(f"{picture}: no picture")
    height, width = image.shape[:2]
    x0, y0, x1, y1 = 0, 0, width, height
    if roi is not None:
        x0, y0, x1, y1 = (
            round(part * side) for part, side in zip(roi, (width, height) * 2, strict=True)
        )
    part = np.ascontiguousarray(image[y0:y1, x0:x1])
    size = model_size(model, part)
    boxes = model.predict(part, imgsz=size, conf=confidence, iou=iou, verbose=False)[0].boxes
    return {
        "model": relative(file),
        "model_sha256": sha256(file.read_bytes()),
        "picture": relative(picture),
        "picture_pixels_sha256": sha256(image.tobytes()),
        "roi": roi,
        "crop": [x0, y0, x1, y1],
        "confidence": confidence,
        "iou": iou,
        "boxes": np.round(boxes.xyxy.numpy().astype(float), 3).tolist(),
        "scores": np.round(boxes.conf.numpy().astype(float), 6).tolist(),
        "classes": boxes.cls.numpy().astype(int).tolist(),
    }


def model_size(model: Any, part: np.ndarray) -> list[int]:
    """The file's own size, height and width: what Ultralytics takes for a fixed ONNX."""
    if model.predictor is None:
        model.predict(part, verbose=False)
    return list(model.predictor.model.imgsz)


def relative(path: Path) -> str:
    shared = Path(os.environ.get("DRAG_EDGE_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
    if path.is_relative_to(shared.resolve()):
        return f"shared:{path.relative_to(shared.resolve())}"
    return str(path.relative_to(REPOSITORY))


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def write(path: Path, document: dict[str, Any]) -> None:
    import ultralytics

    recorded = {"ultralytics": ultralytics.__version__, "opencv": cv2.__version__} | document
    text = json.dumps(recorded, separators=(",", ":")).replace("},{", "},\n{")
    path.write_text(text + "\n", encoding="utf-8")
    print(f"{path.relative_to(REPOSITORY)}: {len(text)} bytes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("pictures")
    commands.add_parser("letterbox")
    commands.add_parser("demo")
    recorder = commands.add_parser("predict")
    recorder.add_argument("out", type=Path)
    recorder.add_argument("--model", action="append", required=True, help="MODEL.onnx=ROI")
    recorder.add_argument("pictures", nargs="+", type=Path)
    arguments = parser.parse_args()
    if arguments.command == "pictures":
        pictures()
    elif arguments.command == "letterbox":
        letterbox()
    elif arguments.command == "demo":
        demo()
    else:
        predict(arguments.out.resolve(), arguments.model, arguments.pictures)


if __name__ == "__main__":
    main()
