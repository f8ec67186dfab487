from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from drag_edge.inference.metadata import ModelMetadata, parse_metadata

KEYS = (
    *("task", "names", "imgsz", "end2end", "kpt_shape", "resize", "color_order", "scale", "mean"),
    *("std", "roi", "format"),
)


def test_ultralytics_onnx_properties_are_read() -> None:
    metadata = parse_metadata(
        {
            "task": "detect",
            "names": "{0: 'person', 1: 'traffic light'}",
            "imgsz": "[256, 512]",
            "end2end": "False",
            "stride": "32",
        }
    )
    assert metadata.task == "detect"
    assert metadata.names == {0: "person", 1: "traffic light"}
    assert metadata.input_size == (512, 256)
    assert metadata.end2end is False
    assert metadata.notes == ()


def test_the_json_header_of_an_engine_is_read_the_same() -> None:
    metadata = parse_metadata(
        {"task": "pose", "names": {"0": "person"}, "imgsz": [640, 640], "kpt_shape": [17, 3]}
    )
    assert metadata.names == {0: "person"}
    assert metadata.keypoints == (17, 3)


def test_preprocessing_of_our_own_models_is_read() -> None:
    metadata = parse_metadata(
        {
            "resize": "stretch",
            "color_order": "bgr",
            "scale": "1.0",
            "mean": "[0.1, 0.2, 0.3]",
            "std": "(1, 2, 3)",
            "roi": "[0, 0.5, 1, 1]",
        }
    )
    assert (metadata.resize, metadata.color_order, metadata.scale) == ("stretch", "bgr", 1.0)
    assert metadata.mean == (0.1, 0.2, 0.3)
    assert metadata.std == (1.0, 2.0, 3.0)
    assert metadata.roi == (0.0, 0.5, 1.0, 1.0)


def test_what_cannot_be_read_is_left_out_and_said() -> None:
    metadata = parse_metadata({"names": "{0: ", "imgsz": "[0, 512]", "scale": "-1", "task": "x"})
    assert metadata.names is None
    assert metadata.input_size is None
    assert metadata.scale is None
    assert metadata.task == "x"
    assert len(metadata.notes) == 3
    assert all(any(key in note for note in metadata.notes) for key in ("names", "imgsz", "scale"))


def test_nothing_is_known_of_a_bare_file() -> None:
    assert parse_metadata({}) == ModelMetadata()


PIECES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(st.text(), inner)),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(KEYS), st.one_of(st.text(), PIECES, PIECES.map(str))))
def test_no_file_can_make_the_reader_raise(properties: dict) -> None:
    parse_metadata(properties)
