"""What filters, ids and metadata refuse, each with what is wrong, where, and the mend."""

from __future__ import annotations

import enum
import math
from datetime import datetime, timezone
from typing import Any

import pytest

from memlayer.errors import ConfigurationError, ConflictError, FilterError
from memlayer.filters import check_id, check_metadata, make_scope, merge, parse
from memlayer.types import Scope

JULY = datetime(2024, 7, 15, 12, tzinfo=timezone.utc)

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
            ({"metadata": {"n": {"exists": True}}},
             r"filters\.metadata\.n: 'exists' is not an operator\. Operators are"),
            ({"exists": True}, r"'exists' is an operator where a field belongs"),
            ({"XOR": [{"a": 1}, {"b": 2}]}, r"filters: there is no logical operator 'XOR'\. Write \{'OR': \[\{'AND'"),
            ({"AND": [{"$nor": [{"a": 1}]}]}, r"filters\.AND\[0\]: there is no logical .*'\$nor'\. Write \{'NOT': \["),
            ({"should": [{"a": 1}]}, r"no logical operator 'should'\. Conditions are joined by AND, OR and NOT\."),
            ({"nand": True}, r"For a metadata key of that name write \{'metadata\.nand': \{'eq': value\}\}"),
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
