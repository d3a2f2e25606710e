"""Gets what an address holds, safely: a message may name any address, and its writer is not trusted.

The name is looked up once and the connection goes to the very address that was checked, so a name that means something
else a moment later gains nothing; each redirect is a new address and is checked like the first. Proxies of the
environment are not used: they would connect to whatever they like.
"""

from __future__ import annotations

import http.client
import ipaddress
import os
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from memlayer.errors import FetchError

HOSTS = "MEMLAYER_FETCH_HOSTS"
"""The variable that allows single hosts: "intranet.example,localhost:8080"."""
_STEP = 1 << 16
_MOVED = frozenset({301, 302, 303, 307, 308})
_PORTS = {"http": 80, "https": 443}
_SAFE = "/%:@!$&'()*+,;=-._~?"
# Addresses at which clouds tell a machine its secrets, and that look public or private.
_METADATA = frozenset(
    {"169.254.169.254", "169.254.170.2", "169.254.170.23", "168.63.129.16", "100.100.100.200", "192.0.0.192",
     "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254"}
)  # fmt: skip
_TUNNELS = tuple(ipaddress.ip_network(n) for n in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96"))


def allowed_hosts() -> frozenset[str]:
    """The hosts that the environment allows."""
    return frozenset(h.strip().lower() for h in os.environ.get(HOSTS, "").split(",") if h.strip())


def lookup(host: str, port: int) -> list[str]:
    """The addresses of a name, as the system says."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@dataclass(frozen=True, slots=True)
class Rules:
    """What is fetched, and how much of it."""

    hosts: frozenset[str] = field(default_factory=allowed_hosts)
    """Hosts ("name" or "name:port") that may be anywhere, this machine and private networks included."""
    bytes: int = 32 << 20
    """Most bytes of an answer, unpacked ones too."""
    seconds: float = 30.0
    """Most time for all of it: names, connections, redirects and the answer's last byte."""
    redirects: int = 5
    resolve: Callable[[str, int], Sequence[str]] = lookup
    connect: Callable[..., socket.socket] = socket.create_connection


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an address gave."""

    data: bytes
    url: str
    """The address after all redirects."""
    charset: str | None = None
    """The letters of a text, as the server says."""


def fetch(url: str, rules: Rules) -> Fetched:
    """What the address holds; raises `FetchError`, which names the rule that something breaks."""
    clock = _Clock(rules.seconds, plain(url))
    try:
        for _ in range(rules.redirects + 1):
            found = _one(url, rules, clock)
            if isinstance(found, Fetched):
                return found
            if urlsplit(url).scheme == "https" and urlsplit(found).scheme == "http":
                raise FetchError(f"{plain(url)} sends on from https to http", rule="downgrade")
            url = found
    finally:
        clock.stop()
    raise FetchError(f"{plain(url)}: more than {rules.redirects} redirects", rule="redirects")


def plain(url: str) -> str:
    """The address for a message: without what may be a secret in it."""
    try:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"[:200]
    except ValueError:
        return "the address"


def refusal(address: str) -> str | None:
    """The rule that forbids to connect to an address; None for one of the public internet."""
    bare = address.partition("%")[0]
    try:
        ip = ipaddress.ip_address(bare)
    except ValueError:
        return "address"
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return "ipv4-mapped"
        if not (ip.is_loopback or ip.is_unspecified) and any(ip in net for net in _TUNNELS):
            return "tunnel"
    tests = (
        ("metadata", str(ip) in _METADATA),
        ("unspecified", ip.is_unspecified),
        ("loopback", ip.is_loopback),
        ("link-local", ip.is_link_local),
        ("multicast", ip.is_multicast),
        ("private", ip.is_private or not ip.is_global or getattr(ip, "is_site_local", False)),
        ("reserved", ip.is_reserved),
    )
    return next((rule for rule, holds in tests if holds), None)


class _Clock:
    """Ends a connection when the time is over, whatever it is waiting for: each byte of a slow drip comes in time."""

    def __init__(self, seconds: float, what: str) -> None:
        self._end = time.monotonic() + seconds
        self._told = f"{what} took longer than {seconds:g} seconds"
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self.over = False
        self._timer = threading.Timer(seconds, self._ring)
        self._timer.daemon = True
        self._timer.start()

    def left(self) -> float:
        """Seconds that are left; raises when there are none."""
        left = self._end - time.monotonic()
        if self.over or left <= 0:
            raise self.error()
        return left

    def error(self) -> FetchError:
        return FetchError(self._told, rule="time")

    def watch(self, connection: socket.socket | None) -> None:
        with self._lock:
            self._socket = connection
        if connection is not None:
            connection.settimeout(self.left())

    def within(self, work: Callable[[], Sequence[str]]) -> Sequence[str]:
        """What `work` gives, waited for only as long as there is time: the system's lookup knows no deadline."""
        found: list[Sequence[str]] = []
        failed: list[OSError | UnicodeError] = []

        def run() -> None:
            try:
                found.append(work())
            except (OSError, UnicodeError) as error:
                failed.append(error)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(self.left())
        if failed:
            raise failed[0]
        if not found:
            raise self.error()
        return found[0]

    def stop(self) -> None:
        self._timer.cancel()

    def _ring(self) -> None:
        with self._lock:
            self.over = True
            if self._socket is not None:
                try:
                    # The plain socket's own: SSLSocket's would take the layer away under whoever is reading.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
                except OSError:
                    pass  # It is closed already, which is what was wanted.


def _one(url: str, rules: Rules, clock: _Clock) -> Fetched | str:
    """The content of an address, or the address that it sends on to."""
    parts, host, port = _parts(url)
    connection = answer = None
    try:
        connection = _connection(parts.scheme, host, port, rules, clock)
        path = quote(parts.path or "/", safe=_SAFE) + (f"?{quote(parts.query, safe=_SAFE)}" if parts.query else "")
        connection.request("GET", path, headers={"User-Agent": "memlayer", "Accept-Encoding": "gzip, identity"})
        answer = connection.getresponse()
        if answer.status in _MOVED and (place := answer.headers.get("Location")):
            return urljoin(url, place)
        if answer.status != 200:
            raise FetchError(f"{plain(url)} answered {answer.status} {answer.reason}", rule="status")
        return Fetched(_body(answer, plain(url), rules, clock), url, answer.headers.get_content_charset())
    except (OSError, http.client.HTTPException, UnicodeError, ValueError) as error:
        if isinstance(error, FetchError):
            raise
        if clock.over or isinstance(error, TimeoutError):
            raise clock.error() from error
        raise FetchError(f"{plain(url)}: {str(error) or type(error).__name__}", rule="connection") from error
    finally:
        clock.watch(None)
        for opened in (answer, connection):
            if opened is not None:
                opened.close()


def _parts(url: str) -> tuple[SplitResult, str, int]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise FetchError(f"{url[:200]!r} is no address: {error}", rule="address") from error
    if parts.scheme not in _PORTS:
        raise FetchError(f"{parts.scheme or 'an address without a scheme'}: only https and http are fetched",
                         rule="scheme")  # fmt: skip
    if parts.username is not None or parts.password is not None:
        raise FetchError(f"{plain(url)}: an address with a name or password in it is not fetched", rule="credentials")
    try:
        host = (parts.hostname or "").encode("idna" if not (parts.hostname or "").isascii() else "ascii").decode()
    except UnicodeError as error:
        raise FetchError(f"{plain(url)}: {error}", rule="address") from error
    if not host or any(c <= " " or c == "\x7f" for c in url):
        raise FetchError(f"{plain(url)} is no address", rule="address")
    return parts, host, port or _PORTS[parts.scheme]


def _connection(scheme: str, host: str, port: int, rules: Rules, clock: _Clock) -> http.client.HTTPConnection:
    """A connection to the one address that was checked; the name goes into the handshake and the Host header only."""
    free = host.lower() in rules.hosts or f"{host.lower()}:{port}" in rules.hosts
    addresses = clock.within(lambda: rules.resolve(host, port))
    if not addresses:
        raise FetchError(f"{host} has no address", rule="connection")
    for address in addresses:
        _check(address, host, free)
    connected = _first(addresses, port, rules, clock)
    clock.watch(connected)
    try:
        _check(str(connected.getpeername()[0]), host, free)
        if scheme == "http":
            connection = http.client.HTTPConnection(host, port)
        else:
            context = ssl.create_default_context()
            connected = context.wrap_socket(connected, server_hostname=host, do_handshake_on_connect=False)
            clock.watch(connected)
            connected.do_handshake()
            connection = http.client.HTTPSConnection(host, port, context=context)
    except BaseException:
        connected.close()
        raise
    connection.sock = connected
    return connection


def _first(addresses: Sequence[str], port: int, rules: Rules, clock: _Clock) -> socket.socket:
    """A connection to the first address that answers."""
    for left in range(len(addresses), 1, -1):
        try:
            return rules.connect((addresses[-left], port), timeout=clock.left() / left)
        except OSError:  # noqa: PERF203  (the next one may answer)
            continue
    return rules.connect((addresses[-1], port), timeout=clock.left())


def _check(address: str, host: str, free: bool) -> None:
    rule = None if free else refusal(address)
    if rule is not None:
        raise FetchError(
            f"{host} is at {address}, where nothing is fetched from; this host is allowed by "
            f"Memory(fetch_hosts=[{host!r}]), or by {HOSTS}={host} in the environment",
            rule=rule,
        )


def _body(answer: http.client.HTTPResponse, what: str, rules: Rules, clock: _Clock) -> bytes:
    packed = (answer.headers.get("Content-Encoding") or "identity").strip().lower()
    if packed not in ("identity", "gzip", "x-gzip", "deflate"):
        raise FetchError(f"{what} is packed as {packed[:40]!r}", rule="encoding")
    too_large = FetchError(f"{what} is larger than {rules.bytes:,} bytes", rule="size")
    if answer.length is not None and answer.length > rules.bytes:
        raise too_large
    unpack = None if packed == "identity" else zlib.decompressobj(47 if "gzip" in packed else 15)
    found = bytearray()
    read = 0
    while True:
        clock.left()
        step = answer.read(_STEP)
        read += len(step)
        if read > rules.bytes:
            raise too_large
        if not step:
            break
        if unpack is None:
            found += step
            continue
        try:
            found += unpack.decompress(step, rules.bytes + 1 - len(found))
        except zlib.error as error:
            raise FetchError(f"{what} cannot be unpacked: {error}", rule="encoding") from error
        if len(found) > rules.bytes:
            raise FetchError(f"{what} unpacks to more than {rules.bytes:,} bytes", rule="decompression")
    if clock.over:
        raise clock.error()
    if answer.length or (unpack is not None and not unpack.eof):
        raise FetchError(f"{what} ended before its end", rule="connection")
    return bytes(found)
