"""When a record is shown: the reference meaning of a `View`, pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from memlayer.types import Record, View


def alive(record: Record, view: View) -> bool:
    """Says whether the record itself, citations aside, holds in this view.

    Now: live, not past its end, not expired, not rated VERY_NEGATIVE. `as_of`: not retracted, and true at that time.
    """
    if view.everything:
        return True
    if view.as_of is None:
        return (
            record.status == "live"
            and (record.valid_to is None or record.valid_to > view.now)
            and (record.expires_at is None or record.expires_at > view.now)
            and record.feedback != "VERY_NEGATIVE"
        )
    at = view.as_of
    return (
        record.status != "retracted"
        and record.valid_from <= at
        and (record.valid_to is None or record.valid_to > at)
        and (record.expires_at is None or record.expires_at > at)
    )


def shown(records: Iterable[Record], view: View) -> list[Record]:
    """The records of the view, order kept.

    `records` must hold every fact that cites one of the episodes. An episode is shown while no fact cites it or a fact
    that holds does; one whose facts are all superseded, expired, deleted or corrected follows them out. A transcript
    shows it until all of its facts are deleted.
    """
    everything: Sequence[Record] = list(records)
    cited: dict[str, bool] = {}
    for record in everything:
        if record.kind != "episode":
            holds = record.status != "retracted" if view.transcript else alive(record, view)
            for episode in record.sources:
                cited[episode] = cited.get(episode, False) or holds
    return [
        r
        for r in everything
        if (view.kinds is None or r.kind in view.kinds)
        and alive(r, view)
        and (view.everything or view.cited or r.kind != "episode" or cited.get(r.id, True))
    ]
