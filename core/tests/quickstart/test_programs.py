"""Programs written for mem0 run with only their import changed, and remember from one process to the next.

The chat model behind them is a scripted server that speaks the OpenAI chat wire: it knows what its system message
says, and nothing else.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

PROGRAMS = sorted((Path(__file__).parent / "programs").glob("*.py"))


class Model(BaseHTTPRequestHandler):
    """Answers from the memories that it is shown."""

    seen: list[dict[str, Any]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.seen.append(body)
        system, user = (message["content"] for message in body["messages"])
        name = re.search(r"[Nn]ame is (\w+)", system)
        answer = "Hello!"
        if "my name" in user and user.endswith("?"):
            answer = f"You are {name[1]}." if name else "I do not know your name."
        reply = {"choices": [{"message": {"role": "assistant", "content": answer}}]}
        self.send_response(200 if self.path == "/v1/chat/completions" else 404)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(reply).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def model() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The address of a model, and the requests that it got."""
    seen: list[dict[str, Any]] = []
    handler = type("Scripted", (Model,), {"seen": seen})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1", seen
        finally:
            server.shutdown()
            serving.join()


def chat(program: Path, lines: list[str], base: str, home: Path) -> str:
    """Runs a program in a process of its own, with nothing but its import changed."""
    source = program.read_text(encoding="utf-8")
    changed, count = re.subn(r"^from mem0 import ", "from memlayer import ", source, flags=re.MULTILINE)
    assert count == 1
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", changed],
        input="\n".join([*lines, "QUIT"]) + "\n",
        env=os.environ | {"OPENAI_BASE_URL": base, "OPENAI_API_KEY": "none", "MEMLAYER_DIR": str(home)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "failed" not in done.stdout
    assert "Not remembered" not in done.stdout
    assert done.stdout.endswith("Bye.\n")
    return done.stdout


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_a_name_is_known_in_the_next_process(
    program: Path, model: tuple[str, list[dict[str, Any]]], tmp_path: Path
) -> None:
    base, seen = model
    first = chat(
        program, ["Hello, what is my name?", "My name is Alice and I'm planning a trip to Japan."], base, tmp_path
    )
    assert "I do not know your name." in first
    second = chat(program, ["Do you remember my name?"], base, tmp_path)
    assert "Bot: You are Alice." in second
    assert len(seen) == 3
    assert re.search(r"^- .*[Nn]ame is Alice", seen[2]["messages"][0]["content"], re.MULTILINE)


def test_the_programs_use_both_call_styles() -> None:
    texts = {program.stem: program.read_text(encoding="utf-8") for program in PROGRAMS}
    assert set(texts) == {"filters", "keywords", "waiting"}
    assert "user_id=USER_ID, limit=3" in texts["keywords"]
    assert 'filters={"user_id": USER_ID}, top_k=3' in texts["filters"]
    assert "AsyncMemory()" in texts["waiting"]
