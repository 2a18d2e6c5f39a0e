"""Every language stage and figure in one process: GPT-NeoX, one run, a grammar of one kind."""

from __future__ import annotations

import importlib
import json

import pytest

from analysis.language_claims import LANGUAGE_DECIDERS
from figures import LANGUAGE_TABLES
from figures.style import save
from stagewise.config import load_config
from stagewise.paths import Paths
from stagewise.stages.claims import gather_language
from stagewise.stages.figure import load_language_tables
from stagewise.stages.language import (
    collect,
    development,
    effects,
    events,
    forecast,
    influence,
    landmarks,
    localisation,
    summaries,
    train,
    upweighting,
)
from stagewise.store import read_table

MODEL = "neox"
SETTINGS = {
    "grammar": {"delimiter_kinds": 1, "names": 1, "max_depth": 1},
    "context": 32,
    "network": {"architecture": "gpt_neox", "width": 16, "layers": 1},
    "training": {"steps": 30, "batch_size": 8, "checkpoint_every": 10, "learning_rate": 0.01,
                 "warmup": 3, "curve_every": 5},
    "seeds": 1,
    "evaluation_sequences": 8,
    "landmark_sequences": 16,
    "measure_every": 10,
    "posterior": {"draws": 16, "burn_in": 2, "batch_size": 4},
    "localisations": [1e5, 1e6],
    "localisation_every": 2,
    "upweighting": {"classes": {"induction": {"threshold": 3.9, "window": 10, "until": 20}}},
    "prediction": {"every": 2, "horizons": [1, 2]},
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_one_run_of_gpt_neox_goes_all_the_way(tmp_path):
    setting = json.dumps({"controlled": None, MODEL: SETTINGS})
    config = load_config(settings=[f"results={tmp_path}", f"language.models={setting}"])
    paths, seed = Paths(config), 0
    place = paths.language(MODEL)
    train.run(config, paths, MODEL, seed)
    assert "about" in influence.estimate(config, paths, MODEL, seed, threads=2, device="cpu")
    influence.run(config, paths, MODEL, seed, threads=2)
    landmarks.run(config, paths, MODEL, seed)
    upweighting.run(config, paths, MODEL, "induction", seed)
    effects.run(config, paths, MODEL, seed)
    localisation.run(config, paths, MODEL)
    for table in (*collect.PARTS, "landmarks", "upweighting"):
        collect.run(config, paths, MODEL, table)
    with pytest.raises(ValueError, match="table 'nonsense'"):
        collect.run(config, paths, MODEL, "nonsense")
    development.run(config, paths, MODEL)
    events.run(config, paths, MODEL)
    forecast.run(config, paths, MODEL)
    for which in summaries.SUMMARIES:
        summaries.run(config, paths, MODEL, which)
    for name in LANGUAGE_TABLES:
        found = load_language_tables(config, paths, MODEL, name)
        assert found.run == "this run (1 seed)"
        save(importlib.import_module(f"figures.{name}").draw(found), tmp_path / name)
        assert (tmp_path / f"{name}.png").stat().st_size > 3000
    evidence = gather_language(config, paths, MODEL)
    decided = {c.id: c.finding for c in (decide(evidence) for decide in LANGUAGE_DECIDERS)}
    assert list(decided) == ["C7", "C8", "C9", "C10", "X6", "X7"]
    assert decided["C9"].verdict == decided["X7"].verdict == "not run"  # one run, no interval
    assert not any("nan" in (f.measured + f.interval).split() for f in decided.values())
    assert read_table(place.class_influence)["influence"].notna().all()
