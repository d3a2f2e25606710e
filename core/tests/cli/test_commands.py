"""Every command: what it prints, what it prints as JSON, and how it ends."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from memlayer import Memory, __version__
from memlayer.cli.app import app

Command = Callable[..., Any]
HERE = ("--user", "alice")


def test_add_says_what_became_of_each_fact(memlayer: Command, alice: dict[str, str]) -> None:
    said = memlayer("add", *HERE, "I moved to Berlin.")
    assert said.code == 0
    assert said.out.splitlines()[0] == "~ Moved to Berlin   was: Lives in Lisbon"
    assert said.out.splitlines()[-1] == "1 message kept, 1 memory changed."


def test_add_takes_the_standard_input(memlayer: Command) -> None:
    assert memlayer("add", *HERE, stdin="I am allergic to nuts.\n").out.startswith("+ Is allergic to nuts\n")
    assert memlayer("add", *HERE, "-", stdin="I live in Rome.").out.startswith("+ Lives in Rome\n")


@pytest.mark.parametrize("stdin", ["", " \n"])
def test_add_refuses_nothing(stdin: str, memlayer: Command) -> None:
    said = memlayer("add", *HERE, stdin=stdin)
    assert (said.code, said.out) == (2, "")
    assert said.err == "error: Nothing to add: the text is empty. (memlayer add --help)\n"


def test_add_keeps_words_dates_metadata_and_protection(memlayer: Command) -> None:
    said = memlayer(
        "add", *HERE, "--raw", "--timestamp", "2024-02-03", "--expires", "2999-12-31", "--immutable",
        "--category", "plans", "--metadata", '{"topic": "boats"}', "--json", "We sail at dawn, said the captain.",
    )  # fmt: skip
    (row,) = said.json["results"]
    found = memlayer("get", row["id"], "--json").json
    assert found["memory"] == "We sail at dawn, said the captain."
    assert found["created_at"].startswith("2024-02-03")
    assert found["expiration_date"] == "2999-12-31"
    assert (found["immutable"], found["categories"], found["metadata"]) == (True, ["plans"], {"topic": "boats"})
    refused = memlayer("update", row["id"], "We sail at noon.")
    assert refused.code == 3
    assert "immutable" in refused.err


def test_search_prints_the_best_first(memlayer: Command, alice: dict[str, str]) -> None:
    said = memlayer("search", "allergies", *HERE, "-n", "1")
    assert said.code == 0
    first, second = said.out.splitlines()
    assert first[:2] == "0."
    assert first.endswith("  Is allergic to hazelnuts")
    assert second.endswith(alice["Is allergic to hazelnuts"])
    assert "2024-01-10" in second
    found = memlayer("search", "allergies", *HERE, "--json").json["results"]
    assert found[0]["id"] == alice["Is allergic to hazelnuts"]


def test_search_explains(memlayer: Command, alice: dict[str, str]) -> None:
    assert " meaning\n" in memlayer("search", "allergies", *HERE, "-n", "1", "--explain").out


def test_search_that_finds_nothing_says_so_beside_the_answer(memlayer: Command, home: Path) -> None:
    said = memlayer("search", "anything", *HERE)
    assert (said.code, said.out) == (1, "")
    assert said.err == f"Nothing found. There is no memory at {home / 'memory.db'} yet.\n"
    assert not home.exists()
    said = memlayer("search", "anything", *HERE, "--json")
    assert (said.code, said.json, said.err) == (1, {"results": []}, "")


def test_search_narrows(memlayer: Command, alice: dict[str, str]) -> None:
    memlayer("add", *HERE, "--timestamp", "2024-06-01", "I moved to Berlin.")
    assert "Berlin" not in memlayer("search", "home", *HERE, "--as-of", "2024-03-01").out
    assert "Lives in Lisbon (until 2024-06-01)" in memlayer("search", "home", *HERE, "--as-of", "2024-03-01").out
    assert memlayer("search", "home", *HERE, "--known-at", "2020-01-01").code == 1
    assert memlayer("search", "home", *HERE, "--kind", "episode", "-n", "9").out.count("episode") == 2
    only = memlayer("search", "home", *HERE, "--category", "health").out.splitlines()
    assert len(only) == 2
    assert "hazelnuts" in only[0]
    assert (
        memlayer("search", "home", *HERE, "--filter", '{"created_at": {"gte": "2024-05-01"}}', "--json")
        .json["results"][0]["memory"]
        .startswith("Moved to Berlin")
    )
    assert memlayer("search", "home", *HERE, "--threshold", "1").code == 1


def test_another_user_sees_nothing(memlayer: Command, alice: dict[str, str]) -> None:
    assert memlayer("search", "allergies", "--user", "bob").code == 1
    assert memlayer("list", "--user", "bob").code == 1
    said = memlayer("get", alice["Lives in Lisbon"], "--user", "bob")
    assert said.code == 1
    assert said.err.startswith("error: no memory has the id")


def test_context_is_a_block_for_a_prompt(memlayer: Command, alice: dict[str, str]) -> None:
    said = memlayer("context", "allergies", *HERE)
    assert said.out.startswith("<memories>\n")
    assert "Is allergic to hazelnuts" in said.out
    assert memlayer("context", "allergies", *HERE, "--json").json["context"].startswith("<memories>")
    assert memlayer("context", "allergies", "--user", "bob").code == 1


def test_list_pages(memlayer: Command, alice: dict[str, str]) -> None:
    said = memlayer("list", *HERE, "-n", "3")
    assert said.code == 0
    assert len(said.out.splitlines()) == 6
    assert said.err == "3 of 4 memories; the next ones: --page 2\n"
    assert len(memlayer("list", *HERE, "-n", "3", "--page", "2").out.splitlines()) == 2
    assert memlayer("list", *HERE, "--json").json["count"] == 4


def test_get_shows_where_a_memory_comes_from(memlayer: Command, alice: dict[str, str]) -> None:
    said = memlayer("get", alice["Lives in Lisbon"])
    lines = said.out.splitlines()
    assert lines[0] == "Lives in Lisbon"
    assert "  true        since 2024-01-10" in lines
    assert "  of          user alice" in lines
    assert lines[-1].startswith("  from        user: I live in Lisbon.")


def test_get_does_not_show_a_message_that_was_deleted(memlayer: Command, alice: dict[str, str]) -> None:
    fact = alice["Lives in Lisbon"]
    (source,) = memlayer("get", fact, "--json").json["sources"]
    assert "My brother Luca" in memlayer("get", fact).out
    assert memlayer("delete", source["episode_id"]).code == 0
    said = memlayer("get", fact)
    assert (said.code, "My brother Luca" in said.out) == (0, False)


def test_update_delete_and_history(memlayer: Command, alice: dict[str, str]) -> None:
    memory_id = alice["Lives in Lisbon"]
    assert memlayer("update", memory_id, "Lives in Porto").out == "~ Lives in Porto\n"
    assert memlayer("update", memory_id, "--metadata", '{"checked": true}', "--json").json["metadata"] == {
        "checked": True
    }
    assert memlayer("update", memory_id).code == 2
    assert memlayer("delete", memory_id).out == "- Lives in Porto\n"
    assert "Porto" not in memlayer("list", *HERE).out
    events = [line.split()[1] for line in memlayer("history", memory_id).out.splitlines() if not line.startswith(" ")]
    assert events[0] == "DELETE"
    assert events[-1] == "ADD"
    assert [row["event"] for row in memlayer("history", memory_id, "--json").json] == events


def test_the_first_letters_of_an_id_stand_for_it(memlayer: Command, alice: dict[str, str]) -> None:
    """The help shows ids like 6f1d…, and none of them was one."""
    lisbon = alice["Lives in Lisbon"]
    rows = {"results": [{"id": f"near-{n}", "memory": f"Likes tea {n}", "user_id": "bob"} for n in ("a", "ab", "b")]}
    memlayer("import", "-", stdin=json.dumps(rows))
    for start in (lisbon, lisbon[:8], f"{lisbon[:8]}…"):
        assert memlayer("get", start, "--json").json["id"] == lisbon
        assert memlayer("history", start, "--json").json[0]["memory_id"] == lisbon
    assert memlayer("get", "near-a", "--json").json["memory"] == "Likes tea a"  # the whole of one comes first
    said = memlayer("get", "near")
    assert (said.code, said.err) == (2, "error: More than one id begins with near; give more of it.\n")
    assert memlayer("get", "nea").code == memlayer("get", lisbon[:8], "--user", "bob").code == 1
    other = {"results": [{"id": "near-z", "memory": "Likes rye", "user_id": "carl"}]}
    memlayer("import", "-", stdin=json.dumps(other))
    assert memlayer("get", "near", "--user", "carl", "--json").json["memory"] == "Likes rye"  # it is Carl's only one
    said = memlayer("get", "near", "--user", "alice")
    assert (said.code, "near-" in said.err) == (1, False)
    assert memlayer("get", "\udcff" * 5).code != 70  # bytes that are no text
    assert memlayer("update", lisbon[:8], "Lives in Porto").out == "~ Lives in Porto\n"
    assert memlayer("delete", lisbon[:8], lisbon, "--json").json["results"] == [
        {"id": lisbon, "memory": "Lives in Porto", "event": "DELETE"}
    ]


def test_delete_is_all_or_none(memlayer: Command, alice: dict[str, str]) -> None:
    said = memlayer("delete", alice["Lives in Lisbon"], "no-such-id")
    assert (said.code, said.out) == (1, "")
    assert "Lives in Lisbon" in memlayer("list", *HERE).out


def test_profile_graph_and_users(memlayer: Command, alice: dict[str, str]) -> None:
    said = memlayer("profile", *HERE)
    assert said.out.splitlines()[0].strip() == "alice"
    assert ["lives", "in", "Lisbon"] in [line.split() for line in said.out.splitlines()]
    assert memlayer("profile", *HERE, "--json").json["profile"]["lives_in"] == "Lisbon"
    drawn = memlayer("graph", *HERE).out.splitlines()
    assert drawn[0] == "alice"
    assert "├── has sibling Luca" in drawn
    assert "│   └── lives in Turin" in drawn
    assert {"alice", "Luca"} == {edge["source"] for edge in memlayer("graph", *HERE, "--json").json["relations"]}
    assert memlayer("users").out == "user  alice\n"
    for command in ("profile", "graph"):
        assert memlayer(command, "--user", "bob").code == 1
        assert memlayer(command, "--user", "bob", "--json").code == 1


def test_nobody_is_nobody(memlayer: Command) -> None:
    assert memlayer("users").code == 1
    assert memlayer("users", "--json").json == {"results": []}


def test_export_and_import_move_a_memory(memlayer: Command, alice: dict[str, str], tmp_path: Path) -> None:
    file, other = tmp_path / "alice.json", tmp_path / "other.db"
    assert memlayer("export", *HERE, file).out == f"5 records and 0 items written to {file}.\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert memlayer("import", file, "--path", other).out == "5 records and 0 items taken in.\n"
    assert memlayer("import", file, "--path", other).out == "0 records and 0 items taken in, 5 known already.\n"
    assert memlayer("list", *HERE, "--path", other).out == memlayer("list", *HERE).out
    piped = memlayer("export", *HERE)
    assert {row["id"] for row in piped.json["records"]} == {
        row["id"] for row in json.loads(file.read_text(encoding="utf-8"))["records"]
    }
    third = tmp_path / "third.db"
    assert memlayer("import", "-", "--path", third, "--json", stdin=piped.out).json == {
        "records": 5, "known": 0, "items": 0
    }  # fmt: skip
    assert memlayer("export", "--user", "bob", tmp_path / "bob.json").code == 1
    assert not (tmp_path / "bob.json").exists()


def test_import_takes_what_another_memory_gave(memlayer: Command, tmp_path: Path) -> None:
    file = tmp_path / "mem0.json"
    file.write_text(json.dumps({"results": [{"id": "1", "memory": "Likes tea", "user_id": "alice"}]}), encoding="utf-8")
    assert memlayer("import", file).code == 0
    assert "Likes tea" in memlayer("list", *HERE).out


def test_backup_is_a_memory(memlayer: Command, alice: dict[str, str], tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    assert memlayer("backup", copy).out.endswith(f" bytes written to {copy}.\n")
    assert memlayer("list", *HERE, "--path", copy).out == memlayer("list", *HERE).out


@pytest.mark.parametrize("command", [
    ("verify",), ("verify", "--json"), ("rebuild",), ("reembed",), ("reextract", *HERE), ("backup", "copy.db"),
    ("erase", *HERE, "--yes"), ("erase", "--everything", "--yes"),
])  # fmt: skip
def test_a_missing_memory_is_told_and_not_made(memlayer: Command, tmp_path: Path, command: tuple[str, ...]) -> None:
    missing = tmp_path / "missing.db"
    said = memlayer(*command, "--path", missing)
    assert (said.code, said.out, said.err) == (1, "", f"error: there is no memory at {missing} yet\n")
    assert list(tmp_path.iterdir()) == []


def test_an_export_is_for_its_owner_alone_and_spares_the_memory(
    memlayer: Command, alice: dict[str, str], home: Path, tmp_path: Path
) -> None:
    file = tmp_path / "alice.json"
    file.write_text("")
    file.chmod(0o644)
    assert memlayer("export", *HERE, file).code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    said = memlayer("export", *HERE, home / "memory.db")
    assert (said.code, "is the memory itself" in said.err) == (2, True)
    assert memlayer("verify").code == 0
    assert memlayer("export", *HERE, "/dev/null").code == 0
    assert stat.S_IMODE(Path("/dev/null").stat().st_mode) == 0o666


def test_an_export_that_fails_spares_an_older_one(
    memlayer: Command, alice: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that was full left half of the new one and nothing of the old one."""
    file, link = tmp_path / "there" / "alice.json", tmp_path / "link.json"
    file.parent.mkdir()
    link.symlink_to(file)
    assert memlayer("export", *HERE, link).code == 0
    older = file.read_bytes()
    memlayer("add", *HERE, "I love tea.")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", str(file.with_name("another name")))

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        said = memlayer("export", *HERE, link)
        assert (said.code, said.err) == (2, f"error: {link}: No space left on device\n")
    assert [path.name for path in file.parent.iterdir()] == ["alice.json"]
    assert file.read_bytes() == older
    assert memlayer("export", *HERE, link).code == 0
    assert b"Loves tea" in file.read_bytes()
    assert link.is_symlink()


def test_json_is_json_where_nothing_is_found(memlayer: Command, alice: dict[str, str]) -> None:
    nobody = ("--user", "nobody", "--json")
    for command in ("search x", "context x", "list", "documents", "profile", "graph", "export"):
        said = memlayer(*command.split(), *nobody)
        assert (said.code, isinstance(said.json, dict), said.err) == (1, True, ""), command


def test_verify_finds_and_repairs(memlayer: Command, alice: dict[str, str], home: Path) -> None:
    assert memlayer("verify").out == f"ok  {home / 'memory.db'}\n"
    with Memory() as memory, memory._core.ledger.database.write() as connection:
        connection.execute("DELETE FROM edges")
    broken = memlayer("verify")
    assert broken.code == 1
    assert "problem: a record that says edges and has none: " in broken.out
    assert broken.err == "memlayer verify --repair rebuilds the indexes.\n"
    assert memlayer("verify", "--json").json["ok"] is False
    assert memlayer("doctor").code == 1
    assert memlayer("verify", "--repair").code == 0
    assert memlayer("verify", "--json").json == {"ok": True, "problems": []}


def test_rebuild_reembed_and_reextract(memlayer: Command, alice: dict[str, str]) -> None:
    before = memlayer("search", "allergies", *HERE).out
    assert memlayer("rebuild").out == "5 records indexed anew.\n"
    assert memlayer("reembed").out.endswith(" records embedded with all-MiniLM-L6-v2/384.\n")
    assert memlayer("search", "allergies", *HERE).out == before
    assert memlayer("reextract", *HERE).out == "0 memories changed.\n"
    assert memlayer("reextract", *HERE, "--everything", "--json").code == 0
    assert memlayer("verify").code == 0


def test_erase_asks(memlayer: Command, alice: dict[str, str]) -> None:
    memlayer("add", "--user", "bob", "I live in Rome.")
    no = memlayer("erase", *HERE, stdin="n\n")
    assert no.code == 130
    assert "Erase everything of user alice (4 facts, 1 message)" in no.out + no.err
    assert memlayer("list", *HERE).code == 0
    yes = memlayer("erase", *HERE, stdin="y\n")
    assert yes.code == 0
    assert yes.out.startswith("Erased: 1 message, 4 facts, ")
    assert memlayer("list", *HERE).code == 1
    assert memlayer("history", alice["Lives in Lisbon"]).code == 1
    assert memlayer("users").out == "user  bob\n"
    assert memlayer("erase", "--user", "bob", "--yes", "--json").json["erased"]
    assert memlayer("verify").code == 0


def test_erase_wants_to_know_whose(memlayer: Command, alice: dict[str, str]) -> None:
    assert memlayer("erase", "--yes").code == 2
    assert memlayer("erase", *HERE, "--everything", "--yes").code == 2
    assert memlayer("erase", "--everything", "--yes").code == 0
    assert memlayer("users").code == 1


def test_doctor_tells_everything(memlayer: Command, alice: dict[str, str], home: Path) -> None:
    said = memlayer("doctor")
    assert said.code == 0
    for part in (
        f"memlayer-core {__version__}", f"memlayer-minilm {__version__}", "all-MiniLM-L6-v2/384",
        str(home / "memory.db"), "schema ", "4 live facts, 1 message", "nothing", "every index agrees",
    ):  # fmt: skip
        assert part in said.out
    assert all(line.startswith("ok ") for line in said.out.splitlines())
    found = memlayer("doctor", "--json").json
    assert found["ok"] is True
    assert {check["name"] for check in found["checks"]} >= {"python", "packages", "embedder", "file", "holds", "verify"}


def test_doctor_without_a_memory_is_content_and_makes_none(memlayer: Command, home: Path) -> None:
    said = memlayer("doctor")
    assert said.code == 0
    assert "not there yet" in said.out
    assert not home.exists()


def test_doctor_names_what_is_wrong(memlayer: Command, alice: dict[str, str], home: Path) -> None:
    os.chmod(home / "memory.db", 0o644)
    with Memory() as memory, memory._core.ledger.database.write() as connection:
        connection.execute("UPDATE meta SET value = 'other/7' WHERE key = 'embedder'")
    said = memlayer("doctor")
    assert said.code == 1
    assert f"chmod 600 '{home / 'memory.db'}'" in said.out
    assert "embedded with other/7, not with all-MiniLM-L6-v2/384" in said.out
    (home / "memory.db").write_bytes(b"no database, this is" * 100)
    said = memlayer("doctor")
    assert said.code == 1
    assert "problem" in said.out
    assert "is no SQLite file" in said.out


def test_every_command_has_help_with_examples_and_takes_path_and_json() -> None:
    assert len(app.commands) == 23
    for name, command in app.commands.items():
        options = {opt for p in command.params if isinstance(p, click.Option) for opt in p.opts}
        assert {"--path", "--json", "--config", "--debug"} <= options, name
        assert command.epilog, name
        assert f"memlayer {name}" in command.epilog, name
        assert len((command.help or "").split("\n")[0]) <= 65, name
