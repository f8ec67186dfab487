"""The health page with real sockets: numbers, verdicts, garbage, and visitors that never go."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as openmetrics_families,
)
from prometheus_client.parser import text_string_to_metric_families

from drag_edge.cli import main
from drag_edge.config.service import HttpSettings
from drag_edge.errors import OK, UNAVAILABLE, USAGE
from drag_edge.service import http as http_module
from drag_edge.service.health import (
    BusHealth,
    CameraHealth,
    DurationHistogram,
    Health,
    LinkHealth,
    ModelHealth,
    as_dict,
    in_words,
)
from drag_edge.service.http import HealthServer
from tests.held import held, left_over

TIMES = DurationHistogram(((0.01, 3), (0.1, 9), (float("inf"), 10)), 0.5)
GOOD = Health(
    version="1.2.3", config="/etc/drag-edge/drag-edge.yaml", uptime_s=61.0, fps=30.6, rounds=1800,
    round_age_s=0.02, mode="ACTIVE", reason="", alerts=(), actuation=False, gpu="Orin",
    cameras={
        "front": CameraHealth(1800, 0.04, None),
        "left": CameraHealth(900, 0.08, None, "", 3, 2),
    },
    models={"road": ModelHealth(True, 1800, 1, 0.004, 0.009, 1.5, None)},
    bus=BusHealth("can0", True, None, 9000, 4000, 2, 18),
    links={"mcu": LinkHealth(True, True, {"sent": 50}), "gnss": LinkHealth(False, False, {})},
    events={("model_loaded", "road"): 1, ("camera_lost", 'le"ft\n'): 2},
    modes={"ACTIVE": 1790, "INIT": 10}, reloads={"taken": 1, "refused": 0},
    round_s=TIMES, latency_s=TIMES, frame_age_s={"front": TIMES},
)  # fmt: skip


class Served:
    """A server, and the health that it shows."""

    def __init__(self) -> None:
        self.health = GOOD
        self.server = HealthServer(HttpSettings(port=0), lambda: self.health)

    def get(self, path: str, **headers: str) -> tuple[int, str, str]:
        request = urllib.request.Request(self.server.url + path, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.status, answer.read().decode(), answer.headers["Content-Type"]
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), error.headers["Content-Type"]

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.server.url.removeprefix("http://").split(":")
        return host, int(port)


@pytest.fixture(scope="module")
def module_served() -> Iterator[Served]:
    served = Served()
    yield served
    served.server.close()


@pytest.fixture
def served(module_served: Served) -> Served:
    module_served.health = GOOD
    return module_served


def verdict(answer: tuple[int, str, str]) -> tuple[int, list[str]]:
    return answer[0], json.loads(answer[1])["problems"]


def test_a_daemon_that_is_well_is_alive_and_ready(served: Served) -> None:
    assert verdict(served.get("/healthz")) == (200, [])
    assert verdict(served.get("/readyz")) == (200, [])


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            {"cameras": {"front": CameraHealth(9, 0.1, "camera_frozen")}},
            "camera front: camera_frozen",
        ),
        (
            {"cameras": {"left": CameraHealth(9, 4.0, "camera_lost", "connection refused", 0, 1)}},
            "camera left: camera_lost: connection refused",
        ),
        (
            {"cameras": {"front": CameraHealth(9, 3.0, None)}},
            "camera front: newest picture is 3.0 s old",
        ),
        ({"cameras": {"front": CameraHealth(0, None, None)}}, "camera front: no picture yet"),
        (
            {"models": {"road": ModelHealth(False, 0, 2, None, None, None, "no such file")}},
            "model road: no such file",
        ),
        ({"bus": replace(GOOD.bus, up=False, error="is down")}, "bus can0: is down"),
        ({"links": {"mcu": LinkHealth(False, True, {})}}, "mcu: silent"),
    ],
)
def test_what_is_missing_to_drive_is_not_ready_but_alive(
    served: Served, change: dict[str, Any], problem: str
) -> None:
    served.health = replace(GOOD, **change)
    assert verdict(served.get("/healthz")) == (200, [])
    assert verdict(served.get("/readyz")) == (503, [problem])


def test_a_loop_that_stalls_is_not_alive(served: Served) -> None:
    served.health = replace(GOOD, round_age_s=12.0)
    assert verdict(served.get("/healthz")) == (503, ["the loop last came round 12.0 s ago"])


@pytest.mark.parametrize(
    ("model", "age_s", "alive"),
    [
        (ModelHealth(False, 0, 0, None, None, None, None), 60.0, True),
        (ModelHealth(False, 0, 0, None, None, None, None), 121.0, False),
        (ModelHealth(False, 0, 1, None, None, None, "no such file"), 60.0, False),
        (ModelHealth(True, 9, 0, None, None, 1.0, None), 60.0, False),
    ],
)
def test_a_round_that_may_be_loading_a_model_is_awaited_as_long_as_systemd_does(
    served: Served, model: ModelHealth, age_s: float, alive: bool
) -> None:
    served.health = replace(GOOD, round_age_s=age_s, models={**GOOD.models, "objects": model})
    status, problems = verdict(served.get("/healthz"))
    assert (status, problems == []) == ((200, True) if alive else (503, False))
    if alive:
        assert verdict(served.get("/readyz")) == (503, ["model objects: not loaded yet"])


def test_metrics_are_what_prometheus_reads(served: Served) -> None:
    status, page, kind = served.get("/metrics")
    assert status == 200
    assert kind.startswith("text/plain")
    samples = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }
    assert samples[("drag_edge_camera_frames_total", "front")] == 1800
    assert samples[("drag_edge_camera_frame_age_seconds", "left")] == 0.08
    assert samples[("drag_edge_camera_losses_total", "left")] == 2
    assert ("drag_edge_camera_losses_total", "front") not in samples  # a recording
    assert samples[("drag_edge_latency_seconds_bucket", "0.1")] == 9
    assert samples[("drag_edge_latency_seconds_count",)] == 10
    assert samples[("drag_edge_model_duration_seconds", "0.99", "road")] == 0.009
    assert samples[("drag_edge_model_duration_seconds_count", "road")] == 1800
    assert samples[("drag_edge_mode", "ACTIVE")] == 1
    assert samples[("drag_edge_mode", "FALLBACK")] == 0
    assert samples[("drag_edge_can_frames_sent_total", "can0")] == 9000
    assert samples[("drag_edge_events_total", "camera_lost", 'le"ft\n')] == 2
    assert samples[("process_open_fds",)] > 0


def test_the_newer_format_is_whole_too(served: Served) -> None:
    kind = "application/openmetrics-text; version=1.0.0"
    families = {
        one.name: one for one in openmetrics_families(served.get("/metrics", Accept=kind)[1])
    }
    times = families["drag_edge_model_duration_seconds"]
    assert times.type == "summary"
    assert {s.labels.get("quantile") for s in times.samples} == {"0.5", "0.99", None}


def test_metric_names_keep_prometheus_rules(served: Served) -> None:
    """prometheus.io/docs/practices/naming, as its linter checks it."""
    families = list(text_string_to_metric_families(served.get("/metrics")[1]))
    ours = [family for family in families if family.name.startswith("drag_edge")]
    assert len(ours) == len({family.name for family in ours}) > 20
    for family in ours:
        assert re.fullmatch(r"[a-z][a-z0-9_]*[a-z0-9]", family.name), family.name
        assert family.documentation.strip(), family.name
        assert not family.documentation.endswith("."), family.name
        assert not re.search(r"_(ms|milliseconds|minutes|percent|kb|mb|gauge|counter)(_|$)",
                             family.name), family.name  # fmt: skip
        assert not (family.type != "counter" and family.name.endswith("_total")), family.name
        if family.type == "histogram":
            assert family.name.endswith("_seconds"), family.name
            (last,) = {s.labels["le"] for s in family.samples if s.labels.get("le") == "+Inf"}
            assert last == "+Inf"
        for sample in family.samples:
            assert len(sample.labels) <= 3, sample
            assert not set(sample.labels) & {"name", "type", "value"}, sample
            # Reserved: promtool refuses them elsewhere.
            assert ("quantile" in sample.labels) <= (family.type == "summary"), sample
            assert ("le" in sample.labels) <= (family.type == "histogram"), sample
            if family.type == "counter":
                assert sample.name.endswith("_total"), sample


def test_openmetrics_where_it_is_asked_for(served: Served) -> None:
    _, page, kind = served.get("/metrics", Accept="application/openmetrics-text; version=1.0.0")
    assert kind.startswith("application/openmetrics-text")
    assert page.endswith("# EOF\n")


def test_another_page_says_which_there_are(served: Served) -> None:
    status, text, _ = served.get("/config")
    assert status == 404
    assert "/readyz" in text


def test_a_page_that_fails_is_its_own_answer_only(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    served.health = None  # type: ignore[assignment]
    assert served.get("/readyz")[0] == 500
    served.health = GOOD
    assert served.get("/readyz")[0] == 200


def send(address: tuple[str, int], content: bytes, seconds: float = 2.0) -> bytes:
    """Send, say that it is all, and take what comes."""
    with socket.create_connection(address, timeout=seconds) as connection:
        with contextlib.suppress(OSError):
            connection.sendall(content)
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        with contextlib.suppress(OSError):
            while part := connection.recv(65536):
                answer += part
        return answer


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS
        b"GET",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"DELETE /metrics HTTP/1.1\r\n\r\n",
        b"POST /metrics HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\nx",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\n" + b"x: y\r\n" * 5000 + b"\r\n",
        b"GET /../../etc/passwd HTTP/1.1\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\n\xff\xfe: \x00\r\n\r\n",
    ],
)
def test_garbage_is_answered_or_dropped_and_the_server_lives(
    served: Served, garbage: bytes
) -> None:
    answer = send(served.address, garbage)
    assert b"root:" not in answer
    assert not answer.startswith(b"HTTP/1.0 200") or b"/metrics" in garbage
    assert served.get("/healthz")[0] == 200


@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=300))
def test_any_bytes_leave_it_serving(module_served: Served, content: bytes) -> None:
    send(module_served.address, content)
    assert module_served.get("/healthz")[0] == 200


def test_visitors_that_never_go_are_few_and_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_module, "_LONGEST_S", 0.5)
    monkeypatch.setattr(http_module._Handler, "timeout", 60.0)
    served = Served()
    before = threading.active_count()
    idle = [socket.create_connection(served.address, timeout=5) for _ in range(30)]
    time.sleep(0.2)
    assert threading.active_count() - before <= 2 * 8  # each with its timer
    for connection in idle:
        connection.settimeout(5)
        with contextlib.suppress(OSError):
            connection.sendall(b"G")  # slowly, slowly
    for connection in idle:
        with contextlib.suppress(ConnectionError):
            assert connection.recv(100) == b""  # cut, or never heard
        connection.close()
    assert served.get("/healthz")[0] == 200
    served.server.close()


def test_hundreds_of_visits_leave_nothing_behind(served: Served) -> None:
    served.get("/metrics")
    before = held()
    for number in range(250):
        served.get(("/metrics", "/healthz", "/nothing", "/status")[number % 4])
        if number % 10 == 0:
            send(served.address, b"\x00" * number)
    assert not left_over(before)


def test_it_listens_on_ipv6_too() -> None:
    try:
        server = HealthServer(HttpSettings(listen="::1", port=0), lambda: GOOD)
    except OSError:
        pytest.skip("no IPv6 here")
    with urllib.request.urlopen(server.url + "/healthz", timeout=5) as answer:
        assert answer.status == 200
    server.close()


def test_a_port_that_is_taken_is_said_at_once(served: Served) -> None:
    with pytest.raises(OSError, match="in use"):
        HealthServer(HttpSettings(port=served.address[1]), lambda: GOOD)


def test_status_prints_the_same_for_a_person(
    served: Served, capfd: pytest.CaptureFixture[str]
) -> None:
    served.health = replace(GOOD, bus=replace(GOOD.bus, up=False, error="network is down"))
    assert main(["status", "--url", served.server.url]) == 0
    said = capfd.readouterr().out
    for wanted in (
        "ACTIVE", "actuation off", "front: 1800 frames, newest 40 ms", "can0 off", "Orin",
        "problem    bus can0: network is down", "4.0 ms (p99 9.0 ms)",
    ):  # fmt: skip
        assert wanted in said
    assert main(["status", "--url", served.server.url, "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["mode"] == "ACTIVE"


def test_status_of_nobody_and_of_somebody_else(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        assert main(["status", "--url", url]) == UNAVAILABLE
    assert "no drag-edge answers" in capfd.readouterr().err
    assert main(["status", "--url", "file:///etc"]) == USAGE


def test_status_of_what_is_no_address_is_an_answer(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--url", "http://127.0.0.1:abc"]) == UNAVAILABLE
    assert "no drag-edge answers at http://127.0.0.1:abc" in capfd.readouterr().err


@pytest.mark.parametrize(
    "changed", [{"bus": None}, {"uptime_s": "long"}, {"cameras": ["front"]}, {"models": None}]
)
def test_status_of_another_version_says_so(
    served: Served,
    changed: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(http_module, "as_dict", lambda health: {**as_dict(health), **changed})
    assert main(["status", "--url", served.server.url]) == UNAVAILABLE
    assert "of another version" in capfd.readouterr().err
    assert main(["status", "--json", "--url", served.server.url]) == OK


def test_status_of_an_older_version_says_so_too(
    served: Served, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(http_module, "as_dict", lambda _: {"rounds": 3})
    assert main(["status", "--url", served.server.url]) == UNAVAILABLE
    assert "of another version" in capfd.readouterr().err


def test_the_words_for_systemctl_status() -> None:
    assert in_words(GOOD) == "2 cameras, 1 model, 31 fps, ACTIVE"
    worse = replace(
        GOOD, mode="DEGRADED", reason="camera_lost (left)",
        cameras={**GOOD.cameras, "left": CameraHealth(1, 9.0, "camera_lost")},
    )  # fmt: skip
    assert in_words(worse) == (
        "2 cameras (left missing), 1 model, 31 fps, DEGRADED (camera_lost (left))"
    )
