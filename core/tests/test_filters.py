"""The filter syntax, what becomes of ids and times, and what a filter means."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest

from memlayer.errors import ConflictError, FilterError
from memlayer.filters import (
    And,
    Compare,
    Filter,
    Not,
    Or,
    condition,
    content_hash,
    instant,
    matches,
    parse,
)
from memlayer.types import ID_FIELDS, Record, Scope

UTC = timezone.utc
JULY = datetime(2024, 7, 15, 12, tzinfo=UTC)


def record(**changes: Any) -> Record:
    scope = Scope(**{field: changes.pop(field) for field in ID_FIELDS if field in changes})
    known: dict[str, Any] = {
        "id": "r1",
        "kind": "fact",
        "text": "Likes Thai food",
        "scope": scope,
        "created_at": JULY,
        "recorded_at": JULY,
        "valid_from": JULY,
    }
    return Record(**{**known, **changes})


def passes(filters: Mapping[str, Any], **changes: Any) -> bool:
    tree, scope = parse(filters)
    found = record(**changes)
    return scope.covers(found.scope) and (tree is None or matches(tree, found))


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class TestParse:
    @pytest.mark.parametrize(
        ("filters", "tree", "scope"),
        [
            (None, None, Scope()),
            ({}, None, Scope()),
            ({"user_id": "alex"}, None, Scope(user_id="alex")),
            ({"user_id": {"eq": "alex"}}, None, Scope(user_id="alex")),
            ({"AND": [{"user_id": "alex"}]}, None, Scope(user_id="alex")),
            (
                {"AND": [{"user_id": "alex"}, {"AND": [{"agent_id": "a"}, {"run_id": {"eq": "r"}}]}], "app_id": "p"},
                None,
                Scope("alex", "a", "r", "p"),
            ),
            ({"role": "user"}, Compare(("role",), "eq", "user"), Scope()),
            ({"memory": "x"}, Compare(("text",), "eq", "x"), Scope()),
            ({"data": "x"}, Compare(("text",), "eq", "x"), Scope()),
            ({"actor_id": "x"}, Compare(("name",), "eq", "x"), Scope()),
            ({"metadata": {"food": "vegan"}}, Compare(("metadata", "food"), "eq", "vegan"), Scope()),
            ({"metadata.food": "vegan"}, Compare(("metadata", "food"), "eq", "vegan"), Scope()),
            ({"food": "vegan"}, Compare(("metadata", "food"), "eq", "vegan"), Scope()),
            ({"category": "a"}, Compare(("metadata", "category"), "eq", "a"), Scope()),
            ({"a.b": 1}, Compare(("metadata", "a", "b"), "eq", 1), Scope()),
            ({"metadata": {"a.b": 1}}, Compare(("metadata", "a.b"), "eq", 1), Scope()),
            ({"metadata": {"a": {"b": {"c": 1}}}}, Compare(("metadata", "a", "b", "c"), "eq", 1), Scope()),
            ({"metadata.a.b": {"gte": 1}}, Compare(("metadata", "a", "b"), "gte", 1), Scope()),
            ({"metadata.in": 1}, Compare(("metadata", "in"), "eq", 1), Scope()),
            ({"food": {"kind": {"ne": 1}}}, Compare(("metadata", "food", "kind"), "ne", 1), Scope()),
            ({"metadata": {"x": None}}, Compare(("metadata", "x"), "eq", None), Scope()),
            ({"metadata": {"x": (1, 2)}}, Compare(("metadata", "x"), "eq", [1, 2]), Scope()),
            ({"metadata": {"x": {"eq": {"y": 1}}}}, Compare(("metadata", "x"), "eq", {"y": 1}), Scope()),
            ({"x": {"eq": "*"}}, Compare(("metadata", "x"), "eq", "*"), Scope()),
            ({"AND": []}, None, Scope()),
            ({"OR": []}, Or(()), Scope()),
            ({"NOT": []}, Not(Or(())), Scope()),
            ({"NOT": {"a": 1}}, Not(Compare(("metadata", "a"), "eq", 1)), Scope()),
            (
                {"NOT": [{"a": 1}, {"b": 2}]},
                Not(Or((Compare(("metadata", "a"), "eq", 1), Compare(("metadata", "b"), "eq", 2)))),
                Scope(),
            ),
            (
                {"NOT": {"a": 1, "b": 2}},
                Not(And((Compare(("metadata", "a"), "eq", 1), Compare(("metadata", "b"), "eq", 2)))),
                Scope(),
            ),
            (
                {"AND": [{"a": 1}, {"a": 2}]},
                And((Compare(("metadata", "a"), "eq", 1), Compare(("metadata", "a"), "eq", 2))),
                Scope(),
            ),
        ],
    )
    def test_syntax(self, filters: Mapping[str, Any] | None, tree: Filter | None, scope: Scope) -> None:
        assert parse(filters) == (tree, scope)

    def test_example_of_user_since_or_urgent(self) -> None:
        filters = {
            "AND": [
                {"user_id": "alex"},
                {"OR": [{"created_at": {"gte": "2024-01-01"}}, {"metadata": {"priority": "urgent"}}]},
            ]
        }
        since = Compare(("created_at",), "gte", day("2024-01-01"))
        urgent = Compare(("metadata", "priority"), "eq", "urgent")
        assert parse(filters) == (Or((since, urgent)), Scope(user_id="alex"))
        assert passes(filters, user_id="alex")
        assert not passes(filters, user_id="bob")
        assert not passes(filters, user_id="alex", created_at=day("2023-12-31"))
        assert passes(filters, user_id="alex", created_at=day("2023-12-31"), metadata={"priority": "urgent"})

    def test_example_of_in_july(self) -> None:
        july = {"created_at": {"gte": "2024-07-01", "lte": "2024-07-31"}}
        last = datetime(2024, 7, 31, 23, 59, 59, 999999, UTC)
        assert passes(july, created_at=day("2024-07-01"))
        assert passes(july, created_at=last)
        assert not passes(july, created_at=last + timedelta(microseconds=1))
        assert not passes(july, created_at=day("2024-07-01") - timedelta(microseconds=1))

    def test_example_of_in(self) -> None:
        urgent = {"metadata": {"urgency": {"in": ["high", "medium"]}}}
        assert passes(urgent, metadata={"urgency": "high"})
        assert not passes(urgent, metadata={"urgency": "low"})
        assert not passes(urgent)

    @pytest.mark.parametrize(
        "filters",
        [
            {"OR": [{"user_id": "alex"}]},
            {"NOT": {"user_id": "alex"}},
            {"NOT": [{"AND": [{"user_id": "alex"}]}]},
            {"AND": [{"OR": [{"user_id": "alex"}]}]},
            {"user_id": {"in": ["alex"]}},
            {"user_id": {"ne": "bob"}},
            {"user_id": {"contains": "alex"}},
        ],
    )
    def test_ids_elsewhere_only_narrow(self, filters: Mapping[str, Any]) -> None:
        tree, scope = parse(filters)
        assert scope == Scope()
        assert tree is not None

    def test_an_id_with_eq_and_more_is_lifted_and_narrows(self) -> None:
        assert parse({"user_id": {"eq": "alex", "ne": "bob"}}) == (
            Compare(("user_id",), "ne", "bob"),
            Scope(user_id="alex"),
        )

    @pytest.mark.parametrize(
        "filters",
        [
            {"user_id": "alice", "AND": [{"user_id": "bob"}]},
            {"AND": [{"user_id": "alice"}, {"user_id": "bob"}]},
            {"AND": [{"AND": [{"user_id": "alice"}]}, {"user_id": {"eq": "bob"}}]},
        ],
    )
    def test_two_values_for_one_id(self, filters: Mapping[str, Any]) -> None:
        with pytest.raises(ConflictError, match=r"user_id is 'bob' here and 'alice' elsewhere.*\"in\""):
            parse(filters)

    def test_the_same_id_twice_is_fine(self) -> None:
        assert parse({"user_id": "a", "AND": [{"user_id": "a"}]}) == (None, Scope(user_id="a"))

    def test_condition(self) -> None:
        assert condition("memory", "contains", "x") == Compare(("text",), "contains", "x")
        assert condition("user_id", "eq", "a") == Compare(("user_id",), "eq", "a")
        assert condition("created_at", "lte", date(2024, 7, 31)) == Compare(("created_at",), "lt", day("2024-08-01"))


class TestTimes:
    @pytest.mark.parametrize(
        ("value", "moment"),
        [
            ("2024-07-15T12:00:00Z", JULY),
            ("2024-07-15t12:00z", JULY),
            ("2024-07-15 12:00", JULY),
            ("2024-07-15T14:00:00+02:00", JULY),
            ("2024-07-15T05:00:00-0700", JULY),
            ("2024-07-15T14:00+02", JULY),
            (" 2024-07-15T12:00:00.000000000Z ", JULY),
            ("2024-07-15T12:00:00.1234567Z", JULY.replace(microsecond=123456)),
            ("2024-07-15T12:00:00,5Z", JULY.replace(microsecond=500000)),
            (JULY, JULY),
            (JULY.astimezone(timezone(timedelta(hours=9))), JULY),
            (JULY.replace(tzinfo=None), JULY),
            (JULY.timestamp(), JULY),
            (int(JULY.timestamp()), JULY),
            (-1, datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
            ("2024-07-15", date(2024, 7, 15)),
            (date(2024, 7, 15), date(2024, 7, 15)),
        ],
    )
    def test_read(self, value: object, moment: datetime | date) -> None:
        found = instant(value, "t")
        assert (found, type(found)) == (moment, type(moment))

    @pytest.mark.parametrize("value", ["", "2024-7-1", "2024", "20240715", "2024-07-15T", "2024-07-15T12", "12:00", "2024-02-30", "٢٠٢٤-٠٧-١٥", "0001-01-01T00:00+14:00", [], {}, "1720000000"])  # fmt: skip  # noqa: E501
    def test_refused(self, value: object) -> None:
        with pytest.raises(FilterError, match=r"^t: .* is not a time"):
            instant(value, "t")

    @pytest.mark.parametrize(
        ("op", "before", "start", "end", "after"),
        [
            ("eq", False, True, True, False),
            ("ne", True, False, False, True),
            ("gte", False, True, True, True),
            ("gt", False, False, False, True),
            ("lte", True, True, True, False),
            ("lt", True, False, False, False),
        ],
    )
    def test_a_bare_day_is_all_of_it(self, op: str, before: bool, start: bool, end: bool, after: bool) -> None:
        tick = timedelta(microseconds=1)
        first, next_day = day("2024-07-15"), day("2024-07-16")
        said = [passes({"created_at": {op: "2024-07-15"}}, created_at=t)
                for t in (first - tick, first, next_day - tick, next_day)]  # fmt: skip
        assert said == [before, start, end, after]
        # What expires on a day lives to the end of it.
        said = [passes({"expiration_date": {op: "2024-07-15"}}, expires_at=t)
                for t in (first, first + tick, next_day, next_day + tick)]  # fmt: skip
        assert said == [before, start, end, after]

    def test_days_in_a_list(self) -> None:
        either = {"created_at": {"in": ["2024-07-15", JULY + timedelta(days=3)]}}
        assert passes(either)
        assert passes(either, created_at=JULY + timedelta(days=3))
        assert not passes(either, created_at=JULY + timedelta(days=3, seconds=1))
        assert passes({"created_at": {"nin": ["2024-07-16"]}})
        assert not passes({"created_at": {"nin": ["2024-07-15"]}})

    def test_the_last_day_there_is(self) -> None:
        assert passes({"valid_to": {"lte": "9999-12-31"}}, valid_to=JULY)

    def test_a_missing_time(self) -> None:
        assert not passes({"valid_to": {"lte": "2030-01-01"}})
        assert passes({"valid_to": {"ne": "2030-01-01"}})
        assert passes({"NOT": {"valid_to": {"lte": "2030-01-01"}}})


class TestMeaning:
    @pytest.mark.parametrize(
        ("value", "condition", "expected"),
        [
            ("a", "a", True),
            ("a", "A", False),
            (1, 1.0, True),
            (1.5, 1.5, True),
            (2**53 + 1, float(2**53), False),
            (True, 1, False),
            (1, True, False),
            (True, True, True),
            (None, None, True),
            (None, False, False),
            ("1", 1, False),
            ([1, 2], [1, 2], True),
            ([1, 2], [2, 1], False),
            ([1, 2], 2.0, True),
            ([True], 1, False),
            ([[1], 2], [1], True),
            ({"a": 1}, {"eq": {"a": 1.0}}, True),
            ({"a": 1}, {"eq": {"a": True}}, False),
            ("a", {"ne": "b"}, True),
            ("a", {"ne": 1}, True),
            ("a", {"in": ["b", "a"]}, True),
            ("a", {"in": []}, False),
            ("a", {"nin": []}, True),
            (["x", "a"], {"in": ["b", "a"]}, True),
            (["x", "a"], {"nin": ["b", "a"]}, False),
            (["x", "a"], {"ne": "a"}, False),
            (5, {"gt": 4.5, "lt": 6}, True),
            (5, {"gt": "4"}, False),
            ("5", {"gt": 4}, False),
            (True, {"gt": 0}, False),
            (5, {"gt": True}, False),
            ([5], {"gt": 4}, False),
            ("b", {"gte": "a", "lt": "c"}, True),
            ("\U0001f642", {"gt": "\uffff"}, True),
            ("Straße", {"contains": "raß"}, True),
            ("Straße", {"contains": "RASS"}, False),
            ("Straße", {"icontains": "RASS"}, True),
            ("abc", {"contains": ""}, True),
            ("a1", {"contains": 1}, False),
            (["ab"], {"contains": "a"}, False),
            (["ab"], {"contains": "ab"}, True),
            (["ab"], {"icontains": "AB"}, True),
            ([1], {"contains": 1}, True),
            ([1], {"icontains": True}, False),
            (5, {"contains": "5"}, False),
            ({"a": 1}, {"contains": "a"}, False),
        ],
    )
    def test_of_metadata(self, value: Any, condition: Any, expected: bool) -> None:
        assert passes({"metadata": {"k": condition}}, metadata={"k": value}) is expected

    @pytest.mark.parametrize("op", ["eq", "in", "gt", "gte", "lt", "lte", "contains", "icontains"])
    def test_a_missing_field_fails_all_but_ne_and_nin(self, op: str) -> None:
        value: Any = ["x"] if op == "in" else "x"
        for field in ("metadata.k", "role", "metadata.k.deeper"):
            assert not passes({field: {op: value}})
            assert passes({"NOT": [{field: {op: value}}]})
        assert passes({"metadata.k": {"ne": "x"}, "role": {"nin": ["x"]}})
        assert not passes({"metadata": {"k": None}})

    def test_paths_enter_objects_only(self) -> None:
        assert passes({"a.b": 1}, metadata={"a": {"b": 1}})
        assert not passes({"a.b": 1}, metadata={"a.b": 1})
        assert passes({"metadata": {"a.b": 1}}, metadata={"a.b": 1})
        assert not passes({"a.0": 1}, metadata={"a": [1]})
        assert not passes({"a.b": 1}, metadata={"a": [{"b": 1}]})

    def test_fields_of_a_record(self) -> None:
        full = {
            "id": "r9", "kind": "episode", "text": "Hi", "user_id": "u", "agent_id": "g", "run_id": "n", "app_id": "p",
            "role": "user", "name": "Ann", "message_id": "m", "categories": ("food", "travel"), "immutable": True,
            "importance": 0.75, "feedback": "POSITIVE", "memory_type": "core", "status": "superseded",
        }  # fmt: skip
        for field, value in full.items():
            wanted = "food" if field == "categories" else value
            assert passes({"OR": [{field: wanted}]}, **full), field
            assert not passes({"OR": [{field: {"ne": wanted}}]}, **full), field
        assert passes({"hash": content_hash("Hi"), "data": "Hi", "memory": "Hi", "actor_id": "Ann"}, **full)
        assert passes({"categories": ["food", "travel"], "importance": {"gte": 0.75}}, **full)
        assert passes({"categories": {"contains": "food"}, "AND": [{"categories": {"icontains": "TRAVEL"}}]}, **full)
        assert not passes({"categories": {"contains": "foo"}}, **full)
        assert not passes({"immutable": 1}, **full)

    def test_logic(self) -> None:
        assert passes({"AND": []})
        assert not passes({"OR": []})
        assert passes({"NOT": []})
        assert passes({"NOT": [{"role": "a"}, {"role": "b"}]}, role="c")
        assert not passes({"NOT": [{"role": "a"}, {"role": "b"}]}, role="b")
        assert not passes({"AND": [{"role": "a"}, {"role": "b"}]}, role="b")
        assert passes({"OR": [{"role": "a"}, {"role": "b"}]}, role="b")
        assert passes({"NOT": {"role": "a", "kind": "fact"}}, role="a", kind="episode")

    def test_ten_thousand_terms(self) -> None:
        terms = [{"OR": [{"a": i}, {"b": i}]} for i in range(5_000)]
        tree, _ = parse({"OR": terms})
        assert tree is not None
        assert matches(tree, record(metadata={"b": 4_999}))
        assert not matches(tree, record(metadata={"b": 5_000}))

    @pytest.mark.parametrize(
        "tree",
        [
            Compare(("nonsense",), "eq", 1),
            Compare(("metadata",), "eq", 1),
            Compare(("role", "x"), "eq", 1),
            Compare(("role",), "is", "x"),
            Compare(("created_at",), "eq", "2024-07-15"),
            Compare(("created_at",), "gt", datetime(2024, 7, 15)),  # noqa: DTZ001
        ],
    )
    def test_a_tree_made_wrongly_by_hand_is_refused(self, tree: Filter) -> None:
        with pytest.raises(FilterError):
            matches(tree, record())
