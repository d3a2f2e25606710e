"""A PDF of five hundred pages, with the local model, in a process of its own: within bounds, whole, and gone again."""

import importlib.util
import json
import subprocess
import sys

import pytest
from repository import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("pypdf") is None, reason="needs the extra documents"),
]
MEGABYTES = 150
"""What the document may take beside the model; measured: 70."""


def test_five_hundred_pages_stay_within_bounds() -> None:
    program = ROOT / "benchmarks" / "speed" / "documents.py"
    command = [sys.executable, str(program), "--pages", "500", "--lines", "12", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    (row,) = json.loads(done.stdout)["rows"]
    assert row["pieces"] == 500
    assert row["page found"] == 1
    assert row["of it the document's MB"] < MEGABYTES
