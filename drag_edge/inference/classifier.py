"""From a classifier's output to labels with scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drag_edge.inference.finite import require_finite
from drag_edge.inference.letterbox import Placement
from drag_edge.inference.results import Classification


class Classifier:
    """Decodes 1×classes probabilities or logits.

    labels: class id → our word. confidence: lower scores are left out.
    """

    def __init__(self, output: str, labels: Mapping[int, str], confidence: float) -> None:
        self._output = output
        self._labels = labels
        self._confidence = confidence

    def with_confidence(self, confidence: float) -> Classifier:
        """The same with another threshold."""
        return Classifier(self._output, self._labels, confidence)

    def decode(self, outputs: Mapping[str, NDArray[Any]], placement: Placement) -> Classification:
        """Outputs of one run → labels, best first; where it looked does not matter.

        Raises OutputInvalidError for NaN or infinity.
        """
        values = np.asarray(outputs[self._output], np.float32).reshape(-1)
        require_finite(values, "class scores")
        scores = _probabilities(values)
        best = [
            class_id
            for class_id in np.argsort(-scores, kind="stable").tolist()
            if class_id in self._labels and scores[class_id] > self._confidence
        ]
        return Classification(
            labels=tuple(self._labels[class_id] for class_id in best), scores=scores[best]
        )


def _probabilities(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Softmax, unless the network did it itself."""
    if values.min() >= 0 and abs(float(values.sum()) - 1) < 1e-2:
        return values
    exponents = np.exp(values - values.max())
    return np.asarray(exponents / exponents.sum(), np.float32)
