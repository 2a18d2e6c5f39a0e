"""What is kept of a run for the explorer, and what the explorer asks for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import figures.explorer
from analysis.tables.catalogue import CatalogueError
from stagewise.config import Config
from stagewise.paths import RECORDED_RUN, Paths
from stagewise.provenance.store import (
    read_provenance,
    read_table,
    write_table,
)
from stagewise.tasks.base import task_named
from stagewise.tasks.everything import PARTS
from stagewise.tasks.merge import explorer_sources
from stagewise.tasks.merge.explorer_record import thinned
from stagewise.tasks.merge.explorer_sources import gather, groups, read_by_views


def test_a_kept_table_is_small_and_right_to_five_digits(tmp_path):
    rng = np.random.default_rng(0)
    names = {"step": np.arange(4000) // 40 * 20, "source": "dog", "target": "cat"}
    values = {"mean": rng.standard_normal(4000), "std_error": rng.random(4000) + 0.1}
    table = pd.DataFrame({"rate": np.tile([0.1, 0.025], 2000), **names, **values})
    write_table(thinned(table), tmp_path / "small", {"seed": 1}, small=True)
    write_table(table, tmp_path / "plain", {"seed": 1})
    found = read_table(tmp_path / "small")
    assert read_provenance(tmp_path / "small") == {"seed": 1}
    assert (found["rate"] == table["rate"]).all()  # a setting is as it was given
    assert (found["step"] == table["step"]).all()
    assert np.allclose(found["mean"], table["mean"], rtol=5e-6, atol=0)
    assert np.allclose(found["std_error"], table["std_error"], rtol=5e-3, atol=0)
    sizes = [(tmp_path / name).stat().st_size for name in ("small", "plain")]
    assert sizes[0] < 0.3 * sizes[1]


def test_groups_of_evaluation_sequences_are_put_together():
    columns = ["step", "group", "class", "loss", "tokens", "seed"]
    rows = [[1, 0, "a", 0.5, 2, 0], [1, 1, "a", 1.0, 3, 0], [1, 0, "b", 4.0, 1, 0]]
    found = thinned(pd.DataFrame(rows, columns=columns))
    assert found.to_numpy().tolist() == [[1, 0, "a", 1.5, 5, 0], [1, 0, "b", 4.0, 1, 0]]
    assert list(found.columns) == columns


def test_a_table_that_is_not_declared_is_named(monkeypatch):
    monkeypatch.setattr(explorer_sources, "READS", ("toy.losess",))
    read_by_views.cache_clear()
    with pytest.raises(CatalogueError, match=r"reads toy.losess, which is no table of toy, th"):
        read_by_views()
    read_by_views.cache_clear()


def test_all_asks_for_the_explorer_after_everything_it_shows():
    config = Config()
    paths = Paths(config)
    task = task_named("explorer")
    job = task.job(config, paths)
    assert [part for part, names in PARTS.items() if task.name.startswith(names)] == ["all"]
    assert [*task.writes(job)] == [paths.explorer, paths.explorer_origin]
    reads = set(task.reads(job))
    for group in groups(config, paths):
        assert reads >= set(group.own.values() or group.kept.values())
    assert {paths.claims, paths.figures / "hidden_paths.png"} <= reads
    assert {"explorer.js", "explorer.css"} <= {path.name for path in reads}


def test_the_repository_keeps_a_whole_run(tmp_path):
    # What `make explorer` shows in a fresh clone.
    config = Config()
    shown = gather(config, Paths(tmp_path), recorded_only=True)
    assert set(shown.tables) == set(figures.explorer.READS)
    assert not any(name.startswith("missing") for name in shown.told), shown.told
    assert set(shown.tables["toy.losses"]["variant"]) == {"toy", *config.variants}
    for key, table in shown.tables.items():
        if key.startswith("language"):
            assert set(table["model"]) >= {"controlled", "natural", "natural_small"}
    files = [path for path in RECORDED_RUN.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 3.5e6
