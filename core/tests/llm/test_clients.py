"""Language models and embedders through their real clients, over real HTTP."""

from __future__ import annotations

import base64
import json
import logging
import traceback
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from clients import CLIENTS, KEY, Make, Waits, embedder, formats, keep, language_model

from memlayer.config import part
from memlayer.errors import DimensionMismatchError, ModelError
from memlayer.models._calls import call, passing
from memlayer.testing import EmbedderContract, LanguageModelContract
from memlayer.testing.openai_server import Fault, Reply

# LiteLLM's own models make pydantic warn.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydantic", "ignore::DeprecationWarning:litellm")

SCHEMA = {
    "type": "object",
    "properties": {"word": {"type": "string"}},
    "required": ["word"],
    "additionalProperties": False,
}
HELLO = [{"role": "user", "content": "Say hello as JSON."}]


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class TestModel(LanguageModelContract):
    @pytest.fixture
    def language_model(self, client: str, serve: Make, waits: Waits):  # type: ignore[no-untyped-def]
        return language_model(client, serve(otherwise='{"word": "hello"}'), waits.patience())


class TestEmbedder(EmbedderContract):
    @pytest.fixture
    def embedder(self, client: str, serve: Make, waits: Waits):  # type: ignore[no-untyped-def]
        return embedder(client, serve(), waits.patience())


@pytest.mark.parametrize(
    ("refuses", "asked"),
    [
        ((), ["json_schema"]),
        (("json_schema",), ["json_schema", "json_object"]),
        (("json_schema", "json_object"), ["json_schema", "json_object", None]),
    ],
)
def test_the_way_to_json_that_works_is_remembered(
    client: str, serve: Make, waits: Waits, refuses: tuple[str, ...], asked: list[str | None]
) -> None:
    server = serve(otherwise='{"word": "hello"}', refuses=refuses)
    model = language_model(client, server, waits.patience())
    assert json.loads(model.complete(HELLO, schema=SCHEMA)) == {"word": "hello"}
    assert formats(server) == asked
    model.complete(HELLO, schema=SCHEMA)
    assert formats(server) == [*asked, asked[-1]]
    told = "must fit this JSON schema" in server.prompts()[-1]
    assert told == (asked[-1] != "json_schema")


@pytest.mark.parametrize("status", [429, 500, 502, 503, 524, 529])
def test_what_passes_is_tried_again_with_growing_pauses(client: str, serve: Make, waits: Waits, status: int) -> None:
    server = serve([Fault(status), Fault(status)], otherwise="hello")
    assert language_model(client, server, waits.patience()).complete(HELLO) == "hello"
    assert len(server.requests) == 3
    first, second = waits.seconds
    assert 0.3 <= first <= 0.5 < second <= 1.0


def test_a_server_says_how_long_to_wait(client: str, serve: Make, waits: Waits) -> None:
    server = serve(
        [Fault(429, headers={"Retry-After": "7"}), Fault(429, headers={"Retry-After": "600"})], otherwise="x"
    )
    language_model(client, server, waits.patience()).complete(HELLO)
    assert waits.seconds == [7.0, 20.0]


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"Retry-After": "Wed, 21 Oct 2099 07:28:00 GMT"}, 20.0, 20.0),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.3, 0.5),
        ({"Retry-After": "soon"}, 0.3, 0.5),
        ({"retry-after-ms": "3000", "Retry-After": "9"}, 3.0, 3.0),
        ({"retry-after-ms": "soon"}, 0.3, 0.5),
    ],
)
def test_a_server_says_it_with_a_date_or_in_milliseconds(
    client: str, serve: Make, waits: Waits, headers: dict[str, str], least: float, most: float
) -> None:
    server = serve([Fault(429, headers=headers)], otherwise="x")
    language_model(client, server, waits.patience()).complete(HELLO)
    assert least <= waits.seconds[0] <= most


def test_there_is_an_end_to_trying(client: str, serve: Make, waits: Waits) -> None:
    server = serve(otherwise=Fault(500, "burning"))
    with pytest.raises(ModelError, match=r"scripted.* failed after 3 attempts: .*burning"):
        language_model(client, server, waits.patience()).complete(HELLO)
    assert len(server.requests) == 3


def test_a_connection_that_drops_is_tried_again(client: str, serve: Make, waits: Waits) -> None:
    server = serve([Fault(drop=True)], otherwise="hello")
    assert language_model(client, server, waits.patience()).complete(HELLO) == "hello"


def test_a_connection_that_is_cut_in_the_midst_of_an_answer_is_tried_again(
    client: str, serve: Make, waits: Waits
) -> None:
    server = serve([Reply("hello", cut=True)], otherwise="hello")
    assert language_model(client, server, waits.patience()).complete(HELLO) == "hello"
    assert len(server.requests) == 2


def test_an_answer_that_does_not_come_ends_at_the_deadline(client: str, serve: Make, waits: Waits) -> None:
    server = serve([Reply("late", delay=1.5)], otherwise="hello")
    assert language_model(client, server, waits.patience(), timeout=0.3).complete(HELLO) == "hello"


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_what_does_not_pass_is_told_at_once(client: str, serve: Make, waits: Waits, status: int) -> None:
    server = serve(otherwise=Fault(status, "no such thing"))
    with pytest.raises(ModelError, match="no such thing"):
        language_model(client, server, waits.patience()).complete(HELLO)
    assert len(server.requests) == 1
    assert waits.seconds == []


def test_keys_are_never_shown(client: str, serve: Make, waits: Waits, caplog: pytest.LogCaptureFixture) -> None:
    server = serve(otherwise=Fault(401, f"Incorrect API key provided: {KEY}"))
    model = language_model(client, server, waits.patience())
    with caplog.at_level(logging.DEBUG, logger="memlayer"), pytest.raises(ModelError) as caught:
        model.complete(HELLO)
    shown = f"{model!r} {caught.value} {caught.value.__cause__} {caplog.text}"
    assert KEY not in shown
    assert "***" in str(caught.value)
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"


def test_keys_in_addresses_and_headers_are_never_shown(
    serve: Make, waits: Waits, caplog: pytest.LogCaptureFixture
) -> None:
    """The clients' own logs included: they log addresses, and all headers but one or two."""
    pytest.importorskip("openai")
    password, header = "pa55word-in-the-address", "gateway-secret-4711"
    server = serve([Fault(400, f"no {password} {header}")], otherwise="hello")
    config = {
        "model": "m", "api_key": KEY, "base_url": server.base_url.replace("http://", f"http://ann:{password}@"),
        "headers": {"X-Gateway-Key": header, "X-Title": "hello"},
    }  # fmt: skip
    model = keep(part("llm", {"provider": "openai", "config": config}))
    with caplog.at_level(logging.DEBUG), pytest.raises(ModelError) as caught:
        model.complete(HELLO)
    told = "".join(traceback.format_exception(caught.value))
    with caplog.at_level(logging.DEBUG):
        assert model.complete(HELLO) == "hello"
    for secret in (KEY, password, header):
        assert secret not in f"{model!r} {model._client.address!r} {told} {caplog.text}"
    assert server.headers[1]["x-gateway-key"] == header
    assert server.headers[1]["x-title"] == "hello"
    assert base64.b64decode(server.headers[1]["authorization"].removeprefix("Basic ")) == f"ann:{password}".encode()


def test_a_key_that_fits_no_header_is_not_shown(waits: Waits) -> None:
    """The clients' own error says little; the one that led to it quotes the header."""

    def send() -> str:
        try:
            raise ValueError(f"Illegal header value b'Bearer {KEY}\\n'")
        except ValueError as error:
            raise ConnectionError("Connection error.") from error

    with pytest.raises(ModelError, match="after 2 attempts: Connection error") as caught:
        call(send, what="model m", patience=waits.patience(2), secrets=(f"{KEY}\n",))
    assert KEY not in "".join(traceback.format_exception(caught.value))


def test_space_around_a_key_is_no_part_of_it(serve: Make) -> None:
    pytest.importorskip("openai")
    server = serve(otherwise="hello", key=KEY)
    config = {"api_key": f" {KEY}\n", "base_url": server.base_url}
    assert keep(part("llm", {"provider": "openai", "config": config})).complete(HELLO) == "hello"


def test_headers_go_to_no_other_host(serve: Make) -> None:
    pytest.importorskip("openai")
    from memlayer.models.openai import _header

    give = _header({"X-Gateway-Key": "secret"})
    asked = [Request("a", 1), Request("b", 1), Request("a", 2), Request("a", 1)]
    for request in asked:
        give(request)
    assert [bool(request.headers) for request in asked] == [True, False, False, True]


class Request:
    """What the client's hook is given."""

    def __init__(self, host: str, port: int) -> None:
        self.url, self.headers = SimpleNamespace(host=host, port=port), {}


def test_a_form_that_litellm_would_leave_out_is_told_in_words(serve: Make, waits: Waits) -> None:
    """LiteLLM drops what a provider lacks without a word; Bedrock's ARNs and Cohere lack forms."""
    litellm = pytest.importorskip("litellm")
    from memlayer.models.litellm import LiteLLMLanguageModel

    asked: list[dict[str, Any]] = []

    def complete(**request: Any) -> Any:
        asked.append(request)
        return SimpleNamespace(choices=[SimpleNamespace(message=SimpleNamespace(content='{"word": "hello"}'))])

    model = LiteLLMLanguageModel("cohere/command-r", patience=waits.patience())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(litellm, "completion", complete)
        assert json.loads(model.complete(HELLO, schema=SCHEMA)) == {"word": "hello"}
    assert "response_format" not in asked[0]
    assert "must fit this JSON schema" in asked[0]["messages"][0]["content"]


@pytest.mark.parametrize("client", CLIENTS)
def test_content_in_parts_is_read(client: str) -> None:
    parts = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "hel"}, {"type": "text", "text": "lo"}]
    if client == "langchain_openai":
        from memlayer.models.langchain import _said
    else:
        from memlayer.models.openai import said as _said
    assert _said(SimpleNamespace(content=parts)) == "hello"
    assert _said(SimpleNamespace(content=None)) == ""


def test_the_scripted_server_streams(serve: Make) -> None:
    """For those who test their own agents with it."""
    openai = pytest.importorskip("openai")
    server = serve(["one two three", Reply("one two three", cut=True)])
    with openai.OpenAI(base_url=server.base_url, api_key=KEY, max_retries=0) as asks:
        request = {"model": "m", "messages": HELLO, "stream": True}
        chunks = list(asks.chat.completions.create(**request))
        assert "".join(c.choices[0].delta.content or "" for c in chunks) == "one two three"
        assert chunks[-1].choices[0].finish_reason == "stop"
        with pytest.raises(Exception, match=r"Connection error|peer closed") as caught:
            list(asks.chat.completions.create(**request))
        assert "Protocol" in repr(caught.value.__cause__ or caught.value)


def test_langchain_streams_from_the_scripted_server(serve: Make) -> None:
    lib = pytest.importorskip("langchain_openai")
    chat = lib.ChatOpenAI(model="m", base_url=serve(["one two three"]).base_url, api_key=KEY, max_retries=0)
    keep(chat.root_client)
    assert "".join(chunk.text for chunk in chat.stream("hello")) == "one two three"


def test_a_parameter_that_a_model_refuses_is_left_out_from_then_on(serve: Make, waits: Waits) -> None:
    server = serve(otherwise="hello", refuses_parameters=("temperature",))
    model = language_model("openai", server, waits.patience())
    assert [model.complete(HELLO), model.complete(HELLO)] == ["hello", "hello"]
    assert ["temperature" in body for body in server.requests] == [True, False, False]


def test_the_limit_of_tokens_takes_its_new_name(serve: Make, waits: Waits) -> None:
    pytest.importorskip("openai")
    from memlayer.models.openai import Address, OpenAILanguageModel

    server = serve(otherwise="hello", refuses_parameters=("max_tokens",))
    model = OpenAILanguageModel("o", address=Address(server.base_url, KEY), options={"max_tokens": 9})
    model.complete(HELLO)
    assert [body.get("max_completion_tokens") for body in server.requests] == [None, 9]


def test_an_extension_that_a_server_refuses_is_left_out_too(serve: Make, waits: Waits) -> None:
    """mem0's dictionaries give top_k, which OpenAI's own server does not know."""
    pytest.importorskip("openai")
    from memlayer.models.openai import Address, OpenAILanguageModel

    server = serve(otherwise="hello", refuses_parameters=("top_k",))
    extra = {"extra_body": {"top_k": 5, "min_p": 0.1}}
    model = OpenAILanguageModel("o", address=Address(server.base_url, KEY), options=extra, patience=waits.patience())
    assert [model.complete(HELLO), model.complete(HELLO)] == ["hello", "hello"]
    assert [(body.get("top_k"), body.get("min_p")) for body in server.requests] == [(5, 0.1), (None, 0.1), (None, 0.1)]


def test_a_refusal_is_what_the_model_said(serve: Make, waits: Waits) -> None:
    server = serve(otherwise=Reply(None, refusal="I cannot help with that."))
    assert language_model("openai", server, waits.patience()).complete(HELLO) == "I cannot help with that."


def test_usage_is_counted(serve: Make, waits: Waits) -> None:
    for name in ("openai", "litellm"):
        try:
            model = language_model(name, serve(otherwise="one two"), waits.patience())
        except pytest.skip.Exception:
            continue
        model.complete(HELLO)
        assert model.usage == {"calls": 1, "prompt_tokens": 4, "completion_tokens": 2}


def test_vectors_of_another_length_are_refused(client: str, serve: Make, waits: Waits) -> None:
    model = embedder(client, serve(), waits.patience(), dimensions=512)
    with pytest.raises(DimensionMismatchError, match="256 dimensions, 512 are expected; set embedding_dims to 256"):
        model.embed(["a"])


def test_embeddings_are_tried_again(client: str, serve: Make, waits: Waits) -> None:
    server = serve()
    server.faults += [Fault(429), Fault(500)]
    model = embedder(client, server, waits.patience(), dimensions=256)
    assert np.allclose(model.embed(["an oboe"]), server.embedder.embed(["an oboe"]), atol=1e-5)
    assert len(server.embedded) == 3


def test_an_error_with_the_status_of_a_success_is_tried_again(client: str, serve: Make, waits: Waits) -> None:
    server = serve()
    server.faults += [Fault(200, "overloaded")]
    model = embedder(client, server, waits.patience(), dimensions=256)
    assert np.allclose(model.embed(["an oboe"]), server.embedder.embed(["an oboe"]), atol=1e-5)


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (json.JSONDecodeError("Expecting value", "<html>", 0), True),
        (IndexError("list index out of range"), True),
        (ConnectionError("reset"), True),
        (TimeoutError("late"), True),
        (ValueError("odd"), False),
        (ModelError("told already"), False),
    ],
)
def test_what_may_pass_is_told_from_what_does_not(error: Exception, again: bool) -> None:
    assert passing(error) is again


def test_many_texts_go_in_parts(client: str, serve: Make, waits: Waits) -> None:
    server = serve()
    texts = [f"text {n}" for n in range(300)]
    found = embedder(client, server, waits.patience(), dimensions=256).embed(texts)
    assert np.allclose(found, server.embedder.embed(texts), atol=1e-5)
    assert len(server.embedded) > 1


def test_a_text_that_is_too_long_is_embedded_by_its_begin(client: str, serve: Make, waits: Waits) -> None:
    server = serve(longest=200)
    texts = ["an oboe " * 900, *(f"text {n}" for n in range(20)), "a drum"]
    found = embedder(client, server, waits.patience(), dimensions=256).embed(texts)
    assert np.allclose(found[1:], server.embedder.embed(texts[1:]), atol=1e-5)
    assert found[0] @ server.embedder.embed(["an oboe"])[0] > 0.9
    assert waits.seconds == []


def test_a_text_that_is_short_and_refused_is_an_error(serve: Make, waits: Waits) -> None:
    with pytest.raises(ModelError, match="maximum context length"):
        embedder("openai", serve(longest=1), waits.patience(), dimensions=256).embed(["three words here"])
