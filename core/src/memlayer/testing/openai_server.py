"""A small server that speaks OpenAI's wire and answers by a script: for tests of agents, without a key or a model.

    with OpenAIServer(["Hello!", Fault(429), Reply("Hello again!", cut=True), "Hello again!"]) as server:
        client = OpenAI(base_url=server.base_url, api_key="any")

It serves `/v1/chat/completions` (streamed too), `/v1/embeddings` and `/v1/models` over real HTTP on this machine.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from memlayer.testing.fakes import HashEmbedder

Body = Mapping[str, Any]


@dataclass(frozen=True)
class Reply:
    """One answer of the model."""

    text: str | None = ""
    """What it says; None for a message without content."""
    refusal: str | None = None
    finish_reason: str = "stop"
    """"length" for an answer that was cut off."""
    delay: float = 0.0
    """Seconds until the answer comes."""
    cut: bool = False
    """True to end the connection in the midst of the answer."""


@dataclass(frozen=True)
class Fault:
    """One answer that is an error."""

    status: int = 500
    message: str = "the server failed"
    code: str | None = None
    param: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    """For instance {"Retry-After": "1"}."""
    delay: float = 0.0
    drop: bool = False
    """True to end the connection without an answer."""


Step = Reply | Fault | str
Script = Sequence[Step] | Callable[[Body], Step]


class OpenAIServer:
    """Answers requests in the order of a script, or by a function of the request; a context manager."""

    def __init__(
        self,
        script: Script = (),
        *,
        otherwise: Step | Callable[[Body], Step] = Fault(500, "the script has ended"),
        refuses: Sequence[str] = (),
        refuses_parameters: Sequence[str] = (),
        embedder: HashEmbedder | None = None,
        key: str | None = None,
        longest: int | None = None,
    ) -> None:
        """`otherwise` answers when the script has ended.

        `refuses` names types of `response_format` that get a 400 ("json_schema", "json_object"),
        `refuses_parameters` other parameters; `key` is the only API key that is let in, None lets any in. `longest` is
        how many words the texts of one request for embeddings may have together.
        """
        self._script: list[Step] = [] if callable(script) else list(script)
        self._answer: Callable[[Body], Step] | None = script if callable(script) else None
        self._otherwise = otherwise
        self._refuses = frozenset(refuses)
        self._refuses_parameters = frozenset(refuses_parameters)
        self._key = key
        self._longest = longest
        self.embedder = embedder or HashEmbedder()
        """What makes the vectors."""
        self.faults: list[Fault] = []
        """Errors that the next requests for embeddings get, in order."""
        self.requests: list[dict[str, Any]] = []
        """The body of every request for a completion, those that got an error included."""
        self.embedded: list[dict[str, Any]] = []
        """The body of every request for embeddings."""
        self.headers: list[dict[str, str]] = []
        """The headers of every request, names in lower case."""
        self._lock = threading.Lock()
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> OpenAIServer:
        """Begins to serve on a free port of this machine."""
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.script = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Ends the server; idempotent."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._server = self._thread = None

    def __enter__(self) -> OpenAIServer:  # noqa: PYI034  (Self is in typing from 3.11)
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def base_url(self) -> str:
        """What a client takes as its base URL."""
        if self._server is None:
            raise RuntimeError("the server is not running; use it as a context manager")
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def prompts(self) -> list[str]:
        """The words of every request for a completion, system message first."""
        with self._lock:
            bodies = list(self.requests)
        return ["\n\n".join(_words(m.get("content")) for m in body.get("messages", ())) for body in bodies]

    def admits(self, headers: Mapping[str, str]) -> bool:
        """Notes a request's headers, and says whether its key is let in."""
        lower = {name.lower(): value for name, value in headers.items()}
        with self._lock:
            self.headers.append(lower)
        given = lower.get("authorization", "").removeprefix("Bearer ") or lower.get("api-key", "")
        return self._key is None or given == self._key

    def complete(self, body: dict[str, Any]) -> Reply | Fault:
        """What a request for a completion gets."""
        with self._lock:
            self.requests.append(body)
            if (kind := (body.get("response_format") or {}).get("type")) in self._refuses:
                return Fault(400, f"response_format.type {kind!r} is not supported", param="response_format")
            if given := sorted(self._refuses_parameters & body.keys()):
                return Fault(400, f"Unsupported parameter: '{given[0]}'", code="unsupported_parameter", param=given[0])
            step: Any = self._answer or (self._script.pop(0) if self._script else self._otherwise)
        if callable(step):
            step = step(body)
        return Reply(step) if isinstance(step, str) else step

    def embed(self, body: dict[str, Any]) -> dict[str, Any] | Fault:
        """What a request for embeddings gets."""
        with self._lock:
            self.embedded.append(body)
            if self.faults:
                return self.faults.pop(0)
        texts = [body["input"]] if isinstance(body["input"], str) else list(body["input"])
        if self._longest is not None and sum(map(_tokens, texts)) > self._longest:
            told = f"This model's maximum context length is {self._longest} tokens"
            return Fault(400, told, code="context_length_exceeded", param="input")
        embedder = HashEmbedder(body["dimensions"]) if body.get("dimensions") else self.embedder
        vectors = embedder.embed(texts)
        return {
            "object": "list",
            "model": body.get("model"),
            "data": [{"object": "embedding", "index": n, "embedding": v.tolist()} for n, v in enumerate(vectors)],
            "usage": {"prompt_tokens": sum(map(_tokens, texts)), "total_tokens": sum(map(_tokens, texts))},
        }


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512
    script: OpenAIServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keeps quiet: a client that has gone is what tests of timeouts make."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body leave in one packet, else each answer waits for the client's acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        models = [{"id": "scripted", "object": "model", "created": 0, "owned_by": "memlayer"}]
        self._send(200, {"object": "list", "data": models})

    def do_POST(self) -> None:
        script = self.server.script
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        if not script.admits(dict(self.headers.items())):
            self._fail(Fault(401, "Incorrect API key provided", code="invalid_api_key"))
        elif self.path.split("?")[0].endswith("/embeddings"):
            found = script.embed(body)
            if isinstance(found, Fault):
                self._fail(found)
            else:
                self._send(200, found)
        elif self.path.split("?")[0].endswith("/chat/completions"):
            self._answer(body, script.complete(body))
        else:
            self._fail(Fault(404, f"no such path: {self.path}"))

    def _answer(self, body: Body, step: Reply | Fault) -> None:
        if isinstance(step, Fault):
            self._fail(step)
            return
        time.sleep(step.delay)
        if not body.get("stream"):
            self._write(200, json.dumps(_completion(body, step)).encode(), "application/json", {}, cut=step.cut)
            return
        lines = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in _chunks(body, step)) + "data: [DONE]\n\n"
        self._write(200, lines.encode(), "text/event-stream", {}, cut=step.cut)

    def _fail(self, fault: Fault) -> None:
        time.sleep(fault.delay)
        if fault.drop:
            self.close_connection = True
            return
        error = {"message": fault.message, "type": "error", "code": fault.code, "param": fault.param}
        self._write(fault.status, json.dumps({"error": error}).encode(), "application/json", fault.headers)

    def _send(self, status: int, value: Any) -> None:
        self._write(status, json.dumps(value).encode(), "application/json", {})

    def _write(self, status: int, body: bytes, kind: str, headers: Mapping[str, str], *, cut: bool = False) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        self.wfile.flush()
        self.close_connection = self.close_connection or cut

    def log_message(self, format: str, *args: Any) -> None:
        """Prints nothing."""


def _completion(body: Body, reply: Reply) -> dict[str, Any]:
    message = {"role": "assistant", "content": reply.text, "refusal": reply.refusal}
    asked = sum(_tokens(_words(m.get("content"))) for m in body.get("messages", ()))
    said = _tokens(reply.text or "")
    return {
        "id": "chatcmpl-scripted",
        "object": "chat.completion",
        "created": 0,
        "model": body.get("model", "scripted"),
        "choices": [{"index": 0, "message": message, "finish_reason": reply.finish_reason, "logprobs": None}],
        "usage": {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said},
        "service_tier": "default",
        "system_fingerprint": "fp_scripted",
    }


def _chunks(body: Body, reply: Reply) -> Iterator[dict[str, Any]]:
    words = (reply.text or "").split(" ")
    deltas: list[tuple[dict[str, Any], str | None]] = [({"role": "assistant", "content": ""}, None)]
    deltas += [({"content": f" {word}" if n else word}, None) for n, word in enumerate(words)]
    for delta, reason in [*deltas, ({}, reply.finish_reason)]:
        yield {
            "id": "chatcmpl-scripted",
            "object": "chat.completion.chunk",
            "created": 0,
            "model": body.get("model", "scripted"),
            "choices": [{"index": 0, "delta": delta, "finish_reason": reason}],
        }


def _words(content: Any) -> str:
    """The text of a message's content, a string or a list of parts."""
    if isinstance(content, str):
        return content
    return "\n".join(str(part.get("text", "")) for part in content or () if isinstance(part, Mapping))


def _tokens(text: str) -> int:
    return len(text.split())
