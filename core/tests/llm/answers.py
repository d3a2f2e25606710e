"""What a scripted model answers, and memories that ask it."""

from __future__ import annotations

import json
from typing import Any

from clients import keep

from memlayer import Memory
from memlayer.models._calls import Patience
from memlayer.models.openai import Address, OpenAILanguageModel
from memlayer.testing import FixedClock, HashEmbedder, Ids
from memlayer.testing.openai_server import OpenAIServer

EMPTY = '{"facts": [], "ended": []}'


def fact(text: str, *sources: Any, **other: Any) -> dict[str, Any]:
    """One fact of an answer; it cites the first message unless others are named."""
    return {
        "text": text, "sources": list(sources) or [1], "subject": "user", "attribute": None, "value": None,
        "negated": False, "since": None, "until": None, "categories": [], "importance": 0.5, "replaces": [],
        "relations": [], "entities": [], **other,
    }  # fmt: skip


def relation(source: str, name: str, target: str, types: tuple[str, str] = ("person", "thing")) -> dict[str, str]:
    return {"source": source, "source_type": types[0], "relation": name, "target": target, "target_type": types[1]}


def answer(*facts: dict[str, Any], ended: tuple[dict[str, int], ...] = ()) -> str:
    """What a model that keeps to the schema says."""
    return json.dumps({"facts": facts, "ended": ended})


class FakeModel:
    """A language model in this process that answers by a script, or raises what stands in it."""

    name = "fake"

    def __init__(self, *script: Any, otherwise: Any = EMPTY) -> None:
        self.script = list(script)
        self.otherwise = otherwise
        self.asked: list[list[dict[str, Any]]] = []

    def complete(self, messages: Any, *, schema: dict[str, Any] | None = None) -> str:
        self.asked.append(list(messages))
        step = self.script.pop(0) if self.script else self.otherwise
        if callable(step):
            step = step(messages)
        if isinstance(step, Exception):
            raise step
        return str(step)

    def told(self, call: int = -1) -> dict[str, Any]:
        """The data that the model was given."""
        found: dict[str, Any] = json.loads(self.asked[call][1]["content"])
        return found

    def system(self, call: int = -1) -> str:
        return str(self.asked[call][0]["content"])


def memory(model: Any, path: Any = ":memory:", **other: Any) -> Memory:
    """A memory that asks this model; its vectors, clock and ids are those of tests."""
    other.setdefault("clock", FixedClock())
    return Memory(path, llm=model, embedder=HashEmbedder(), new_id=other.pop("new_id", Ids()), **other)


def over_http(server: OpenAIServer, *, attempts: int = 2, timeout: float = 5.0) -> OpenAILanguageModel:
    """The scripted server as a model, without pauses between attempts."""
    patience = Patience(attempts=attempts, sleep=lambda _: None)
    return keep(  # type: ignore[no-any-return]
        OpenAILanguageModel("scripted", address=Address(server.base_url, "k", timeout=timeout), patience=patience)
    )


def texts(found: Any) -> list[str]:
    return [r["memory"] for r in found["results"]]
