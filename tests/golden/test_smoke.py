"""The smoke configuration gives the numbers it gave: a change of the code that moves one is seen.

What is meant to change is written anew by `python -m tests.golden.summary results/smoke`, after
`snakemake --cores 2 --configfile workflow/config/smoke.yaml`, and its difference read before it is
kept.
"""

from __future__ import annotations

import json

import pytest

from tests.golden.summary import EXACT, GOLDEN, arithmetic, summarise

# Two runs of one code differ by up to 1e-15 in exact tables; a changed term moves 1e-6 and more.
AGREES = 1e-9
pytestmark = [pytest.mark.pipeline, pytest.mark.xdist_group("golden")]


def test_every_table_holds_the_numbers_it_held(smoke):
    golden, found = json.loads(GOLDEN.read_text(encoding="utf-8")), summarise(smoke.paths.root)
    assert found.keys() == golden["tables"].keys()
    same = arithmetic() == golden["arithmetic"]
    for name, kept in golden["tables"].items():
        assert list(found[name]["columns"]) == list(kept["columns"]), name
        if same or name in EXACT:
            assert found[name]["rows"] == kept["rows"], name
            for column, values in kept["columns"].items():
                where = f"{name}.{column}"
                if isinstance(values, str):
                    assert found[name]["columns"][column] == values, where
                else:
                    size = max(map(abs, values), default=0.0)
                    told = pytest.approx(values, rel=AGREES, abs=AGREES * size)
                    assert found[name]["columns"][column] == told, where
    if not same:
        pytest.skip("this machine rounds single precision differently: exact tables compared only")


def test_every_claim_reads_as_it_did(smoke):
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    if arithmetic() != golden["arithmetic"]:
        pytest.skip("this machine rounds single precision differently")
    assert json.loads(smoke.paths.claims.read_text(encoding="utf-8")) == golden["claims"]
