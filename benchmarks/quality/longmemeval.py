"""LongMemEval, its evidence sessions in pools: does a question bring back the turns that answer it, newest first?

python benchmarks/quality/longmemeval.py --data longmemeval_oracle.json --pool 50 --seed 0
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from run import arguments, run, show
from sets import Ask, longmemeval


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument("--pool", type=int, default=50, help="sessions in one memory")
    parser.add_argument("--seed", type=int, default=0, help="of the order in which questions are packed")
    options = parser.parse_args()
    talks = longmemeval(options.data, pool=options.pool, seed=options.seed)
    done = run(talks, groups, as_of=options.as_of, console=Console(stderr=True))
    show(done.report(), as_json=options.json)


def groups(ask: Ask) -> Sequence[str]:
    return (ask.category, "all")


if __name__ == "__main__":
    main()
