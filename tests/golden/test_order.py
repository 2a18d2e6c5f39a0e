"""Nothing relies on the order of rows: with every table in random order, all stays as it is."""

from __future__ import annotations

import io
import json

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from figures import scripts
from stagewise.provenance import recorded
from stagewise.provenance.store import read_table
from stagewise.tasks.base import perform, tasks
from stagewise.tasks.merge import evidence, figures

pytestmark = [pytest.mark.pipeline, pytest.mark.xdist_group("golden")]
CLAIMS = ("claims_toy", "claims_theory", "claims_language", "claims_recorded")


@pytest.fixture
def shuffle(monkeypatch):
    """From now on every table that a figure or a claim reads comes in random order."""
    rng = np.random.default_rng(0)

    def read(path) -> pd.DataFrame:
        table = read_table(path)
        return table.iloc[rng.permutation(len(table))].reset_index(drop=True)

    def start() -> None:
        for module in (evidence, figures, recorded):
            monkeypatch.setattr(module, "read_table", read)

    return start


@pytest.mark.parametrize("name", CLAIMS)
def test_every_claim_is_decided_alike(smoke, shuffle, name):
    shuffle()
    for wildcards in tasks()[name].jobs(smoke.config):
        job = tasks()[name].job(smoke.config, smoke.paths, **wildcards)
        path = next(path for path in tasks()[name].writes(job) if path.suffix == ".json")
        before = json.loads(path.read_text(encoding="utf-8"))
        path.unlink()
        perform(name, smoke.config, smoke.paths, **wildcards)
        assert json.loads(path.read_text(encoding="utf-8")) == before
        assert before


@pytest.mark.parametrize("name", scripts())
def test_every_figure_is_drawn_alike(smoke, shuffle, name):
    def picture() -> bytes:
        if scripts()[name].room == "language":
            tables = figures.load_language_tables(smoke.config, smoke.paths, "controlled", name)
        else:
            tables = figures.load_tables(smoke.config, smoke.paths, name)
        file, drawn = io.BytesIO(), scripts()[name].draw(tables)
        drawn.savefig(file, format="png", dpi=60)
        plt.close(drawn)
        return file.getvalue()

    ordered = picture()
    shuffle()
    assert picture() == ordered
