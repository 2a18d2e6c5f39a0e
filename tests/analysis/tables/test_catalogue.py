"""The catalogue: what a declaration must say, and that a finished run holds what is declared."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.tables.catalogue import CatalogueError, Table, catalogue, check_reads, table_named
from analysis.tables.catalogue.base import KINDS
from stagewise.paths import RECORDED, Paths
from stagewise.provenance.store import read_table

COLUMNS = {"step": "int training step", "loss": "float nats", "error": "float? of it, nats",
           "item": "str item", "exact": "bool is it"}  # fmt: skip
LOSSES = Table("losses", "toy", "Losses.", COLUMNS)


def losses(**changed: object) -> pd.DataFrame:
    """Two rows as declared, but for what is changed."""
    right = {"step": [0, 1], "loss": [2.0, 1.0], "error": [np.nan, 0.1], "item": ["dog", "cat"],
             "exact": [True, False]}  # fmt: skip
    return pd.DataFrame(right | changed)


def test_a_table_as_declared_passes():
    in_order, empty = losses(), pd.DataFrame(columns=[*COLUMNS])  # no rows: no kinds
    for table in (in_order, in_order.iloc[::-1], empty):
        assert LOSSES.check(table) is None


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"step": [0.0, 1.0]}, r"toy\.losses\.step is float64, not int"),
        ({"loss": [2, 1]}, r"toy\.losses\.loss is int64, not float"),
        ({"loss": [2.0, np.nan]}, r"toy\.losses\.loss has NaN among its values \(float\)"),
        ({"item": [0, 1]}, r"toy\.losses\.item is int64, not str"),
        ({"item": ["dog", None]}, r"toy\.losses\.item has NaN"),
        ({"exact": [1, 0]}, r"toy\.losses\.exact is int64, not bool"),
        ({"more": [1, 2]}, r"has the columns step, .*, more; declared are step, loss, error, item"),
    ],
)
def test_a_table_otherwise_does_not(changed, says):
    with pytest.raises(CatalogueError, match=says):
        LOSSES.check(losses(**changed))


def test_a_column_short_or_columns_in_another_order_do_not_pass():
    for columns in (["step", "loss", "error", "item"], ["loss", "step", "error", "item", "exact"]):
        with pytest.raises(CatalogueError, match=r"table toy\.losses has the columns"):
            LOSSES.check(losses()[columns])


@pytest.mark.parametrize("text", ["int", "number of steps", "", "float "])
def test_a_column_says_its_kind_and_what_it_holds(text):
    with pytest.raises(CatalogueError, match=r"toy\.losses, column step = .*int, float, float\?"):
        Table("losses", "toy", "Losses.", {"step": text})


def test_rooms_and_names_are_those_there_are():
    with pytest.raises(CatalogueError, match="table losses: no room attic; toy, theory, language"):
        Table("losses", "attic", "Losses.", COLUMNS)
    with pytest.raises(CatalogueError, match="'windos' is declared for across, only sizes, cost"):
        table_named("across", "windos")
    with pytest.raises(CatalogueError, match=r"figure f reads a table that is not there: .*windos"):
        check_reads("figure f", "toy", ("events", "windos"))
    check_reads("figure f", "toy", ("events", "windows"))


def mismatches(paths: Paths) -> list[str]:
    """What is wrong with the tables of a finished smoke run, in words.

    A table of the catalogue that is not there; a file that no table declares; columns, as a set,
    that are not those declared; a kind (with its unit) that is not.
    """
    wrong: list[str] = []
    files: dict[str, list[Path]] = {key: [] for key in catalogue()}
    for path in sorted(paths.root.rglob("*.parquet")):
        if ".kept" not in path.parts:  # pieces of measurements, not results
            try:
                files[paths.table_of(path).key].append(path)
            except CatalogueError as error:
                wrong.append(f"{path}: {error}")
    for key, table in catalogue().items():
        if table.room == "across" and table.recorded:
            files[key].append(RECORDED / "cost" / f"{table.name}.parquet")
        there = [path for path in files[key] if path.is_file()]
        wrong += [] if there else [f"{key} is not there"]
        for path in there:
            found = read_table(path)
            if set(found.columns) != set(table.kinds):
                wrong.append(f"{path}: {set(found.columns) ^ set(table.kinds)}")
                continue
            try:
                table.check(found[[*table.kinds]])
            except CatalogueError as error:
                wrong.append(f"{path}: {error}")
    return wrong


def test_every_column_has_a_kind_and_says_what_it_holds():
    for key, table in catalogue().items():
        assert table.says.endswith("."), key
        assert table.kinds, key
        for name, column in table.kinds.items():
            assert column.kind in KINDS, (key, name)
            assert column.holds.strip(), (key, name)


@pytest.mark.pipeline
@pytest.mark.xdist_group("golden")
def test_a_finished_run_holds_every_table_as_declared(smoke):
    assert mismatches(smoke.paths) == []
