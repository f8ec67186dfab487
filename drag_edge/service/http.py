"""The health page: a small HTTP server in threads of its own that never touches the loop."""

from __future__ import annotations

import json
import logging
import socket
import socketserver
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from drag_edge.config.service import HttpSettings
from drag_edge.service.health import Health, as_dict, not_alive, not_ready
from drag_edge.service.metrics import make_registry, metrics_page

_LOG = logging.getLogger(__name__)

# More at once than a scraper, a probe and a person need; further ones are closed unheard.
_MOST_AT_ONCE = 8
# A whole request, answer included, however slowly it trickles in.
_LONGEST_S = 5.0

Page = tuple[HTTPStatus, bytes, str]


class HealthServer:
    """Answers GET /healthz, /readyz, /metrics and /status (JSON) until closed.

    health: called at each request, from threads of the server. Raises OSError when the address
    is taken or not ours.
    """

    def __init__(self, settings: HttpSettings, health: Callable[[], Health]) -> None:
        if settings.port is None:
            raise ValueError("no port: nobody is to listen")
        pages = _pages(settings, health)
        family = socket.AF_INET6 if ":" in settings.listen else socket.AF_INET
        self._server = _Server((settings.listen, settings.port), pages, family)
        host, port = self._server.server_address[:2]
        shown = str(host)
        self.url = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.2}, name="health",
            daemon=True,
        )  # fmt: skip
        self._thread.start()

    def close(self) -> None:
        """Stop listening. Idempotent."""
        self._server.shutdown()
        self._server.server_close()


def _pages(settings: HttpSettings, health: Callable[[], Health]) -> dict[str, Callable[..., Page]]:
    registry = make_registry(health)

    def verdict(problems: list[str]) -> Page:
        status = HTTPStatus.SERVICE_UNAVAILABLE if problems else HTTPStatus.OK
        return status, _json({"ok": not problems, "problems": problems}), _JSON

    def healthz(accept: str) -> Page:
        return verdict(list(not_alive(health(), settings)))

    def readyz(accept: str) -> Page:
        return verdict(list(not_ready(health(), settings)))

    def status(accept: str) -> Page:
        now = health()
        problems = list(not_ready(now, settings))
        return HTTPStatus.OK, _json({**as_dict(now), "problems": problems}), _JSON

    def metrics(accept: str) -> Page:
        return HTTPStatus.OK, *metrics_page(registry, accept)

    return {"/healthz": healthz, "/readyz": readyz, "/status": status, "/metrics": metrics}


_JSON = "application/json; charset=utf-8"


def _json(content: Any) -> bytes:
    return json.dumps(content, indent=1).encode() + b"\n"


class _Server(ThreadingHTTPServer):
    """Bounded: so many connections at once, each for so long."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 16

    def __init__(
        self,
        address: tuple[str, int],
        pages: dict[str, Callable[..., Page]],
        family: socket.AddressFamily,
    ) -> None:
        self.address_family = family
        self.pages = pages
        self._places = threading.BoundedSemaphore(_MOST_AT_ONCE)
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """As a plain TCP server: HTTPServer would look its own name up in the DNS, and wait."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "localhost", int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Start a thread for it where there is room."""
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # no more threads
            self._places.release()
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """One connection; it ends by itself or is cut."""
        cut = threading.Timer(_LONGEST_S, _cut, [request])
        cut.daemon = True
        cut.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            cut.cancel()
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A visitor that goes in the middle of it is nobody's business."""
        _LOG.debug("a request from %s ended badly", client_address, exc_info=True)


def _cut(request: socket.socket) -> None:
    try:
        request.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it was over already


class _Handler(BaseHTTPRequestHandler):
    """One request a connection: GET or HEAD of a page."""

    server: _Server
    timeout = _LONGEST_S
    server_version = "drag-edge"
    sys_version = ""

    def do_GET(self) -> None:
        """A page."""
        self._answer(body=True)

    def do_HEAD(self) -> None:
        """Its head."""
        self._answer(body=False)

    def _answer(self, body: bool) -> None:
        page = self.server.pages.get(self.path.partition("?")[0])
        if page is None:
            known = ", ".join(self.server.pages)
            self._send(HTTPStatus.NOT_FOUND, f"pages: {known}\n".encode(), "text/plain", body)
            return
        try:
            status, content, kind = page(self.headers.get("Accept", ""))
        except Exception as error:  # noqa: BLE001 - one page that fails is that page's answer
            _LOG.exception("%s", self.path)
            text = f"{type(error).__name__}\n".encode()
            self._send(HTTPStatus.INTERNAL_SERVER_ERROR, text, "text/plain", body)
            return
        self._send(status, content, kind, body)

    def _send(self, status: HTTPStatus, content: bytes, kind: str, body: bool) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not worth a line."""
