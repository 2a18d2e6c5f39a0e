"""Interventions: the same total weight in every arm, the same run but for the weight."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from analysis.estimators.class_gradient import class_gradient_influence
from analysis.interventions.forecast import forecasts, stage_of
from analysis.interventions.summaries import (
    forecast_means,
    localisation_summary,
    threshold_time_differences,
    threshold_times,
)
from analysis.interventions.upweighting import (
    Arm,
    arms,
    class_losses,
    crossing,
    next_effects,
    train_to_threshold,
)
from analysis.losses.tokens import LanguageModelLoss
from models.corpora.corpus import Corpus, controlled_corpus
from models.corpora.grammar import Grammar
from models.language.model import build_model, token_losses
from models.language.settings import Network, Training
from models.language.training import LanguageTrainer

SETTINGS = Training(steps=40, batch_size=8, warmup=2, checkpoint_every=10, learning_rate=0.01)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return controlled_corpus(Grammar(), context=24, training=320, evaluation=32, seed=0)


def trainer(corpus: Corpus) -> LanguageTrainer:
    model = build_model(Network(width=16), vocabulary=64, context=24, seed=0)
    return LanguageTrainer(model, corpus, SETTINGS)


def test_every_arm_spends_the_same():
    found = arms(window=120, until=500, extra=3.0)
    assert [a.name for a in found] == [
        "none", "0-120", "120-240", "240-360", "360-480", "uniform",
    ]  # fmt: skip
    spent = [(a.stop - a.start) * a.extra for a in found[1:]]
    assert np.allclose(spent, 360.0)


def test_crossing_is_interpolated_in_the_running_median():
    steps = np.arange(0, 400, 10)
    falling = 3.0 - 0.01 * steps
    assert crossing(steps, falling, 1.5) == pytest.approx(150)
    jitter = falling.copy()
    jitter[3] = 0.0  # one low point is no crossing
    assert crossing(steps, jitter, 1.5) == pytest.approx(150)
    assert np.isnan(crossing(steps, falling, -5.0))


def test_an_arm_without_weight_is_the_run_itself(corpus):
    plain, arm = trainer(corpus), trainer(corpus)
    plain.train(20)
    train_to_threshold(
        arm, Arm("none", 0, 0, 0.0), 3, lambda t: float(t.step), threshold=-1.0, every=10,
        before=([0], [9.0]),
    )  # fmt: skip
    assert arm.step == SETTINGS.steps
    plain.train(SETTINGS.steps)
    for p, q in zip(plain.model.parameters(), arm.model.parameters(), strict=True):
        assert torch.equal(p, q)


def test_training_to_a_threshold_ends_soon_after_its_crossing(corpus):
    steps, losses = train_to_threshold(
        trainer(corpus), Arm("0-10", 0, 10, 1.0), 3, lambda t: 3.0 - 0.1 * t.step,
        threshold=2.0, every=2, before=([0], [3.0]),
    )  # fmt: skip
    assert crossing(steps, losses, 2.0) == pytest.approx(10)
    assert steps[-1] < SETTINGS.steps


def test_one_small_step_does_what_gradient_alignment_says(corpus):
    # To first order the effect of extra weight on class a after one step of plain descent is
    # -rate x <grad L_b, grad of the extra loss>. The optimizer is replaced to be that descent.
    run = trainer(corpus)
    run.train(10)
    rate = 1e-3
    state = {n: p.detach().clone() for n, p in run.model.named_parameters()}
    evaluation, batch = corpus.evaluation, corpus.training[run.batch_rows(10)].long()
    members = corpus.members(run.batch_rows(10))
    every = corpus.members(torch.arange(len(corpus.training)))

    class Descent:
        def __init__(self, parameters):
            self.parameters = list(parameters)

        def state(self):
            return {}

        def restore(self, state):
            assert not state

        def zero_grad(self):
            for p in self.parameters:
                p.grad = None

        @torch.no_grad()
        def update(self, learning_rate):
            for p in self.parameters:
                p -= rate * p.grad

    run.optimizer = Descent(run.model.parameters())
    effects = next_effects(run, evaluation, horizons=[1], total_extra=0.05)[0]
    run.model.load_state_dict(state)
    parameters = list(run.model.parameters())

    def gradient(value):
        parts = torch.autograd.grad(value, parameters, retain_graph=True)
        return torch.cat([g.flatten() for g in parts])

    train, held = token_losses(run.model, batch), token_losses(run.model, evaluation.tokens)
    expected = np.zeros_like(effects)
    for a in range(effects.shape[0]):
        share = float(every[..., a].float().mean())
        extra = gradient((train * members[..., a]).sum() * 0.05 / share / train.numel())
        for b in range(effects.shape[1]):
            member = evaluation.membership[..., b]
            expected[a, b] = -rate * float(extra @ gradient(held[member].mean()))
    assert np.corrcoef(effects.ravel(), expected.ravel())[0, 1] > 0.999
    assert np.allclose(effects, expected, atol=0.05 * np.abs(expected).max())


def test_effects_leave_no_trace_between_sources(corpus):
    start = trainer(corpus)  # the optimizer has no state yet: what an arm leaves must go too
    tiny = next_effects(start, corpus.evaluation, horizons=[2], total_extra=1e-12)
    assert np.abs(tiny).max() < 1e-5
    run = trainer(corpus)
    run.train(5)
    first = next_effects(run, corpus.evaluation, horizons=[1, 4], total_extra=0.1)
    again = trainer(corpus)
    again.train(5)
    second = next_effects(again, corpus.evaluation, horizons=[1, 4], total_extra=0.1)
    assert np.array_equal(first, second)
    assert first.shape == (2, 6, 6)
    nothing = trainer(corpus)
    nothing.train(5)
    assert not next_effects(nothing, corpus.evaluation, horizons=[2], total_extra=0.0).any()


def test_class_losses_are_means(corpus):
    run = trainer(corpus)
    loss = LanguageModelLoss(run.model, corpus.training.long(), corpus.evaluation.tokens)
    assert class_losses(run, corpus.evaluation).shape == (6,)
    value, _ = class_gradient_influence(loss, corpus.evaluation.membership, 1.0)
    assert (value.diagonal() < 0).all()  # a class helps itself


def test_forecasts_rank_ordered_pairs_of_different_classes():
    classes = list("abc")
    pairs = [(a, b) for a in classes for b in classes]
    rng = np.random.default_rng(0)
    now, end = rng.standard_normal(9), rng.standard_normal(9)
    influence = pd.DataFrame(
        [
            {"step": step, "source_class": a, "target_class": b, "influence": v}
            for step, values in ((5, now), (9, end))
            for (a, b), v in zip(pairs, values, strict=True)
        ]
    )
    effects = pd.DataFrame(
        [
            {"step": 5, "horizon": 1, "source_class": a, "target_class": b, "effect": 2 * v + 1}
            for (a, b), v in zip(pairs, now, strict=True)
        ]
    )
    found = forecasts(effects, influence).iloc[0]
    assert found["now"] == pytest.approx(1.0)
    assert found["end"] < 1.0
    assert found["pairs"] == 6


def test_stages_of_steps():
    table = pd.DataFrame(
        {"stage": ["word", "induction"], "start": [10.0, 50.0], "end": [20.0, 80.0]}
    )
    names = [stage_of(table, step) for step in (5, 10, 30, 60, 90)]
    assert names == [
        "before word", "word", "between word and induction", "induction", "after induction",
    ]  # fmt: skip
    unfinished = table.assign(end=[20.0, np.nan])
    assert stage_of(unfinished, 90) == "induction"


def upweighted() -> pd.DataFrame:
    """Three runs: a window that is 100 steps faster, give or take, and one that never crosses."""
    rows = []
    for seed, base in enumerate((500.0, 540.0, 520.0)):
        for arm, when in (("none", base), ("0-10", base - 100 - seed), ("uniform", np.nan)):
            rows.append(
                {"class": "induction", "arm": arm, "start": 0, "stop": 10, "seed": seed,
                 "crossing": when, "step": 900, "threshold": 1.5, "outcome": "induction"}
            )  # fmt: skip
    return pd.DataFrame(rows)


def test_paired_differences_and_censoring():
    table = threshold_times(upweighted())
    assert table.loc[table["arm"] == "uniform", "censored"].all()
    assert (table.loc[table["arm"] == "uniform", "crossing"] == 900).all()
    found = threshold_time_differences(table).set_index(["arm", "against"])
    row = found.loc[("0-10", "none")]
    assert row["mean"] == pytest.approx(-101)
    assert row["low"] < -101 < row["high"] < 0
    assert (row["seeds"], row["faster"]) == (3, 3)


def test_localisation_summary_uses_only_what_differs_from_zero():
    rng = np.random.default_rng(0)
    limit = rng.standard_normal(40)
    table = pd.DataFrame(
        {"gamma": 1e5, "gradient": limit, "influence": 1.25 * limit, "std_error": 0.1}
    )
    found = localisation_summary(table).iloc[0]
    assert found["ratio"] == pytest.approx(1.25)
    assert found["high"] - found["low"] == pytest.approx(0, abs=1e-9)
    assert found["rank"] == pytest.approx(1)
    assert found["pairs"] == int((np.abs(1.25 * limit) > 0.3).sum())


def test_forecast_means_take_runs_as_the_unit():
    table = pd.DataFrame(
        {"label": "bif", "stage": "word", "horizon": 1, "step": [1, 2, 1, 2], "seed": [0, 0, 1, 1],
         "now": [0.2, 0.4, 0.6, 0.8], "end": 0.1}
    )  # fmt: skip
    found = forecast_means(table).set_index(["stage", "when"])
    assert found.loc[("word", "now"), "mean"] == pytest.approx(0.5)
    assert found.loc[("all training", "difference"), "mean"] == pytest.approx(0.4)
    assert found.loc[("word", "now"), "seeds"] == 2
