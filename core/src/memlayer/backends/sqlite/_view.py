"""A view as SQL over `records r`; `memlayer.lifetimes` holds the reference meaning."""

from __future__ import annotations

from typing import Any

from memlayer.backends.sqlite._codec import micros
from memlayer.types import View


def visible(view: View) -> tuple[str, list[Any]]:
    """The condition that a record is shown in this view, with its values (`known_at` is not SQL's work)."""
    terms: list[str] = []
    values: list[Any] = []
    if view.kinds is not None:
        terms.append(f"r.kind IN ({', '.join('?' * len(view.kinds))})")
        values.extend(view.kinds)
    if not view.everything:
        alive, bound = _alive(view, "r")
        terms.append(alive)
        values.extend(bound)
        if not view.cited and (view.kinds is None or "episode" in view.kinds):
            citing, bound = ("f.status <> 'retracted'", []) if view.transcript else _alive(view, "f")
            terms.append(
                "(r.kind <> 'episode' OR NOT EXISTS (SELECT 1 FROM citations c WHERE c.episode = r.seq) OR EXISTS "
                "(SELECT 1 FROM citations c JOIN records f ON f.seq = c.fact "
                f"WHERE c.episode = r.seq AND {citing}))"
            )
            values.extend(bound)
    return " AND ".join(terms) or "1", values


def _alive(view: View, alias: str) -> tuple[str, list[Any]]:
    if view.as_of is None:
        now = micros(view.now)
        sql = (
            f"{alias}.status = 'live' AND ({alias}.valid_to IS NULL OR {alias}.valid_to > ?) "
            f"AND ({alias}.expires_at IS NULL OR {alias}.expires_at > ?) "
            f"AND {alias}.feedback IS NOT 'VERY_NEGATIVE'"
        )
        return sql, [now, now]
    at = micros(view.as_of)
    sql = (
        f"{alias}.status <> 'retracted' AND {alias}.valid_from <= ? "
        f"AND ({alias}.valid_to IS NULL OR {alias}.valid_to > ?) "
        f"AND ({alias}.expires_at IS NULL OR {alias}.expires_at > ?)"
    )
    return sql, [at, at, at]
