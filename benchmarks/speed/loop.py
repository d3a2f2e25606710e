"""The event loop under load: its longest stall while 300 searches run at once, and how long adds take beside them.

A task on the loop notes how late it wakes up. The peer is the same memory called without `AsyncMemory`, through the
loop's default pool (`asyncio.to_thread`), in the same run.

    python benchmarks/speed/loop.py
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from itertools import islice
from pathlib import Path
from typing import Any

from _bench import options, p50, p95, report, talk

from memlayer import AsyncMemory, Memory

TICK = 0.002


async def stalls(work: Callable[[], Awaitable[Any]]) -> tuple[list[float], float]:
    """How late the loop was at each tick while `work` ran, in milliseconds, and how long the work took."""
    late: list[float] = []
    done = asyncio.Event()

    async def watch() -> None:
        while not done.is_set():
            start = time.perf_counter()
            await asyncio.sleep(TICK)
            late.append(1000 * (time.perf_counter() - start - TICK))

    watching = asyncio.create_task(watch())
    await asyncio.sleep(5 * TICK)
    start = time.perf_counter()
    await work()
    took = time.perf_counter() - start
    done.set()
    await watching
    return late, took


async def measure(memory: Memory, searches: int) -> list[dict[str, Any]]:
    """The three cases."""
    ours = AsyncMemory.of(memory)
    asked, said = talk(3), talk(4)
    adds: list[float] = []

    async def add() -> None:
        start = time.perf_counter()
        await ours.add(next(said), user_id="user", infer=False)
        adds.append(1000 * (time.perf_counter() - start))

    async def search_ours() -> None:
        await asyncio.gather(*(ours.search(q, user_id="user") for q in islice(asked, searches)))

    async def search_and_add() -> None:
        await asyncio.gather(
            *(ours.search(q, user_id="user") for q in islice(asked, searches)), *(add() for _ in range(searches // 3))
        )

    async def search_threads() -> None:
        await asyncio.gather(*(asyncio.to_thread(memory.search, q, user_id="user") for q in islice(asked, searches)))

    rows = []
    for label, work in (
        ("AsyncMemory, searches", search_ours),
        ("AsyncMemory, searches and adds", search_and_add),
        ("asyncio.to_thread, searches", search_threads),
    ):
        late, took = await stalls(work)
        rows.append({"case": label, "longest stall ms": max(late), "p95 stall ms": p95(late), "seconds": took})
    adds.sort()
    last = adds[min(len(adds) - 1, int(0.99 * len(adds)))]
    rows.append({"case": f"one add among them: p50 {p50(adds):,.0f} ms, p99 {last:,.0f} ms", "longest stall ms": 0.0,
                 "p95 stall ms": 0.0, "seconds": 0.0})  # fmt: skip
    return rows


def main() -> None:
    """Fills a memory, then runs the cases."""
    args = options(__doc__ or "", memories=1000, searches=300)
    with tempfile.TemporaryDirectory() as name, Memory(Path(name) / "memory.db") as memory:
        said = talk()
        part = [{"role": "user", "content": t} for t in islice(said, args.memories)]
        memory.add(part, user_id="user", infer=False)
        memory.search("warm", user_id="user")
        rows = asyncio.run(measure(memory, args.searches))
    report(f"The loop beside {args.searches} searches: never more than 20 ms late", rows, as_json=args.json)


if __name__ == "__main__":
    main()
