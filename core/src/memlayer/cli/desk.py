"""What every command has: the memory that it works on, whose it is, and how to speak."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click
from rich.console import Console, RenderableType
from rich.text import Text

if TYPE_CHECKING:
    from memlayer import Memory

Command = TypeVar("Command", bound=Callable[..., Any])
Progress = Callable[[int, int], None]

# Text of a memory must not steer the terminal that shows it: no control characters but the end of a line and a tab.
_CONTROLS = {code: "\ufffd" for code in (*range(32), *range(127, 160)) if code not in (9, 10)}

SHORTEST_ID = 4
"""The fewest letters of an id that stand for all of it."""

_WHOSE = (
    click.option("--user", metavar="ID", help="The user whose memory it is."),
    click.option("--agent", metavar="ID", help="The agent whose memory it is."),
    click.option("--run", metavar="ID", help="The run or session."),
    click.option("--app", metavar="ID", help="The application."),
)
_ALWAYS = (
    click.option("--path", metavar="FILE", help="The memory's file.", type=click.Path()),
    click.option("--config", metavar="FILE", help="A configuration (JSON), as Memory.from_config takes it."),
    click.option("--json", "as_json", is_flag=True, help="Print the whole answer as JSON."),
    click.option("--debug", is_flag=True, help="Show where an error comes from."),
)


def plain(text: str) -> str:
    """Text without control characters."""
    return text.replace("\r\n", "\n").translate(_CONTROLS)


class ReaderGoneError(Exception):
    """Nobody reads what the command prints any more (`memlayer list | head`).

    A name of its own, because click and Rich both end the process where they see a BrokenPipeError.
    """


class Screen(Console):
    """A console that leaves it to the edge of the program what becomes of a reader that has gone."""

    def on_broken_pipe(self) -> None:
        """Raises `ReaderGoneError`."""
        raise ReaderGoneError


def console(*, stderr: bool = False) -> Console:
    """A console that prints what it is given as it is; with colours on a terminal and without NO_COLOR only."""
    return Screen(stderr=stderr, markup=False, emoji=False, highlight=False)


@dataclass
class Desk:
    """One run of a command."""

    path: str | None
    """The memory's file as it was named; None for the default."""
    config: str | None
    as_json: bool
    ids: dict[str, Any]
    """The scope, by the keywords that the facade takes."""
    out: Console = field(default_factory=console)

    @contextmanager
    def memory(self, *, there: bool = False) -> Iterator[Memory]:
        """The memory that the options name, closed at the end; `there` refuses a file that nothing was kept in yet."""
        from memlayer import Memory, NotFoundError

        if self.config is None:
            opened = Memory(self.path)
        else:
            given = read_json(self.config, "--config")
            if isinstance(given, Mapping) and self.path is not None:
                given = {**given, "path": self.path}
            opened = Memory.from_config(given)
        with opened:
            if there and not opened.path.exists():
                raise NotFoundError(f"there is no memory at {opened.path} yet")
            yield opened

    def whole_id(self, memory: Memory, start: str) -> str:
        """The one id that begins so ("6f1d", "6f1d…") of whom the command names; what was given where none does."""
        from memlayer.backends.sqlite.ids import beginning
        from memlayer.filters import make_scope, text_fault

        start = start.rstrip("…")
        if len(start) < SHORTEST_ID or not memory.path.exists() or text_fault(start) is not None:
            return start
        ids = beginning(memory._core.ledger.database, start, scope=make_scope(**self.ids), limit=2)
        if len(ids) > 1 and ids[0] != start:
            raise click.ClickException(f"More than one id begins with {start}; give more of it.")
        return ids[0] if ids else start

    def answer(self, data: Any) -> bool:
        """Prints the answer as JSON where that was asked for; says whether it did."""
        if self.as_json:
            sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2, default=str) + "\n")
        return self.as_json

    def say(self, *parts: str | tuple[str, str] | Text) -> None:
        """Prints a line of texts and (text, style) pairs."""
        self.show(text(*parts))

    def show(self, what: RenderableType) -> None:
        """Prints something drawn; lines are wrapped on a terminal only."""
        self.out.print(what, soft_wrap=not self.out.is_terminal)

    def note(self, words: str) -> None:
        """Says something beside the answer, on the other stream, so that a pipe does not get it."""
        console(stderr=True).print(Text(plain(words), style="dim"), soft_wrap=True)

    def nothing(self, memory: Memory, words: str = "Nothing found.") -> int:
        """Says that there is nothing, and whether there is a memory at all; returns the exit code."""
        if not self.as_json:
            missing = "" if memory.path.exists() else f" There is no memory at {memory.path} yet."
            self.note(words + missing)
        return 1

    @contextmanager
    def progress(self, what: str) -> Iterator[Progress]:
        """A bar on a terminal, nothing elsewhere; give it how much is done, and of how much."""
        shown = console(stderr=True)
        if not shown.is_terminal or self.as_json:
            yield lambda _done, _total: None
            return
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Bar(*columns, console=shown, transient=True) as bar:
            task = bar.add_task(what, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)


def text(*parts: str | tuple[str, str] | Text) -> Text:
    """One text of strings and (text, style) pairs, made safe to show."""
    made = Text()
    for part in parts:
        if isinstance(part, Text):
            made.append_text(part)
        else:
            words, style = (part, "") if isinstance(part, str) else part
            made.append(plain(words), style)
    return made


def examples(*lines: str) -> str:
    """The end of a command's help."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def verb(
    *, whose: Literal["needed", "optional", "none"] = "none"
) -> Callable[[Callable[..., int | None]], Callable[..., int | None]]:
    """Gives a command the options that every command has, and hands it a `Desk` for them."""

    def decorate(function: Callable[..., int | None]) -> Callable[..., int | None]:
        @functools.wraps(function)
        def call(*, path: str | None, config: str | None, as_json: bool, debug: bool, **own: Any) -> int | None:
            ids = {}
            if whose != "none":
                named = {name: own.pop(name) for name in ("user", "agent", "run", "app")}
                ids = {f"{name}_id": value for name, value in named.items() if value is not None}
            if whose == "needed" and not ids:
                raise click.UsageError(
                    "Whose memory? Name --user, --agent, --run or --app.", click.get_current_context(silent=True)
                )
            try:
                return function(Desk(path, config, as_json, ids), **own)
            except BrokenPipeError as error:
                raise ReaderGoneError from error

        wrapped: Callable[..., int | None] = call
        for option in reversed((*(_WHOSE if whose != "none" else ()), *_ALWAYS)):
            wrapped = option(wrapped)
        return wrapped

    return decorate


def read_json(file: str, what: str) -> Any:
    """The JSON of a file, or of the standard input for "-"."""
    where = f"{what} {file}"
    return parse_json(standard_input() if file == "-" else utf8(Path(file).read_bytes(), where), where)


def standard_input() -> str:
    """All of the standard input as UTF-8, whatever the locale says."""
    raw = getattr(sys.stdin, "buffer", None)
    return sys.stdin.read() if raw is None else utf8(raw.read(), "the standard input")


def utf8(raw: bytes, where: str) -> str:
    """Text, or a usage error that names where it should have been."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.UsageError(f"{where} is no UTF-8 text: {error.reason} at byte {error.start}") from error


def parse_json(raw: str, where: str) -> Any:
    """JSON, or a usage error that names where it should have been."""
    try:
        return json.loads(raw)
    except ValueError as error:
        raise click.UsageError(f"{where} is no JSON: {error}") from error
    except RecursionError as error:
        raise click.UsageError(f"{where} is nested too deep") from error


def json_option(_ctx: click.Context, parameter: click.Parameter, value: str | None) -> Any:
    """Reads an option whose value is a JSON object."""
    if value is None:
        return None
    named = parameter.opts[0]
    found = parse_json(value, named)
    if not isinstance(found, dict):
        raise click.UsageError(f'{named} must be a JSON object such as \'{{"topic": "food"}}\'')
    return found


def day(stamp: str | None) -> str:
    """The day of an ISO time."""
    return (stamp or "")[:10]


def many(number: int, one: str, more: str | None = None) -> str:
    """A number with its noun."""
    return f"{number:,} {one if number == 1 else more or one + 's'}"
