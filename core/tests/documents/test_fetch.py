"""What the fetcher refuses, and the rule that it names: every trick over a real server on this machine."""

from __future__ import annotations

import gzip
import socket
import zlib
from typing import Any

import pytest

from memlayer import Memory
from memlayer.errors import ConfigurationError, DocumentError, FetchError
from memlayer.extraction import _fetch
from memlayer.extraction.documents import Given, Reader
from memlayer.testing.fakes import HashEmbedder


def refused(url: str, rules: _fetch.Rules) -> str:
    with pytest.raises(FetchError) as caught:
        _fetch.fetch(url, rules)
    assert f"(rule: {caught.value.rule})" in str(caught.value)
    return caught.value.rule


@pytest.mark.parametrize(
    ("address", "rule"),
    [
        ("127.0.0.1", "loopback"), ("127.8.9.1", "loopback"), ("::1", "loopback"), ("0.0.0.0", "unspecified"),
        ("::", "unspecified"), ("10.1.2.3", "private"), ("172.16.0.1", "private"), ("192.168.1.1", "private"),
        ("100.64.0.1", "private"), ("fc00::1", "private"), ("fec0::1", "private"), ("198.18.0.1", "private"),
        ("169.254.1.1", "link-local"), ("fe80::1%eth0", "link-local"), ("169.254.169.254", "metadata"),
        ("fd00:ec2::254", "metadata"), ("100.100.100.200", "metadata"), ("168.63.129.16", "metadata"),
        ("224.0.0.1", "multicast"), ("ff02::1", "multicast"), ("ff0e::1", "multicast"), ("255.255.255.255", "private"),
        ("::ffff:127.0.0.1", "ipv4-mapped"), ("::ffff:8.8.8.8", "ipv4-mapped"), ("64:ff9b::7f00:1", "tunnel"),
        ("2002:7f00:1::", "tunnel"), ("::127.0.0.1", "tunnel"), ("no address", "address"),
        ("8.8.8.8", None), ("2606:4700::1111", None),
    ],
)  # fmt: skip
def test_each_kind_of_address_has_its_rule(address: str, rule: str | None) -> None:
    assert _fetch.refusal(address) == rule


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("file:///etc/passwd", "scheme"), ("ftp://files.example/a", "scheme"), ("gopher://files.example/", "scheme"),
        ("/etc/passwd", "scheme"), ("http://me:secret@files.example/", "credentials"), ("http:///a", "address"),
        ("http://files.example:99999/", "address"), ("http://files.example/a\r\nX: y", "address"),
        ("http://[::1]/", "loopback"), ("http://127.0.0.1/", "loopback"), ("http://localhost/", "loopback"),
        ("http://2130706433/", "loopback"), ("http://127.1/", "loopback"),
        ("http://[::ffff:127.0.0.1]/", "ipv4-mapped"),
        ("http://169.254.169.254/latest/meta-data/", "metadata"), ("https://10.0.0.1/", "private"),
    ],
)  # fmt: skip
def test_addresses_that_are_never_asked(url: str, rule: str) -> None:
    def never(*_: Any, **__: Any) -> socket.socket:
        raise AssertionError("connected")

    with pytest.raises(FetchError) as caught:
        _fetch.fetch(url, _fetch.Rules(hosts=frozenset(), connect=never))
    assert caught.value.rule == rule
    assert "secret" not in str(caught.value)


class TestAnswers:
    def test_an_allowed_host_is_fetched_by_its_name(self, tricks: Any) -> None:
        url = tricks.gives("/a%20b.md?x=%C3%A4", b"# Hello")
        assert _fetch.fetch(url, tricks.rules()).data == b"# Hello"
        assert tricks.asked == [("/a%20b.md?x=%C3%A4", f"files.example:{tricks.port}")]

    def test_one_port_of_a_host_may_be_allowed(self, tricks: Any) -> None:
        url = tricks.gives("/a", b"hello")
        own = frozenset({f"files.example:{tricks.port}"})
        assert _fetch.fetch(url, tricks.rules(hosts=own)).data == b"hello"
        assert refused(url, tricks.rules(hosts=frozenset({"files.example:1"}))) == "loopback"

    def test_the_environment_allows_hosts(self, tricks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        url = tricks.gives("/a", b"hello").replace("files.example", "127.0.0.1")
        assert refused(url, _fetch.Rules()) == "loopback"
        monkeypatch.setenv(_fetch.HOSTS, "other.example, 127.0.0.1")
        assert _fetch.fetch(url, _fetch.Rules()).data == b"hello"

    def test_a_setting_allows_hosts_in_place_of_the_environment(
        self, tricks: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        url = tricks.gives("/a.md", b"hello").replace("files.example", "127.0.0.1")
        monkeypatch.setenv(_fetch.HOSTS, "127.0.0.1")
        part = {"content": {"type": "mdx_url", "mdx_url": {"url": url}}}
        told = r"allowed by Memory\(fetch_hosts=\['127.0.0.1'\]\).*rule: loopback"
        with (
            Memory(":memory:", fetch_hosts=[], embedder=HashEmbedder()) as memory,
            pytest.raises(FetchError, match=told),
        ):
            memory.add(part, user_id="ann")
        settings = {"path": ":memory:", "fetch_hosts": ["127.0.0.1"], "embedder": HashEmbedder()}
        with Memory.from_config(settings) as memory:
            assert len(memory.add(part, user_id="ann")["episodes"]) == 1

    @pytest.mark.parametrize("hosts", ["files.example", ["http://files.example/"], ["*"], [7], [""], 7])
    def test_a_setting_that_is_no_list_of_hosts(self, hosts: Any) -> None:
        with pytest.raises(ConfigurationError, match="fetch_hosts"):
            Memory(":memory:", fetch_hosts=hosts)

    def test_packed_answers_are_unpacked(self, tricks: Any) -> None:
        url = tricks.gives("/a", gzip.compress(b"hello" * 100), Content_Encoding="gzip")
        assert _fetch.fetch(url, tricks.rules()).data == b"hello" * 100
        url = tricks.gives("/b", zlib.compress(b"hello"), Content_Encoding="deflate")
        assert _fetch.fetch(url, tricks.rules()).data == b"hello"

    def test_a_redirect_is_followed(self, tricks: Any) -> None:
        tricks.gives("/there", b"hello")
        found = _fetch.fetch(tricks.sends_on("/here", "/there"), tricks.rules())
        assert (found.data, found.url) == (b"hello", tricks.url("/there"))


class TestTricks:
    @pytest.mark.parametrize(
        ("place", "rule"),
        [("http://127.0.0.1:1/", "loopback"), ("http://[::1]/", "loopback"), ("//0.0.0.0/", "unspecified"),
         ("http://169.254.169.254/latest", "metadata"), ("file:///etc/passwd", "scheme")],
    )  # fmt: skip
    def test_a_redirect_is_checked_like_the_first(self, tricks: Any, place: str, rule: str) -> None:
        rules = tricks.rules(resolve=lambda host, port: ["127.0.0.1"] if "example" in host else [host])
        assert refused(tricks.sends_on("/here", place), rules) == rule

    def test_redirects_end(self, tricks: Any) -> None:
        assert refused(tricks.sends_on("/round", "/round"), tricks.rules()) == "redirects"
        assert len(tricks.asked) == 6

    def test_a_name_that_changes_after_the_check_gains_nothing(self, tricks: Any) -> None:
        answers = iter([["93.184.215.14"], ["127.0.0.1"]])
        connected = []

        def connect(place: tuple[str, int], timeout: float) -> socket.socket:
            connected.append(place[0])
            raise ConnectionRefusedError("nobody there")

        rules = tricks.rules(hosts=frozenset(), resolve=lambda host, port: next(answers), connect=connect)
        assert refused(tricks.gives("/a", b"secret"), rules) == "connection"
        assert connected == ["93.184.215.14"]
        assert next(answers) == ["127.0.0.1"], "the name was looked up again"

    def test_what_is_really_connected_to_counts(self, tricks: Any) -> None:
        def connect(place: tuple[str, int], timeout: float) -> socket.socket:
            return socket.create_connection(("127.0.0.1", tricks.port), timeout)

        rules = tricks.rules(hosts=frozenset(), resolve=lambda host, port: ["93.184.215.14"], connect=connect)
        assert refused(tricks.gives("/a", b"secret"), rules) == "loopback"
        assert tricks.asked == []

    def test_one_bad_address_of_a_name_is_enough(self, tricks: Any) -> None:
        rules = tricks.rules(hosts=frozenset(), resolve=lambda host, port: ["93.184.215.14", "10.0.0.1"])
        assert refused(tricks.url("/a"), rules) == "private"

    def test_an_endless_body_ends(self, tricks: Any) -> None:
        def endless(request: Any) -> None:
            request.send_response(200)
            request.end_headers()
            while not tricks.over.is_set():
                request.wfile.write(b"x" * 4096)

        tricks.paths["/endless"] = endless
        assert refused(tricks.url("/endless"), tricks.rules(bytes=100_000)) == "size"

    def test_a_large_body_is_not_begun(self, tricks: Any) -> None:
        assert refused(tricks.gives("/a", b"x", Content_Length="10000000000"), tricks.rules()) == "size"

    @pytest.mark.parametrize("packing", ["gzip", "deflate"])
    def test_a_bomb_does_not_go_off(self, tricks: Any, packing: str) -> None:
        pack = gzip.compress if packing == "gzip" else zlib.compress
        url = tricks.gives("/bomb", pack(bytes(50_000_000)), Content_Encoding=packing)
        assert refused(url, tricks.rules(bytes=1_000_000)) == "decompression"

    def test_unknown_and_broken_packing(self, tricks: Any) -> None:
        assert refused(tricks.gives("/a", b"x", Content_Encoding="br"), tricks.rules()) == "encoding"
        assert refused(tricks.gives("/b", b"no gzip", Content_Encoding="gzip"), tricks.rules()) == "encoding"

    @pytest.mark.parametrize("part", ["headers", "body", "nothing"])
    def test_a_slow_drip_ends(self, tricks: Any, part: str) -> None:
        def drip(request: Any) -> None:
            start = {"headers": b"HTTP/1.1 200 OK\r\nX-A: ", "body": b"HTTP/1.1 200 OK\r\n\r\n", "nothing": b""}[part]
            request.wfile.write(start)
            while not tricks.over.wait(0.02):
                request.wfile.write(b"x" if start else b"")

        tricks.paths["/drip"] = drip
        assert refused(tricks.url("/drip"), tricks.rules(seconds=0.3)) == "time"

    def test_a_lookup_that_hangs_ends(self, tricks: Any) -> None:
        def hang(host: str, port: int) -> list[str]:
            tricks.over.wait()
            return []

        assert refused(tricks.url("/a"), tricks.rules(resolve=hang, seconds=0.2)) == "time"

    def test_a_body_that_is_cut_off(self, tricks: Any) -> None:
        assert refused(tricks.gives("/a", b"half", Content_Length="8"), tricks.rules()) == "connection"
        packed = gzip.compress(b"hello" * 1000)[:-9]
        assert refused(tricks.gives("/b", packed, Content_Encoding="gzip"), tricks.rules()) == "connection"

    def test_what_is_no_answer(self, tricks: Any) -> None:
        tricks.paths["/404"] = lambda request: request.send_error(404)
        assert refused(tricks.url("/404"), tricks.rules()) == "status"
        tricks.paths["/rubbish"] = lambda request: request.wfile.write(b"SSH-2.0-OpenSSH\r\n")
        assert refused(tricks.url("/rubbish"), tricks.rules()) == "connection"

    def test_the_content_says_what_it_is(self, tricks: Any) -> None:
        reader = Reader(rules=tricks.rules(), see=lambda picture: "a cat")
        page = Given(url=tricks.gives("/a.pdf", b"<!DOCTYPE html><html>Log in</html>", "application/pdf"))
        with pytest.raises(FetchError, match=r"should be a PDF; by its content it is text/html \(rule: type\)"):
            reader.document(page, "pdf")
        with pytest.raises(FetchError, match=r"should be a text or a web page; .*application/pdf"):
            reader.document(Given(url=tricks.gives("/a.md", b"%PDF-1.7 and so on")), "mdx")
        with pytest.raises(FetchError, match="should be a picture"):
            reader.picture(Given(url=tricks.gives("/a.png", b"no picture", "image/png")))
        with pytest.raises(FetchError, match="something unknown"):
            reader.document(Given(url=tricks.gives("/a.txt", b"\0\1\2")), "text")
        assert issubclass(FetchError, DocumentError)

    def test_the_query_of_an_address_is_not_told(self, tricks: Any) -> None:
        with pytest.raises(FetchError) as caught:
            _fetch.fetch("http://10.0.0.1/a?signature=hidden", tricks.rules(resolve=lambda host, port: [host]))
        assert "hidden" not in str(caught.value)
