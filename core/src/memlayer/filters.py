"""Filters: one typed tree, the parser of the filter syntax that mem0's users know, and the reference meaning.

    {"AND": [{"user_id": "alex"},
             {"OR": [{"created_at": {"gte": "2024-01-01"}}, {"metadata": {"priority": "urgent"}}]}]}

A plain value means eq; several operators on one key, and several keys in one dict, must all hold. Fields are those of
a record; `{"metadata": {"a": {"b": 1}}}`, `{"metadata.a.b": 1}` and, for a name that is no field, `{"a": …}` reach
into the metadata. In a nested object a key is taken as it stands; outside of it a dot separates keys. `parse` says
what becomes of ids, `matches` what a filter means, and a bare day stands for all of that day in UTC.
"""

from memlayer._filter_match import MISSING, Lookup, comparand, inside, matcher, matches, predicate
from memlayer._filter_parse import condition, parse
from memlayer._filter_tree import (
    ALIASES,
    FIELD_TYPES,
    MAX_DEPTH,
    OPERATORS,
    And,
    Compare,
    Filter,
    Not,
    Or,
    content_hash,
    from_microseconds,
    microseconds,
)
from memlayer._filter_values import check_id, check_metadata, instant, make_scope, merge, text_fault

__all__ = [
    "ALIASES",
    "FIELD_TYPES",
    "MAX_DEPTH",
    "MISSING",
    "OPERATORS",
    "And",
    "Compare",
    "Filter",
    "Lookup",
    "Not",
    "Or",
    "check_id",
    "check_metadata",
    "comparand",
    "condition",
    "content_hash",
    "from_microseconds",
    "inside",
    "instant",
    "make_scope",
    "matcher",
    "matches",
    "merge",
    "microseconds",
    "parse",
    "predicate",
    "text_fault",
]
