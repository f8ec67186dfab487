"""The mutation tool itself: it finds every place, breaks one at a time, and sees who survives."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"
sys.path.insert(0, str(TOOLS))
from mutation.operators import OPERATORS, mutants_of  # noqa: E402
from mutation.runner import run_all  # noqa: E402

SOURCE = '''
"""Text that is not code."""
LIMIT: float = 2.0

def cut(value: int, most=3) -> int | None:
    """More text."""
    if value > most and not value == 0:
        value = min(most, value) - 1
    return pair(value, most)
'''


def changes(operator: str) -> set[tuple[str, str]]:
    return {(m.before, m.after) for m in mutants_of("m.py", SOURCE) if m.operator == operator}


@pytest.mark.parametrize(
    ("operator", "some"),
    [
        ("constant", {("2.0", "3.0"), ("2.0", "1.0"), ("3", "4"), ("1", "2"), ("0", "1")}),
        ("comparison", {("value > most", "value >= most"), ("value == 0", "value != 0")}),
        ("arithmetic", {("min(most, value) - 1", "min(most, value) + 1")}),
        ("boolean", {("not value == 0", "value == 0"),
                     ("value > most and (not value == 0)", "value > most or not value == 0"),
                     ("value > most and (not value == 0)", "value > most")}),
        ("return none", {("return pair(value, most)", "return None")}),
        ("arguments", {("pair(value, most)", "pair(most, value)"),
                       ("min(most, value)", "max(most, value)")}),
        ("statement", {("value = min(most, value) - 1", "pass")}),
    ],
)  # fmt: skip
def test_every_operator_breaks_what_it_says(operator: str, some: set[tuple[str, str]]) -> None:
    assert some <= changes(operator)


def test_every_mutant_is_other_code_that_compiles_and_text_is_left_alone() -> None:
    mutants = list(mutants_of("m.py", SOURCE))
    whole = ast.unparse(ast.parse(SOURCE))
    assert len({mutant.code for mutant in mutants}) >= 20
    for mutant in mutants:
        compile(mutant.code, "m.py", "exec")
        assert mutant.code != whole
        assert "text" not in mutant.before.lower()
    assert {mutant.operator for mutant in mutants} == set(OPERATORS)


def test_survivors_are_seen_and_those_that_never_end_are_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "test_half.py").write_text(
        "import half_tested\n\ndef test_it():\n    assert half_tested.twice(4) == 8\n"
    )
    source = "def twice(x):\n    while x < 0:\n        pass\n    return x * 2\n"
    (tmp_path / "half_tested.py").write_text(source)
    mutants = list(mutants_of("half_tested.py", source))
    ended = {
        mutant.after: code
        for mutant, code in run_all(mutants, [str(tmp_path / "test_half.py")], 2, 8)
    }
    assert ended["x / 2"] == 1
    assert ended["x <= 0"] == 0  # nobody tests that edge
    assert ended["x >= 0"] < 0


def test_the_tool_says_what_it_did_and_ends_well_when_all_are_killed() -> None:
    done = subprocess.run(
        [sys.executable, TOOLS / "mutate.py", "--only", "limits.py", "--line", "10"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 mutants, 4 killed" in done.stdout
    assert "arithmetic" in done.stdout
