"""The group of commands, and what becomes of an error: one line with the mend, and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence

import click

from memlayer import __version__, errors
from memlayer.cli import change, demo, doctor, look, move, papers, picture, talk, upkeep
from memlayer.cli.desk import ReaderGoneError

CODES = """\b
Exit codes:
  0    done
  1    nothing found, or problems found (verify, doctor)
  2    wrong usage or configuration, or a file that cannot be read
  3    the memory is protected, or two values cannot both hold
  4    a store failed or cannot be reached
  5    a model failed
  70   an error in memlayer itself
  130  stopped
"""


class Commands(click.Group):
    """Lists the commands in the order in which one meets them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the order in which they were added."""
        return list(self.commands)


@click.group(cls=Commands, epilog=CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="memlayer")
def app() -> None:
    """A memory for AI agents, in one file. `memlayer demo` shows it at work.

    Every command takes --path FILE (else the file is memory.db in $MEMLAYER_DIR or in the data directory) and
    --json. `memlayer COMMAND --help` has examples.
    """


for _module in (demo, talk, look, papers, picture, change, move, upkeep, doctor):
    for _command in _module.COMMANDS:
        app.add_command(_command)


def run(arguments: Sequence[str]) -> int:
    """Runs one command line; returns the exit code and raises nothing but with --debug."""
    _open_streams()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        code = app.main(_asked(arguments), prog_name="memlayer", standalone_mode=False)
        sys.stdout.flush()
    except (BrokenPipeError, ReaderGoneError):
        _drop_output()
        return 128 + 13
    except click.Abort:
        print("Stopped.", file=sys.stderr)  # noqa: T201
        return 130
    except Exception as error:  # noqa: BLE001  (the edge of the program)
        try:
            sys.stdout.flush()
        except OSError:  # the disk that the output goes to is full, say
            _drop_output()
        return _failed(error, debug="--debug" in arguments)
    return code if isinstance(code, int) else 0


def _asked(arguments: Sequence[str]) -> list[str]:
    """The command line; `memlayer` and `memlayer help [COMMAND]` ask for help."""
    return [*arguments[1:], "--help"] if not arguments or arguments[0] == "help" else list(arguments)


def _drop_output() -> None:
    """Leaves what is still in the buffer, for it has nowhere to go; Python would try once more at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _open_streams() -> None:
    """Opens streams that were closed (`memlayer list >&-`) on nothing, before a file takes their numbers."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)
            if descriptor != number:
                os.dup2(descriptor, number)
                os.close(descriptor)
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115  (it stays open)


def _failed(error: Exception, *, debug: bool) -> int:
    if debug and not isinstance(error, click.ClickException):
        traceback.print_exception(error)
        return code_of(error)
    if isinstance(error, click.UsageError) and error.ctx is not None:
        hint = f" (memlayer {error.ctx.info_name} --help)" if error.ctx.parent else " (memlayer --help)"
        said = error.format_message() + hint
        if isinstance(error, click.NoSuchOption) and not error.ctx.parent and error.option_name in _options():
            said = f"{error.option_name} comes after the command: memlayer COMMAND {error.option_name} …{hint}"
    elif isinstance(error, click.ClickException):
        said = error.format_message()
    elif isinstance(error, OSError) and error.strerror and not isinstance(error, errors.MemlayerError):
        said = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    else:
        said = str(error) or type(error).__name__
    code = code_of(error)
    if code == 70:
        said = f"{type(error).__name__}: {said} (an error in memlayer; --debug shows where)"
    print(f"error: {' '.join(said.split())}", file=sys.stderr)  # noqa: T201
    return code


def _options() -> set[str]:
    """What the commands have as options."""
    return {name for command in app.commands.values() for option in command.params for name in option.opts}


def code_of(error: Exception) -> int:
    """The exit code of an error."""
    table: tuple[tuple[tuple[type[Exception], ...], int], ...] = (
        ((errors.NotFoundError,), 1),
        ((errors.ConflictError, errors.ImmutableError), 3),
        ((errors.BackendError,), 4),
        ((errors.ModelError,), 5),
        ((errors.MemlayerError, click.ClickException, OSError), 2),
    )
    return next((code for kinds, code in table if isinstance(error, kinds)), 70)
