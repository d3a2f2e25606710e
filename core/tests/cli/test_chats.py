"""Files of chats: what is read out of them, that they can be added again, and what is refused."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from memlayer.cli import chats

Command = Callable[..., Any]
HERE = ("--user", "alice")
CHAT = [
    {"role": "user", "content": "I live in Lisbon.", "timestamp": "2024-01-10T10:00:00Z"},
    {"role": "assistant", "content": "Lovely!"},
    {"role": "user", "content": "I am allergic to nuts."},
]


def node(name: str, parent: str | None, *children: str, **message: Any) -> dict[str, Any]:
    told = (
        {"id": name, "metadata": {}, "content": {"content_type": "text", "parts": []}, **message} if message else None
    )
    return {"id": name, "message": told, "parent": parent, "children": list(children)}


def said(role: str, *parts: Any, at: float | None = None, kind: str = "text", hidden: bool = False) -> dict[str, Any]:
    return {
        "author": {"role": role},
        "create_time": at,
        "content": {"content_type": kind, "parts": list(parts)},
        "metadata": {"is_visually_hidden_from_conversation": hidden},
    }


CHATGPT = {
    "title": "Kitchen",
    "create_time": 1704880800.0,
    "conversation_id": "c-1",
    "current_node": "n6",
    "mapping": {
        "root": node("root", None, "n1"),
        "n1": node("n1", "root", "n2", **said("system", "You are ChatGPT.", hidden=True)),
        "n2": node("n2", "n1", "n3", "n3b", **said("user", "I am allergic to hazelnuts.", at=1704880900.0)),
        "n3b": node("n3b", "n2", **said("assistant", "The answer that was thrown away.", at=1704880950.0)),
        "n3": node("n3", "n2", "n4", **said("assistant", "browse()", kind="code")),
        "n4": node("n4", "n3", "n5", **said("assistant", "Noted.", at=1704880960.0)),
        "n5": node("n5", "n4", "n6", **said("user", {"image": 1}, "I live in Ghent.", kind="multimodal_text")),
        "n6": node("n6", "n5", **said("assistant", "")),
    },
}  # fmt: skip


def test_a_chat_is_known_by_its_name_and_one_that_is_missing_is_no_memory(memlayer: Command, tmp_path: Path) -> None:
    file = tmp_path / "chat.json"
    file.write_text(json.dumps(CHAT))
    assert memlayer("add", file, *HERE).code == 0
    assert "Lives in Lisbon" in memlayer("list", *HERE).out
    missing = memlayer("add", tmp_path / "none.jsonl", *HERE)
    assert (missing.code, "no such file" in missing.err) == (2, True)
    assert memlayer("add", "I", "like", "data.json", *HERE).code == 0


def test_json_and_json_lines_are_one_chat() -> None:
    lines = "\n".join(json.dumps(message) for message in CHAT)
    for text in (json.dumps(CHAT), lines, f"\n{lines}\n\n", json.dumps({"messages": CHAT})):
        (found,) = chats.conversations(text, "x")
        assert [message["content"] for message in found.messages] == [message["content"] for message in CHAT]
        assert found.messages[0]["timestamp"] == "2024-01-10T10:00:00Z"
        assert found.run is None
        assert len({message["id"] for message in found.messages}) == 3


def test_conversations_keep_apart() -> None:
    text = "\n".join(json.dumps({"id": n, "messages": CHAT[n:]}) for n in range(2))
    assert [(c.run, len(c.messages)) for c in chats.conversations(text, "x")] == [("0", 3), ("1", 2)]
    assert len(chats.conversations(json.dumps([CHAT, CHAT[:1], []]), "x")) == 2


def test_a_message_s_own_id_stays_and_others_come_from_what_was_said_so_far() -> None:
    (first,) = chats.conversations(json.dumps([{**CHAT[0], "id": "mine"}, CHAT[0], CHAT[0]]), "x")
    assert first.messages[0]["id"] == "mine"
    assert first.messages[1]["id"] != first.messages[2]["id"]
    (grown,) = chats.conversations(json.dumps([*CHAT, {"role": "user", "content": "And?"}]), "x")
    (short,) = chats.conversations(json.dumps(CHAT), "x")
    assert grown.messages[:3] == short.messages


def test_chatgpt_gives_the_branch_that_was_last_seen() -> None:
    (found,) = chats.conversations(json.dumps([CHATGPT]), "conversations.json")
    assert found.run == "c-1"
    assert found.messages == [
        {"role": "user", "content": "I am allergic to hazelnuts.", "timestamp": 1704880900.0, "id": "n2"},
        {"role": "assistant", "content": "Noted.", "timestamp": 1704880960.0, "id": "n4"},
        {"role": "user", "content": "I live in Ghent.", "timestamp": 1704880800.0, "id": "n5"},
    ]


def test_chatgpt_without_a_current_node_ends_in_the_newest_leaf() -> None:
    old = {key: value for key, value in CHATGPT.items() if key != "current_node"}
    (found,) = chats.conversations(json.dumps([old]), "conversations.json")
    assert [message["id"] for message in found.messages] == ["n2", "n3b"]


def test_chatgpt_s_zip_and_a_ring_of_parents_are_read(tmp_path: Path) -> None:
    ring = {"current_node": "a", "mapping": {"a": node("a", "b", **said("user", "Hi")), "b": node("b", "a")}}
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        archive.writestr("2024/conversations.json", json.dumps([CHATGPT, ring]))
    first, second = chats.read(str(tmp_path / "export.zip"))
    assert len(first.messages) == 3
    assert [message["content"] for message in second.messages] == ["Hi"]


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        ("", "neither JSON nor JSON lines"),
        ("Hello", "neither JSON nor JSON lines"),
        ('{"role": "user"', "line 1 is no JSON"),
        ('{"role": "user", "content": "a"}\n{"role": ', "line 2 is no JSON"),
        ('"Hello"', "must hold a list of messages"),
        ('[{"role": "user"}]', 'x, message 1 must be a dict such as {"role"'),
        ("[7]", "x, message 1 must be a dict"),
        ('[{"messages": [{"text": "a"}]}]', "x, message 1 must be a dict"),
        ('[{"mapping": []}]', "is it a ChatGPT export?"),
        ("[" * 100_000 + "]" * 100_000, "x is nested too deep"),
        ('{"role": "user", "content": "a"}\n' + "[" * 100_000, "x, line 2 is nested too deep"),
    ],
)
def test_what_is_no_chat_is_refused_with_its_place(text: str, mend: str) -> None:
    with pytest.raises(click.UsageError) as refused:
        chats.conversations(text, "x")
    assert mend in refused.value.message


@pytest.mark.parametrize("odd", [5, "a", [], ["a"], {"a": 5}, {"role": ["user"]}, None])
@pytest.mark.parametrize("place", ["current_node", "parent", "message", "author", "content", "parts", "create_time"])
def test_odd_values_in_an_export_of_chatgpt_are_nobody_s_words(place: str, odd: Any) -> None:
    talk = json.loads(json.dumps(CHATGPT))
    node = talk["mapping"]["n5"]
    holds: dict[str, Any] = {"current_node": talk, "parent": node, "message": node, "create_time": node["message"]}
    holds |= {"author": node["message"], "content": node["message"], "parts": node["message"]["content"]}
    holds[place][place] = odd
    for exported in (talk, {key: value for key, value in talk.items() if key != "current_node"}):
        for found in chats.conversations(json.dumps([exported]), "conversations.json"):
            assert all(isinstance(message["content"], str) for message in found.messages)


@pytest.mark.parametrize("how", ["damaged", "cut", "encrypted"])
def test_a_zip_that_cannot_be_unpacked_is_refused(tmp_path: Path, how: str) -> None:
    file = tmp_path / "export.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("conversations.json", json.dumps([CHATGPT]))
    raw = bytearray(file.read_bytes())
    if how == "encrypted":
        raw[6] |= 1
        raw[raw.index(b"PK\x01\x02") + 8] |= 1
    elif how == "damaged":
        raw[60:80] = b"\xff" * 20
    else:
        raw[40:200] = b""
    file.write_bytes(raw)
    with pytest.raises(click.UsageError, match="cannot be unpacked"):
        chats.read(str(file))


def test_a_zip_without_conversations_and_other_bytes_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        archive.writestr("readme.txt", "")
    (tmp_path / "chat.json").write_bytes(b'["\xff"]')
    for name, mend in (("export.zip", "holds no conversations.json"), ("chat.json", "is no UTF-8 text")):
        with pytest.raises(click.UsageError, match=mend):
            chats.read(str(tmp_path / name))


def test_a_file_is_added_once_and_what_it_grows_by_later(memlayer: Command, tmp_path: Path) -> None:
    file = tmp_path / "chat.jsonl"
    file.write_text("\n".join(json.dumps(message) for message in CHAT), encoding="utf-8")
    first = memlayer("add", "--file", file, *HERE)
    assert first.code == 0
    assert "+ Lives in Lisbon" in first.out
    assert first.out.splitlines()[-1] == "3 messages kept, 2 memories changed."
    again = memlayer("add", "--file", file, *HERE)
    assert again.out == "0 messages kept; 3 known or empty, 0 memories changed.\n"
    with file.open("a", encoding="utf-8") as target:
        target.write('\n{"role": "user", "content": "I have a cat named Pixel."}')
    grown = memlayer("add", "--file", file, *HERE)
    assert grown.out.splitlines()[-1] == "1 message kept; 3 known or empty, 1 memory changed."


def test_each_conversation_of_an_export_is_a_run(memlayer: Command, tmp_path: Path) -> None:
    (tmp_path / "conversations.json").write_text(json.dumps([CHATGPT]), encoding="utf-8")
    assert memlayer("add", "-f", tmp_path / "conversations.json", *HERE).code == 0
    found = memlayer("list", *HERE, "--json").json["results"]
    assert {row["run_id"] for row in found} == {"c-1"}
    assert {row["created_at"][:10] for row in found} == {"2024-01-10"}
    assert memlayer("add", "-f", tmp_path / "conversations.json", *HERE, "--run", "mine").code == 0
    told = memlayer("list", *HERE, "--run", "mine", "--kind", "episode", "--json").json["results"]
    assert len(told) == 3


def test_a_text_file_is_one_message_and_the_standard_input_a_chat(memlayer: Command, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("I live in Oslo.\n", encoding="utf-8")
    assert memlayer("add", "-f", tmp_path / "notes.txt", *HERE).out.startswith("+ Lives in Oslo\n")
    assert "allergic" in memlayer("add", "-f", "-", *HERE, stdin=json.dumps(CHAT)).out
    both = memlayer("add", "-f", "-", *HERE, "and a text")
    assert (both.code, both.err) == (2, "error: Give a text or --file, not both. (memlayer add --help)\n")
    missing = memlayer("add", "-f", tmp_path / "missing.json", *HERE)
    assert (missing.code, missing.err) == (2, f"error: {tmp_path / 'missing.json'}: No such file or directory\n")
