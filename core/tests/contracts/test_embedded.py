"""The embedded memory as a whole: its file under kills and processes, its caches under change, its failures."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from memlayer import AsyncMemory, ConfigurationError, DimensionMismatchError, Memory, ModelError, UnsupportedError
from memlayer.testing import HashEmbedder

PROGRAMS = Path(__file__).parents[1] / "sqlite" / "processes.py"
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    with Memory(tmp_path / "memory.db", embedder=HashEmbedder()) as made:
        yield made


def run(name: str, memory: Memory, number: int) -> Any:
    command = [sys.executable, str(PROGRAMS), name, str(memory.path), str(number)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def texts(found: Any) -> list[str]:
    return [r["memory"] for r in found["results"]]


class TestManyProcesses:
    @needs_fork
    def test_eight_memories_on_one_file_leave_one_row_of_one_fact(self, memory: Memory) -> None:
        assert run("adds", memory, 8) == [["done", 0]] * 8
        found = Counter(texts(memory.get_all(user_id="alice", page_size=1000)))
        assert found == {"Lives in Rome": 1, **{f"Own {t} of {n}": 1 for t in range(4) for n in range(8)}}
        told = Counter(m["message_id"] for m in memory.messages(user_id="alice", limit=1000)["results"])
        assert {i: n for i, n in told.items() if i is not None} == {f"shared-{t}": 1 for t in range(4)}
        assert memory.verify() == {"ok": True, "problems": []}

    @needs_fork
    def test_a_killed_memory_loses_nothing_that_it_confirmed(self, memory: Memory) -> None:
        rounds = 15
        confirmed = run("kill_memory", memory, rounds)
        told = Counter(m["message_id"] for m in memory.messages(user_id="alice", limit=10_000)["results"])
        assert set(confirmed) <= set(told)
        assert set(told.values()) <= {1}
        assert len(told) <= len(confirmed) + rounds
        cited = Counter(s["message_id"] for r in memory.get_all(user_id="alice", page_size=10_000)["results"]
                        for s in r["sources"])  # fmt: skip
        assert cited == told  # each message with its fact, neither lost nor doubled
        assert memory.verify() == {"ok": True, "problems": []}

    def test_two_memories_on_one_file_see_each_other(self, memory: Memory) -> None:
        with Memory(memory.path, embedder=HashEmbedder()) as other:
            for number in range(5):
                one, two = (memory, other) if number % 2 else (other, memory)
                [added] = one.add(f"Likes dish {number}", infer=False, user_id="alice")["results"]
                assert texts(two.search(f"dish {number}", limit=1, user_id="alice")) == [f"Likes dish {number}"]
                two.update(added["id"], f"Hates dish {number}")
                assert texts(one.search(f"hates dish {number}", limit=1, user_id="alice")) == [f"Hates dish {number}"]
            two.delete_all(user_id="alice")
            assert texts(one.search("dish", user_id="alice")) == []


class Meanwhile(HashEmbedder):
    """Lets something else happen while the first texts are embedded."""

    def __init__(self) -> None:
        super().__init__()
        self.happens: Any = None

    def embed(self, texts: Sequence[str], *, kind: Literal["query", "document"] = "document") -> NDArray[np.float32]:
        happens, self.happens = self.happens, None
        if happens is not None:
            happens()
        return super().embed(texts, kind=kind)


class TestWhatOthersWriteMeanwhile:
    @pytest.mark.parametrize("infer", [True, False])
    def test_a_message_that_arrives_twice_at_once_is_kept_once(self, memory: Memory, infer: bool) -> None:
        talk = [
            {"role": "user", "content": "I live in Rome.", "id": "m1"},
            {"role": "user", "content": "I have a cat."},
        ]
        embedder = Meanwhile()
        with Memory(memory.path, embedder=embedder) as slow:
            embedder.happens = lambda: memory.add(talk[:1], infer=infer, user_id="alice")
            assert len(slow.add(talk, infer=infer, user_id="alice")["episodes"]) == 1
            told = sorted(r["content"] for r in slow.messages(user_id="alice")["results"])
            assert told == ["I have a cat.", "I live in Rome."]
            assert slow.get_all(user_id="alice")["count"] == 2
            assert slow.verify() == {"ok": True, "problems": []}

    def test_a_fact_that_arrives_meanwhile_is_seen(self, memory: Memory) -> None:
        embedder = Meanwhile()
        with Memory(memory.path, embedder=embedder) as slow:
            embedder.happens = lambda: memory.add("I live in Rome.", user_id="alice", timestamp="2020-01-01")
            [changed] = slow.add("I moved to Berlin.", user_id="alice", timestamp="2021-01-01")["results"]
            assert (changed["event"], changed["previous_memory"]) == ("UPDATE", "Lives in Rome")
            assert texts(slow.get_all(user_id="alice")) == ["Moved to Berlin"]


class TestErasure:
    @pytest.mark.parametrize("verb", ["delete_all", "erase", "delete_users"])
    def test_no_byte_is_left_in_any_file(self, memory: Memory, verb: str) -> None:
        secret = "Quetzaltenango"
        for number in range(30):
            memory.add(
                [
                    {"role": "user", "content": f"I live in {secret}. My friend is called {secret}{number}.",
                     "name": secret, "id": f"{secret}-{number}"},
                    {"role": "assistant", "content": f"{secret} is nice. " * (number % 5) ** 3 + secret},
                ],
                user_id="zoe-4711", run_id=f"run-{secret}-{number % 3}", metadata={secret: secret},
            )  # fmt: skip
            memory.add(f"Eats rice {number}", infer=False, user_id="bob")
            memory.items.put((secret,), secret, {secret: secret}, index=True, user_id="zoe-4711")
        for row in memory.get_all(user_id="zoe-4711")["results"][:5]:
            memory.update(row["id"], f"Has left {secret}")
            memory.feedback(row["id"], "NEGATIVE", secret)
            memory.delete(row["id"])
        words = [secret.encode(), secret.lower().encode(), b"zoe-4711"]
        assert any(w in p.read_bytes() for p in memory.path.parent.iterdir() for w in words)
        getattr(memory, verb)(user_id="zoe-4711")
        assert [p.name for p in memory.path.parent.iterdir() for w in words if w in p.read_bytes()] == []
        assert memory.get_all(user_id="bob")["count"] == 30
        assert memory.verify() == {"ok": True, "problems": []}


class Failing(HashEmbedder):
    """Fails while it is told to."""

    broken = False

    def embed(self, texts: Sequence[str], *, kind: Literal["query", "document"] = "document") -> NDArray[np.float32]:
        if self.broken:
            raise ModelError("the embedder is out of order")
        return super().embed(texts, kind=kind)


class TestFailures:
    def test_an_embedder_that_fails_stores_nothing_and_consumes_nothing(self, tmp_path: Path) -> None:
        embedder = Failing()
        talk = [{"role": "user", "content": "I live in Rome.", "id": "m1"}]
        with Memory(tmp_path / "memory.db", embedder=embedder) as memory:
            embedder.broken = True
            for infer in (True, False):
                with pytest.raises(ModelError, match="out of order"):
                    memory.add(talk, infer=infer, user_id="alice")
            assert memory.messages(user_id="alice")["results"] == []
            embedder.broken = False
            assert len(memory.add(talk, user_id="alice")["episodes"]) == 1
            assert texts(memory.get_all(user_id="alice")) == ["Lives in Rome"]
            embedder.broken = True
            with pytest.raises(ModelError, match="out of order"):
                memory.search("Rome", user_id="alice")

    def test_a_failing_change_leaves_the_memory_as_it_was(self, tmp_path: Path) -> None:
        embedder = Failing()
        with Memory(tmp_path / "memory.db", embedder=embedder) as memory:
            [added] = memory.add("I live in Rome.", user_id="alice")["results"]
            before = memory.get(added["id"]), memory.history(added["id"])
            embedder.broken = True
            with pytest.raises(ModelError):
                memory.update(added["id"], "Lives in Bern", metadata={"a": 1})
            assert (memory.get(added["id"]), memory.history(added["id"])) == before

    def test_another_embedder_is_refused_until_it_has_read_everything(self, memory: Memory) -> None:
        memory.add("I live in Rome.", user_id="alice")
        with Memory(memory.path, embedder=HashEmbedder(64)) as other:
            for use in (lambda: other.add("x", user_id="alice"), lambda: other.search("x", user_id="alice")):
                with pytest.raises(DimensionMismatchError, match="reembed"):
                    use()
            other.reembed()
            assert texts(other.search("Rome", user_id="alice")) == ["Lives in Rome"]

    def test_reembedding_takes_items_and_what_is_written_meanwhile_along(self, memory: Memory) -> None:
        memory.add("I live in Rome.", user_id="alice")
        memory.items.put("notes", "k", {"text": "oboe", "more": ["drum"]}, index=["text", "more[*]"], user_id="alice")
        embedder = Meanwhile()
        embedder.name = "another"
        with Memory(memory.path, embedder=embedder) as other:
            embedder.happens = lambda: memory.add("I am allergic to peanuts.", user_id="alice")
            assert other.reembed() == {"embedder": "another/256", "records": 4}
            for word in ("oboe", "drum"):
                [item] = other.items.search(query=word, user_id="alice")
                assert item["score"] > 0.9
            assert texts(other.search("peanuts", limit=1, user_id="alice")) == ["Is allergic to peanuts"]
            assert other.verify() == {"ok": True, "problems": []}

    def test_a_closed_memory_says_so(self, memory: Memory) -> None:
        memory.add("I live in Rome.", user_id="alice")
        memory.close()
        memory.close()
        with pytest.raises(ConfigurationError, match="closed; open a new Memory"):
            memory.search("Rome", user_id="alice")

    def test_a_closed_async_memory_says_so(self) -> None:
        async def after_closing() -> None:
            memory = AsyncMemory(":memory:", embedder=HashEmbedder())
            await memory.add("I live in Rome.", user_id="alice")
            await memory.close()
            await memory.close()
            with pytest.raises(ConfigurationError, match="closed; open a new AsyncMemory"):
                await memory.search("Rome", user_id="alice")

        asyncio.run(after_closing())

    def test_unknown_settings_are_refused(self) -> None:
        with pytest.raises(ConfigurationError, match="graph_store"):
            Memory.from_config({"graph_stor": {}})
        with pytest.raises(UnsupportedError, match="did you mean graph_store="):
            Memory(grph_store="x")  # type: ignore[call-arg]

    def test_a_write_whose_await_is_cancelled_ends_as_a_unit(self, tmp_path: Path) -> None:
        entered, go = threading.Event(), threading.Event()

        class Slow(HashEmbedder):
            def embed(self, texts: Sequence[str], *, kind: Literal["query", "document"] = "document") -> Any:
                entered.set()
                assert go.wait(10)
                return super().embed(texts, kind=kind)

        async def cancel() -> None:
            async with AsyncMemory(tmp_path / "memory.db", embedder=Slow()) as memory:
                task = asyncio.create_task(memory.add("I live in Rome.", user_id="alice"))
                await asyncio.to_thread(entered.wait, 10)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                go.set()

        asyncio.run(cancel())
        with Memory(tmp_path / "memory.db", embedder=HashEmbedder()) as memory:
            assert texts(memory.get_all(user_id="alice")) == ["Lives in Rome"]
            assert memory.verify() == {"ok": True, "problems": []}


ids = st.fixed_dictionaries(
    {"user_id": st.sampled_from(["a", "b"])}, optional={"run_id": st.sampled_from(["x", "y"]), "agent_id": st.just("a")}
)
scopes = ids | st.sampled_from([{"run_id": "x"}, {"agent_id": "a"}])
steps = st.lists(
    st.tuples(st.sampled_from(["add", "add", "add", "update", "delete", "erase"]), scopes, st.integers(0, 2)),
    min_size=1,
    max_size=8,
)  # fmt: skip


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(steps=steps, asked=st.lists(st.tuples(scopes, st.integers(0, 3)), min_size=1, max_size=3))
def test_no_search_leaves_its_scope_whatever_was_written(memory: Memory, steps: Any, asked: Any) -> None:
    """Two memories on one file change it in turn; both answer as a list of dicts would, caches or not."""
    memory.reset()
    held: dict[str, dict[str, Any]] = {}
    with Memory(memory.path, embedder=HashEmbedder()) as other:
        for number, (step, scope, stars) in enumerate(steps):
            writer = memory if number % 2 else other
            mine = [i for i, row in held.items() if covers(scope, row["scope"])]
            if step == "add":
                found = writer.add(f"common word {number}", infer=False, metadata={"stars": stars}, **scope)["results"]
                held[found[0]["id"]] = {"scope": scope, "stars": stars}
            elif step == "erase":
                writer.erase(**scope)
                held = {i: row for i, row in held.items() if i not in mine}
            elif mine and step == "update":
                writer.update(mine[0], metadata={"stars": 3})
                held[mine[0]]["stars"] = 3
            elif mine:
                writer.delete(mine[0])
                del held[mine[0]]
            for scope, least in asked:
                wanted = {i for i, r in held.items() if covers(scope, r["scope"]) and r["stars"] >= least}
                for reader in (memory, other):
                    filters = {"metadata": {"stars": {"gte": least}}}
                    hits = reader.search("common word", filters=filters, limit=100, **scope)["results"]
                    assert {h["id"] for h in hits} == wanted
                    assert {r["id"] for r in reader.get_all(filters=filters, **scope)["results"]} == wanted
    assert memory.verify() == {"ok": True, "problems": []}


def covers(scope: dict[str, str], other: dict[str, str]) -> bool:
    return all(other.get(name) == value for name, value in scope.items())
