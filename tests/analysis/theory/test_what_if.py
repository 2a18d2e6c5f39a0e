"""Theory over a grid of settings."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.theory.predicted_times import Training, expected_strength, predicted_influence
from analysis.theory.predicted_times import transition_width as width
from analysis.theory.times_table import TRAINING, predictions
from analysis.theory.what_if import Grid, Home, sharp_targets, what_if_tables
from models.toy.hierarchy import DEFAULT_HIERARCHY, Hierarchy
from models.toy.linear_network import mode_basis
from tests.conftest import ROUNDING

TREE = Hierarchy.from_mapping(DEFAULT_HIERARCHY)
# Checkpoints far apart keep it quick; every setting is that of laptop.yaml otherwise.
HOME = Home(TREE, ("dog", "cat", "sparrow"), 16, "random", 0.05, 0.01, 1000, 40)
GRID = Grid(sharpness=[1.3], init_scale=[0.03], learning_rate=[0.1])
SETTING = ["sharpness", "init_scale", "learning_rate"]


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return what_if_tables(HOME, GRID, points=40)


def at(table: pd.DataFrame, sharpness: float, init_scale: float, rate: float) -> pd.DataFrame:
    """Rows of one setting, without it."""
    here = (table[SETTING] == [sharpness, init_scale, rate]).all(axis=1)
    return table[here].drop(columns=SETTING).reset_index(drop=True)


def test_the_training_itself_is_on_the_grid_and_is_what_theory_says_of_it(tables):
    own = at(tables["what_if"], 1.0, 0.01, 0.05)
    strength = expected_strength(0.01, 16, "random")
    training = Training(TREE, 0.05, strength, 16)
    for target in ("cat", "sparrow"):
        rows = own[(own["target"] == target) & (own["theory"] == "first_order")]
        i, j = TREE.items.index("dog"), TREE.items.index(target)
        said = predicted_influence(training, rows["step"].to_numpy())[:, i, j]
        assert np.allclose(rows["influence"], said, rtol=0, atol=1e-9 * np.abs(said).max())
    told = predictions(training, steps=1000, checkpoint_every=40, nbeta=80.0, gamma=1e3)
    events = at(tables["what_if_events"], 1.0, 0.01, 0.05)
    events = events[events["theory"] == "first_order"]
    for target in ("cat", "sparrow"):
        rows = events[events["target"] == target]
        expected = told.events[TRAINING]["dog", target]
        assert list(rows["direction"]) == [event.direction for event in expected]
        assert np.allclose(rows["step"], [event.step for event in expected], rtol=0, atol=1e-6)
    stages = at(tables["what_if_stages"], 1.0, 0.01, 0.05).set_index("stage")
    steps = np.arange(0, 1001, 10)
    for pair, stage in ((("dog", "cat"), "dog | cat"), (("dog", "rose"), "animal | plant")):
        row = stages.loc[stage]
        assert abs(row["end"] - row["start"] - width(training, pair, steps)) < ROUNDING


def test_the_closed_form_is_the_estimators(tables):
    # By another road: the Frechet derivative of the whole map in place of levels and pairs.
    from analysis.estimators.closed_form import closed_form_influence

    for sharpness, init_scale in ((1.0, 0.01), (1.3, 0.03)):
        own = at(tables["what_if"], sharpness, init_scale, 0.1)
        rows = own[(own["target"] == "cat") & (own["theory"] == "closed_form")]
        said = closed_form_influence(
            sharp_targets(TREE, sharpness),
            rows["step"].to_numpy() * 0.1,
            expected_strength(init_scale, 16, "random"),
        )[:, TREE.items.index("dog"), TREE.items.index("cat")]
        assert np.allclose(rows["influence"], said, rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", ["what_if", "what_if_events", "what_if_stages"])
def test_twice_the_learning_rate_halves_every_time(tables, name):
    slow, fast = (at(tables[name], 1.3, 0.01, rate) for rate in (0.05, 0.1))
    times = [c for c in ("step", "start", "middle", "end") if c in slow]
    assert len(slow) > 10 or name == "what_if_stages"
    pd.testing.assert_frame_equal(slow.assign(**slow[times] / 2), fast, check_exact=True)


def test_sharper_hierarchies_spread_the_stages_and_smaller_starts_delay_them(tables):
    middle = {
        key: at(tables["what_if_stages"], *key, 0.05).groupby("depth")["middle"].mean()
        for key in ((1.0, 0.01), (1.3, 0.01), (1.0, 0.03), (1.3, 0.03))
    }
    for scale in (0.01, 0.03):
        plain, sharp = middle[1.0, scale], middle[1.3, scale]
        assert (plain.diff()[1:] > 50).all()  # coarse before fine
        assert (sharp.diff()[1:] > 1.2 * plain.diff()[1:]).all()
    for sharpness in (1.0, 1.3):
        assert (middle[sharpness, 0.01] > middle[sharpness, 0.03]).all()


def test_curves_go_on_until_the_last_stage_is_over(tables):
    ends = tables["what_if_stages"].groupby(SETTING)["end"].max()
    lasts = tables["what_if"].groupby(SETTING)["step"].max()
    assert ends.notna().all()
    assert (lasts > ends).all()


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 2.0])
def test_the_finest_mode_is_as_strong_as_its_features(sharpness):
    # Two leaves of one parent differ in their own features alone: s = sharpness^-depth / items.
    _, s, _ = mode_basis(sharp_targets(TREE, sharpness))
    assert abs(s[-1] - sharpness**-3 / 8) < ROUNDING
    if sharpness == 1.0:
        assert (sharp_targets(TREE, 1.0) == TREE.targets()).all()


def test_a_sharpness_that_is_not_positive_is_refused():
    with pytest.raises(ValueError, match="sharpness 0: features"):
        sharp_targets(TREE, 0.0)


def test_a_start_beyond_what_is_to_be_learnt_gives_a_curve_and_no_warning():
    with np.errstate(divide="raise", invalid="raise", over="raise"):
        found = what_if_tables(HOME, Grid([2.0], [0.5], [0.05]), points=20)
    assert found["what_if"]["influence"].notna().all()
