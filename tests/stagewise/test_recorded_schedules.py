"""What a default run does not try is shown from the record of a run that did."""

from __future__ import annotations

import shutil

import pandas as pd
import pytest
import yaml

from stagewise.config import ConfigError, load_config
from stagewise.config.interventions import SchedulesConfig
from stagewise.provenance import recorded
from stagewise.provenance.store import write_table
from stagewise.tasks.merge import figures

TABLES = ("schedules", "schedule_differences", "schedule_choices")
MODEL = "controlled"


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A record of schedules alone, made with the default's other settings."""
    config = load_config()
    settings = config.language.models[MODEL].model_dump()
    settings |= {"schedules": {"arms": ["even", "bif"]}, "seeds": 8}
    made = {"config": {"seed": config.seed, "language": {"models": {MODEL: settings}}},
            "seed": [*range(8)]}  # fmt: skip
    for name in TABLES:
        write_table(pd.DataFrame({"a": [1]}), tmp_path / MODEL / f"{name}.parquet", made)
    monkeypatch.setattr(figures, "standing_for", lambda c, m: recorded.standing_for(c, m, tmp_path))
    return tmp_path


def test_recorded_schedules_stand_for_those_not_asked_for(kept):
    config = load_config()
    assert sorted(recorded.standing_for(config, MODEL, kept)) == sorted(TABLES)
    assert {"figure": "schedules", "model": MODEL} in figures.each_of_model(config)
    shutil.rmtree(kept / MODEL)
    assert {"figure": "schedules", "model": MODEL} not in figures.each_of_model(config)


def changed(**update):
    """The default configuration with other settings of its model."""
    config = load_config()
    model = config.language.models[MODEL].model_copy(update=update)
    language = config.language.model_copy(update={"models": {MODEL: model}})
    return config.model_copy(update={"language": language})


def test_they_do_not_where_schedules_are_asked_for_or_something_else_is_measured(kept):
    asked = changed(schedules=SchedulesConfig(arms=["even", "oracle"]))
    assert recorded.standing_for(asked, MODEL, kept) == []
    measured = load_config().language.models[MODEL].posterior.model_copy(update={"gamma": 9.0})
    assert recorded.standing_for(changed(posterior=measured), MODEL, kept) == []


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"arms": ["bifs"]}, "no arm bifs; choose from uniform, windows, even, bif"),
        (
            {"targets": ["word"]},
            "schedules.targets: word is not up-weighted; choose from induction",
        ),
    ],
)
def test_impossible_schedules_are_refused_by_name(tmp_path, settings, says):
    file = tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump({"language": {"models": {MODEL: {"schedules": settings}}}}))
    with pytest.raises(ConfigError, match=says):
        load_config([file])
