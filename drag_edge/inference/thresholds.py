"""The values of a model that are only read when it is decoded: they change without loading it."""

from __future__ import annotations

from dataclasses import replace

from drag_edge.config.models import ModelSettings
from drag_edge.inference.classifier import Classifier
from drag_edge.inference.detector import Detector
from drag_edge.inference.plan import Decoder

THRESHOLDS = ("confidence", "iou", "agnostic", "max_detections")


def only_thresholds_differ(old: ModelSettings, new: ModelSettings) -> bool:
    """Whether the same model, loaded once, serves both."""
    return old.model_copy(update={name: getattr(new, name) for name in THRESHOLDS}) == new


def with_thresholds(decoder: Decoder, settings: ModelSettings) -> Decoder:
    """The same decoder with the settings' thresholds; a segmenter has none."""
    if isinstance(decoder, Detector):
        thresholds = {name: getattr(settings, name) for name in THRESHOLDS}
        return Detector(replace(decoder.recipe, **thresholds))
    if isinstance(decoder, Classifier):
        return decoder.with_confidence(settings.confidence)
    return decoder
