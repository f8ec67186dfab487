"""Every name of TensorRT's that we use is one that the releases have, or is asked for first."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from drag_edge.errors import DragEdgeError
from drag_edge.inference.building.flags import Abilities, NetworkFacts, make_recipe
from drag_edge.inference.building.offers import Offers, offers_of
from drag_edge.inference.building.options import BuildOptions
from tests.inference.fake_tensorrt import fake_tensorrt
from tests.inference.tensorrt_names import VERSIONS, dotted_names
from tests.inference.tensorrt_uses import BUILDING, ROLES, faults, read_uses, says_trt, source_of

ROOM = Path(__file__).resolve().parents[2] / "drag_edge"
# These are used only where another file has asked (flags.py for calibration, compile.py for the
# rest): tested below, and by building with a fake of every release.
DECIDED_BY_FLAGS = {
    "inference/building/calibrator.py": {"IInt8EntropyCalibrator2"},
    "inference/building/compile.py": {"IBuilderConfig.int8_calibrator"},
    "inference/building/config.py": {"IBuilderConfig.set_calibration_profile"},
    "inference/building/progress.py": {"IProgressMonitor"},
    "inference/building/selector.py": {
        "IAlgorithmSelector",
        "IAlgorithm.algorithm_variant",
        "IAlgorithmVariant.tactic",
    },
}


@pytest.mark.parametrize("name", ROLES)
def test_every_name_is_there_or_asked_for(name: str) -> None:
    found = faults(source_of(name), ROLES[name])
    decided = DECIDED_BY_FLAGS.get(name, set())
    left = [fault for fault in found if not any(fault.endswith(f" {one}") for one in decided)]
    assert not left
    for one in decided:
        assert any(fault.endswith(f" {one}") for fault in found), f"{one} needs no exception"


def test_no_file_that_touches_tensorrt_is_forgotten() -> None:
    touching = {
        str(path.relative_to(ROOM))
        for path in ROOM.rglob("*.py")
        if says_trt(path.read_text(encoding="utf-8"))
    }
    assert touching - set(ROLES) == set()
    assert {name for name in ROLES if not (ROOM / name).is_file()} == set()


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("def f(trt, builder):\n    builder.platform_has_fast_fp16", "11.4.0 has no Builder.pl"),
        ("def f(trt, config):\n    config.max_workspace_size = 1", "10.3.0 has no IBuilderConfig"),
        ("def f(trt):\n    trt.BuilderFlag.FP16", "11.4.0 has no BuilderFlag.FP16"),
        ("def f(trt):\n    trt.IProgressMonitor", "8.5.3 has no IProgressMonitor"),
        ("def f(trt, builder):\n    builder.biuld_serialized_network()", "8.5.3 has no Builder.bi"),
        ("def f(trt, config):\n    hasattr(config, 'progres')\n    config.set_flag", "asked for"),
        ("def f(trt, builder):\n    c = builder.create_builder_config()", "c is a IBuilderConfig"),
        ("def f(trt, c):\n    setattr(c.config, 'x', 1)", ""),
        ("def f(trt, config):\n    setattr(config, 'int8_calibrator', 1)", "11.4.0 has no IBuil"),
        # A question about something that does not tell the releases apart is no help.
        ("def f(trt, builder):\n    hasattr(trt, 'Builder')\n    builder.max_batch_size", "10.3.0"),
        ("def f(trt, builder):\n    hasattr(builder, 'max_batch_size')\n"
         "    builder.max_batch_size", ""),
        ("def f(self, config):\n    if self.o.has('IBuilderConfig.progress_monitor'):\n"
         "        config.progress_monitor = 1", ""),
    ],
)  # fmt: skip
def test_the_check_finds_what_it_is_for(source: str, fault: str) -> None:
    found = "\n".join(faults(source, BUILDING))
    assert (fault in found) if fault else not found


@pytest.mark.parametrize("name", ROLES)
def test_a_wrong_letter_anywhere_would_be_found(name: str) -> None:
    source = source_of(name)
    lines = source.split("\n")
    for use in read_uses(source, ROLES[name])[0]:
        word = use.name.rpartition(".")[2]
        line = lines[use.line - 1]
        assert word in line or name.endswith("sharing.py")
        mutant = [*lines[: use.line - 1], line.replace(word, f"{word}_"), *lines[use.line :]]
        assert faults("\n".join(mutant), ROLES[name]) != faults(source, ROLES[name])


@pytest.mark.parametrize("version", VERSIONS)
def test_a_recipe_names_only_what_the_release_has(version: str) -> None:
    offers = Offers(version, dotted_names(version))
    recipes = 0
    for precision, tactics, dla, fast, quantised, half in product(
        (None, "fp32", "fp16", "int8"),
        ("default", "no-cublas"),
        (None, 1),
        (True, False, None),
        (True, False),
        (True, False),
    ):
        options = BuildOptions(Path("m.onnx"), precision=precision, tactics=tactics, dla=dla)
        try:
            recipe = make_recipe(
                options, offers, Abilities(fast, fast, 2), NetworkFacts(quantised, half)
            )
        except DragEdgeError:
            continue
        recipes += 1
        flags = recipe.set_flags + recipe.clear_flags
        assert {f"BuilderFlag.{name}" for name in flags} <= offers.names
        creation = {f"NetworkDefinitionCreationFlag.{name}" for name in recipe.creation_flags}
        assert creation <= offers.names
        sources = {f"TacticSource.{name}" for name in recipe.tactic_sources or ()}
        assert sources <= offers.names
        if recipe.calibrated:
            assert "IBuilderConfig.int8_calibrator" in offers.names
            assert "IBuilderConfig.set_calibration_profile" in offers.names
            assert "IInt8EntropyCalibrator2" in offers.names
    assert recipes > 20


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_asked_for_on_a_module_is_what_the_lists_say(version: str) -> None:
    seen = offers_of(fake_tensorrt(version))
    for name in ("BuilderFlag.FP16", "IBuilderConfig.progress_monitor", "TacticSource.CUBLAS"):
        assert seen.has(name) == (name in dotted_names(version))
