"""Tables in the page: by column, gzipped, in base 64; figures/explorer/explorer.js unpacks them."""

from __future__ import annotations

import base64
import gzip
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from figures.explorer.parts import Packed

DIGITS = 5  # significant digits kept of a float
BAND_DIGITS = 3  # of the half width of an interval
SYMMETRIC = 1e-3  # of the half width: an interval closer to its mean's middle is kept once


def pack(table: Packed) -> dict[str, str]:
    """A table's parts as text.

    Args:
        table: rows, and how to cut them.

    Returns:
        value of the column `by` ("": the whole table) -> base 64 of gzipped JSON: columns by name,
        each a list of numbers, {"names", "codes"} for words, or the ends of an interval as their
        distances from the mean.
    """
    if not table.by:
        return {"": packed_text(table.rows, table.digits)}
    parts = table.rows.groupby(table.by, sort=False)
    return {
        str(name): packed_text(rows.drop(columns=table.by), table.digits) for name, rows in parts
    }


def packed_text(rows: pd.DataFrame, digits: Mapping[str, int]) -> str:
    """One part of a table as text."""
    columns: dict[str, Any] = {}
    for name in rows:
        if name in ("low", "high") and "mean" in rows:
            continue
        columns[str(name)] = packed_column(rows[name], digits.get(str(name), -DIGITS))
    if {"mean", "low", "high"} <= set(rows):
        columns |= packed_band(rows)
    text = json.dumps(columns, separators=(",", ":"), ensure_ascii=False)
    return base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()


def packed_column(values: pd.Series, digits: int) -> Any:
    """Numbers as they are, rounded; words as codes with their names."""
    if values.dtype.kind in "iub":
        return [int(v) for v in values]
    if values.dtype.kind == "f":
        return rounded(values.to_numpy(float), digits)
    codes, names = pd.factorize(values)
    return {"names": [str(n) for n in names], "codes": codes.tolist()}


def packed_band(rows: pd.DataFrame) -> dict[str, Any]:
    """The ends of the intervals: distances from the mean, the upper only where it is another."""
    mean, low, high = (rows[name].to_numpy(float) for name in ("mean", "low", "high"))
    lower, upper = mean - low, high - mean
    same = np.abs(upper - lower) <= SYMMETRIC * np.abs(lower) + 1e-6 * np.abs(mean) + 1e-12
    found: dict[str, Any] = {"low": {"below": rounded(lower, -BAND_DIGITS)}}
    alike = bool(np.all(same | ~np.isfinite(lower)))
    found["high"] = {"above": None if alike else rounded(upper, -BAND_DIGITS)}
    return found


def rounded(values: np.ndarray, digits: int) -> list[float | int | None]:
    """Numbers with so many decimals (negative: significant digits); None where not finite."""
    form = f".{-digits}g" if digits < 0 else f".{digits}f"
    return [_short(float(f"{v:{form}}")) if math.isfinite(v) else None for v in values]


def _short(value: float) -> float | int:
    """A whole number without its decimal point."""
    return int(value) if value == int(value) and abs(value) < 1e15 else value


def unpack(text: str) -> pd.DataFrame:
    """A part as the page's script reads it: for tests.

    Args:
        text: base 64, from `pack`.

    Returns:
        the rows, rounded as they were packed.
    """
    columns = json.loads(gzip.decompress(base64.b64decode(text)))
    found: dict[str, Any] = {}
    for name, column in columns.items():
        if not isinstance(column, dict):
            found[name] = column
        elif "names" in column:
            found[name] = [column["names"][code] for code in column["codes"]]
        else:
            mean, lower = np.array(columns["mean"]), columns["low"]["below"]
            distance = np.array(column.get("above") or lower, float)
            found[name] = mean - distance if "below" in column else mean + distance
    return pd.DataFrame(found)
