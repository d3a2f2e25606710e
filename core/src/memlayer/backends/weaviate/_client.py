"""The connection: made on first use, with deadlines, one per process; driver errors become memlayer's."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from memlayer import _forks
from memlayer.errors import (
    BackendError,
    BackendTimeoutError,
    BackendUnavailableError,
    ConfigurationError,
    MemlayerError,
    MissingDependencyError,
)

OLDEST = (1, 30)
"""The oldest server that has everything the index asks for."""
AT_ONCE = 16
"""Questions that are asked beside others at the same time."""
_AWAY = ("UNAVAILABLE", "failed to connect", "Connection refused", "no leader", "shutting down", "unready")
_LATE = ("DEADLINE_EXCEEDED", "deadline exceeded", "timed out", "Timeout")


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server is; the key is never shown."""

    host: str
    port: int
    grpc_host: str
    grpc_port: int
    secure: bool
    key: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        return f"weaviate://{self.host}:{self.port}"


def address(
    url: str, *, api_key: str | None, grpc_port: int | None, grpc_host: str | None, headers: Mapping[str, str] | None
) -> tuple[Address, str]:
    """The address in a URL, weaviate://:KEY@host:8080/Collection?grpc=50051 or http(s)://host, and the collection."""
    parts = urlsplit(url)
    if parts.scheme not in ("weaviate", "weaviates", "http", "https") or not parts.hostname:
        raise ConfigurationError("vector_store: a Weaviate address looks like weaviate://:KEY@host:8080?grpc=50051")
    asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if unknown := set(asked) - {"grpc", "grpc_host"}:
        raise ConfigurationError(
            f"vector_store: unknown option {min(unknown)!r} in the address; known: grpc, grpc_host"
        )
    secure = parts.scheme in ("weaviates", "https")
    try:
        port = parts.port or (443 if secure else 8080)
        grpc = grpc_port or int(asked.get("grpc") or (443 if secure else 50051))
    except ValueError as error:
        raise ConfigurationError(f"vector_store: the port in the Weaviate address is no number: {error}") from error
    key = api_key or unquote(parts.password or parts.username or "") or os.environ.get("WEAVIATE_API_KEY") or None
    if port == grpc and (grpc_host or asked.get("grpc_host") or parts.hostname) == parts.hostname:
        raise ConfigurationError(f"vector_store: REST and gRPC of a Weaviate have two ports, not both {port}")
    there = Address(parts.hostname, port, grpc_host or asked.get("grpc_host") or parts.hostname, grpc, secure, key,
                    dict(headers or {}))  # fmt: skip
    return there, parts.path.strip("/")


class _Once:
    """A server's calls, each made once: a server that is away says so at once.

    weaviate-client asks an unavailable server again and again for 15 to 31 seconds and has no setting for it (4.23);
    whoever waits here has the ledger to answer, and the outbox to try again.
    """

    def __init__(self, stub: Any) -> None:
        self._stub = stub
        # gRPC's own futures begin a thread for each call, which costs more than what is gained by asking at once.
        self._beside = ThreadPoolExecutor(AT_ONCE, "memlayer-weaviate")

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda request, **options: self.together(name, request, **options)[0]

    def together(self, name: str, *requests: Any, **options: Any) -> list[Any]:
        """The replies to requests that are sent at the same time."""
        call = getattr(self._stub, name)
        *early, last = requests
        sent = [self._beside.submit(call, request, **options) for request in early]
        reply = _said(lambda: call(last, **options))
        return [*(_said(one.result) for one in sent), reply]

    def one_ahead(self, name: str, requests: Iterable[Any], **options: Any) -> Iterator[Any]:
        """The replies in order; the next request is made and sent before a reply is waited for."""
        call = getattr(self._stub, name)
        sent: Any = None
        for request in requests:
            before, sent = sent, _said(partial(call.future, request, **options))
            if before is not None:
                yield _said(before.result)
        if sent is not None:
            yield _said(sent.result)


def _said(reply: Callable[[], Any]) -> Any:
    """The reply; gRPC's errors of a server that is away or late rise as Python's own."""
    from grpc import RpcError, StatusCode

    try:
        return reply()
    except RpcError as error:
        if error.code() is StatusCode.UNAVAILABLE:
            raise ConnectionError(error.details()) from error
        if error.code() is StatusCode.DEADLINE_EXCEEDED:
            raise TimeoutError(error.details()) from error
        raise
    except ValueError as error:
        if "closed" not in str(error):
            raise
        raise ConnectionError("another thread found the server away, and closed the connection") from error


class Client:
    """A lazily connected client that is dropped when the server goes away, and never crosses a fork."""

    def __init__(self, address: Address, *, timeout: float) -> None:
        """Connects nothing yet; `timeout` is in seconds for each call."""
        self.address = address
        self._timeout = timeout
        self._lock = _forks.Lock()
        self._made: Any = None
        self._pid = 0
        self.version = ""
        """The server's version, once connected."""

    @contextmanager
    def use(self, operation: str) -> Iterator[Any]:
        """The connected client; errors of the driver rise as memlayer's."""
        with self._translated(operation):
            yield self._connected()

    def ask(self, client: Any, call: str, *requests: Any) -> list[Any]:
        """The replies to requests in the server's own protocol, sent at the same time."""
        connection = client._connection
        told = {"metadata": connection.grpc_headers(), "timeout": self._timeout}
        replies: list[Any] = connection.grpc_stub.together(call, *requests, **told)
        return replies

    def send(self, client: Any, call: str, requests: Iterable[Any]) -> Iterator[Any]:
        """The replies to requests that write, in order; one is made while the server has the one before."""
        connection = client._connection
        told = {"metadata": connection.grpc_headers(), "timeout": 3 * self._timeout}
        replies: Iterator[Any] = connection.grpc_stub.one_ahead(call, requests, **told)
        return replies

    def ping(self) -> str:
        """The server's version, asked for over both of its ports."""
        with self.use("tell its health") as client:
            self.version = str(client.get_meta()["version"])
            client._connection._ping_grpc("sync")
            return self.version

    def close(self) -> None:
        """Drops the connection; idempotent, and the next use connects anew."""
        with self._lock:
            made, self._made = self._made, None
        if made is not None and self._pid == os.getpid():
            made.close()

    def _connected(self) -> Any:
        with self._lock:
            if self._made is None or self._pid != os.getpid():
                self._made, self._pid = self._connect(), os.getpid()
            return self._made

    def _connect(self) -> Any:
        try:
            import weaviate
            from weaviate.classes.init import AdditionalConfig, Auth, Timeout
        except ImportError as error:
            raise MissingDependencyError("weaviate-client", '"memlayer-core[weaviate]"') from error
        at = self.address
        client = weaviate.connect_to_custom(
            http_host=at.host, http_port=at.port, http_secure=at.secure,
            grpc_host=at.grpc_host, grpc_port=at.grpc_port, grpc_secure=at.secure, headers=dict(at.headers) or None,
            auth_credentials=None if at.key is None else Auth.api_key(at.key),
            additional_config=AdditionalConfig(
                timeout=Timeout(init=self._timeout, query=self._timeout, insert=3 * self._timeout), trust_env=True
            ),
            # The other of its checks asks PyPI whether there is a newer client.
            skip_init_checks=True,
        )  # fmt: skip
        try:
            client._connection._ping_grpc("sync")
            client._connection._grpc_stub = _Once(client._connection._grpc_stub)
            self.version = str(client.get_meta()["version"])
        except BaseException:
            client.close()
            raise
        if tuple(int(n) for n in self.version.split("-")[0].split(".")[:2]) < OLDEST:
            client.close()
            raise BackendError(
                f"{at} is Weaviate {self.version}; memlayer needs {'.'.join(map(str, OLDEST))} or newer",
                backend="weaviate", operation="connect",
            )  # fmt: skip
        return client

    @contextmanager
    def _translated(self, operation: str) -> Iterator[None]:
        try:
            yield
        except MemlayerError:
            raise
        except (
            Exception
        ) as error:  # whatever the driver, its gRPC and its HTTP library raise: told apart by what they say
            if not _of_driver(error):
                raise
            raise self._told(operation, error) from error

    def _told(self, operation: str, error: Exception) -> BackendError:
        text = f"{type(error).__name__}: {error}"
        if self.address.key:
            text = text.replace(self.address.key, "…")
        at, more = self.address, {"backend": "weaviate", "operation": operation}
        name = type(error).__name__
        if "401" in text or "403" in text or "UNAUTHENTICATED" in text or "PERMISSION_DENIED" in text:
            return BackendError(f"{at} refuses the key ({operation}); give the right one in the address: "
                                "weaviate://:KEY@host:port", **more)  # fmt: skip
        late = isinstance(error, TimeoutError) or name == "WeaviateTimeoutError"
        if late or any(sign in text for sign in _LATE):
            self.close()
            return BackendTimeoutError(f"{at} did not answer {operation} within its deadline", **more)
        away = ("WeaviateConnectionError", "WeaviateGRPCUnavailableError", "WeaviateStartUpError", "ConnectError")
        if name in away or isinstance(error, OSError) or any(sign in text for sign in _AWAY):
            self.close()
            return BackendUnavailableError(
                f"{at} (gRPC port {at.grpc_port}) cannot be reached; start it, or give vector_store= its right address",
                **more,
            )
        return BackendError(f"{at} could not {operation}: {text[:500]}", **more)


def _of_driver(error: Exception) -> bool:
    return isinstance(error, OSError) or type(error).__module__.split(".")[0] in (
        "weaviate",
        "grpc",
        "httpx",
        "httpcore",
    )
