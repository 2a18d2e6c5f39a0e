"""Rows in an order that their values fix, so that nothing rests on the order of a file."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd


def in_order(table: pd.DataFrame, names: Iterable[str] = ()) -> pd.DataFrame:
    """The same rows, sorted: by texts, then by numbers, each in the order of the columns.

    Args:
        table: any table.
        names: texts in the order in which they are to stand; others follow, alphabetically but
            with numbers in them by size.

    Returns:
        the table with a fresh index; the same for every order of the rows given.

    Example:
        >>> rows = pd.DataFrame({"step": [2, 1, 1], "item": ["cat", "dog", "cat"]})
        >>> in_order(rows, ["dog"]).to_numpy().tolist()
        [[1, 'dog'], [1, 'cat'], [2, 'cat']]
    """
    ranks = {name: rank for rank, name in enumerate(dict.fromkeys(names))}

    def key(column: pd.Series) -> pd.Series:
        if pd.api.types.is_numeric_dtype(column):
            return column
        unknown = sorted(set(column.dropna()) - set(ranks), key=_natural)
        place = ranks | {name: len(ranks) + k for k, name in enumerate(unknown)}
        return column.map(place)

    texts = [name for name in table if not pd.api.types.is_numeric_dtype(table[name])]
    by = texts + [name for name in table if name not in texts]
    return table.sort_values(by, key=key, kind="stable", ignore_index=True) if by else table


def _natural(text: str) -> list[tuple[int, int, str]]:
    """A key to sort by: "40-80" comes before "120-160"."""
    parts = re.findall(r"\d+|\D+", text)
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts]
