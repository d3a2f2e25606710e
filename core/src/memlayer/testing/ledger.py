"""The suite of a `Ledger`."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from memlayer.errors import ConflictError, NotFoundError
from memlayer.filters import And, Compare, Filter, Not, matches
from memlayer.lifetimes import shown
from memlayer.protocols import Ledger
from memlayer.testing.contract import ALICE, BOB, Contract, added, later, make_record
from memlayer.types import Change, Event, Record, Scope, View

WRITERS = 4


class LedgerContract(Contract):
    """What a ledger promises; the fixture `ledger` gives an empty one."""

    @pytest.fixture
    def ledger(self) -> Ledger:
        """An empty ledger."""
        raise NotImplementedError("give your suite a fixture `ledger`")

    def test_it_is_a_ledger(self, ledger: Ledger) -> None:
        """Has every method of the protocol."""
        assert isinstance(ledger, Ledger)

    # append, commit, sequence

    def test_append_writes_all_changes(self, ledger: Ledger) -> None:
        """Writes all changes in one transaction: the events say what was and what is, who and why."""
        first = make_record("a", "Lives in Rome")
        [event] = ledger.append(added([first]), scope=ALICE, actor="ann")
        assert (event.action, event.record_id, event.actor) == ("ADD", "a", "ann")
        assert (event.before, event.after) == (None, first)
        then = replace(first, status="superseded", superseded_by="b", valid_to=later(1), updated_at=later(1))
        second = make_record("b", "Lives in Bern", minute=1, supersedes=("a",))
        changes = [Change("ADD", second), Change("UPDATE", then, reason="supersede")]
        events = ledger.append(changes, scope=ALICE)
        assert [(e.action, e.record_id, e.before, e.after, e.reason) for e in events] == [
            ("ADD", "b", None, second, None),
            ("UPDATE", "a", first, then, "supersede"),
        ]
        assert ledger.get(["a", "b"]) == [then, second]

    def test_append_writes_none_where_one_change_fails(self, ledger: Ledger) -> None:
        """Writes all changes in one transaction or none."""
        ledger.append(added([make_record("a")]), scope=ALICE)
        before = ledger.sequence()
        with pytest.raises(ConflictError):
            ledger.append(added([make_record("b"), make_record("c"), make_record("a")]), scope=ALICE)
        assert ledger.get(["b", "c"]) == [None, None]
        assert [e.record_id for e in ledger.events()] == ["a"]
        assert ledger.sequence() == before

    def test_append_keeps_every_field(self, ledger: Ledger) -> None:
        """A record comes back as it was written, from its row and from its event."""
        record = full_record()
        ledger.append(added([record]), scope=ALICE)
        assert ledger.get(["full"]) == [record]
        assert [e.after for e in ledger.events()] == [record]

    def test_append_refuses_a_record_outside_of_the_scope(self, ledger: Ledger) -> None:
        """A change cannot write into another scope."""
        with pytest.raises(ConflictError):
            ledger.append(added([make_record("a", scope=BOB)]), scope=ALICE)
        assert ledger.get(["a"]) == [None]

    def test_append_cannot_take_a_record_from_another_scope(self, ledger: Ledger) -> None:
        """A record never changes its scope."""
        mine = make_record("a")
        ledger.append(added([mine]), scope=ALICE)
        with pytest.raises(ConflictError):
            ledger.append([Change("UPDATE", replace(mine, scope=BOB))], scope=BOB)
        assert ledger.get(["a"]) == [mine]

    def test_append_refuses_to_change_what_is_not_there(self, ledger: Ledger) -> None:
        """An UPDATE or DELETE of an unknown id raises and writes nothing."""
        for action in ("UPDATE", "DELETE"):
            with pytest.raises(NotFoundError):
                ledger.append([Change(action, make_record("a"))], scope=ALICE)
        assert ledger.sequence() == 0

    def test_sequences_are_strictly_increasing(self, ledger: Ledger) -> None:
        """Sequences are strictly increasing, over all scopes, and never used twice."""
        assert ledger.sequence() == 0
        seen = []
        for number in range(3):
            seen += ledger.append(added([make_record(f"a{number}"), make_record(f"c{number}")]), scope=ALICE)
            seen += ledger.append(added([make_record(f"b{number}", scope=BOB)]), scope=BOB)
            assert ledger.sequence() == seen[-1].sequence
        numbers = [e.sequence for e in seen]
        assert numbers == sorted(set(numbers))
        ledger.erase(BOB)
        [again] = ledger.append(added([make_record("b0", scope=BOB)]), scope=BOB)
        assert again.sequence > numbers[-1]

    def test_commit_shows_the_events_of_the_scope_after_seen(self, ledger: Ledger) -> None:
        """Calls `decide` with the scope's events after `seen`, and writes what it returns."""
        ledger.append(added([make_record("a")]), scope=ALICE)
        seen = ledger.sequence()
        ledger.append(added([make_record("b")]), scope=ALICE)
        ledger.append(added([make_record("z", scope=BOB)]), scope=BOB)
        news: list[str] = []

        def decide(events: Sequence[Event]) -> list[Change]:
            news.extend(e.record_id for e in events)
            return added([make_record("c")])

        [event] = ledger.commit(decide, scope=ALICE, seen=seen, actor="ann")
        assert news == ["b"]
        assert (event.record_id, event.actor) == ("c", "ann")
        assert ledger.get(["c"]) != [None]

    def test_commit_writes_nothing_where_decide_fails(self, ledger: Ledger) -> None:
        """An error in `decide` rises as it is, and leaves no lock and no trace."""

        def decide(events: Sequence[Event]) -> list[Change]:
            raise RuntimeError("cannot decide")

        with pytest.raises(RuntimeError, match="cannot decide"):
            ledger.commit(decide, scope=ALICE, seen=0)
        assert ledger.sequence() == 0
        assert len(ledger.append(added([make_record("a")]), scope=ALICE)) == 1

    def test_commit_lets_nobody_write_between_check_and_write(self, ledger: Ledger) -> None:
        """Under threads, `decide` sees every event that lies before what it writes."""
        start = threading.Barrier(WRITERS)
        faults: list[BaseException] = []

        def write(number: int) -> None:
            def decide(events: Sequence[Event]) -> list[Change]:
                there = any(e.after is not None and e.after.text == "Has a cat" for e in events)
                return [] if there else added([make_record(f"cat-{number}", "Has a cat")])

            try:
                start.wait()
                ledger.commit(decide, scope=ALICE, seen=0)
            except BaseException as fault:  # noqa: BLE001 - shown by the test's own thread
                faults.append(fault)

        run_threads(write, WRITERS)
        assert faults == []
        assert len(ledger.records(scope=ALICE)) == 1

    # get, records, events

    def test_get_keeps_the_order_of_the_ids(self, ledger: Ledger) -> None:
        """Records in the order of `ids`; None where an id is absent."""
        one, two = make_record("a"), make_record("b", minute=1)
        ledger.append(added([one, two]), scope=ALICE)
        assert ledger.get(["b", "x", "a", "b"]) == [two, None, one, two]
        assert ledger.get([]) == []

    def test_get_gives_none_out_of_scope(self, ledger: Ledger) -> None:
        """None where an id is out of scope; an id alone needs no scope."""
        record = make_record("a", scope=Scope(user_id="alice", run_id="r1"))
        ledger.append(added([record]), scope=ALICE)
        assert ledger.get(["a"], scope=BOB) == [None]
        assert ledger.get(["a"], scope=Scope(user_id="alice", run_id="r2")) == [None]
        assert ledger.get(["a"], scope=ALICE) == ledger.get(["a"]) == [record]

    def test_records_are_newest_first(self, ledger: Ledger) -> None:
        """A page of records, newest first: by when it was said, then by when it was written."""
        order = [make_record("b", minute=1), make_record("c", minute=2), make_record("a"), make_record("d", minute=2)]
        ledger.append(added(order), scope=ALICE)
        assert ids(ledger.records(scope=ALICE)) == ["d", "c", "b", "a"]

    def test_records_come_in_pages(self, ledger: Ledger) -> None:
        """`after` is the id of the last record of the page before; pages have no gaps and no doubles."""
        ledger.append(added([make_record(f"r{n}", minute=n // 3) for n in range(10)]), scope=ALICE)
        whole = ids(ledger.records(scope=ALICE))
        paged: list[str] = []
        while page := ledger.records(scope=ALICE, limit=4, after=paged[-1] if paged else None):
            assert len(page) <= 4
            paged += ids(page)
            ledger.append(added([make_record(f"new-{len(paged)}", minute=60)]), scope=ALICE)
        assert paged == whole

    def test_records_after_an_unknown_id_is_an_error(self, ledger: Ledger) -> None:
        """A page after nothing is refused instead of being empty."""
        ledger.append(added([make_record("a")]), scope=ALICE)
        for view in (None, View(now=later(1), known_at=later(60_000_000))):
            with pytest.raises(NotFoundError):
                ledger.records(scope=ALICE, after="gone", view=view)

    @pytest.mark.parametrize("scope", [
        Scope(user_id="alice"), Scope(user_id="alice", run_id="r1"), Scope(agent_id="bot"), Scope(app_id="app"),
        Scope(user_id="Alice"), Scope(user_id="alice", agent_id="bot", app_id="app"), Scope(run_id="r1"),
        Scope(user_id="ali%"), Scope(user_id="alice' OR 1=1 --"),
    ])  # fmt: skip
    def test_records_stay_in_scope(self, ledger: Ledger, scope: Scope) -> None:
        """An id that is given must equal, one that is not given matches any."""
        everything = scoped_records()
        fill(ledger, everything)
        assert set(ids(ledger.records(scope=scope))) == {r.id for r in everything if scope.covers(r.scope)}

    @pytest.mark.parametrize("where", [
        Compare(("user_id",), "in", ("alice", "bob")),
        Compare(("text",), "icontains", "THAI"),
        Not(Compare(("user_id",), "eq", "alice")),
        Compare(("metadata", "food"), "ne", "rice"),
        And(()),
    ], ids=["in", "icontains", "not", "ne", "all"])  # fmt: skip
    def test_a_filter_narrows_and_never_widens(self, ledger: Ledger, where: Filter) -> None:
        """What a filter finds lies in the scope, and is what the reference says."""
        everything = scoped_records()
        fill(ledger, everything)
        found = ledger.records(scope=ALICE, where=where)
        assert set(ids(found)) == {r.id for r in everything if ALICE.covers(r.scope) and matches(where, r)}

    @pytest.mark.parametrize("view", [
        View(now=later(30)),
        View(now=later(2)),
        View(now=later(30), kinds=("fact",)),
        View(now=later(30), kinds=("episode",)),
        View(now=later(30), kinds=("episode",), cited=True),
        View(now=later(30), cited=True),
        View(now=later(30), as_of=later(3)),
        View(now=later(30), as_of=later(8)),
        View(now=later(30), as_of=later(8), kinds=("episode",)),
        View(now=later(30), everything=True),
    ], ids=str)  # fmt: skip
    def test_a_view_shows_what_the_reference_shows(self, ledger: Ledger, view: View) -> None:
        """`records(view=…)` gives what `memlayer.lifetimes.shown` gives."""
        everything = lifetimes()
        fill(ledger, everything)
        assert set(ids(ledger.records(scope=ALICE, view=view))) == set(ids(shown(everything, view)))

    def test_known_at_shows_what_had_been_written(self, ledger: Ledger) -> None:
        """`known_at` reads the record as it was when it had last been written by then."""
        first = make_record("a", "Lives in Rome")
        [event] = ledger.append(added([first]), scope=ALICE)
        then = replace(first, text="Lives in Bern")
        [second] = ledger.append([Change("UPDATE", then)], scope=ALICE)
        before = View(now=later(1), known_at=event.at - timedelta(microseconds=1))
        after = View(now=later(1), known_at=second.at)
        assert ledger.records(scope=ALICE, view=before) == []
        assert ledger.records(scope=ALICE, view=after) == [then]
        assert ledger.records(scope=BOB, view=after) == []

    def test_events_are_oldest_first(self, ledger: Ledger) -> None:
        """Events after a sequence, oldest first; by scope, by record, up to a limit."""
        ledger.append(added([make_record("a"), make_record("b")]), scope=ALICE)
        ledger.append(added([make_record("z", scope=BOB)]), scope=BOB)
        ledger.append([Change("UPDATE", make_record("a", "Likes rice"))], scope=ALICE)
        events = ledger.events()
        assert [e.record_id for e in events] == ["a", "b", "z", "a"]
        assert ledger.events(after=events[1].sequence) == events[2:]
        assert ledger.events(limit=2) == events[:2]
        assert ledger.events(scope=ALICE) == [e for e in events if e.record_id != "z"]
        assert [e.action for e in ledger.events(record_id="a")] == ["ADD", "UPDATE"]
        assert ledger.events(scope=BOB, record_id="a") == []

    # erase, close

    def test_erase_removes_rows_and_events(self, ledger: Ledger) -> None:
        """Removes the content of a scope for good, events included; counts by table."""
        ledger.append(added([make_record("e", kind="episode"), make_record("a", sources=("e",))]), scope=ALICE)
        ledger.append([Change("UPDATE", make_record("a", "Likes rice", sources=("e",)))], scope=ALICE)
        ledger.append(added([make_record("z", scope=BOB)]), scope=BOB)
        counts = ledger.erase(ALICE)
        assert (counts["facts"], counts["episodes"], counts["events"]) == (1, 1, 3)
        assert ledger.get(["a", "e"]) == [None, None]
        assert ledger.records(scope=ALICE, view=View(now=later(1), everything=True)) == []
        assert ledger.events(scope=ALICE) == ledger.events(record_id="a") == []
        assert ids(ledger.records(scope=BOB)) == ["z"]
        assert [e.record_id for e in ledger.events()] == ["z"]

    def test_erase_of_one_run_leaves_the_others(self, ledger: Ledger) -> None:
        """Removes the scope and nothing beside it."""
        everything = scoped_records()
        fill(ledger, everything)
        run = Scope(user_id="alice", run_id="r1")
        ledger.erase(run)
        kept = {r.id for r in everything if not run.covers(r.scope)}
        assert {r.id for r in everything if ledger.get([r.id]) != [None]} == kept
        assert {e.record_id for e in ledger.events()} == kept

    def test_erase_of_nothing_counts_nothing(self, ledger: Ledger) -> None:
        """A scope that holds nothing is no error, and erasing twice is none."""
        assert not any(ledger.erase(ALICE).values())
        ledger.append(added([make_record("a")]), scope=ALICE)
        assert any(ledger.erase(ALICE).values())
        assert not any(ledger.erase(ALICE).values())

    def test_close_is_idempotent(self, ledger: Ledger) -> None:
        """Frees files and threads; idempotent."""
        ledger.append(added([make_record("a")]), scope=ALICE)
        ledger.close()
        ledger.close()


def full_record() -> Record:
    """A record with something in every field."""
    return make_record(
        "full",
        "Isst gern Käse 🧀\nund 'Brot' \"täglich\"",
        scope=Scope("alice", "bot", "r1", "app"),
        created_at=later(1) + timedelta(microseconds=1),
        recorded_at=later(2),
        valid_from=later(-60_000_000),
        valid_to=later(3),
        updated_at=later(4),
        expires_at=later(5),
        status="superseded",
        superseded_by="next",
        supersedes=("one", "two"),
        immutable=True,
        metadata={"a": {"b": [1, 2.5, None, True, "é"]}, "it's": '"'},
        categories=("food", "travel"),
        importance=0.125,
        feedback="POSITIVE",
        role="user",
        name="Ann",
        message_id="m-1",
        session="s",
        position=7,
        sources=("e1", "e2"),
        subject="user",
        attribute="likes",
        value="Käse",
        negated=True,
        memory_type="procedural_memory",
        unread=True,
        reinforced=3,
    )


def scoped_records() -> list[Record]:
    """Records of several scopes that share ids, spellings and beginnings."""
    scopes = [
        Scope("alice"), Scope("alice", run_id="r1"), Scope("alice", run_id="r2"), Scope("alice", "bot", "r1", "app"),
        Scope("bob"), Scope("bob", "bot", "r1"), Scope("Alice"), Scope("alice2"), Scope("ali%"),
        Scope(agent_id="bot"), Scope(agent_id="alice"), Scope(run_id="r1"), Scope(app_id="app"), Scope(app_id="alice"),
    ]  # fmt: skip
    return [
        make_record(f"r{n}", "Likes Thai food" if n % 2 else "Eats rice", minute=n, scope=scope,
                    metadata={"food": "rice"} if n % 3 else {})
        for n, scope in enumerate(scopes)
    ]  # fmt: skip


def lifetimes() -> list[Record]:
    """A fact in every state of life, each with an episode that it cites, and one that nothing cites."""
    states: dict[str, dict[str, Any]] = {
        "live": {},
        "future": {"valid_from": later(20)},
        "superseded": {"status": "superseded", "valid_to": later(5), "superseded_by": "live"},
        "retracted": {"status": "retracted", "valid_to": later(6)},
        "ended": {"valid_to": later(5)},
        "expired": {"expires_at": later(5)},
        "disliked": {"feedback": "VERY_NEGATIVE"},
    }
    found = [make_record(f"said-{name}", kind="episode") for name in (*states, "alone", "both")]
    found += [make_record(name, sources=(f"said-{name}",), **changes) for name, changes in states.items()]
    found.append(make_record("gone", kind="episode", status="retracted"))
    found.append(make_record("late", kind="episode", expires_at=later(5)))
    found.append(make_record("half-1", sources=("said-both",), status="superseded", valid_to=later(5)))
    found.append(make_record("half-2", sources=("said-both", "said-live")))
    found.append(make_record("how-to", kind="procedure", sources=("said-alone",), valid_to=later(4)))
    return found


def fill(ledger: Ledger, records: Sequence[Record]) -> None:
    """Adds records of any scopes."""
    for record in records:
        ledger.append(added([record]), scope=record.scope)


def ids(records: Sequence[Record]) -> list[str]:
    """The records' ids, in order."""
    return [r.id for r in records]


def run_threads(target: object, count: int) -> None:
    """Runs `target(number)` in so many threads and waits for all."""
    threads = [threading.Thread(target=target, args=(n,)) for n in range(count)]  # type: ignore[arg-type]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
