"""One async memory under many loops, cancelled awaits, closing, forks and nobody who holds it any more."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from inspect import signature
from pathlib import Path
from typing import Any

import pytest

from memlayer import AsyncMemory, ConfigurationError, Memory
from memlayer._bridge import WORKERS, Bridge
from memlayer.engine.worker import Worker
from memlayer.testing import HashEmbedder

ANN = {"user_id": "ann"}
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
FORK = """
import asyncio, os, signal, sys, threading
from memlayer import AsyncMemory, Memory
from memlayer.testing import HashEmbedder

async def turn(memory, words):
    await memory.add(words, user_id="ann")
    return [hit["memory"] for hit in (await memory.search(words, user_id="ann", limit=1))["results"]]

def forked(work):
    pid = os.fork()
    if pid == 0:
        signal.alarm(20)
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

waited = AsyncMemory(sys.argv[1], embedder=HashEmbedder())
assert asyncio.run(turn(waited, "I like tea.")) == ["Likes tea"]
assert forked(lambda: print(asyncio.run(turn(waited, "I like figs.")), flush=True)) == 0
print(asyncio.run(turn(waited, "I like rye.")), flush=True)

plain = Memory(sys.argv[1], embedder=HashEmbedder())

def deferred(what):
    plain.add(f"I like {what}.", user_id="ann", mode="deferred")
    while plain.get_all(user_id="ann", keywords=what)["count"] == 0:
        threading.Event().wait(0.01)

deferred("gin")
assert forked(lambda: deferred("ale")) == 0
"""


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[AsyncMemory]:
    made = AsyncMemory(tmp_path / "m.db", embedder=HashEmbedder())
    yield made
    asyncio.run(made.close())


def busy(bridge: Bridge, go: threading.Event) -> list[asyncio.Task[bool]]:
    """Tasks that keep every worker of the bridge until `go` is set."""
    return [asyncio.create_task(bridge.run(go.wait, 30)) for _ in range(WORKERS)]


def outcome(call: Callable[..., Any], given: dict[str, Any]) -> Any:
    """What a call answers, or raises."""
    try:
        return call(**given, **ANN)
    except Exception as error:  # noqa: BLE001
        return type(error), str(error)


def test_loops_come_and_go(memory: AsyncMemory) -> None:
    async def turn(words: str) -> int:
        await memory.add(words, infer=False, **ANN)
        return (await memory.get_all(**ANN))["count"]

    assert [asyncio.run(turn(f"I like {what}.")) for what in ("tea", "figs", "rye")] == [1, 2, 3]


def test_a_write_that_has_begun_finishes_and_one_that_has_not_never_begins(memory: AsyncMemory) -> None:
    async def cancelled() -> int:
        go = threading.Event()
        begun = busy(memory.bridge, go)
        waits = asyncio.create_task(memory.add("I like tea.", infer=False, **ANN))
        await asyncio.sleep(0)
        for task in (waits, *begun):
            task.cancel()
        assert [type(e) for e in await asyncio.gather(waits, *begun, return_exceptions=True)] == [
            asyncio.CancelledError
        ] * (1 + WORKERS)
        go.set()
        await memory.add("I like figs.", infer=False, **ANN)
        assert (await memory.verify())["ok"]
        return (await memory.get_all(**ANN))["count"]

    assert asyncio.run(cancelled()) == 1


def test_what_waits_when_the_memory_is_closed_is_told_so(memory: AsyncMemory) -> None:
    """It was cancelled, and with it whoever awaited it."""

    async def closed() -> None:
        go = threading.Event()
        begun = busy(memory.bridge, go)
        waits = [asyncio.create_task(memory.add(f"I like tea {n}.", **ANN)) for n in range(3)]
        await asyncio.sleep(0)
        closing = asyncio.create_task(memory.close())
        while not memory.bridge.closed:  # noqa: ASYNC110  (another thread says so, and tells nobody)
            await asyncio.sleep(0)
        go.set()
        await closing
        assert await asyncio.gather(*begun) == [True] * WORKERS
        for task in waits:
            with pytest.raises(ConfigurationError, match="closed; open a new AsyncMemory"):
                await task
        with pytest.raises(ConfigurationError, match="closed; open a new AsyncMemory"):
            await memory.search("tea", **ANN)
        await memory.close()

    asyncio.run(closed())


def test_an_error_goes_with_its_call() -> None:
    """It and all that its frames hold, connections among them, wait for no collector of cycles."""

    class FailedError(Exception):
        """Raised in a worker."""

    def fail() -> None:
        raise FailedError

    async def call() -> weakref.ref[FailedError]:
        bridge = Bridge()
        try:
            await bridge.run(fail)
        except FailedError as error:
            return weakref.ref(error)
        finally:
            bridge.close()
        raise AssertionError("it did not fail")

    collects = gc.isenabled()
    gc.disable()
    try:
        assert asyncio.run(call())() is None
    finally:
        if collects:
            gc.enable()


@needs_fork
def test_a_forked_child_has_workers_of_its_own(tmp_path: Path) -> None:
    """It waited for ever: for its parent's threads, which no fork takes along."""
    command = [sys.executable, "-W", "ignore", "-c", FORK, str(tmp_path / "m.db")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["['Likes figs']", "['Likes rye']"]


def test_a_memory_that_nobody_holds_lets_go_of_its_threads_and_file(tmp_path: Path) -> None:
    before = set(threading.enumerate())

    async def used() -> None:
        memory = AsyncMemory(tmp_path / "m.db", embedder=HashEmbedder())
        await asyncio.gather(*(memory.add(f"I like tea {n}.", **ANN) for n in range(8)))

    asyncio.run(used())
    gc.collect()
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
        assert not thread.is_alive()


def test_a_worker_that_nobody_wakes_ends_and_is_there_again_when_woken() -> None:
    """Its thread stayed for the process's life, and with it the memory."""
    ran = threading.Semaphore(0)
    worker = Worker(lambda _: ran.release(), idle=0.0)
    for _ in range(2):
        worker.wake()
        assert ran.acquire(timeout=10)
        for thread in threading.enumerate():
            if thread.name == "memlayer-worker":
                thread.join(10)
                assert not thread.is_alive()
    worker.close()


def test_both_faces_are_made_alike() -> None:
    assert signature(AsyncMemory) == signature(Memory)


def test_both_faces_say_the_same(memory: AsyncMemory) -> None:
    sync = memory.sync
    sync.add("I live in Rome and I like tea.", **ANN)
    calls: list[tuple[str, dict[str, Any]]] = [
        ("search", {"query": "Where?", "explain": True, "enable_graph": True}), ("get_all", {"page_size": 1}),
        ("profile", {}), ("graph", {}), ("messages", {}), ("context", {"query": "Where?"}), ("search", {"query": ""}),
        ("search", {"query": "x", "limit": 0}), ("get_all", {"foo": 1}), ("messages", {"foo": 1}),
    ]  # fmt: skip
    for verb, given in calls:
        awaited = outcome(lambda verb=verb, **given: asyncio.run(getattr(memory, verb)(**given)), given)
        assert outcome(getattr(sync, verb), given) == awaited, verb


def test_one_memory_serves_both_faces_and_another_on_its_file(memory: AsyncMemory) -> None:
    with Memory(memory.path, embedder=HashEmbedder()) as other:
        other.add("I live in Rome.", **ANN)
        asyncio.run(memory.add("I moved to Berlin.", **ANN))
        assert [other.search("Where do I live?", **ANN)["results"][0]["memory"]] == ["Moved to Berlin"]
    assert memory.sync.get_all(**ANN)["count"] == 1
