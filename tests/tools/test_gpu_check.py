"""The GPU check without a GPU: its parts, its report, its way of saying that it cannot measure."""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TOOLS = Path(__file__).resolve().parent.parent.parent / "tools"


@pytest.fixture(autouse=True)
def tools_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(TOOLS))


def part(name: str) -> Any:
    return importlib.import_module(f"gpu_check_parts.{name}")


def options(tmp_path: Path, **changes: Any) -> argparse.Namespace:
    values = {
        "out": tmp_path, "engines": tmp_path, "only": ("a",), "skip": ("0",), "quick": True,
        "seed": 1, "jobs": 1, "tactics": "default", "limit": 60.0, "extra": [],
        "int8": False, "build": "", "avoid_tactics": [], "most_tactics": None,
    }  # fmt: skip
    return argparse.Namespace(**{**values, **changes})


def plan_of_85(body: bytes) -> bytes:
    """What a plan of TensorRT 8.5 looks like from outside."""
    words = (0, 232, 0)
    head = b"ptrt" + b"".join(word.to_bytes(4, "little") for word in words)
    return head + len(body).to_bytes(8, "little") + body


def test_every_line_of_the_table_has_a_part() -> None:
    assert set("abcdefghij") <= set(part("registry").BY_LETTER)


def test_every_part_is_explained_on_its_page(repository: Path) -> None:
    page = (repository / "docs" / "gpu.md").read_text()
    for letter in part("registry").BY_LETTER:
        assert f"- **{letter}** " in page


def test_every_part_has_its_module_and_shards_are_told_apart() -> None:
    for one in part("registry").PARTS:
        assert (TOOLS / "gpu_check_parts" / f"{one.module}.py").is_file()
        assert len(set(one.shards)) == len(one.shards)
        assert set(one.may_die) <= set(one.shards)


def test_without_a_gpu_it_ends_with_69_and_says_so(tmp_path: Path) -> None:
    if (Path("/dev/nvidia0")).exists():
        pytest.skip("this machine has an NVIDIA GPU")
    command = [sys.executable, str(TOOLS / "gpu_check.py"), "--out", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 69
    assert "GPU" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_the_page_takes_a_partial_result_and_keeps_the_rest(tmp_path: Path) -> None:
    report, rows = part("report"), part("rows")
    machine = rows.Row("0", "machine", "a card", figures={"GPU": "a card", "torch": None})
    broken = rows.Row("d", "chain", "1.1 | 2", "1.25", rows.OK)
    document = report.document_of([broken, machine], options(tmp_path), 3.0)
    result = tmp_path / "result.json"
    report.write_document(result, document)
    page = tmp_path / "gpu.md"
    page.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    assert report.write_into([result], page) == 0
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert "GPU a card" in text
    assert "| d | chain | 1.1 \\| 2 | 1.25 | ok |" in text
    for letter in "abcefghij":
        assert f"| {letter} | {part('registry').BY_LETTER[letter].title} | unmeasured |" in text
    again = text
    assert report.write_into([result], page) == 0
    assert page.read_text() == again


def test_of_a_part_that_was_run_twice_the_later_run_counts(tmp_path: Path) -> None:
    report, row = part("report"), part("rows").Row
    first = report.document_of([row("a", "old"), row("d", "kept")], options(tmp_path), 3.0)
    second = report.document_of([row("a", "new")], options(tmp_path), 4.0)
    document = report.merged([first, second])
    assert [one["what"] for one in document["rows"]] == ["new", "kept"]
    assert document["took_s"] == 7.0


def test_a_page_without_the_section_is_left_alone(tmp_path: Path) -> None:
    report = part("report")
    result = tmp_path / "result.json"
    report.write_document(result, report.document_of([], options(tmp_path), 0.0))
    page = tmp_path / "gpu.md"
    page.write_text("nothing here")
    assert report.write_into([result], page) == 66
    assert page.read_text() == "nothing here"


@pytest.mark.parametrize(
    ("program", "verdict", "words"),
    [
        ("import os; os.abort()", "failed", "SIGABRT"),
        ("import sys; sys.exit('no such plan')", "failed", "no such plan"),
        ("import time; time.sleep(60)", "failed", "not done after"),
    ],
)  # fmt: skip
def test_a_part_that_dies_is_a_row_and_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, verdict: str, words: str
) -> None:
    runner, registry = part("runner"), part("registry")
    script = tmp_path / "part.py"
    script.write_text(program)
    parts = (registry.Part("a", "first", "outputs", 1.5), registry.Part("b", "second", "x", 1.5))
    monkeypatch.setattr(runner, "PARTS", parts)
    document = runner.run_parts(options(tmp_path, only=("a", "b")), script)
    assert [row["part"] for row in document["rows"]] == ["a", "b"]
    for row in document["rows"]:
        assert row["verdict"] == verdict
        assert words in row["detail"]
    assert json.loads((tmp_path / "result.json").read_text())["rows"] == document["rows"]


def test_without_time_left_a_part_is_not_measured(tmp_path: Path) -> None:
    document = part("runner").run_parts(options(tmp_path, limit=0.0), tmp_path / "never.py")
    assert {row["verdict"] for row in document["rows"]} == {"not measured"}


def test_rows_written_before_a_death_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runner, registry = part("runner"), part("registry")
    script = tmp_path / "part.py"
    script.write_text(
        "import os, sys\n"
        f"sys.path.insert(0, {str(TOOLS)!r})\n"
        "from pathlib import Path\n"
        "from gpu_check_parts.rows import Row, append_row\n"
        "append_row(Path(sys.argv[sys.argv.index('--rows') + 1]), Row('a', 'early', '1'))\n"
        "os.kill(os.getpid(), 11)\n"
    )
    monkeypatch.setattr(runner, "PARTS", (registry.Part("a", "first", "outputs", 20.0),))
    document = runner.run_parts(options(tmp_path), script)
    assert [row["what"] for row in document["rows"]] == ["early", "first"]
    assert "SIGSEGV" in document["rows"][1]["detail"]


@pytest.mark.parametrize("shard", ["truncated", "corrupt head", "corrupt middle"])
def test_damage_is_damage(tmp_path: Path, shard: str) -> None:
    plan = plan_of_85(bytes(range(256)) * 200)
    engine = tmp_path / "a.engine"
    engine.write_bytes(plan)
    spoilt = part("damaged").spoil(engine, shard, 1)
    assert spoilt != plan
    assert spoilt[:12] == plan[:12]  # still looks like one


def test_another_version_is_what_its_header_then_says(tmp_path: Path) -> None:
    from drag_edge.inference.engine_file import read_engine_file

    old = plan_of_85(bytes(400))
    new = b"ftrt" + bytes(20) + bytes((10, 3, 0, 26)) + bytes(400)
    for plan, expected in ((old, "8.4"), (new, "9.3.0.26")):
        engine = tmp_path / "a.engine"
        engine.write_bytes(plan)
        engine.write_bytes(part("damaged").spoil(engine, "other version", 1))
        assert read_engine_file(engine).version == expected


def test_the_demo_models_are_due_on_every_frame(tmp_path: Path) -> None:
    models = part("models")
    files = {name: models.onnx_file(name) for name in models.NAMES}
    settings = models.demo_settings(files, confidence=0.01)
    assert tuple(settings) == models.NAMES
    for name, one in settings.items():
        assert one.file == files[name]
        assert (one.hz, one.every, one.cameras, one.confidence) == (None, None, None, 0.01)


def compared(expected: Any, found: Any, *, before: Any = None) -> dict[str, float]:
    """Two lists of (x, score, label) after suppression; before: both engines' boxes before it."""
    from types import SimpleNamespace

    import numpy as np

    from drag_edge.inference.results import Detections

    def boxes(rows: Any) -> Detections:
        corners = np.array([[x, 0, x + 40, 40] for x, _, _ in rows], np.float32).reshape(-1, 4)
        scores = np.array([score for _, score, _ in rows], np.float32)
        return Detections(corners, scores, tuple(label for _, _, label in rows))

    outputs = part("outputs")
    reference = SimpleNamespace(
        placement=SimpleNamespace(gain_x=0.5, gain_y=0.25),
        settings=SimpleNamespace(confidence=0.25),
    )
    kept = [boxes(expected)], [boxes(found)]
    seen = outputs._Seen(*([boxes(side)] for side in before or (expected, found)))
    figures: dict[str, float] = outputs._matched(*kept, seen, reference)
    return figures


def test_how_far_boxes_are_apart_counts_in_pixels_of_the_input() -> None:
    figures = compared([(100, 0.9, "car")], [(101, 0.9, "car")])
    assert figures["max_input_px"] == 0.5
    assert (figures["matched"], figures["unexplained"]) == (2, 0)


@pytest.mark.parametrize(
    "found", [[], [(110, 0.9, "car")], [(100, 0.9, "truck")]], ids=["lost", "moved", "renamed"]
)
def test_a_box_that_the_other_engine_has_not_is_told(found: Any) -> None:
    figures = compared([(100, 0.9, "car")], found)
    assert figures["unexplained"] == 1 + len(found)


def test_a_box_whose_score_is_at_the_threshold_may_be_in_one_only() -> None:
    figures = compared([(100, 0.26, "car")], [])
    assert (figures["at_threshold"], figures["unexplained"]) == (1, 0)


def test_suppression_may_keep_another_of_the_boxes_that_both_have() -> None:
    both = [(100, 0.901, "car"), (110, 0.9, "car")]
    figures = compared(both[:1], both[1:], before=(both, both))
    assert figures["chosen_otherwise"] == 2
    assert (figures["matched"], figures["unexplained"], figures["max_input_px"]) == (2, 0, 0)


def test_a_tensor_that_differs_is_found() -> None:
    from types import SimpleNamespace

    import numpy as np

    reference = SimpleNamespace(outputs=[{"out": np.array([0.0, 4.0])}])
    differ = part("outputs")._differences
    assert differ(reference, [{"out": np.array([0.0, 4.0])}])["max_error_of_range"] == 0
    assert differ(reference, [{"out": np.array([0.0, 4.2])}])["max_error_of_range"] > 0.04
    assert differ(reference, [{"out": np.array([0.0, np.nan])}])["max_error_of_range"] == np.inf
