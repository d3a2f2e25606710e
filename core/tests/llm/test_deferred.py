"""Taken in now and read later: in order within an owner, several owners at once, once each, whatever dies meanwhile."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from answers import EMPTY, FakeModel, answer, fact, memory, over_http, texts
from clients import CLIENTS, Make, language_model

from memlayer import AsyncMemory, ExtractionError, Memory
from memlayer.backends.sqlite import leases as leases_module
from memlayer.backends.sqlite._codec import micros
from memlayer.backends.sqlite._db import Database
from memlayer.backends.sqlite.leases import LEASE, SQLiteLeases
from memlayer.engine.worker import run
from memlayer.errors import ModelError
from memlayer.models._calls import Patience
from memlayer.testing import HashEmbedder, Ids
from memlayer.testing.openai_server import Fault
from memlayer.types import Scope

# LiteLLM's own models make pydantic warn.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydantic", "ignore::DeprecationWarning:litellm")

A = {"user_id": "alex"}


def echo(messages: Any) -> str:
    """Notes every message as a fact."""
    told = json.loads(messages[1]["content"])["messages"]
    return answer(*(fact(m["text"], m["number"]) for m in told))


def test_what_waits_is_found_before_it_is_read(tmp_path: Path) -> None:
    gate = threading.Event()

    def slow(messages: Any) -> str:
        gate.wait(10)
        return echo(messages)

    with memory(FakeModel(otherwise=slow), tmp_path / "m.db") as m:
        added = m.add("I like tea", **A, mode="deferred", metadata={"a": 1})
        assert (added["results"], len(added["episodes"])) == ([], 1)
        [found] = m.search("tea", **A)["results"]
        assert found["kind"] == "episode"
        gate.set()
    with memory(FakeModel(), tmp_path / "m.db") as m:
        [kept] = m.get_all(**A)["results"]
    assert (kept["memory"], kept["metadata"]) == ("I like tea", {"a": 1})


def test_each_owner_is_read_in_order_and_several_at_once(tmp_path: Path) -> None:
    together = threading.Barrier(3, timeout=10)
    order: dict[str, list[str]] = {}

    def read(messages: Any) -> str:
        told = [m["text"] for m in json.loads(messages[1]["content"])["messages"]]
        if told[0].endswith(" 0"):
            together.wait()  # passes only when three owners are being read
        order.setdefault(told[0].split()[0], []).extend(told)
        return echo(messages)

    model = FakeModel(otherwise=ModelError("away"))
    with memory(model, tmp_path / "m.db") as m:
        core = m._core
        for n in range(4):
            for user in ("ann", "ben", "cat"):
                # Wishes that differ keep the messages apart, so that there is something to order.
                core.worker.wake = lambda: None  # type: ignore[method-assign]
                m.add(f"{user} likes {n}", user_id=user, mode="deferred", metadata={"n": n})
        model.otherwise = read
        assert run(core, once=True) == 12
    assert order == {user: [f"{user} likes {n}" for n in range(4)] for user in ("ann", "ben", "cat")}


def test_messages_of_one_conversation_that_wait_are_read_in_one_call(tmp_path: Path) -> None:
    model = FakeModel(ModelError("away"), otherwise=echo)
    with memory(model, tmp_path / "m.db") as m:
        with pytest.raises(ExtractionError):
            m.add("one", **A)
        assert texts(m.add("two", **A)) == ["one", "two"]
    assert len(model.asked) == 2


def test_a_run_ends_when_it_is_told_to_and_goes_on_after_failures(tmp_path: Path) -> None:
    stop = threading.Event()
    told: list[tuple[int, int]] = []

    def note(talks: int, facts: int) -> None:
        told.append((talks, facts))
        stop.set()

    model = FakeModel(ModelError("away"), ModelError("away"), otherwise=echo)
    with memory(model, tmp_path / "m.db") as m:
        with pytest.raises(ExtractionError):
            m.add("I like tea", **A)
        assert run(m._core, stop=stop, poll=0.01, told=note) == 1
    assert told == [(1, 1)]
    assert len(model.asked) == 3


def test_once_raises_what_could_not_be_read(tmp_path: Path) -> None:
    with memory(FakeModel(otherwise="rubbish"), tmp_path / "m.db") as m:
        with pytest.raises(ExtractionError):
            m.add("I like tea", **A)
        with pytest.raises(ExtractionError):
            run(m._core, once=True)


def test_an_owner_that_cannot_be_read_stops_no_other(tmp_path: Path) -> None:
    model = FakeModel(otherwise=lambda messages: "no" if "poison" in messages[1]["content"] else echo(messages))
    with memory(model, tmp_path / "m.db") as m:
        m._core.worker.wake = lambda: None  # type: ignore[method-assign]
        m.add("poison", user_id="ann", mode="deferred")
        m.add("I like tea", user_id="ben", mode="deferred")
        with pytest.raises(ExtractionError):
            run(m._core, once=True)
        assert texts(m.get_all(user_id="ben")) == ["I like tea"]


@pytest.mark.parametrize("client", CLIENTS)
def test_what_a_filter_of_contents_refuses_stops_no_other(tmp_path: Path, client: str, serve: Make) -> None:
    """One refusal is no outage: all that others said is read in the same run, and so is what follows in a later add."""

    def read(body: Any) -> Any:
        if "poison" in body["messages"][1]["content"]:
            return Fault(400, "The response was filtered", code="content_filter")
        return echo(body["messages"])

    model = language_model(client, serve(read), Patience(attempts=1))
    with memory(model, tmp_path / "m.db") as m:
        m._core.worker.wake = lambda: None  # type: ignore[method-assign]
        m.add("poison", user_id="ann", mode="deferred")
        for n in range(3):  # what was wished differs, so that each is a call of its own
            m.add(f"I like tea {n}", user_id="ben", mode="deferred", metadata={"n": n})
        with pytest.raises(ExtractionError, match="filtered"):
            run(m._core, once=True)
        assert texts(m.get_all(user_id="ben")) == ["I like tea 2", "I like tea 1", "I like tea 0"]
        assert texts(m.add("I like rum", user_id="ann")) == ["I like rum"]


class Held:
    """A model that waits in its first call until it is let go, and says when it is there."""

    def __init__(self) -> None:
        self.there, self.go = threading.Event(), threading.Event()
        self.asked: list[list[str]] = []

    def __call__(self, messages: Any) -> str:
        self.asked.append([m["text"] for m in json.loads(messages[1]["content"])["messages"]])
        self.there.set()
        assert self.go.wait(20)
        return echo(messages)


def test_two_processes_that_read_one_backlog_ask_once(tmp_path: Path) -> None:
    """Two memories on one file stand for two processes: they know of each other by the file alone."""
    held, path, elsewhere = Held(), tmp_path / "m.db", threading.Event()

    def read(messages: Any) -> str:
        elsewhere.set()
        return echo(messages)

    other = FakeModel(otherwise=read)
    with memory(FakeModel(otherwise=held), path) as one, memory(other, path, new_id=Ids("other")) as two:
        two._core.worker.wake = lambda: None  # type: ignore[method-assign]
        two.add("I like tea", **A, mode="deferred")
        first = threading.Thread(target=one.reextract, kwargs=A)
        first.start()
        assert held.there.wait(20)
        two.add("I like rye", **A, mode="deferred", metadata={"later": True})
        two.add("I like jam", user_id="ben", mode="deferred")
        second = threading.Thread(target=run, args=(two._core,), kwargs={"once": True})
        second.start()
        assert elsewhere.wait(20), "another owner is read meanwhile"
        assert texts(two.get_all(**A)) == []
        held.go.set()
        first.join()
        second.join()
        assert sorted(texts(one.get_all(**A))) == ["I like rye", "I like tea"]
        assert texts(one.get_all(user_id="ben")) == ["I like jam"]
        assert one.verify()["ok"]
    asked = [*(tuple(t) for t in held.asked), *(tuple(told(m)) for m in other.asked)]
    assert sorted(asked) == [("I like jam",), ("I like rye",), ("I like tea",)]


def told(messages: Any) -> list[str]:
    return [m["text"] for m in json.loads(messages[1]["content"])["messages"]]


def test_what_one_process_adds_and_reads_no_worker_elsewhere_reads_too(tmp_path: Path) -> None:
    held, path = Held(), tmp_path / "m.db"
    other = FakeModel(otherwise=echo)
    with memory(FakeModel(otherwise=held), path) as one, memory(other, path, new_id=Ids("other")) as two:
        adding = threading.Thread(target=one.add, args=("I like tea",), kwargs=A)
        adding.start()
        assert held.there.wait(20)
        stop = threading.Event()
        stop.set()
        assert two._core.read_unread(ended=stop) == []
        held.go.set()
        adding.join()
        assert texts(two.get_all(**A)) == ["I like tea"]
    assert other.asked == []


def test_the_claim_of_a_dead_process_ends_at_once_and_of_one_elsewhere_in_time(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    with memory(FakeModel(), tmp_path / "m.db") as m:
        m._core.worker.wake = lambda: None  # type: ignore[method-assign]
        m.add("I like tea", user_id="u", mode="deferred")
        m.add("I like rye", user_id="another owner", mode="deferred")
        r, s = (e.id for e in m._core.ledger.unread(scope=Scope()))
    now = [datetime(2026, 1, 1, tzinfo=timezone.utc)]
    leases = SQLiteLeases(Database(tmp_path / "m.db"), clock=lambda: now[0])

    def claim(process: int, node: str) -> None:
        with leases._database.write() as connection:
            until = micros(now[0] + LEASE)
            row = (r, leases_module._digest("u"), f"{process} token {node}", until)
            connection.execute("INSERT OR REPLACE INTO readers VALUES (?, ?, ?, ?)", row)

    claim(gone.pid, platform.node())
    assert leases.take([r], "u")
    leases.give_back([r])
    claim(os.getpid(), platform.node())
    assert not leases.take([r], "u")
    claim(gone.pid, "elsewhere")
    assert not leases.take([r], "u")
    assert leases.take([s], "another owner")
    now[0] += LEASE
    assert leases.take([r], "u")


def test_what_was_read_since_it_was_looked_up_is_not_asked_for_again(tmp_path: Path) -> None:
    other, late = FakeModel(otherwise=echo), FakeModel(otherwise=echo)
    with memory(other, tmp_path / "m.db") as one, memory(late, tmp_path / "m.db", new_id=Ids("other")) as two:
        one._core.worker.wake = lambda: None  # type: ignore[method-assign]
        one.add("I like tea", **A, mode="deferred")
        [group] = two._core.backlog._next(Scope(), set())
        one.reextract(**A)
        assert two._core.backlog._group(group) is None
    assert (len(other.asked), len(late.asked)) == (1, 0)


def test_a_claim_leaves_nothing_behind(tmp_path: Path) -> None:
    with memory(FakeModel(otherwise=echo), tmp_path / "m.db") as m:
        m.add("I like tea", **A)
        m.add("I like rye", **A, mode="deferred")
        m.reextract(**A)
    # Closed: the worker, which the second message woke, reads no more.
    database = Database(tmp_path / "m.db")
    with database.read() as connection:
        assert connection.execute("SELECT count(*) FROM readers").fetchone() == (0,)
    database.close()


PROGRAM = """
import sys
from answers import memory, over_http
from memlayer.models.openai import Address, OpenAILanguageModel
path, url, count = sys.argv[1:]
import uuid
m = memory(OpenAILanguageModel("scripted", address=Address(url, "k")), path, new_id=lambda: str(uuid.uuid4()))
for n in range(int(count)):
    m.add(f"fact {n} of owner {n % 3}", user_id=f"u{n % 3}", mode="deferred", metadata={"n": n})
    print(n, flush=True)
m.close()
"""


def test_a_process_that_is_killed_loses_and_doubles_nothing(tmp_path: Path, serve: Make) -> None:
    pytest.importorskip("openai")
    reads = threading.Semaphore(0)

    def read(body: Any) -> str:
        reads.release()
        time.sleep(0.02)  # what the server takes; it is killed in the midst of one
        return echo(body["messages"])

    server = serve(otherwise=read)
    path, count = tmp_path / "m.db", 30
    acknowledged = -1
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(path), server.base_url, str(count)],
        stdout=subprocess.PIPE, env=environment, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        for line in process.stdout:
            acknowledged = int(line)
            if acknowledged >= 12:
                break
        assert reads.acquire(timeout=10)
        process.send_signal(signal.SIGKILL)
        acknowledged = max([acknowledged, *(int(line) for line in process.stdout if line.strip().isdigit())])
    with memory(over_http(server), path) as m:
        run(m._core, once=True)
        found = Counter(t for u in range(3) for t in texts(m.get_all(user_id=f"u{u}")))
        said = [e["content"] for u in range(3) for e in m.messages(user_id=f"u{u}")["results"]]
        assert {f"fact {n} of owner {n % 3}" for n in range(acknowledged + 1)} <= set(said)
        assert found == Counter(said)
        assert set(found.values()) == {1}
        assert m.verify()["ok"]
    assert acknowledged >= 12


class Model:
    """A model in this process whose every answer waits for something."""

    name = "waits"

    def __init__(self, wait: Any) -> None:
        self.wait = wait

    def complete(self, messages: Any, *, schema: Any = None) -> str:
        self.wait()
        return echo(messages)


def a_hundred_adds(path: Path, model: Any, owners: int) -> None:
    """Adds a hundred messages at once, and checks what is kept."""

    async def add() -> list[str]:
        async with AsyncMemory(path, llm=model, embedder=HashEmbedder()) as m:
            await m.search("warm", user_id="u0")
            await asyncio.gather(*(m.add(f"likes number {n}", user_id=f"u{n % owners}") for n in range(100)))
            return [t for n in range(owners) for t in texts(await m.get_all(user_id=f"u{n}", page_size=200))]

    # Not asyncio.run: it would drop the thread's loop, which LiteLLM makes when it is imported and never closes.
    loop = asyncio.new_event_loop()
    try:
        found = loop.run_until_complete(add())
    finally:
        loop.close()
    assert sorted(found) == sorted(f"likes number {n}" for n in range(100))


@pytest.mark.parametrize("owners", [1, 100])
def test_a_hundred_adds_ask_the_model_all_at_once(tmp_path: Path, owners: int) -> None:
    everybody = threading.Barrier(100, timeout=60)  # passes only when a hundred calls wait in it
    a_hundred_adds(tmp_path / "m.db", Model(everybody.wait), owners)


def test_the_local_rules_read_deferred_messages_too(tmp_path: Path) -> None:
    with Memory(tmp_path / "m.db", embedder=HashEmbedder()) as m:
        m.add("I live in Berlin.", **A, mode="deferred", metadata={"a": 1})
    with Memory(tmp_path / "m.db", embedder=HashEmbedder()) as m:
        [kept] = m.get_all(**A)["results"]
    assert (kept["memory"], kept["metadata"]) == ("Lives in Berlin", {"a": 1})


def test_an_empty_answer_marks_as_read(tmp_path: Path) -> None:
    model = FakeModel(otherwise=EMPTY)
    with memory(model, tmp_path / "m.db") as m:
        m.add("Hello", **A, mode="deferred")
        m._core.worker.close()
        assert run(m._core, once=True) == 0
    assert len(model.asked) == 1
