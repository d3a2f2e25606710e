"""LoCoMo: does a question bring back the turns that answer it?

python benchmarks/quality/locomo.py --data locomo10.json
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from run import arguments, run, show
from sets import Ask, locomo


def main() -> None:
    options = arguments(__doc__ or "").parse_args()
    console = Console(stderr=True)
    done = run(locomo(options.data), groups, as_of=options.as_of, console=console)
    show(done.report(), as_json=options.json)


def groups(ask: Ask) -> Sequence[str]:
    """The adversarial questions count by themselves: the published figures are over categories 1 to 4."""
    return (ask.category,) if ask.category == "adversarial" else (ask.category, "categories 1-4")


if __name__ == "__main__":
    main()
