"""Programs that the tests run in processes of their own: `python processes.py NAME FILE [NUMBER]`, JSON on stdout."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import BinaryIO

from memlayer.backends.sqlite.ledger import SQLiteLedger
from memlayer.memory import Memory
from memlayer.testing import HashEmbedder
from memlayer.testing.contract import ALICE, added, make_record
from memlayer.types import Change, Event, Relation


def said(name: str) -> list[Change]:
    """An episode, the fact that was read from it and its edge: all of them or none."""
    episode = make_record(f"{name}-episode", kind="episode", message_id=name)
    fact = make_record(f"{name}-fact", sources=(episode.id,), relations=(Relation("user", "likes", f"dish {name}"),))
    return added([episode, fact])


def child(work: Callable[[BinaryIO], None]) -> tuple[int, BinaryIO]:
    """Starts `work` in a forked process; returns its id and what it writes."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writer)
        return pid, os.fdopen(reader, "rb")
    os.close(reader)
    code = 1
    try:
        with os.fdopen(writer, "wb", buffering=0) as out:
            work(out)
        code = 0
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        os._exit(code)


def kill(file: str, rounds: int) -> object:
    """Kills a writer in the middle of writing, again and again; returns what had been acknowledged."""
    chance = random.Random(7)
    acknowledged: list[str] = []
    for number in range(rounds):

        def work(out: BinaryIO, number: int = number) -> None:
            ledger = SQLiteLedger(file)
            for turn in range(10_000):
                ledger.append(said(f"{number}-{turn}"), scope=ALICE)
                out.write(f"{number}-{turn}\n".encode())

        pid, out = child(work)
        acknowledged += [out.readline().decode().strip() for _ in range(chance.randrange(12))]
        os.kill(pid, signal.SIGKILL)
        acknowledged += out.read().decode().split()
        os.waitpid(pid, 0)
    return acknowledged


def race(file: str, count: int) -> object:
    """Lets processes write at once: the same facts, checked before they are written, and some of their own."""
    gate, opened = os.pipe()

    def work(out: BinaryIO, number: int) -> None:
        ledger = SQLiteLedger(file)
        os.close(opened)
        os.read(gate, 1)  # until everybody is there
        for turn in range(10):
            text = f"Has cat {turn}"

            def decide(events: Sequence[Event], text: str = text, turn: int = turn) -> list[Change]:
                there = any(e.after is not None and e.after.text == text for e in events)
                return [] if there else added([make_record(f"cat-{turn}-{number}", text)])

            ledger.commit(decide, scope=ALICE, seen=0)
            ledger.append(added([make_record(f"own-{turn}-{number}", f"Own {turn} of {number}")]), scope=ALICE)
        out.write(b"done")

    started = [child(lambda out, number=n: work(out, number)) for n in range(count)]
    os.close(gate)
    os.close(opened)
    return [(out.read().decode(), os.waitpid(pid, 0)[1]) for pid, out in started]


def fork(file: str, count: int) -> object:
    """Forks while a thread is writing, and goes on writing in parent and child; the parent leaves first."""
    ledger = SQLiteLedger(file)
    ledger.append(added([make_record("first")]), scope=ALICE)
    begun = threading.Event()

    def decide(events: Sequence[Event]) -> list[Change]:
        begun.set()
        return added([make_record(f"thread-{n}") for n in range(count)])

    thread = threading.Thread(target=lambda: ledger.commit(decide, scope=ALICE, seen=0))
    thread.start()
    begun.wait()
    gate, closed = os.pipe()

    def work(out: BinaryIO) -> None:
        os.close(closed)
        for n in range(count):
            ledger.append(added([make_record(f"child-{n}")]), scope=ALICE)
        os.read(gate, 1)  # until the parent has closed its connections
        for n in range(count):
            ledger.append(added([make_record(f"later-{n}")]), scope=ALICE)
        out.write(b"done")

    pid, out = child(work)
    os.close(gate)
    for n in range(count):
        ledger.append(added([make_record(f"parent-{n}")]), scope=ALICE)
    thread.join()
    ledger.close()
    os.close(closed)
    return [out.read().decode(), os.waitpid(pid, 0)[1]]


def fork_open(file: str, rounds: int) -> object:
    """Forks while a thread opens one connection after the other; says how each child ended that opened its own."""
    ended = threading.Event()

    def opens() -> None:
        while not ended.is_set():
            ledger = SQLiteLedger(file)
            ledger.get(["x"])
            ledger.close()

    def work(_: BinaryIO) -> None:
        signal.alarm(20)
        ledger = SQLiteLedger(file)
        ledger.append(added([make_record(f"child-{os.getpid()}")]), scope=ALICE)

    thread = threading.Thread(target=opens)
    thread.start()
    try:
        return [os.waitpid(child(work)[0], 0)[1] for _ in range(rounds)]
    finally:
        ended.set()
        thread.join()


def fork_held(file: str, _: int) -> object:
    """Forks while another thread holds every lock of a memory; says how the child ended that used it all."""
    memory = Memory(file, embedder=HashEmbedder())
    memory.add("I like tea.", user_id="ann")
    memory.search("tea", user_id="ann")
    core = memory._core
    segments = core.recall._segments
    locks = [
        memory._lock, core._lock, core.worker._condition, core.backlog._ingest.claims._lock, segments._lock,
        *(segment.lock for segment in segments._segments.values()),
    ]  # fmt: skip
    holds, ended = threading.Event(), threading.Event()

    def hold() -> None:
        with ExitStack() as stack:
            for lock in locks:
                stack.enter_context(lock)
            holds.set()
            ended.wait()

    def work(out: BinaryIO) -> None:
        signal.alarm(20)
        memory.add("I like rye.", user_id="ann", mode="deferred")
        out.write(f"{memory.search('tea', user_id='ann')['results'][0]['memory']}\n".encode())
        memory.close()

    thread = threading.Thread(target=hold)
    thread.start()
    holds.wait()
    try:
        pid, out = child(work)
        return [out.read().decode().strip(), os.waitpid(pid, 0)[1]]
    finally:
        ended.set()
        thread.join()
        memory.close()


def adds(file: str, count: int) -> object:
    """Lets whole memories in processes of their own take in the same talk, and some of their own."""
    gate, opened = os.pipe()

    def work(out: BinaryIO, number: int) -> None:
        os.close(opened)
        with Memory(file, embedder=HashEmbedder()) as memory:
            os.read(gate, 1)  # until everybody is there
            for turn in range(4):
                shared = [{"role": "user", "content": "I live in Rome.", "id": f"shared-{turn}"}]
                memory.add(shared, user_id="alice")
                memory.add(f"Own {turn} of {number}", infer=False, user_id="alice")
        out.write(b"done")

    started = [child(lambda out, number=n: work(out, number)) for n in range(count)]
    os.close(gate)
    os.close(opened)
    return [(out.read().decode(), os.waitpid(pid, 0)[1]) for pid, out in started]


def kill_memory(file: str, rounds: int) -> object:
    """Kills a whole memory in the middle of adding, again and again; returns the message ids that it had confirmed."""
    chance = random.Random(11)
    confirmed: list[str] = []
    for number in range(rounds):

        def work(out: BinaryIO, number: int = number) -> None:
            memory = Memory(file, embedder=HashEmbedder())
            for turn in range(10_000):
                key = f"{number}-{turn}"
                plant = "".join(chr(ord("a") + int(digit)) for digit in f"{number}{turn:04}")
                talk = [{"role": "user", "content": f"I am allergic to {plant}wort.", "id": key}]
                memory.add(talk, user_id="alice")
                memory.add(talk, user_id="alice")
                out.write(f"{key}\n".encode())

        pid, out = child(work)
        confirmed += [out.readline().decode().strip() for _ in range(chance.randrange(6))]
        os.kill(pid, signal.SIGKILL)
        confirmed += out.read().decode().split()
        os.waitpid(pid, 0)
    return confirmed


def everyday(file: str, rounds: int) -> object:
    """Three processes add, erase, open, close, copy and fork at once, and one of them is killed, again and again.

    Returns by user what must be there at the end, and what must not.
    """
    chance = random.Random(13)
    there: dict[str, list[str]] = {}
    gone: dict[str, list[str]] = {}
    for number in range(rounds):
        started = [child(partial(_everyday, file, f"{number}-{who}", who)) for who in range(3)]
        victim = started[chance.randrange(3)]
        last = chance.randrange(10, 60)
        with ThreadPoolExecutor(3) as pool:
            told = [pool.submit(_told, pid, out, last if pid == victim[0] else None) for pid, out in started]
        for lines in told:
            for line in lines.result():
                what, user, text = line.split(" ", 2)
                if what == "added":
                    there.setdefault(user, []).append(text)
                elif what == "erasing":  # a kill within leaves all of it or none
                    gone.setdefault(user, [])
                    open_, there[user] = there.get(user, []), []
                elif what == "erased":
                    gone[user] += open_
    return {"there": there, "gone": gone}


def _told(pid: int, out: BinaryIO, last: int | None) -> list[str]:
    """What a child said until its end, which is its `last` line at the latest."""
    lines = []
    for line in out:
        lines.append(line.decode().strip("\n"))
        if len(lines) == last:
            os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return lines


def _look(memory: Memory, user: str, out: BinaryIO) -> None:
    memory.search("turn", user_id=user)
    memory.close()


def _everyday(file: str, name: str, who: int, out: BinaryIO) -> None:
    def tell(what: str, user: str, text: str = "") -> None:
        out.write(f"{what} {user} {text}\n".encode())

    chance = random.Random(name)
    memory = Memory(file, embedder=HashEmbedder())
    for turn in range(100):
        does = chance.random()
        if does < 0.6:
            user, text = f"{'stays' if does < 0.45 else 'goes'}{who}", f"turn {name}-{turn}"
            memory.add(text, user_id=user, infer=False)
            tell("added", user, text)
        elif does < 0.7:
            tell("erasing", f"goes{who}")
            memory.erase(user_id=f"goes{who}")
            tell("erased", f"goes{who}")
        elif does < 0.78:
            memory.close()
            memory = Memory(file, embedder=HashEmbedder())
        elif does < 0.82:
            memory = Memory(file, embedder=HashEmbedder())  # and the one before is dropped
        elif does < 0.88:
            with Memory(file, embedder=HashEmbedder()) as second:
                second.search("turn", user_id=f"stays{who}")
        elif does < 0.92:
            threads = [threading.Thread(target=memory.get_all, kwargs={"user_id": f"stays{who}"}) for _ in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        elif does < 0.96:
            memory.backup(f"{file}.{who}.copy")
        else:
            pid, _ = child(partial(_look, memory, f"stays{who}"))
            os.waitpid(pid, 0)
    memory.close()


def write(file: str, count: int) -> object:
    """Writes so many turns."""
    ledger = SQLiteLedger(file)
    for turn in range(count):
        ledger.append(said(f"other-{turn}"), scope=ALICE)
    ledger.close()
    return count


if __name__ == "__main__":
    programs = {
        "kill": kill, "race": race, "fork": fork, "fork_open": fork_open, "write": write, "adds": adds,
        "kill_memory": kill_memory, "everyday": everyday, "fork_held": fork_held,
    }  # fmt: skip
    print(json.dumps(programs[sys.argv[1]](sys.argv[2], int(sys.argv[3]))))  # noqa: T201
