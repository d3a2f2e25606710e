"""An HTTP server that plays tricks on whoever fetches from it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from memlayer.extraction import _fetch


@dataclass
class Tricks:
    """A server on this machine whose paths are functions that answer as they like."""

    port: int
    paths: dict[str, Callable[[Any], None]] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    """Paths and Host headers of the requests, in order."""
    over: threading.Event = field(default_factory=threading.Event)
    """Set at the end of the test: what drips for ever ends."""

    def url(self, path: str, host: str = "files.example") -> str:
        return f"http://{host}:{self.port}{path}"

    def gives(self, path: str, body: bytes, media: str = "text/plain", **headers: str) -> str:
        def answer(request: Any) -> None:
            request.send_response(200)
            own = {name.replace("_", "-"): value for name, value in headers.items()}
            for name, value in {"Content-Type": media, "Content-Length": str(len(body)), **own}.items():
                request.send_header(name, value)
            request.end_headers()
            request.wfile.write(body)

        self.paths[path] = answer
        return self.url(path)

    def sends_on(self, path: str, place: str) -> str:
        def answer(request: Any) -> None:
            request.send_response(302)
            request.send_header("Location", place)
            request.end_headers()

        self.paths[path] = answer
        return self.url(path)

    def rules(self, **other: Any) -> _fetch.Rules:
        """Rules under which files.example is this server, and allowed."""
        own = {"hosts": frozenset({"files.example"}), "resolve": lambda host, port: ["127.0.0.1"], "seconds": 20.0}
        return _fetch.Rules(**{**own, **other})


@pytest.fixture
def tricks() -> Iterator[Tricks]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append((self.path, self.headers.get("Host")))
            try:
                found.paths[self.path](self)
            except OSError:
                self.close_connection = True  # the client has had enough

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found = Tricks(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield found
    found.over.set()
    server.shutdown()
    server.server_close()
    thread.join()
