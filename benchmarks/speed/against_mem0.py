"""memlayer's own work against mem0ai's, in one run: add, search, get_all and delete_all(100) by size of memory.

mem0 gives 20 memories of get_all by default, memlayer 100, so that both are asked for both.

Both sides use the same instant hash embedder, and mem0's model answers at once, so that no model's time is compared.
mem0's full path is `infer=True` (memlayer's too: its local extraction), its plain path `infer=False`. Telemetry off.
Its search is the whole one: vectors, keywords and, in the full path, the entities of texts and queries (`_mem0.py`).

    pip install mem0ai fastembed memlayer-core
    python benchmarks/speed/against_mem0.py
    python benchmarks/speed/against_mem0.py --largest 100000 --json     # memlayer alone at the largest size
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1]))
from _bench import options, p50, progress, report, talk, times
from _mem0 import INSTALL, MODULES, mem0

from memlayer import Memory
from memlayer.testing import HashEmbedder

DIMENSIONS = 384


class _Model:
    """mem0's model interface: the new message is the one fact, at once."""

    text = ""

    def generate_response(self, messages: Any, **_: Any) -> str:
        return json.dumps({"memory": [{"id": "0", "text": self.text, "attributed_to": "user"}]})


class Mem0:
    """mem0's open-source memory on its embedded Qdrant and SQLite."""

    def __init__(self, folder: Path) -> None:
        embedder = HashEmbedder(DIMENSIONS)
        self._memory = mem0(folder, lambda texts: embedder.embed(texts).tolist(), DIMENSIONS)
        self._model = self._memory.llm = _Model()

    def add(self, text: str, user: str, *, infer: bool) -> None:
        self._model.text = text
        self._memory.add([{"role": "user", "content": text}], user_id=user, infer=infer)

    def search(self, query: str, user: str) -> None:
        self._memory.search(query, filters={"user_id": user}, top_k=10)

    def get_all(self, user: str, size: int) -> None:
        self._memory.get_all(filters={"user_id": user}, top_k=size)

    def delete_all(self, user: str) -> None:
        self._memory.delete_all(user_id=user)


class Ours:
    """memlayer's embedded default."""

    def __init__(self, folder: Path) -> None:
        self._memory = Memory(folder / "memory.db", embedder=HashEmbedder(DIMENSIONS))

    def add(self, text: str, user: str, *, infer: bool) -> None:
        self._memory.add([{"role": "user", "content": text}], user_id=user, infer=infer)

    def fill(self, texts: list[str], user: str) -> None:
        self._memory.add([{"role": "user", "content": t} for t in texts], user_id=user, infer=False)

    def search(self, query: str, user: str) -> None:
        self._memory.search(query, user_id=user, limit=10)

    def get_all(self, user: str, size: int) -> None:
        self._memory.get_all(user_id=user, page_size=size)

    def delete_all(self, user: str) -> None:
        self._memory.delete_all(user_id=user)

    def close(self) -> None:
        self._memory.close()


def measure(side: Any, said: Iterator[str], *, infer: bool, runs: int) -> dict[str, float]:
    """Medians in milliseconds with the memory as it stands."""
    found = {
        "add": p50(times(lambda: side.add(next(said), "user", infer=infer), runs=runs)),
        "search": p50(times(lambda: side.search(next(said), "user"), runs=runs)),
        "get_all(20)": p50(times(lambda: side.get_all("user", 20), runs=runs)),
        "get_all(100)": p50(times(lambda: side.get_all("user", 100), runs=runs)),
    }
    for text in islice(said, 100):
        side.add(text, "leaver", infer=infer)
    found["delete_all(100)"] = p50(times(lambda: side.delete_all("leaver"), runs=1, warm=0))
    return found


def main() -> None:
    """Measures both sides at each size and prints medians and ratios."""
    args = options(__doc__ or "", size=3000, runs=40, largest=0)
    if not all(map(find_spec, MODULES)):
        sys.exit(f"the peer is missing: pip install {INSTALL}")
    sizes = sorted({0, min(1000, args.size), args.size})
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        home = Path(name)

        def open_(side: Ours) -> Ours:
            stack.callback(side.close)
            return side

        sides: dict[str, tuple[Any, bool]] = {}
        for label, make, infer in (("full", Mem0, True), ("plain", Mem0, False)):
            folder = home / f"mem0-{label}"
            folder.mkdir()
            sides[f"mem0 {label}"] = (make(folder), infer)
        for label, infer in (("full", True), ("plain", False)):
            folder = home / f"ours-{label}"
            folder.mkdir()
            sides[f"memlayer {label}"] = (open_(Ours(folder)), infer)
        had = 0
        for size in sizes:
            for label, (side, infer) in sides.items():
                said = talk(size + 1)
                for _ in progress(range(max(0, size - had)), f"{label}: {size:,}"):
                    side.add(next(said), "user", infer=infer)
                rows.append({"size": size, "side": label, **measure(side, said, infer=infer, runs=args.runs)})
            had = size
        if args.largest:
            side = open_(Ours(home))
            said = talk(7)
            for _ in progress(range(args.largest // 500), f"memlayer: {args.largest:,}"):
                side.fill(list(islice(said, 500)), "user")
            rows.append(
                {"size": args.largest, "side": "memlayer full", **measure(side, said, infer=True, runs=args.runs)}
            )
    rows += _ratios(rows)
    report("Milliseconds (median) and ratios to mem0's full path", rows, as_json=args.json)


def _ratios(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    peers = {r["size"]: r for r in rows if r["side"] == "mem0 full"}
    largest = max(peers)
    found = []
    for row in rows:
        if row["side"].startswith("memlayer"):
            peer = peers.get(row["size"], peers[largest])
            verbs = [k for k in row if k not in ("size", "side")]
            label = f"{row['side']} / mem0 full at {peer['size']:,}"
            found.append({"size": row["size"], "side": label, **{v: row[v] / peer[v] for v in verbs}})
    return found


if __name__ == "__main__":
    main()
