"""The edge of the program: exit codes, one line for an error, terminals and pipes, and the real command."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import memlayer.cli
from memlayer import errors
from memlayer.cli import app, desk

Command = Callable[..., Any]
HERE = ("--user", "alice")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.NotFoundError(""), 1),
        (errors.ConfigurationError(""), 2),
        (errors.MissingDependencyError("a", "b"), 2),
        (errors.FilterError(""), 2),
        (errors.UnsupportedError(""), 2),
        (errors.DimensionMismatchError(""), 2),
        (FileNotFoundError(""), 2),
        (errors.ConflictError(""), 3),
        (errors.ImmutableError(""), 3),
        (errors.BackendError(""), 4),
        (errors.BackendUnavailableError(""), 4),
        (errors.BackendTimeoutError(""), 4),
        (errors.ModelError(""), 5),
        (errors.ExtractionError(""), 5),
        (KeyError(""), 70),
    ],
)
def test_each_class_of_errors_has_its_code(error: Exception, code: int) -> None:
    assert app.code_of(error) == code
    assert str(code) in app.CODES


@pytest.mark.parametrize(
    ("arguments", "mend"),
    [
        (("frobnicate",), "No such command 'frobnicate'. (memlayer --help)"),
        (("--path", "x.db", "list"), "--path comes after the command: memlayer COMMAND --path … (memlayer --help)"),
        (("--paht", "x.db", "list"), "No such option '--paht'."),
        (("search", "x"), "Whose memory? Name --user, --agent, --run or --app. (memlayer search --help)"),
        (("search", *HERE), "Missing argument 'QUERY'. (memlayer search --help)"),
        (("search", "x", "--user", " "), "blank"),
        (("search", "x", "--user", "*"), "*"),
        (("search", "x", *HERE, "--limit", "0"), "0 is not in the range"),
        (("search", "x", *HERE, "--filter", "{"), "--filter is no JSON"),
        (("search", "x", *HERE, "--filter", "[" * 100_000), "--filter is nested too deep"),
        (("search", "x", *HERE, "--filter", "[]"), "--filter must be a JSON object"),
        (("search", "x", *HERE, "--filter", '{"created_at": {"after": 1}}'), "after"),
        (("search", "x", *HERE, "--as-of", "soon"), "as_of"),
        (("search", "x", *HERE, "--kind", "dream"), "is not one of"),
        (("import", "missing.json"), "missing.json: No such file or directory"),
        (("doctor", "--config", "missing.json"), "missing.json: No such file or directory"),
    ],
)
def test_wrong_usage_is_one_line_with_the_mend(arguments: tuple[str, ...], mend: str, memlayer: Command) -> None:
    said = memlayer(*arguments)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("error: ")
    assert len(said.err.splitlines()) == 1
    assert mend in said.err
    assert "Traceback" not in said.err


def test_the_bare_command_is_help(memlayer: Command) -> None:
    said = memlayer()
    assert said == memlayer("--help") == memlayer("help")
    assert memlayer("help", "search") == memlayer("search", "--help")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("Usage: memlayer [OPTIONS] COMMAND")


@pytest.mark.parametrize("command", [("import",), ("list", *HERE, "--config"), ("add", *HERE, "--file")])
def test_bytes_that_are_no_text_are_wrong_usage(memlayer: Command, tmp_path: Path, command: tuple[str, ...]) -> None:
    file = tmp_path / "bytes.json"
    file.write_bytes(b"\xff\xfe{")
    said = memlayer(*command, file)
    assert (said.code, said.out) == (2, "")
    assert "bytes.json is no UTF-8 text: invalid start byte at byte 0" in said.err


def test_a_damaged_memory_says_what_to_do_and_spares_an_older_backup(
    memlayer: Command, home: Path, tmp_path: Path
) -> None:
    memlayer("add", *HERE, "I live in Rome.")
    copy = tmp_path / "copy.db"
    assert memlayer("backup", copy).code == 0
    good = copy.read_bytes()
    file = home / "memory.db"
    file.write_bytes(good[:8192] + b"\xab" * (len(good) - 8192))
    for command in (("list", *HERE), ("verify",), ("backup", copy)):
        said = memlayer(*command)
        assert (said.code, said.out) == (4, "")
        assert "the file is damaged: put a backup in its place" in said.err
    assert copy.read_bytes() == good
    assert memlayer("list", *HERE, "--path", copy).code == 0


def test_a_store_that_cannot_be_written_is_one_line(memlayer: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = memlayer("add", *HERE, "I live in Rome.", "--path", tmp_path / "file" / "memory.db")
    assert said.code == 4
    assert len(said.err.splitlines()) == 1
    (tmp_path / "other.db").write_bytes(b"something else, and long enough to be read" * 50)
    assert memlayer("list", *HERE, "--path", tmp_path / "other.db").code == 2


def test_debug_shows_where(memlayer: Command) -> None:
    said = memlayer("get", "missing", "--debug")
    assert said.code == 1
    assert "Traceback" in said.err
    assert said.err.rstrip().endswith("no memory has the id 'missing'")


def test_an_error_of_ours_says_that_it_is_ours(memlayer: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("two\nlines")

    monkeypatch.setattr("memlayer.Memory.users", broken)
    said = memlayer("users")
    assert said.code == 70
    assert said.err == "error: ZeroDivisionError: two lines (an error in memlayer; --debug shows where)\n"


def test_stopping_is_no_error(memlayer: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("memlayer.Memory.users", stopped)
    said = memlayer("users")
    assert (said.code, said.out, said.err.strip()) == (130, "", "Stopped.")


def test_stopping_while_it_is_loaded_is_no_error(memlayer: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stopping:
        def find_spec(self, name: str, *_: Any) -> None:
            if name == "memlayer.cli.app":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "memlayer.cli.app")
    monkeypatch.setattr(sys, "meta_path", [Stopping(), *sys.meta_path])
    said = memlayer("users")
    assert (said.code, said.out, said.err) == (130, "", "Stopped.\n")


def test_a_foreign_package_is_named_by_every_command(memlayer: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    found = "memlayer 9.9 is in the way. Mend: pip uninstall memlayer"
    monkeypatch.setattr(sys.modules["memlayer._clash"], "clash", lambda: found)
    for command in ("doctor", "demo", "--help"):
        said = memlayer(command)
        assert (said.code, said.out) == (2, "")
        assert said.err == "error: memlayer 9.9 is in the way. Mend: pip uninstall memlayer\n"


def test_a_configuration_names_the_parts_and_path_wins(memlayer: Command, tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text('{"path": "elsewhere.db", "custom_categories": [{"boats": "ships and sails"}]}')
    assert memlayer("add", *HERE, "I live in Rome.", "--config", config, "--path", tmp_path / "mine.db").code == 0
    assert (tmp_path / "mine.db").exists()
    config.write_text('{"pth": "elsewhere.db"}')
    said = memlayer("users", "--config", config)
    assert said.code == 2
    assert "did you mean 'path'?" in said.err
    config.write_text("[]")
    assert memlayer("users", "--config", config).code == 2


def test_text_of_a_memory_cannot_steer_the_terminal(memlayer: Command) -> None:
    text = "My name is \x1b[31mRed\x1b[0m\x07 [bold]and[/bold] :smile: \x9b2J"
    memlayer("add", *HERE, "--raw", text)
    out = memlayer("list", *HERE).out
    assert "\x1b" not in out
    assert "\x07" not in out
    assert "\x9b" not in out
    assert "[bold]and[/bold] :smile:" in out


def test_long_lines_stay_whole_in_a_pipe(memlayer: Command) -> None:
    text = "word " * 60 + "end"
    memlayer("add", *HERE, "--raw", text)
    assert text in memlayer("list", *HERE).out


# The real command, in a process of its own


def process(*arguments: str, **other: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "error", "-m", "memlayer", *arguments]
    return subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stderr=subprocess.PIPE, **other)


def test_the_command_reads_a_pipe_and_writes_one(home: Path) -> None:
    adding = process("add", *HERE, stdout=subprocess.PIPE)
    out, err = adding.communicate("I live in Lisbon.\n", timeout=60)
    assert (adding.returncode, err) == (0, "")
    assert out.startswith("+ Lives in Lisbon\n")
    listing = process("list", "--user", "bob", stdout=subprocess.PIPE)
    out, err = listing.communicate(timeout=60)
    assert (listing.returncode, out, err) == (1, "", "Nothing found.\n")


@pytest.mark.parametrize(
    ("command", "code", "told"),
    [
        ("list --user alice >&-", 0, ""),
        ("list --user alice --json >&-", 0, ""),
        ("export --user alice >&- 2>&-", 0, ""),
        ("export --user alice /dev/stdout | grep -q Lisbon", 0, ""),
        ("add 'I like tea.' --user alice <&- >&- 2>&-", 0, ""),
        ("add --user alice <&-", 2, "error: Nothing to add: the text is empty. (memlayer add --help)\n"),
        ("import - <&-", 2, "error: the file - is no JSON: Expecting value: line 1 column 1 (char 0)"),
        ("erase --user alice <&-", 130, "Stopped."),
    ],
)
def test_streams_that_were_closed_are_no_error(
    memlayer: Command, alice: dict[str, str], command: str, code: int, told: str
) -> None:
    shell = f'exec "{sys.executable}" -W error -m memlayer {command}'
    done = subprocess.run(["/bin/sh", "-c", shell], check=False, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (code, "")
    assert told in done.stderr if told else done.stderr == ""
    assert memlayer("verify").code == 0


@pytest.mark.parametrize(
    "command", [("add", *HERE), ("add", *HERE, "--file", "-"), ("import", "-"), ("list", *HERE, "--config", "-")]
)
def test_a_pipe_of_bytes_that_are_no_text_is_wrong_usage(home: Path, command: tuple[str, ...]) -> None:
    running = [sys.executable, "-W", "error", "-m", "memlayer", *command]
    strict = os.environ | {"PYTHONIOENCODING": "utf-8:strict"}
    done = subprocess.run(running, check=False, input=b"\xff\xfe{", capture_output=True, env=strict, timeout=60)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"the standard input is no UTF-8 text: invalid start byte at byte 0" in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is full")
@pytest.mark.parametrize("command", ["list", "list --json", "export", "--help"])
def test_an_output_that_is_full_is_one_line(memlayer: Command, alice: dict[str, str], command: str) -> None:
    """Python tried to write the rest once more at the end, and said so in a traceback."""
    arguments = [*command.split(), *(() if command == "--help" else HERE)]
    with Path("/dev/full").open("w") as full:
        listing = process(*arguments, stdout=full, env=os.environ | {"PYTHONUNBUFFERED": ""})
        _, err = listing.communicate(timeout=60)
    assert (listing.returncode, err) == (2, "error: No space left on device\n")


def test_a_reader_that_goes_away_is_no_error(memlayer: Command) -> None:
    for number in range(30):
        memlayer("add", *HERE, "--raw", f"{number} " + "word " * 2000)
    reading, writing = os.pipe()
    os.close(reading)
    listing = process("list", *HERE, stdout=writing)
    os.close(writing)
    _, err = listing.communicate(timeout=60)
    assert (listing.returncode, err) == (141, "")


def on_a_terminal(*arguments: str, **variables: str) -> str:
    """What the command prints on a terminal."""
    mother, child = pty.openpty()
    kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "TERM")}
    running = process(*arguments, stdout=child, env=kept | {"TERM": "xterm-256color", "COLUMNS": "60"} | variables)
    os.close(child)
    said = b""
    while True:
        try:
            part = os.read(mother, 65536)
        except OSError:  # the other side is closed: Linux says so with an error
            break
        if not part:
            break
        said += part
    os.close(mother)
    running.communicate(timeout=60)
    assert running.returncode == 0
    return said.decode()


def test_colours_are_for_terminals_that_want_them(memlayer: Command, alice: dict[str, str]) -> None:
    assert "\x1b[" in on_a_terminal("list", *HERE)
    assert "\x1b[3" not in on_a_terminal("list", *HERE, NO_COLOR="1")
    assert "\x1b" not in memlayer("list", *HERE).out


def test_main_answers_with_a_code() -> None:
    assert memlayer.cli.main(["--version"]) == 0
    assert desk.many(1, "memory", "memories") == "1 memory"
    assert desk.many(2000, "memory", "memories") == "2,000 memories"
