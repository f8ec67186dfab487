from __future__ import annotations

from pathlib import Path

import pytest

from drag_edge.config.diff import diff
from drag_edge.config.load import load
from tests.config.helpers import write


@pytest.mark.parametrize(
    ("overrides", "changed"),
    [
        ([], []),
        (["run.seed=1"], []),
        (["run.seed=2"], ["run.seed"]),
        (["adas.aeb.warn_lead_s=1.3", "adas.actuation=off"], ["adas.aeb.warn_lead_s"]),
        (["models.road.roi=[0,0,1,1]"], ["models.road.roi"]),
        (["models.road.classes={1: drivable}"], ["models.road.classes.1"]),
        (["models.signal.file=x.onnx"], ["models.signal"]),
        (["cameras.front.mount.z=1.2", "cameras.front.fps=30"],
         ["cameras.front.mount.z", "cameras.front.fps"]),
        (["vehicle.ego={dbc: a.dbc}"], ["vehicle.ego"]),
    ],
)  # fmt: skip
def test_what_changed_is_named_and_nothing_else(
    tmp_path: Path, overrides: list[str], changed: list[str]
) -> None:
    old = load(write(tmp_path))
    new = load(write(tmp_path), overrides, check_files=False)
    assert diff(old, new) == changed
    assert len(diff(new, old)) == len(changed)
