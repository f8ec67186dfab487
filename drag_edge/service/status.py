"""`drag-edge status`: how the daemon that runs here is doing, for a person."""

from __future__ import annotations

import argparse
import http.client
import json as json_format
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

from drag_edge.config.service import HttpSettings
from drag_edge.errors import OK, UnavailableError, UsageError

_PATIENCE_S = 5.0
_MOST_BYTES = 1_000_000
_MOST_EVENTS = 12
_USUAL = f"http://{HttpSettings().listen}:{HttpSettings().port}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--url and --json."""
    parser.add_argument(
        "--url",
        default=_USUAL,
        help="where service.http of its configuration listens (%(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="the same for a program")


def status(url: str, *, json: bool = False) -> int:
    """Print it. Raises UnavailableError when nobody answers there, or not as this version does."""
    if not url.startswith(("http://", "https://")):
        raise UsageError(f"{url}: a URL like {_USUAL} was expected")
    said = _asked(url.rstrip("/") + "/status", url)
    print(json_format.dumps(said, indent=1) if json else _text(said, url))
    return OK


def _text(said: dict[str, Any], url: str) -> str:
    try:
        return "\n".join(lines(said))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UnavailableError(
            f"{url}: a drag-edge of another version answers, and its page is not understood; "
            "--json shows what it says"
        ) from error


def _asked(page: str, url: str) -> dict[str, Any]:
    # No proxy: the daemon is on this computer, or on one that --url names.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(page, timeout=_PATIENCE_S) as answer:
            said = json_format.loads(answer.read(_MOST_BYTES))
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise UnavailableError(
            f"no drag-edge answers at {url}: {reason}. Does it run (systemctl status drag-edge), "
            "and is service.http.port of its configuration this one?"
        ) from error
    if not isinstance(said, dict) or "rounds" not in said:
        raise UnavailableError(f"{url}: somebody answers, but it is no drag-edge")
    return said


def lines(said: dict[str, Any]) -> Iterator[str]:
    """The page /status as lines. What one of another version raises is the caller's."""
    fps = "no frames yet" if said["fps"] is None else f"{said['fps']:.1f} fps"
    acts = "actuation on" if said["actuation"] else "actuation off"
    yield f"drag-edge  {said['version']}, {said['config']}, up {_span(said['uptime_s'])}"
    yield f"mode       {said['mode']}{_why(said['reason'])}, {acts}, {fps}"
    for name, camera in said["cameras"].items():
        age = "no picture yet" if camera["age_s"] is None else f"{1000 * camera['age_s']:.0f} ms"
        yield f"camera     {name}: {camera['frames']} frames, newest {age}{_why(camera['fault'])}"
        if camera["reason"]:
            yield f"           {camera['reason']}"
    for name, model in said["models"].items():
        yield f"model      {name}: {_model(model)}"
    bus = said["bus"]
    state = "up" if bus["up"] else "off"
    yield (
        f"bus        {bus['name']} {state}: {bus['sent']} sent ({bus['fallback']} without a "
        f"command), {bus['received']} received, {bus['failed']} failed"
    )
    for name, link in said["links"].items():
        counts = ", ".join(f"{count} {what}" for what, count in link["counts"].items())
        yield f"{name:10} {'up' if link['up'] else 'silent'}: {counts}"
    yield f"GPU        {said['gpu'] or 'not used'}"
    events = sorted(said["events"], key=lambda one: -int(one["count"]))
    told = ", ".join(f"{e['event']} ({e['source']}) {e['count']}" for e in events[:_MOST_EVENTS])
    yield f"events     {told or 'none'}"
    for problem in said["problems"]:
        yield f"problem    {problem}"
    if not said["problems"]:
        yield "ready      yes"


def _model(model: dict[str, Any]) -> str:
    if model["p50_s"] is None:
        text = "loaded, not yet run" if model["loaded"] else "not loaded"
    else:
        text = f"{1000 * model['p50_s']:.1f} ms (p99 {1000 * model['p99_s']:.1f} ms)"
        text += "" if model["loaded"] else ", not loaded"
    failed = f", {model['failures']} failed{_why(model['error'])}" if model["failures"] else ""
    return f"{text}, {model['results']} results{failed}"


def _why(reason: str | None) -> str:
    return f" ({reason})" if reason else ""


def _span(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
