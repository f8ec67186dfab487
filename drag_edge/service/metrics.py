"""The daemon's numbers in Prometheus' format: base units, `_total` on what only grows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from drag_edge.service.health import DurationHistogram, Health

MODES = ("INIT", "STANDBY", "ACTIVE", "DEGRADED", "FALLBACK")


class HealthCollector(Collector):
    """Asks for the health at each scrape; nothing is counted twice."""

    def __init__(self, health: Callable[[], Health]) -> None:
        self._health = health

    def describe(self) -> Iterator[Metric]:
        """Nothing beforehand: names come with the numbers."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        """Every family, now."""
        health = self._health()
        yield from _process(health)
        yield from _cameras(health)
        yield from _models(health)
        yield from _bus(health)
        yield from _links(health)
        yield from _decisions(health)


def make_registry(health: Callable[[], Health]) -> CollectorRegistry:
    """Our numbers and the process's own (memory, CPU time, file descriptors)."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(HealthCollector(health))
    ProcessCollector(registry=registry)
    return registry


def metrics_page(registry: CollectorRegistry, accept: str) -> tuple[bytes, str]:
    """The page and its content type, in the format that `accept` asks for."""
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


def _process(health: Health) -> Iterator[Metric]:
    said = {"version": health.version, "config": health.config, "gpu": health.gpu or ""}
    yield InfoMetricFamily("drag_edge", "What runs here", value=said)
    yield GaugeMetricFamily(
        "drag_edge_uptime_seconds", "Since the daemon started", value=health.uptime_s
    )
    yield CounterMetricFamily(
        "drag_edge_rounds", "Times the main loop came round", value=health.rounds
    )
    yield GaugeMetricFamily(
        "drag_edge_round_age_seconds", "Since the main loop last came round",
        value=health.round_age_s,
    )  # fmt: skip
    yield _histogram(
        "drag_edge_round_duration_seconds", "From a sample to its command and its picture",
        (), {(): health.round_s},
    )  # fmt: skip
    yield _histogram(
        "drag_edge_latency_seconds", "From the front camera's picture to the command",
        (), {(): health.latency_s},
    )  # fmt: skip
    reloads = CounterMetricFamily(
        "drag_edge_reloads", "Changed settings files, by what became of them", labels=["result"]
    )
    for result, count in health.reloads.items():
        reloads.add_metric([result], count)
    yield reloads


def _cameras(health: Health) -> Iterator[Metric]:
    frames = CounterMetricFamily(
        "drag_edge_camera_frames", "Pictures that were looked at", labels=["camera"]
    )
    age = GaugeMetricFamily(
        "drag_edge_camera_frame_age_seconds", "Age of the newest picture", labels=["camera"]
    )
    fresh = GaugeMetricFamily(
        "drag_edge_camera_up", "1 while the camera sends good pictures", labels=["camera"]
    )
    unused = CounterMetricFamily(
        "drag_edge_camera_frames_unused", "Pictures that newer ones replaced", labels=["camera"]
    )
    losses = CounterMetricFamily(
        "drag_edge_camera_losses", "Times that the camera was lost", labels=["camera"]
    )
    for name, camera in health.cameras.items():
        if camera.unused is not None and camera.losses is not None:
            unused.add_metric([name], camera.unused)
            losses.add_metric([name], camera.losses)
        frames.add_metric([name], camera.frames)
        fresh.add_metric([name], float(camera.age_s is not None and camera.fault is None))
        if camera.age_s is not None:
            age.add_metric([name], camera.age_s)
    yield from (frames, unused, losses, age, fresh)
    yield _histogram(
        "drag_edge_camera_sampled_age_seconds",
        "Age of a picture when the loop takes it",
        ("camera",),
        {(name,): ages for name, ages in health.frame_age_s.items()},
    )


def _models(health: Health) -> Iterator[Metric]:
    results = CounterMetricFamily("drag_edge_model_results", "Good answers", labels=["model"])
    failures = CounterMetricFamily(
        "drag_edge_model_failures", "Pictures and loads that failed", labels=["model"]
    )
    loaded = GaugeMetricFamily("drag_edge_model_loaded", "1 while it is loaded", labels=["model"])
    times = Metric(
        "drag_edge_model_duration_seconds",
        "One picture through the model; quantiles over the last few hundred",
        "summary",
    )
    loading = GaugeMetricFamily(
        "drag_edge_model_load_duration_seconds", "The newest loading", labels=["model"]
    )
    for name, model in health.models.items():
        results.add_metric([name], model.results)
        failures.add_metric([name], model.failures)
        loaded.add_metric([name], float(model.loaded))
        for quantile, value in (("0.5", model.p50_s), ("0.99", model.p99_s)):
            if value is not None:
                times.add_sample(times.name, {"model": name, "quantile": quantile}, value)
        times.add_sample(f"{times.name}_count", {"model": name}, model.results)
        if model.load_s is not None:
            loading.add_metric([name], model.load_s)
    yield from (results, failures, loaded, times, loading)


def _bus(health: Health) -> Iterator[Metric]:
    bus = health.bus
    for name, text, count in (
        ("sent", "Frames that left", bus.sent),
        ("received", "Frames of others", bus.received),
        ("failed", "Frames that could not leave", bus.failed),
        ("fallback", "Frames that only said that there is no command", bus.fallback),
    ):
        family = CounterMetricFamily(f"drag_edge_can_frames_{name}", text, labels=["bus"])
        family.add_metric([bus.name], count)
        yield family
    up = GaugeMetricFamily("drag_edge_can_up", "1 while frames can leave", labels=["bus"])
    up.add_metric([bus.name], float(bus.up))
    yield up


def _links(health: Health) -> Iterator[Metric]:
    up = GaugeMetricFamily("drag_edge_link_up", "1 while a serial link works", labels=["link"])
    frames = CounterMetricFamily(
        "drag_edge_link_frames", "Frames or sentences of a serial link", labels=["link", "what"]
    )
    for name, link in health.links.items():
        up.add_metric([name], float(link.up))
        for what, count in link.counts.items():
            frames.add_metric([name, what], count)
    yield from (up, frames)


def _decisions(health: Health) -> Iterator[Metric]:
    mode = GaugeMetricFamily("drag_edge_mode", "1 for the mode that holds", labels=["mode"])
    in_mode = CounterMetricFamily(
        "drag_edge_mode_rounds", "Rounds of the loop in each mode", labels=["mode"]
    )
    for name in MODES:
        mode.add_metric([name], float(health.mode == name))
        in_mode.add_metric([name], health.modes.get(name, 0))
    yield from (mode, in_mode)
    yield GaugeMetricFamily(
        "drag_edge_actuation", "1 while commands may act", value=float(health.actuation)
    )
    events = CounterMetricFamily(
        "drag_edge_events", "Events by name and source", labels=["event", "source"]
    )
    for (name, source), count in health.events.items():
        events.add_metric([name, source], count)
    yield events


def _histogram(
    name: str,
    text: str,
    labels: tuple[str, ...],
    values: dict[tuple[str, ...], DurationHistogram],
) -> Metric:
    family = HistogramMetricFamily(name, text, labels=list(labels))
    for which, histogram in values.items():
        buckets = [
            ("+Inf" if bound == float("inf") else f"{bound:g}", count)
            for bound, count in histogram.buckets
        ]
        family.add_metric(list(which), buckets, histogram.sum_s)
    return family
