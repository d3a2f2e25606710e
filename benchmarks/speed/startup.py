"""The first moments: import and construction against mem0ai's (where installed), and the first search.

Each in a fresh process, several times; prints medians in milliseconds and the ratio to the peer.

    python benchmarks/speed/startup.py
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from _bench import options, p50, progress, report

OURS = """
import sys, time
start = time.perf_counter()
from memlayer import Memory
memory = Memory(path={path!r})
made = time.perf_counter() - start
assert "numpy" not in sys.modules and "sqlite3" not in sys.modules
start = time.perf_counter()
memory.search("Where do I live?", user_id="user")
print(1000 * made, 1000 * (time.perf_counter() - start))
"""
PEER = """
import time
start = time.perf_counter()
from mem0 import Memory
print(1000 * (time.perf_counter() - start), "nan")
"""


def run(program: str, folder: str) -> list[float]:
    """The numbers that a fresh process prints."""
    env = {**os.environ, "MEM0_DIR": folder, "MEM0_TELEMETRY": "False"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=env)
    return [float(word) for word in done.stdout.split()]


def main() -> None:
    """Measures both and prints medians."""
    args = options(__doc__ or "", runs=7)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        path = str(Path(name) / "memory.db")
        from memlayer import Memory

        with Memory(path) as memory:
            memory.add("I live in Lisbon.", user_id="user")
        ours = [run(OURS.format(path=path), name) for _ in progress(range(args.runs), "memlayer")]
        made = p50([r[0] for r in ours])
        rows.append({"side": "memlayer", "import and make ms": made, "first search ms": p50([r[1] for r in ours])})
        if importlib.util.find_spec("mem0") is not None:
            peer = p50([run(PEER, name)[0] for _ in progress(range(args.runs), "mem0")])
            rows.append({"side": "mem0, import alone", "import and make ms": peer, "first search ms": float("nan")})
            rows.append({"side": "ratio", "import and make ms": made / peer, "first search ms": float("nan")})
    report("The first moments: made within 300 ms, first search under 1,000 ms", rows, as_json=args.json)


if __name__ == "__main__":
    main()
