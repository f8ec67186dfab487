from __future__ import annotations

import logging
import os
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drag_edge.config.root import Settings
from drag_edge.events import Event
from drag_edge.service.event_log import EventLog
from drag_edge.service.journal import JournalHandler, encode, is_our_journal
from tests.service.ears import ears_at


def decoded(datagram: bytes) -> dict[str, str]:
    """journald's reading of its own protocol."""
    fields, rest = {}, datagram
    while rest:
        line, _, rest = rest.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            (length,) = struct.unpack("<Q", rest[:8])
            value, rest = rest[8 : 8 + length], rest[9 + length :]
        fields[name.decode()] = value.decode()
    return fields


TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)


@given(st.dictionaries(st.from_regex(r"[A-Z][A-Z_]{0,12}", fullmatch=True), TEXTS))
def test_whatever_a_field_holds_arrives_as_it_was(fields: dict[str, str]) -> None:
    assert decoded(encode(fields)) == fields


def test_an_event_arrives_with_its_fields(
    tmp_path: Path, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with ears_at(tmp_path) as ears:
        handler = JournalHandler(ears.address)
        log = logging.getLogger("drag_edge.events")
        log.addHandler(handler)
        try:
            told = EventLog(settings)
            told.write([Event("camera_lost", "front", "two\nlines", 1.0)], 1.0)
            told.write([Event("model_failed", "objects", "no engine", 1.0)], 1.0)
        finally:
            log.removeHandler(handler)
            handler.close()
        lost, failed = (decoded(datagram) for datagram in ears.listen(0.05))
    assert lost["EVENT"] == "camera_lost"
    assert lost["CAMERA"] == "front"
    assert lost["PRIORITY"] == "4"
    assert lost["SYSLOG_IDENTIFIER"] == "drag-edge"
    assert lost["MESSAGE"] == "camera_lost: front: two\nlines"
    assert "MODEL" not in lost
    assert failed["MODEL"] == "objects"
    assert "CAMERA" not in failed


def test_a_journal_that_does_not_keep_up_loses_lines_and_is_told_how_many(tmp_path: Path) -> None:
    with ears_at(tmp_path) as ears:
        handler = JournalHandler(ears.address)
        record = logging.LogRecord("loop", logging.INFO, "", 0, "line", None, None)
        sent = 0
        while handler._lost < 5:
            handler.emit(record)
            sent += 1
        assert len(ears.listen(0.05)) == sent - 5
        handler.emit(record)
        (told,) = ears.listen(0.05)
        handler.close()
    assert decoded(told)["MESSAGE"] == "line (5 lines before this were lost)"


def test_a_line_that_cannot_be_written_is_not_the_callers_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ears_at(tmp_path) as ears:
        handler = JournalHandler(ears.address)
        bad = logging.LogRecord("can", logging.INFO, "", 0, "%d frames", ("no number",), None)
        handler.emit(bad)
        handler.emit(logging.LogRecord("can", logging.INFO, "", 0, "next", None, None))
        (told,) = ears.listen(0.05)
        handler.close()
    assert decoded(told)["MESSAGE"] == "next"
    assert "no number" in capsys.readouterr().err


def test_fields_are_used_only_where_stderr_is_the_journals_own() -> None:
    found = os.fstat(2)
    assert is_our_journal({"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"})
    assert not is_our_journal({"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino + 1}"})
    assert not is_our_journal({})
