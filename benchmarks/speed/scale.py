"""Many users in one file: search among 1,000,000 memories of 1,000 users against the same user alone.

The hash embedder stands in for a model (said so: it is instant). Prints p50 and p95 of searches by users in random
order in the large file, for one user in it again and again, and for that user alone in a file of its own, with the
memory that the process takes.

    python benchmarks/speed/scale.py
    python benchmarks/speed/scale.py --users 100 --each 500
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
from itertools import islice
from pathlib import Path
from typing import Any

from _bench import options, p50, p95, progress, report, talk, times

from memlayer import Memory
from memlayer.testing import HashEmbedder


def fill(memory: Memory, users: int, each: int) -> None:
    """Adds every user's memories, a hundred at a time and the users in turn, as a service would see them."""
    said = talk()
    for _ in progress(range(0, each, 100), f"{users * each:,} memories"):
        for user in range(users):
            part = [{"role": "user", "content": t} for t in islice(said, 100)]
            memory.add(part, user_id=f"user-{user}", infer=False)


def main() -> None:
    """Fills both files, searches both, prints the ratios."""
    args = options(__doc__ or "", users=1000, each=1000, runs=300)
    rows: list[dict[str, Any]] = []
    asked = talk(99)
    with tempfile.TemporaryDirectory() as name:
        alone = Memory(Path(name) / "alone.db", embedder=HashEmbedder(384))
        fill(alone, 1, args.each)
        base = times(lambda: alone.search(next(asked), user_id="user-0"), runs=args.runs)
        alone.close()
        many = Memory(Path(name) / "many.db", embedder=HashEmbedder(384))
        fill(many, args.users, args.each)
        many.close()
        many = Memory(Path(name) / "many.db", embedder=HashEmbedder(384))
        same = times(lambda: many.search(next(asked), user_id="user-0"), runs=args.runs)
        rng = random.Random(5)
        mixed = times(
            lambda: many.search(next(asked), user_id=f"user-{rng.randrange(args.users)}"), runs=args.runs, warm=10
        )
        for label, values in (("alone", base), ("among all, the same user", same), ("among all, any user", mixed)):
            rows.append(
                {"user": label, "p50 ms": p50(values), "p95 ms": p95(values), "p95 / alone": p95(values) / p95(base)}
            )
        many.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    rows.append({"user": f"peak resident MB: {peak:,.0f}", "p50 ms": 0.0, "p95 ms": 0.0, "p95 / alone": 0.0})
    report(
        f"{args.users * args.each:,} memories of {args.users:,} users: at most 3.0, under 600 MB",
        rows,
        as_json=args.json,
    )


if __name__ == "__main__":
    main()
