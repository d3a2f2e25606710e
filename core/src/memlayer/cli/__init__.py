"""The `memlayer` command: the memory of a file, from a terminal. The command prints; the library never does."""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code.

    A foreign `memlayer` in the same environment is named before anything else of memlayer is loaded: it may have
    overwritten what would be loaded.
    """
    from memlayer._clash import clash

    found = clash()
    if found is not None:
        print(f"error: {found}", file=sys.stderr)  # noqa: T201  (nothing that could print better is sure to be ours)
        return 2
    try:
        from memlayer.cli.app import run

        return run(list(sys.argv[1:] if arguments is None else arguments))
    except KeyboardInterrupt:  # while the parts were loaded, too
        print("Stopped.", file=sys.stderr)  # noqa: T201
        return 130
    except ImportError as error:
        if (error.name or "").partition(".")[0] != "memlayer":
            raise
        mend = "pip install --force-reinstall --no-deps memlayer-core (from a checkout, ./core in its place)"
        told = f"error: files of memlayer-core are missing ({error}). Mend: {mend}"
        print(told, file=sys.stderr)  # noqa: T201
        return 2
