"""E2E profile 2: the published vector, an independent implementation, every single bit error."""

from __future__ import annotations

import cantools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drag_edge.vehicle.data_ids import DATA_IDS
from drag_edge.vehicle.dbc import DBC_PATH
from drag_edge.vehicle.e2e import (
    E2EReceiver,
    E2ESettings,
    E2EStatus,
    counter_of,
    crc8_h2f,
    crc_is_right,
    data_ids_of,
    protect,
)

IDS = DATA_IDS["AEB"]
PAYLOAD = bytes.fromhex("0000111213141516")


def receiver(**settings: float) -> E2EReceiver:
    values = {"timeout_s": 0.1, "max_lost": 2, "resync_frames": 2, **settings}
    return E2EReceiver(IDS, E2ESettings(**values), 0.0)  # type: ignore[arg-type]


def frame(counter: int, payload: bytes = PAYLOAD) -> bytes:
    return protect(payload, IDS, counter % 16)


def test_crc_check_value() -> None:
    assert crc8_h2f(b"123456789") == 0xDF


def test_published_vector() -> None:
    assert protect(PAYLOAD, bytes(range(0xA0, 0xB0)), 1).hex() == "8901111213141516"


@given(st.binary(min_size=2, max_size=8), st.binary(min_size=16, max_size=16), st.integers(0, 15))
def test_bytes_are_those_of_an_independent_implementation(
    payload: bytes, data_ids: bytes, counter: int
) -> None:
    p02 = pytest.importorskip("e2e.p02")
    theirs = bytearray(payload)
    theirs[1] = (theirs[1] & 0xF0) | counter
    p02.e2e_p02_protect(theirs, data_ids, increment_counter=False)
    ours = protect(payload, data_ids, counter)
    assert ours == bytes(theirs)
    assert p02.e2e_p02_check(ours, data_ids)
    assert crc_is_right(ours, data_ids)


@given(st.binary(min_size=8, max_size=8), st.integers(0, 15), st.integers(0, 63))
def test_every_single_bit_error_is_found(payload: bytes, counter: int, bit: int) -> None:
    damaged = bytearray(frame(counter, payload))
    damaged[bit // 8] ^= 1 << (bit % 8)
    # A flipped counter bit selects another data ID as well: still no frame may pass.
    assert not crc_is_right(bytes(damaged), IDS)


def test_no_message_passes_as_another_at_any_counter() -> None:
    for counter in range(16):
        entries = [data_ids[counter] for data_ids in DATA_IDS.values()]
        assert len(set(entries)) == len(entries)


def test_the_table_holds_every_message_by_the_rule() -> None:
    messages = cantools.database.load_file(DBC_PATH).messages
    assert {m.name: data_ids_of(m.frame_id) for m in messages} == dict(DATA_IDS)


def test_frames_in_sequence_are_ok_through_the_wrap() -> None:
    judge = receiver()
    states = [judge.receive(frame(i), i * 0.02) for i in range(40)]
    assert states == [E2EStatus.OK] * 40


def test_a_few_lost_are_usable_and_said() -> None:
    judge = receiver()
    judge.receive(frame(0), 0.0)
    assert judge.receive(frame(3), 0.06) is E2EStatus.SOMELOST
    assert judge.status.usable


def test_as_many_must_follow_as_the_settings_say() -> None:
    judge = receiver(resync_frames=4)
    judge.receive(frame(0), 0.0)
    states = [judge.receive(frame(i), 0.0) for i in (8, 9, 10, 11, 12)]
    assert states == [E2EStatus.WRONGSEQ] * 4 + [E2EStatus.OK]


def test_three_missing_are_too_many() -> None:
    judge = receiver()
    judge.receive(frame(0), 0.0)
    assert judge.receive(frame(4), 0.08) is E2EStatus.WRONGSEQ


def test_without_being_told_two_may_be_missing_and_two_must_follow() -> None:
    judge = E2EReceiver(IDS, E2ESettings(timeout_s=0.1), 0.0)
    counters = (0, 3, 7, 8, 9)
    assert [judge.receive(frame(i), 0.0) for i in counters] == [
        E2EStatus.OK, E2EStatus.SOMELOST, E2EStatus.WRONGSEQ, E2EStatus.WRONGSEQ, E2EStatus.OK
    ]  # fmt: skip


def test_too_many_lost_must_hold_the_sequence_again() -> None:
    judge = receiver()
    judge.receive(frame(0), 0.0)
    states = [judge.receive(frame(i), 0.02 * i) for i in (8, 9, 10)]
    assert states == [E2EStatus.WRONGSEQ, E2EStatus.WRONGSEQ, E2EStatus.OK]


def test_an_old_frame_again_is_never_used_not_even_after_the_timeout() -> None:
    judge = receiver()
    judge.receive(frame(5), 0.0)
    for cycle in range(1, 50):
        assert judge.receive(frame(5), cycle * 0.02) is E2EStatus.REPEATED
        judge.poll(cycle * 0.02)
    assert judge.status is E2EStatus.TIMEOUT


def test_silence_is_nonewdata_then_timeout_then_recovers() -> None:
    judge = receiver()
    judge.receive(frame(0), 0.0)
    assert judge.poll(0.01) is E2EStatus.OK
    assert judge.poll(0.03) is E2EStatus.NONEWDATA
    assert judge.poll(0.2) is E2EStatus.TIMEOUT
    states = [judge.receive(frame(i), 0.2 + 0.02 * i) for i in (9, 10, 11)]
    assert states[-1] is E2EStatus.OK


def test_a_sender_never_heard_times_out() -> None:
    judge = receiver()
    assert judge.poll(0.05) is E2EStatus.INITIAL
    assert judge.poll(0.15) is E2EStatus.TIMEOUT


def test_wrong_crc_and_short_frames_are_errors_and_do_not_move_the_counter() -> None:
    judge = receiver()
    judge.receive(frame(0), 0.0)
    assert judge.receive(frame(1)[:-1] + b"\xff", 0.02) is E2EStatus.ERROR
    assert judge.receive(b"", 0.03) is E2EStatus.ERROR
    assert judge.receive(frame(2), 0.04) is E2EStatus.SOMELOST
    assert judge.counts[E2EStatus.ERROR] == 2


@given(st.lists(st.binary(max_size=12), max_size=30))
def test_random_frames_never_crash_a_receiver(frames: list[bytes]) -> None:
    judge = receiver()
    for index, data in enumerate(frames):
        judge.receive(data, index * 0.01)
        judge.poll(index * 0.01)


def test_counter_is_the_low_nibble_and_the_high_one_is_data() -> None:
    protected = protect(bytes((0, 0xA0, 1, 2, 3, 4, 5, 6)), IDS, 7)
    assert protected[1] == 0xA7
    assert counter_of(protected) == 7


def test_time_is_counted_from_the_last_usable_frame() -> None:
    judge = E2EReceiver(IDS, E2ESettings(timeout_s=0.125), 64.0)
    assert judge.poll(64.125) is E2EStatus.INITIAL
    for cycle in range(20):
        now_s = 64.125 + cycle * 0.0625
        assert judge.receive(frame(cycle), now_s) is E2EStatus.OK
        assert judge.poll(now_s) is E2EStatus.OK
    assert judge.poll(now_s + 0.125) is E2EStatus.NONEWDATA
    assert judge.poll(now_s + 0.13) is E2EStatus.TIMEOUT


def test_a_time_out_is_counted_once_and_told_as_long_as_it_lasts() -> None:
    judge = receiver()
    assert [judge.poll(1.0 + cycle * 0.02) for cycle in range(5)] == [E2EStatus.TIMEOUT] * 5
    assert judge.counts[E2EStatus.TIMEOUT] == 1


def test_a_list_of_data_ids_that_is_too_short_or_too_long_is_refused() -> None:
    for count in (15, 17):
        with pytest.raises(ValueError, match=f"^profile 2 needs 16 data IDs, got {count}$"):
            E2EReceiver(bytes(count), E2ESettings(0.1), 0.0)


def test_a_status_is_called_by_its_name() -> None:
    assert [status.value for status in E2EStatus] == [s.name.lower() for s in E2EStatus]


def test_a_status_is_a_key_by_its_identity() -> None:
    """Statuses are keys 200 times a second; an enum's own hash asks for its name each time."""
    for status in E2EStatus:
        assert hash(status) == object.__hash__(status)
        assert {status: 1}[E2EStatus(status.value)] == 1
