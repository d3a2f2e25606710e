"""The demo: right answers, one file, and a second run that adds nothing."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]
STORY = json.loads(files("memlayer.cli").joinpath("demo_conversation.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the demo says as JSON, run once."""
    command = [
        sys.executable,
        "-m",
        "memlayer",
        "demo",
        "--json",
        "--path",
        str(tmp_path_factory.mktemp("d") / "d.db"),
    ]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)  # type: ignore[no-any-return]


def test_the_conversation_is_one() -> None:
    messages = [message for session in STORY["sessions"] for message in session["messages"]]
    assert len(STORY["sessions"]) >= 4
    assert len(messages) >= 40
    assert {message["name"] for message in messages} == {"Maya", "Tom"}
    assert len({message["id"] for message in messages}) == len(messages)
    assert [message["timestamp"] for message in messages] == sorted(message["timestamp"] for message in messages)


@pytest.mark.parametrize("entry", STORY["questions"], ids=lambda entry: entry["question"])
def test_a_question_is_answered(entry: dict[str, Any], told: dict[str, Any]) -> None:
    answers = {row["question"]: " ".join(row["answers"]).lower() for row in told["answers"]}
    assert [word for word in entry["expect"] if word.lower() not in answers[entry["question"]]] == []


def test_a_fact_is_replaced(told: dict[str, Any]) -> None:
    newest, oldest = told["replaced"]
    assert newest["event"] == "UPDATE"
    assert STORY["replaced"]["new"] in newest["new_value"]
    assert STORY["replaced"]["old"] in newest["previous_value"]
    assert (oldest["event"], oldest["new_value"]) == ("ADD", newest["previous_value"])


def test_an_earlier_date_has_its_own_truth(told: dict[str, Any]) -> None:
    assert STORY["earlier"]["expect"][0] in told["earlier"]["answer"]


def test_the_profile_and_the_relations_are_right(told: dict[str, Any]) -> None:
    maya, luca = told["profile"]["people"]["Maya"], told["profile"]["people"]["Luca"]
    assert (maya["lives_in"], maya["works_at"], luca["lives_in"]) == ("Copenhagen", "Northlight", "Berlin")
    assert maya["occupation"] == "art director"
    assert "vegetarian" not in str(maya)
    edges = {(edge["source"], edge["relationship"], edge["target"]) for edge in told["relations"]}
    assert {("Maya", "has_sibling", "Luca"), ("Luca", "lives_in", "Berlin"), ("Tom", "married_to", "Els")} <= edges
    assert ("Maya", "lives_in", "Lisbon") not in edges


def test_the_first_run_is_worth_reading_and_the_second_adds_nothing(memlayer: Command, home: Path) -> None:
    first = memlayer("demo")
    assert (first.code, first.err) == (0, "")
    for part in (
        STORY["title"], "  + Maya lives in Lisbon\n", "  ~ Maya moved to Copenhagen", "   was: Maya lives in Lisbon",
        "No key, no server", "Questions", "A fact that changed", "  as of 1 ", "├── ", "│   └── ",
    ):  # fmt: skip
        assert part in first.out
    assert first.out.splitlines()[-1] == f"The memory is one file: {home / 'demo.db'}"
    assert [path.name for path in home.iterdir() if path.suffix == ".db"] == ["demo.db"]
    count = memlayer("list", "--user", "maya", "--path", home / "demo.db", "--json").json["count"]
    second = memlayer("demo")
    assert second.code == 0
    assert f"{count} memories from before are all here, and this run added none." in second.out
    assert "  + " not in second.out
    assert memlayer("list", "--user", "maya", "--path", home / "demo.db", "--json").json["count"] == count
    cut = "Questions ─"
    assert second.out[second.out.index(cut) :] == first.out[first.out.index(cut) :]


def test_what_it_proposes_works(memlayer: Command, home: Path) -> None:
    file = str(home / "demo.db")
    proposed = memlayer("demo", "--path", file).out.partition("Yours now")[2]
    look, try_it = (shlex.split(line)[3:] for line in proposed.splitlines() if line.endswith(f"--path {file}"))
    assert memlayer(*look).code == 0
    said = memlayer(*try_it).out.splitlines()[0]
    assert re.fullmatch(r"~ Maya moved to Oslo on \S+   was: Maya moved to Copenhagen around 2024-07-28", said)


def test_the_demo_keeps_out_of_other_memories(memlayer: Command, alice: dict[str, str], home: Path) -> None:
    said = memlayer("demo", "--path", home / "memory.db")
    assert said.code == 2
    assert "a file of its own: --path FILE" in said.err
    assert memlayer("users").out == "user  alice\n"


def test_the_demo_opens_no_connection(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "def watch(event, arguments):\n"
        "    if event.startswith('socket.'):\n"
        "        raise SystemExit(f'{event} {arguments}')\n"
        "sys.addaudithook(watch)\n"
        "from memlayer.cli import main\n"
        f"sys.exit(main(['demo', '--path', {str(tmp_path / 'demo.db')!r}]))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
