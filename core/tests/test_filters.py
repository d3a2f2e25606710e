"""The filter syntax, what becomes of ids, the errors, and what a filter means."""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest

from memlayer.errors import ConfigurationError, ConflictError, FilterError
from memlayer.filters import (
    And,
    Compare,
    Filter,
    Not,
    Or,
    check_id,
    check_metadata,
    condition,
    content_hash,
    instant,
    make_scope,
    matches,
    merge,
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


NESTED: dict[str, Any] = {"a": 1}
for _ in range(70):
    NESTED = {"AND": [NESTED]}
DEEP: dict[str, Any] = {"eq": 1}
for _ in range(70):
    DEEP = {"a": DEEP}
LOOP: dict[str, Any] = {}
LOOP["OR"] = [LOOP]


class TestErrors:
    @pytest.mark.parametrize(
        ("filters", "message"),
        [
            ([], r"filters must be a dict of conditions, not list; a list belongs under AND"),
            ("user", r"filters must be a dict of conditions, not str"),
            ({1: 2}, r"filters: the key 1 is a int"),
            ({"AND": {"a": 1}}, r"filters\.AND must be a list of conditions, not dict; write \{'AND': \["),
            ({"OR": "a"}, r"filters\.OR must be a list"),
            ({"NOT": "a"}, r"filters\.NOT must be a list"),
            ({"AND": [{"a": 1}, "b"]}, r"filters\.AND\[1\] must be a dict"),
            ({"OR": [{}]}, r"filters\.OR\[0\] is an empty condition; leave it out"),
            ({"NOT": {}}, r"filters\.NOT is an empty condition"),
            ({"and": [{"a": 1}]}, r"filters: 'and' is an operator .*Did you mean 'AND'\?"),
            ({"$or": []}, r"Did you mean 'OR'\?"),
            ({"Not": []}, r"Did you mean 'NOT'\?"),
            ({"eq": 1}, r"'eq' is an operator where a field belongs\. Write \{'field': \{'eq': value\}\}"),
            ({"$gte": 1}, r"\{'gte': value\}"),
            ({"AND": [{}]}, r"empty condition"),
            ({"AND": [{"a": 1}, {"created_at": {"gtee": "2024-01-01"}}]},
             r"filters\.AND\[1\]\.created_at: 'gtee' is not an operator\. Did you mean 'gte'\? Operators are eq, ne"),
            ({"created_at": {"$gte": "2024-01-01"}}, r"Did you mean 'gte'"),
            ({"role": {"not_in": ["a"]}}, r"filters\.role: 'not_in' .*Did you mean 'nin'"),
            ({"role": {"foo": 1}}, r"filters\.role: 'foo' is not an operator\. Operators are"),
            ({"role": {1: 1}}, r"filters\.role: 1 is not an operator"),
            ({"metadata": {"n": {"gtee": 3}}},
             r"filters\.metadata\.n: 'gtee' is not an operator\. Did you mean 'gte'.*'metadata\.n\.gtee'"),
            ({"metadata": {"n": {"exists": True}}}, r"filters\.metadata\.n: 'exists' is not an operator\. Operators are"),
            ({"exists": True}, r"'exists' is an operator where a field belongs"),
            ({"metadata": {"exists": True}}, r"'exists' is an operator where a metadata key belongs"),
            ({"n": {"$in": ["a"]}}, r"filters\.n: '\$in' is not an operator\. Did you mean 'in'"),
            ({"n": {"eq": {"a": 1}, "OR": []}}, r"filters\.n: 'OR' is not an operator"),
            ({"metadata": {"n": {"gte": 3, "x": 1}}}, r"filters\.metadata\.n: 'x' is not an operator"),
            ({"metadata": {"gte": 3}}, r"filters\.metadata: 'gte' is an operator where a metadata key belongs"),
            ({"metadata": {"AND": [{"a": 1}]}}, r"AND, OR and NOT stand outside of metadata"),
            ({"metadata": {1: 3}}, r"filters\.metadata: the key 1 is a int; pass '1'"),
            ({"metadata": {}}, r"filters\.metadata is empty"),
            ({"metadata": "vegan"}, r"filters\.metadata must be a dict of metadata keys, not 'vegan'"),
            ({"metadata": {"a": {}}}, r"filters\.metadata\.a has no condition"),
            ({"created_at": {}}, r"filters\.created_at has no condition"),
            ({"userId": "a"}, r"there is no field 'userId'\. Did you mean 'user_id'\?.*'metadata\.userId'"),
            ({"create_at": "a"}, r"Did you mean 'created_at'"),
            ({"user": "a"}, r"Did you mean 'user_id'"),
            ({"catgories": "a"}, r"Did you mean 'categories'"),
            ({"a..b": 1}, r"'a\.\.b' has an empty part"),
            ({"": 1}, r"'' has an empty part"),
            ({"metadata.": 1}, r"empty part"),
            ({"a\0": 1}, r"NUL"),
            ({"metadata": {"\ud800": 1}}, r"surrogate"),
            ({"a": "x\0y"}, r"filters\.a holds a NUL character"),
            ({"a": "\udc00"}, r"surrogate"),
            ({"user_id": "*"}, r"filters\.user_id is '\*', and there are no wildcards"),
            ({"user_id": ""}, r"filters\.user_id is empty or blank"),
            ({"user_id": " "}, r"empty or blank"),
            ({"user_id": " a"}, r"white space around it \(' a'\); pass 'a'"),
            ({"user_id": 5}, r"filters\.user_id must be a string, not int; pass '5'"),
            ({"user_id": None}, r"filters\.user_id must be a string, not NoneType; leave it out"),
            ({"user_id": ["a"]}, r'must be a string, not list; to allow several, write \{"in"'),
            ({"user_id": {}}, r"filters\.user_id has no condition"),
            ({"user_id": {"equals": "a"}}, r"filters\.user_id: 'equals' .*Did you mean 'eq'"),
            ({"OR": [{"user_id": {"in": ["a", "*"]}}]}, r"filters\.OR\[0\]\.user_id\.in\[1\] is '\*'"),
            ({"NOT": {"agent_id": {"nin": [""]}}}, r"filters\.NOT\.agent_id\.nin\[0\] is empty"),
            ({"run_id": {"ne": "*"}}, r"filters\.run_id\.ne is '\*'"),
            ({"run_id": {"contains": " "}}, r"filters\.run_id\.contains is empty or blank"),
            ({"app_id": "x" * 513}, r"has 513 characters, the limit is 512"),
            ({"category": "*"}, r"filters\.category: '\*' is no wildcard here.*\{'eq': '\*'\}"),
            ({"a": {"in": "x"}}, r"filters\.a\.in takes a list of values, not 'x'; write \{'in': \['x'\]\}"),
            ({"created_at": "last week"}, r"filters\.created_at: 'last week' is not a time\. Write a day"),
            ({"created_at": {"gte": "2024-13-01"}}, r"filters\.created_at\.gte: '2024-13-01' is not a time"),
            ({"created_at": {"in": ["2024-01-01", "x"]}}, r"filters\.created_at\.in\[1\]: 'x' is not a time"),
            ({"created_at": True}, r"True is not a time"),
            ({"created_at": None}, r"None is not a time"),
            ({"created_at": math.inf}, r"inf is not a time"),
            ({"created_at": math.nan}, r"nan is not a time"),
            ({"created_at": 10**15}, r"is not a time"),
            ({"created_at": "2024-01-01T10:00+25:00"}, r"is not a time"),
            ({"created_at": {"contains": "2024"}}, r"contains searches text and lists, and created_at is a time"),
            ({"a": JULY}, r"filters\.a: metadata and text hold no dates.*isoformat"),
            ({"a": math.nan}, r"filters\.a: nan is not a number"),
            ({"a": {"in": [1, math.inf]}}, r"filters\.a\.in\[1\]: inf is not a number"),
            ({"a": 2**63}, r"filters\.a: 9223372036854775808 needs more than 64 bits; pass it as text"),
            ({"a": -(2**63) - 1}, r"64 bits"),
            ({"a": object()}, r"filters\.a: a object is not JSON"),
            ({"a": {"gt": None}}, r"filters\.a\.gt: None is no value to compare metadata\.a with"),
            ({"role": None}, r"filters\.role: None is no value"),
            ({"role": ["user"]}, r"filters\.role: role is never a list; to allow several write"),
            ({"a": {"gt": [1]}}, r"filters\.a\.gt takes one value, not a list"),
            ({"categories": {"contains": ["a"]}}, r"filters\.categories\.contains takes one value"),
            ({"categories": {"eq": {"a": 1}}}, r"categories is never a dict; write the value itself"),
            (NESTED, r"nested deeper than 64 levels"),
            ({"metadata": DEEP}, r"nested deeper than 64 levels"),
            ({"a": {"eq": DEEP}}, r"nested deeper than 64 levels"),
            ({".".join("a" * 70): 1}, r"nested deeper than 64 levels"),
            (LOOP, r"nested deeper than 64 levels"),
        ],
    )  # fmt: skip
    def test_says_what_where_and_the_mend(self, filters: Any, message: str) -> None:
        with pytest.raises(FilterError, match=message):
            parse(filters)

    def test_a_filter_at_the_limit_of_depth_is_read(self) -> None:
        filters: dict[str, Any] = {"user_id": "a"}
        for _ in range(60):
            filters = {"AND": [filters]}
        assert parse(filters) == (None, Scope(user_id="a"))

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


class TestIds:
    @pytest.mark.parametrize("value", [None, 5, True, b"a", ["a"], "", " ", "\t\n", "*", " * ", " a", "a\n", "x" * 513, "a\0b", "\ud800"])  # fmt: skip  # noqa: E501
    def test_refused(self, value: object) -> None:
        with pytest.raises(ConfigurationError, match=r"^user_id "):
            check_id("user_id", value)
        with pytest.raises(FilterError, match=r"^filters\.OR\[0\]\.user_id "):
            parse({"OR": [{"user_id": value}]})

    @pytest.mark.parametrize("value", ["a", "john.doe", "a*", "u:1", "Ünï", "x" * 512, "it's", "名前", "🙂"])
    def test_taken(self, value: str) -> None:
        assert check_id("user_id", value) == value
        assert make_scope(user_id=value, run_id=None) == Scope(user_id=value)

    def test_a_string_enum_becomes_its_text(self) -> None:
        class Who(str, enum.Enum):
            ME = "me"

        assert type(check_id("user_id", Who.ME)) is str
        assert check_id("user_id", Who.ME) == "me"

    def test_merge(self) -> None:
        assert merge(Scope(user_id="a"), Scope(user_id="a", run_id="r")) == Scope(user_id="a", run_id="r")
        with pytest.raises(ConflictError, match="user_id is given twice with different values, 'a' and 'b'"):
            merge(Scope(user_id="a"), Scope(user_id="b"))


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


class TestMetadata:
    def test_plain_json_is_copied(self) -> None:
        given = {"a": (1, 2.5, None), "b": {"c": [True]}, "": "x", 'q"': "\U0001f642"}
        kept = check_metadata(given)
        assert kept == {"a": [1, 2.5, None], "b": {"c": [True]}, "": "x", 'q"': "\U0001f642"}
        given["b"]["c"].append(1)  # type: ignore[index, union-attr, call-overload]
        assert kept["b"] == {"c": [True]}

    @pytest.mark.parametrize(
        ("metadata", "message"),
        [
            ([], r"^metadata must be a dict, not list"),
            ({1: "a"}, r"^metadata: the key 1 is a int; pass '1'"),
            ({"a": {"b": [1, JULY]}}, r"^metadata\.a\.b\[1\]: a datetime is not JSON; pass its \.isoformat\(\)"),
            ({"a": {1, 2}}, r"^metadata\.a: a set is not JSON; pass a list"),
            ({"a": object()}, r"^metadata\.a: a object is not JSON"),
            ({"a": math.nan}, r"^metadata\.a: nan is not a number"),
            ({"a": math.inf}, r"^metadata\.a: inf is not a number"),
            ({"a": 2**64}, r"^metadata\.a: 18446744073709551616 needs more than 64 bits"),
            ({"a": "x\0"}, r"^metadata\.a holds a NUL"),
            ({"a\0": 1}, r"^metadata: the key 'a\\x00' holds a NUL"),
            ({"a": "\ud800"}, r"^metadata\.a holds half of a surrogate"),
            ({"a": DEEP}, r"nested deeper than 64"),
            (LOOP, r"nested deeper than 64"),
        ],
    )
    def test_refused(self, metadata: Any, message: str) -> None:
        with pytest.raises(ConfigurationError, match=message):
            check_metadata(metadata)
