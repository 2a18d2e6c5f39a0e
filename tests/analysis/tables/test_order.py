"""Rows in the order that their values fix."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.tables.order import in_order


def test_any_order_of_rows_gives_the_same_table():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({
        "step": [0, 1] * 6, "label": [*"abc"] * 4, "low": rng.normal(size=12),
        "deep": [True, False, False] * 4,
    })  # fmt: skip
    table.loc[3, "low"] = np.nan
    wanted = in_order(table, ["c", "a"])
    assert list(dict.fromkeys(wanted["label"])) == ["c", "a", "b"]
    assert (wanted.groupby("label", sort=False)["step"].diff().dropna() >= 0).all()
    for _ in range(5):
        found = in_order(table.iloc[rng.permutation(12)], ["c", "a"])
        pd.testing.assert_frame_equal(found, wanted)


def test_an_empty_table_stays_as_it_is():
    table = pd.DataFrame(columns=["step", "label"])
    assert list(in_order(table).columns) == ["step", "label"]


def test_numbers_in_texts_stand_by_size():
    table = pd.DataFrame({"arm": ["uniform", "120-160", "none", "40-80", "40-60"]})
    wanted = ["none", "40-60", "40-80", "120-160", "uniform"]
    assert in_order(table, ["none"])["arm"].to_list() == wanted
