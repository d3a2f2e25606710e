"""Rerankers: over real HTTP, out of a folder, and through `search`."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from memlayer import Memory
from memlayer.config import part
from memlayer.errors import ConfigurationError, ModelError
from memlayer.models._calls import Patience
from memlayer.models.reranking import HTTPReranker, OnnxReranker
from memlayer.testing import HashEmbedder, RerankerContract
from memlayer.types import Hit, Record, Scope

KEY = "secret-key-of-the-test"
AT = datetime(2026, 3, 1, tzinfo=timezone.utc)


def words_in_common(query: str, text: str) -> float:
    asked, said = set(query.lower().strip("?").split()), set(text.lower().strip(".").split())
    return len(asked & said) / len(asked)


class Server:
    """A server with Cohere's call: the share of the question's words is the relevance, best first."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.faults: list[tuple[int, str]] = []
        self.answer: Callable[[dict[str, Any]], Any] = self.rank
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.requests.append({"path": self.path, **body})
                outer.keys.append(self.headers.get("Authorization"))
                status, text = outer.faults.pop(0) if outer.faults else (200, json.dumps(outer.answer(body)))
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}/v2/rerank"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @staticmethod
    def rank(body: dict[str, Any]) -> dict[str, Any]:
        scores = [words_in_common(body["query"], text) for text in body["documents"]]
        rows = [{"index": n, "relevance_score": score} for n, score in enumerate(scores)]
        return {"results": sorted(rows, key=lambda row: -row["relevance_score"])[: body["top_n"]]}

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.stop()


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def reranker(server: Server, waits: list[float]) -> HTTPReranker:
    return HTTPReranker("rerank-test", url=server.url, key=KEY, patience=Patience(sleep=waits.append))


class TestHTTPReranker(RerankerContract):
    @pytest.fixture
    def reranker(self, server: Server) -> HTTPReranker:
        return HTTPReranker("rerank-test", url=server.url, key=KEY)


def hits(*texts: str) -> list[Hit]:
    return [
        Hit(
            Record(
                id=f"r{n}", kind="fact", text=text, scope=Scope(user_id="u"), created_at=AT, recorded_at=AT,
                updated_at=AT, valid_from=AT,
            ),
            0.5,
            signals={"words": 0.25},
        )
        for n, text in enumerate(texts)
    ]  # fmt: skip


def test_the_server_gets_question_texts_and_key(server: Server, reranker: HTTPReranker) -> None:
    found = reranker.rerank("who plays oboe", hits("lives in Bern", "Ida plays oboe"), limit=1)
    assert server.requests == [
        {
            "path": "/v2/rerank",
            "model": "rerank-test",
            "query": "who plays oboe",
            "documents": ["lives in Bern", "Ida plays oboe"],
            "top_n": 2,
        }
    ]
    assert server.keys == [f"Bearer {KEY}"]
    assert [(hit.record.id, hit.score) for hit in found] == [("r1", pytest.approx(2 / 3))]
    assert found[0].signals == {"words": 0.25, "rerank": 0.6667}


def test_equal_scores_keep_their_order(reranker: HTTPReranker) -> None:
    found = reranker.rerank("nothing of it", hits("a", "b", "c"), limit=3)
    assert [hit.record.id for hit in found] == ["r0", "r1", "r2"]


def test_what_passes_is_tried_again(server: Server, reranker: HTTPReranker, waits: list[float]) -> None:
    server.faults = [(503, "busy"), (429, "slow down")]
    assert reranker.rerank("plays oboe", hits("plays oboe"), limit=1)[0].score == 1.0
    assert len(server.requests) == 3
    assert len(waits) == 2


def test_a_refusal_names_the_server_and_never_the_key(server: Server, reranker: HTTPReranker) -> None:
    server.faults = [(401, f"bad key {KEY}")]
    with pytest.raises(ModelError, match="check the key") as caught:
        reranker.rerank("plays oboe", hits("plays oboe"), limit=1)
    assert server.url in str(caught.value)
    assert KEY not in str(caught.value)
    assert KEY not in repr(reranker)


@pytest.mark.parametrize(
    "answer",
    [
        {"results": [{"index": 7, "relevance_score": 0.5}]},
        {"results": [{"index": 0}]},
        {"results": [{"index": "0", "relevance_score": 0.5}]},
        ["nothing"],
    ],
)
def test_a_strange_answer_is_an_error(server: Server, reranker: HTTPReranker, answer: Any) -> None:
    server.answer = lambda _: answer
    with pytest.raises(ModelError):
        reranker.rerank("plays oboe", hits("plays oboe"), limit=1)


def test_a_server_that_is_away_is_named(server: Server, waits: list[float]) -> None:
    server.stop()
    away = HTTPReranker("rerank-test", url=server.url, patience=Patience(attempts=2, sleep=waits.append))
    with pytest.raises(ModelError, match="after 2 attempts"):
        away.rerank("plays oboe", hits("plays oboe"), limit=1)
    assert len(waits) == 1


SAID = ("My oboe teacher is called Ida.", "I bought oboe reeds.", "Marta plays oboe with me on Mondays.")


def test_search_hands_more_than_it_gives_to_the_reranker_and_cuts_its_scores(server: Server, tmp_path: Path) -> None:
    config = {"provider": "http", "config": {"model": "rerank-test", "url": server.url}}
    with Memory(tmp_path / "m.db", embedder=HashEmbedder(64), reranker=config) as memory:
        memory.add([{"role": "user", "content": text} for text in SAID], user_id="u", infer=False)
        query = "who plays oboe with me"
        plain = memory.search(query, user_id="u", limit=1)["results"]
        assert not server.requests
        (found,) = memory.search(query, user_id="u", limit=1, rerank=True, explain=True)["results"]
        assert len(server.requests[0]["documents"]) == 3
        assert found["memory"] == SAID[2]
        assert found["score"] == pytest.approx(0.8)
        assert found["signals"]["rerank"] == 0.8
        assert plain[0]["score"] != found["score"]
        assert memory.search(query, user_id="u", rerank=True, threshold=0.81)["results"] == []
        kept = memory.search(query, user_id="u", rerank=True, threshold=0.79)["results"]
        assert [r["memory"] for r in kept] == [SAID[2]]


def test_providers_are_found_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COHERE_API_KEY", raising=False)
    monkeypatch.delenv("CO_API_KEY", raising=False)
    with pytest.raises(ConfigurationError, match="COHERE_API_KEY"):
        part("reranker", "cohere")
    monkeypatch.setenv("COHERE_API_KEY", KEY)
    made = part("reranker", "cohere/rerank-v3.5")
    assert (made.model, made.url) == ("rerank-v3.5", "https://api.cohere.com/v2/rerank")
    assert part("reranker", {"provider": "http", "model": "m", "url": "http://localhost:8000/v1"}).url.endswith(
        "/v1/rerank"
    )
    assert repr(part("reranker", {"provider": "huggingface", "model": "a/b"})) == "SentenceTransformersReranker('a/b')"
    assert repr(part("reranker", {"provider": "litellm", "model": "cohere/x"})) == "LiteLLMReranker('cohere/x')"


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"provider": "http", "model": "m"}, '"url"'),
        ({"provider": "http", "model": "m", "url": "file:///etc/hosts"}, "http://"),
        ({"provider": "litellm"}, '"model"'),
        ({"provider": "onnx"}, '"folder"'),
        ({"provider": "onnx", "folder": "/nowhere"}, r"model\.onnx"),
        ({"provider": "jina", "api_key": "k", "modle": "m"}, "did you mean 'model'"),
        ({"provider": "coher", "api_key": "k"}, "did you mean 'cohere'"),
    ],
)
def test_bad_settings_say_what_and_how_to_mend_it(config: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        part("reranker", config)


# LiteLLM's own models make pydantic warn.
@pytest.mark.filterwarnings("ignore::UserWarning:pydantic", "ignore::DeprecationWarning:litellm")
@pytest.mark.skipif(find_spec("litellm") is None, reason="needs the extra litellm")
def test_litellm_reaches_the_server(server: Server) -> None:
    made = part(
        "reranker",
        {"provider": "litellm", "model": "cohere/rerank-v3.5", "api_key": KEY, "api_base": server.url},
    )
    found = made.rerank("who plays oboe", hits("lives in Bern", "Ida plays oboe"), limit=2)
    assert [hit.record.id for hit in found] == ["r1", "r0"]
    assert [key.lower() for key in server.keys if key] == [f"bearer {KEY}"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A cross-encoder of one logit: how many pieces of question and memory are "oboe", less one and a half."""
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    tokenizers = pytest.importorskip("tokenizers")
    from onnx import TensorProto, helper

    graph = helper.make_graph(
        [
            helper.make_node("Equal", ["input_ids", "oboe"], ["same"]),
            helper.make_node("Cast", ["same"], ["counted"], to=TensorProto.FLOAT),
            helper.make_node("ReduceSum", ["counted", "axis"], ["total"], keepdims=1),
            helper.make_node("Sub", ["total", "least"], ["logits"]),
        ],
        "cross",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "length"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 1])],
        [
            helper.make_tensor("oboe", TensorProto.INT64, [1], [2]),
            helper.make_tensor("axis", TensorProto.INT64, [1], [1]),
            helper.make_tensor("least", TensorProto.FLOAT, [1], [1.5]),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, str(tmp_path / "model.onnx"))
    words = {"[PAD]": 0, "[UNK]": 1, "oboe": 2}
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token="[UNK]"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    made.save(str(tmp_path / "tokenizer.json"))
    return tmp_path


def test_a_cross_encoder_out_of_a_folder_reads_question_and_text_together(folder: Path) -> None:
    texts = ["no music", *["the oboe"] * 17, "an oboe and an oboe"]
    found = OnnxReranker(folder).rerank("which oboe", hits(*texts), limit=3)
    assert [hit.record.id for hit in found] == ["r18", "r1", "r2"]
    assert [round(hit.score, 3) for hit in found] == [0.818, 0.622, 0.622]
