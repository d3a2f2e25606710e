"""The benchmark that goes to the end, on a small talk, through a real client; ended, and gone on with."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from memlayer.testing.openai_server import Fault, OpenAIServer

ROOT = Path(__file__).parents[1]


@pytest.fixture
def end_to_end(monkeypatch: pytest.MonkeyPatch) -> Any:
    pytest.importorskip("openai")
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks" / "quality"))
    import end_to_end

    yield end_to_end
    for name in ("end_to_end", "sets"):
        sys.modules.pop(name, None)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """One talk in LoCoMo's format."""
    turns = ["I moved to Bern in May.", "I bought a blue oboe.", "My sister Ida is a nurse."]
    talk = {
        "speaker_a": "Ann", "speaker_b": "Ben", "session_1_date_time": "1:56 pm on 8 May, 2023",
        "session_1": [{"speaker": "Ann", "dia_id": f"D1:{n}", "text": text} for n, text in enumerate(turns, 1)],
    }  # fmt: skip
    asked = [
        {"question": "Where does Ann live?", "answer": "Bern", "evidence": ["D1:1"], "category": 4},
        {"question": "What did Ann buy?", "answer": "an oboe", "evidence": ["D1:2"], "category": 4},
        {"question": "Who is Ida?", "answer": "Ann's sister", "evidence": ["D1:3"], "category": 1},
        {"question": "What did Ben buy?", "adversarial_answer": "an oboe", "evidence": ["D1:2"], "category": 5},
    ]
    file = tmp_path / "talk.json"
    file.write_text(json.dumps([{"sample_id": "one", "conversation": talk, "qa": asked}]), encoding="utf-8")
    return file


def scripted(body: dict[str, Any]) -> Any:
    """Answers by what it is shown, and judges by equality."""
    told = body["messages"][-1]["content"]
    if told.startswith("{") and '"expected"' in told:
        asked = json.loads(told)
        return json.dumps({"correct": asked["expected"].split()[-1] in asked["answer"]})
    question = told.rpartition("Question: ")[2]
    if "Where" in question:
        return "Bern" if "Bern" in told else "nowhere"
    if "Ann buy" in question:
        return "a drum"
    return "Ann's sister" if "Ida" in question else "That was never said."


def test_it_answers_judges_and_counts(end_to_end: Any, data: Path, tmp_path: Path) -> None:
    with OpenAIServer(scripted) as server:
        found = end_to_end.main(arguments(server, data, tmp_path / "run"))
    assert found["right"]["all"] == {"share": 0.75, "questions": 4}
    assert found["right"]["single-hop"]["share"] == 0.5
    assert found["right"]["adversarial"]["share"] == 1.0
    assert found["tokens per question"] > 50
    assert found["ms"]["search"]["p50"] > 0


def test_it_goes_on_where_it_was_ended(end_to_end: Any, data: Path, tmp_path: Path) -> None:
    calls = 0

    def ends(body: dict[str, Any]) -> Any:
        nonlocal calls
        calls += 1
        return Fault(401, "the key has run out") if calls > 4 else scripted(body)

    with OpenAIServer(ends) as server, pytest.raises(Exception, match="run out"):
        end_to_end.main(arguments(server, data, tmp_path / "run"))
    log = tmp_path / "run" / "answers.jsonl"
    assert len(log.read_text().splitlines()) == 2
    with log.open("a") as cut:
        cut.write('{"owner": "one", "num')
    with OpenAIServer(scripted) as server:
        found = end_to_end.main(arguments(server, data, tmp_path / "run"))
        assert len(server.requests) == 4
    assert found["right"]["all"]["questions"] == 4
    assert [json.loads(line)["number"] for line in log.read_text().splitlines()] == [0, 1, 2, 3]


def test_the_model_may_read_the_talk_too(end_to_end: Any, data: Path, tmp_path: Path) -> None:
    def reads(body: dict[str, Any]) -> Any:
        told = body["messages"][-1]["content"]
        if '"memories"' in told:
            return json.dumps({"facts": [{"text": "Ann lives in Bern", "sources": [1]}], "ended": []})
        return scripted(body)

    with OpenAIServer(reads) as server:
        found = end_to_end.main([*arguments(server, data, tmp_path / "run"), "--extract", "--most", "1", "--json"])
    assert found["right"]["all"] == {"share": 1.0, "questions": 1}


def test_longmemeval_is_asked_at_its_day(end_to_end: Any, tmp_path: Path) -> None:
    turns = [{"role": "user", "content": "I moved to Bern."}, {"role": "assistant", "content": "A fine town."}]
    asked = {
        "question_type": "single-session-user", "question_date": "2023/06/01 (Thu) 10:00", "answer_session_ids": ["s"],
        "haystack_session_ids": ["s"], "haystack_dates": ["2023/05/20 (Sat) 02:21"],
    }  # fmt: skip
    said = [{**turns[0], "has_answer": True}, turns[1]]
    file = tmp_path / "talks.json"
    questions = [
        {"question_id": "q1", "question": "Where do I live?", "answer": "Bern", "haystack_sessions": [said], **asked},
        {"question_id": "q2", "question": "Where is it?", "answer": "Bern", "haystack_sessions": [turns], **asked},
        {"question_id": "q3_abs", "question": "Who is Max?", "answer": "", "haystack_sessions": [turns], **asked},
    ]
    file.write_text(json.dumps(questions), encoding="utf-8")
    with OpenAIServer(scripted) as server:
        given = ["--longmemeval", str(file), *arguments(server, file, tmp_path / "run")[2:], "--json"]
        found = end_to_end.main(given)
        assert any("Today is 2023-06-01" in body["messages"][0]["content"] for body in server.requests)
    assert found["right"]["single-session-user"] == {"share": 1.0, "questions": 2}
    assert found["right"]["abstention"] == {"share": 1.0, "questions": 1}


def arguments(server: OpenAIServer, data: Path, folder: Path) -> list[str]:
    llm = {"provider": "openai", "config": {"base_url": server.base_url, "api_key": "k", "model": "m"}}
    return ["--locomo", str(data), "--llm", json.dumps(llm), "--folder", str(folder)]
