from __future__ import annotations

import threading

from drag_edge.inference.building.progress import Progress, make_monitor
from tests.inference.fake_tensorrt import fake_tensorrt


def test_a_line_now_and_then_says_which_phase() -> None:
    lines: list[str] = []
    enough = threading.Event()

    def hear(line: str) -> None:
        lines.append(line)
        enough.set()

    with Progress(hear, every_s=0.01) as progress:
        monitor = make_monitor(fake_tensorrt("10.3.0"), progress)
        monitor.phase_start("Building Engine", None, 4)
        monitor.phase_start("Tactics", "Building Engine", 99)
        assert monitor.step_complete("Building Engine", 0) is True
        assert monitor.step_complete("Tactics", 0) is True
        assert progress.line().endswith("s, Building Engine 25%")
        enough.clear()
        assert enough.wait(5)
    assert lines[-1].startswith("building since ")
    said = len(lines)
    assert not enough.wait(0.05) or len(lines) == said  # silent after its end


def test_a_finished_phase_is_not_told() -> None:
    progress = Progress(lambda line: None)
    progress.phase("one", 1)
    progress.phase("none", 0)
    progress.step("one")
    progress.step("never announced")
    assert "," not in progress.line()
