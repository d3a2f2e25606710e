"""A long PDF into memory and out of it, with the local model: seconds, and the most memory that the process takes.

The PDF is made here. It is read and kept (with progress), added again, searched, deleted; each run in a fresh process.
Needs `memlayer-core[documents]`.

    python benchmarks/speed/documents.py --pages 500
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from _bench import options, report

WORDS = (
    "river stone lamp ledger engine window carpet holiday travel receipt handbook machine laser blanket train garden "
    "ticket policy contract kitchen".split()
)


def page(number: int, lines: int, rng: random.Random) -> str:
    """So many lines of some 65 letters, with one that is looked for."""
    told = [" ".join(rng.choices(WORDS, k=9)).capitalize() + "." for _ in range(lines)]
    told[lines // 2] = f"The lamp of room {number} has the number L{7 * number}."
    return " T* ".join(f"({line}) Tj" for line in told)


def pdf(pages: int, lines: int) -> bytes:
    """A PDF file of so many pages."""
    rng = random.Random(7)
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(pages))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {pages} /Kids [{kids}] >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number in range(1, pages + 1):
        shown = f"BT /F 11 Tf 14 TL 40 780 Td {page(number, lines, rng)} ET"
        fonts = "/Resources << /Font << /F 3 0 R >> >>"
        objects += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] {fonts} /Contents {3 + 2 * number} 0 R >>",
            f"<< /Length {len(shown)} >>\nstream\n{shown}\nendstream",
        ]
    body, places = "%PDF-1.4\n", []
    for number, text in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n{text}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    end = f"trailer << /Size {size} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    return f"{body}xref\n0 {size}\n0000000000 65535 f \n{table}{end}".encode()


def peak() -> float:
    """The most memory that this process has taken, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def one(folder: Path) -> dict[str, Any]:
    """What one process measures."""
    from memlayer import Memory

    def seconds() -> float:
        nonlocal last
        before, last = last, time.perf_counter()
        return last - before

    marks: dict[str, float] = {}

    def progress(step: str, done: int, total: int) -> None:
        if done == total:
            marks[step] = time.perf_counter()

    with Memory(folder / "memory.db") as memory:
        memory.add("I live in Lisbon.", user_id="user")
        loaded = peak()
        last = start = time.perf_counter()
        answer = memory.documents.add(folder / "long.pdf", user_id="user", progress=progress)
        row = {
            "pieces": answer["document"]["pieces"],
            "read s": marks["read"] - start,
            "keep s": marks["keep"] - marks["read"],
            "peak MB": peak(),
            "of it the document's MB": peak() - loaded,
        }
        seconds()
        assert memory.documents.add(folder / "long.pdf", user_id="user")["episodes"] == []
        row["again s"] = seconds()
        found = memory.search("What number has the lamp of room 321?", user_id="user", limit=3)["results"]
        row["search s"] = seconds()
        row["page found"] = int(any(hit["metadata"]["document"]["page"] == 321 for hit in found))
        memory.documents.delete("long.pdf", user_id="user")
        row["delete s"] = seconds()
        assert memory.documents.get_all(user_id="user") == {"results": []}
    return row


def main() -> None:
    """Makes the file, measures in a fresh process, prints a table."""
    args = options(__doc__ or "", pages=500, lines=45, runs=1)
    rows: list[dict[str, Any]] = []
    for _ in range(args.runs):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "long.pdf").write_bytes(pdf(args.pages, args.lines))
            command = [sys.executable, __file__, "one", folder]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            rows.append({"pages": args.pages, **json.loads(done.stdout)})
    report("A long PDF", rows, as_json=args.json)


if __name__ == "__main__":
    if sys.argv[1:2] == ["one"]:
        print(json.dumps(one(Path(sys.argv[2]))))
    else:
        main()
