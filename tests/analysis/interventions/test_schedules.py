"""Schedules of extra weight: the same budget everywhere, and choices that find what helps."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch

from analysis.interventions.arms import ARMS, Budget, alone, chosen, evenly, way_of
from analysis.interventions.schedule_tables import in_order, outcome_row, schedule_differences
from analysis.interventions.schedules import (
    Waited,
    class_shares,
    influence_on,
    train_schedule,
    tried,
)
from analysis.interventions.upweighting import Arm, crossing, train_to_threshold
from analysis.sampling.settings import PosteriorConfig
from models.corpora.corpus import Corpus, controlled_corpus
from models.corpora.grammar import CLASSES, INDUCTION, RIGHT, WORD, Grammar
from models.language.model import build_model
from models.language.settings import Network, Training
from models.language.training import ClassWeights, LanguageTrainer, Upweighting

SETTINGS = Training(steps=40, batch_size=8, warmup=2, checkpoint_every=10, learning_rate=0.01)
SHARES = (0.6, 0.1, 0.3)
NEVER = Waited(lambda trainer: 9.0, threshold=1.0, every=10, until=30)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return controlled_corpus(Grammar(), context=24, training=320, evaluation=32, seed=0)


def trainer(corpus: Corpus) -> LanguageTrainer:
    model = build_model(Network(width=16), vocabulary=64, context=24, seed=0)
    return LanguageTrainer(model, corpus, SETTINGS)


def weights(run: LanguageTrainer) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in run.model.parameters()])


def test_every_division_costs_the_same_per_token():
    budget = Budget(0.5, 1, SHARES)
    assert budget.total == pytest.approx(0.05)
    for division in (
        alone(0, 3),
        alone(1, 3),
        evenly(3, 1, others=False),
        evenly(3, 1, others=True),
    ):
        assert np.dot(budget.extras(division), SHARES) == pytest.approx(0.05)
        assert np.dot(budget.extras(division, less=True), SHARES) == pytest.approx(-0.05)
    assert budget.extras(alone(1, 3)) == (0.0, 0.5, 0.0)  # exactly what C9 gives
    assert evenly(3, 1, others=True) == (0.5, 0.0, 0.5)


def test_no_class_gives_more_than_it_has():
    budget = Budget(3.0, 2, SHARES)  # 0.9 per token, of which a class may have 0.1
    assert budget.taken == pytest.approx(0.1)
    assert budget.extras(alone(1, 3), less=True)[1] == pytest.approx(-1)


def test_impossible_budgets_and_weights_are_refused():
    with pytest.raises(ValueError, match="class 1 has no training token"):
        Budget(1.0, 0, (0.5, 0.0))
    with pytest.raises(ValueError, match="target 3: from 0 to 2"):
        Budget(1.0, 3, SHARES)
    with pytest.raises(ValueError, match=r"extras\[1\] = -1.5: at least -1"):
        ClassWeights((0.0, -1.5))


def test_what_helps_most_is_chosen():
    scores = np.array([0.1, -0.3, -0.9, np.nan])
    assert chosen(scores, 2, others=False, less=False) == 2
    assert chosen(scores, 2, others=True, less=False) == 1
    assert chosen(scores, 2, others=True, less=True) == 0
    assert scores[2] == -0.9  # left as it was
    with pytest.raises(ValueError, match="nothing to choose by"):
        chosen(np.full(3, np.nan), 0, others=False, less=False)


def test_arms_by_name():
    assert all(way_of(arm) for arm in ARMS if arm != "windows")
    assert way_of("less_gradient").less
    assert not way_of("static").renewed
    with pytest.raises(ValueError, match="arm 'bifs': choose one of uniform, even, bif"):
        way_of("bifs")


def test_weight_on_one_class_is_upweighting_to_the_last_bit():
    members = torch.rand(4, 5, 3) < 0.3
    for extra in (0.6, -0.4, 1 / 3):
        one = Upweighting(1, extra, 0, 9).weights(0, lambda: members)
        assert torch.equal(one, ClassWeights((0.0, extra, 0.0)).weights(0, lambda: members))


def test_a_total_of_nothing_is_the_run_itself(corpus):
    plain, arm = trainer(corpus), trainer(corpus)
    plain.train(SETTINGS.steps)
    train_schedule(arm, lambda t: (0.0,) * 6, [0, 12, 20], 30, NEVER, before=([0], [9.0]))
    assert arm.step == SETTINGS.steps
    assert torch.equal(weights(plain), weights(arm))


def test_a_window_is_the_arm_of_staged_upweighting(corpus):
    def falling(t: LanguageTrainer) -> float:
        return 3.0 - 0.1 * t.step + 1e-3 * float(weights(t).norm())

    budget = Budget(2.0, INDUCTION, class_shares(corpus))
    staged, own = trainer(corpus), trainer(corpus)
    kept = train_to_threshold(
        staged, Arm("10-20", 10, 20, 2.0), INDUCTION, falling, threshold=2.2, every=2,
        before=([0], [3.0]),
    )  # fmt: skip
    waited = Waited(falling, threshold=2.2, every=2, until=30)
    extras = budget.extras(alone(INDUCTION, 6))
    curve = train_schedule(own, lambda t: extras, [10], 20, waited, before=([0], [3.0]))
    assert curve[0][: len(kept[0])] == kept[0]
    assert curve[1][: len(kept[1])] == kept[1]
    assert crossing(*curve, 2.2) == crossing(*kept, 2.2)


def test_weight_is_divided_anew_where_it_is_asked(corpus):
    asked, run = [], trainer(corpus)

    def spend(t: LanguageTrainer) -> tuple[float, ...]:
        asked.append(t.step)
        return alone(len(asked) % 6, 6)

    steps, losses = train_schedule(run, spend, [5, 12, 20], 26, NEVER, before=([0], [9.0]))
    assert asked == [5, 12, 20]
    assert steps == [0, 10, 20, 30, 40]  # whatever the renewals are
    assert losses == [9.0] * 5
    with pytest.raises(ValueError, match=r"renewals \[5, 5\] and stop 9 must increase"):
        train_schedule(run, spend, [5, 5], 9, NEVER, before=([], []))


def planted(corpus: Corpus) -> Corpus:
    """The same text, in which weight on "word" goes to right delimiters, and the other way round:
    no class helps right delimiters as "word" does."""
    swap = [RIGHT if k == WORD else WORD if k == RIGHT else k for k in range(len(CLASSES))]
    return dataclasses.replace(corpus, members=lambda rows: corpus.members(rows)[..., swap])


def test_an_oracle_picks_a_planted_class_and_leaves_no_trace(corpus):
    for text, best in ((corpus, RIGHT), (planted(corpus), WORD)):
        run = trainer(text)
        run.train(10)
        before = weights(run)
        moments = {name: tensor.clone() for name, tensor in run.state().items()}
        scores = tried(run, text.evaluation, RIGHT, steps=5, total=0.2)
        assert chosen(scores, RIGHT, others=False, less=False) == best
        assert run.step == 10
        assert torch.equal(before, weights(run))
        assert all(torch.equal(moments[name], tensor) for name, tensor in run.state().items())


def test_influence_where_a_training_stands_changes_nothing(corpus):
    posterior = PosteriorConfig(
        nbeta=100.0, gamma=1e6, step_size=1e-6, chains=2, draws=200, burn_in=5, batch_size=8,
        integrator="exponential",
    )  # fmt: skip
    run = trainer(corpus)
    run.train(10)
    before = weights(run)
    found = {
        by: influence_on(run, corpus, corpus.evaluation, posterior, INDUCTION, by=by, seed=0)
        for by in ("bif", "gradient")
    }
    assert torch.equal(before, weights(run))
    assert found["bif"].shape == found["gradient"].shape == (6,)
    assert np.corrcoef(found["bif"], found["gradient"])[0, 1] > 0.95  # strongly localised
    assert found["gradient"][INDUCTION] < 0
    with pytest.raises(ValueError, match="influence by 'loo': choose bif or gradient"):
        influence_on(run, corpus, corpus.evaluation, posterior, 0, by="loo", seed=0)


def test_outcomes_and_paired_differences():
    curve = [0, 10, 20], [3.0, 2.0, 1.5]
    row = outcome_row(curve, float("nan"), until=15, threshold=1.0)
    assert (row["crossing"], row["censored"], row["loss"]) == (20.0, True, 1.75)
    rows = [
        {"target": "a", "arm": arm, "seed": seed, "crossing": 100.0 * seed + shift, "loss": shift}
        for seed in range(3)
        for arm, shift in (("none", 9.0), ("bif", 4.0 + seed), ("even", 6.0), ("0-20", 6.0))
    ]
    found = schedule_differences(pd.DataFrame(rows)).set_index(["outcome", "arm", "against"])
    paired = found.loc[("crossing", "bif", "even")]
    assert paired["mean"] == pytest.approx(-1)
    assert paired["low"] < -1 < paired["high"]
    assert (paired["better"], paired["same"], paired["seeds"]) == (2, 1, 3)
    assert found.loc[("loss", "0-20", "even"), "same"] == 3
    assert in_order(["oracle", "120-240", "none", "0-120", "uniform"]) == [
        "none", "uniform", "0-120", "120-240", "oracle",
    ]  # fmt: skip
