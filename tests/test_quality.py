"""The quality programs read their data sets' formats and count as their documents say."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from repository import ROOT

QUALITY = ROOT / "benchmarks" / "quality"


@pytest.fixture
def beam(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The program as a module; its neighbours are forgotten again."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(QUALITY))
    import beam as module

    yield module
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(QUALITY)):
            del sys.modules[name]


def turn(number: int, role: str, content: str, **more: Any) -> dict[str, Any]:
    return {"role": role, "id": number, "content": content, "index": "1,1", **more}


CHAT = [
    {
        "batch_number": 1,
        "turns": [
            [
                turn(0, "user", "My budget for the garden shed is 900 euros.", time_anchor="March-15-2024"),
                turn(1, "assistant", "Noted, 900 euros for the shed."),
            ],
            [turn(2, "user", "I have never written a line of Rust."), turn(3, "assistant", "Rust has a steep start.")],
        ],
    },
    {
        "batch_number": 2,
        "turns": [
            [
                turn(4, "user", "My budget for the garden shed is now 1,400 euros.", time_anchor="April-20-2024"),
                turn(5, "assistant", "That gives room for a better roof."),
            ],
            [turn(6, "user", "I wrote the parser in Rust last year."), turn(7, "assistant", "Well done.")],
        ],
    },
]
QUESTIONS = {
    "abstention": [{"question": "What is the name of my dentist?", "why_unanswerable": "never said"}],
    "knowledge_update": [
        {
            "question": "What is my budget for the garden shed?",
            "source_chat_ids": {"original_info": [0], "updated_info": [4, 5]},
        }
    ],
    "contradiction_resolution": [
        {
            "question": "Have I written code in Rust?",
            "source_chat_ids": {"first_statement": [2], "second_statement": [6]},
        }
    ],
    "information_extraction": [{"question": "How much may the shed cost?", "source_chat_ids": [[0], 4]}],
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "100K" / "1"
    (folder / "probing_questions").mkdir(parents=True)
    (folder / "chat.json").write_text(json.dumps(CHAT))
    (folder / "probing_questions" / "probing_questions.json").write_text(json.dumps(QUESTIONS))
    return tmp_path


def test_beam_is_read_in_its_own_format(beam: ModuleType, data: Path) -> None:
    (chat,) = beam.chats(data)
    assert [session.at.date().isoformat() for session in chat.talk.sessions] == ["2024-03-15", "2024-04-20"]
    assert [len(session.turns) for session in chat.talk.sessions] == [4, 4]
    assert sorted(chat.number.values()) == ["0", "2", "4", "6"]
    probes = {probe.ability: (set(probe.older), set(probe.newer)) for probe in chat.probes}
    assert probes == {
        "abstention": (set(), set()),
        "knowledge_update": ({"0"}, {"4"}),
        "contradiction_resolution": ({"2"}, {"6"}),
        "information_extraction": ({"0", "4"}, set()),
    }


def test_batches_may_hide_in_plans_and_lists(beam: ModuleType) -> None:
    plans = beam._chat("u", [{"plan-1": [CHAT[0]]}, {"plan-2": [CHAT[1]]}], QUESTIONS)
    lists = beam._chat("u", [[m for pair in batch["turns"] for m in pair] for batch in CHAT], QUESTIONS)
    assert plans == lists


@pytest.mark.parametrize(
    ("ability", "found", "name", "value"),
    [
        ("knowledge_update", ["4", "9", "0"], "updated above original", 1.0),
        ("knowledge_update", ["0", "4"], "updated above original", 0.0),
        ("knowledge_update", ["9"], "updated above original", 0.0),
        ("contradiction_resolution", ["4", "1", "2", "3", "0"], "both sides@5", 1.0),
        ("contradiction_resolution", ["4", "1", "2", "3", "5", "0"], "both sides@5", 0.0),
        ("contradiction_resolution", ["4"], "both sides@5", 0.0),
        ("anything", ["9", "0", "4"], "mrr", 0.5),
        ("anything", ["1", "2", "3", "5", "0", "4"], "recall@5", 0.5),
    ],
)
def test_what_an_answer_of_beam_is_worth(
    beam: ModuleType, ability: str, found: list[str], name: str, value: float
) -> None:
    probe = beam.Probe("?", ability, frozenset({"0"}), frozenset({"4"}))
    assert beam.figures(probe, found)[name] == value


def test_beam_runs_and_its_table_is_whole_where_it_is_piped(data: Path) -> None:
    program = [sys.executable, str(QUALITY / "beam.py"), "--data", str(data)]
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    told = subprocess.run(program, capture_output=True, text=True, check=True, encoding="utf-8", env=environment)
    assert "updated above original" in told.stdout
    assert "both sides@5" in told.stdout
    told = subprocess.run([*program, "--json"], capture_output=True, text=True, check=True, env=environment)
    found = json.loads(told.stdout)["figures"]
    assert found["knowledge_update"]["updated above original"] == 1.0
    assert found["contradiction_resolution"]["both sides@5"] == 1.0
    assert found["contradiction_resolution"]["recall@10"] == 1.0
    # BEAM counts what was replaced as evidence; it does not come back by itself.
    assert found["knowledge_update"]["recall@10"] == 0.5


LOCOMO = [
    {
        "sample_id": "one",
        "conversation": {
            "session_1_date_time": "1:56 pm on 8 May, 2023",
            "session_1": [
                {"speaker": "Nora", "dia_id": "D1:1", "text": "I adopted a parrot called Pip."},
                {"speaker": "Omar", "dia_id": "D1:2", "text": "Lovely! I am off to the dentist."},
            ],
            "session_2_date_time": "10:00 am on 3 June, 2023",
            "session_2": [{"speaker": "Omar", "dia_id": "D2:1", "text": "We painted the kitchen yellow."}],
        },
        "qa": [
            {"question": "What is the name of Nora's parrot?", "evidence": ["D1:1"], "category": 4, "answer": "Pip"},
            {"question": "What did Omar paint in the kitchen?", "evidence": ["D2:1"], "category": 4, "answer": "walls"},
        ],
    }
]


def test_peers_stand_beside_memlayer_and_missing_ones_are_named(tmp_path: Path) -> None:
    data = tmp_path / "locomo.json"
    data.write_text(json.dumps(LOCOMO))
    program = [sys.executable, str(QUALITY / "peers.py"), "--data", str(data), "--json"]
    told = subprocess.run(program, capture_output=True, text=True, check=True, encoding="utf-8")
    found = json.loads(told.stdout)
    for name, (modules, packages) in {
        "mem0ai, infer=False": (("mem0", "fastembed"), "mem0ai fastembed"),
        "LangGraph InMemoryStore": (("langgraph",), "langgraph"),
        "LlamaIndex VectorMemory": (("llama_index",), "llama-index-core"),
    }.items():
        there = all(map(find_spec, modules))
        assert (name in found) == there
        assert (f"{name} is left out: pip install {packages}" in told.stderr) == (not there)
    assert {"memlayer", "FTS5"} <= found.keys()
    assert all(row["recall@5"] == 1.0 and row["questions"] == 2 for row in found.values())
