"""The language models' measurements on every device there is, against the CPU: a tiny GPT-NeoX."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from analysis.development.landmarks import grouped_losses, landmarks
from analysis.estimators.class_gradient import class_gradient_influence
from analysis.interventions.upweighting import next_effects
from analysis.losses.tokens import LanguageModelLoss, stacked_parameters
from analysis.sampling.posterior import sample_posterior
from analysis.sampling.settings import PosteriorConfig
from models.corpora.corpus import Corpus, controlled_corpus
from models.corpora.grammar import Grammar
from models.language.model import build_model, on_device
from models.language.settings import Network, Training
from models.language.training import LanguageTrainer

SETTINGS = Training(
    steps=20, batch_size=8, warmup=2, learning_rate=0.01, gradient_clip=1.0, precision="bfloat16"
)
CLOSE = {"rtol": 2e-3, "atol": 2e-3}  # single precision summed in another order


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return controlled_corpus(Grammar(), context=24, training=160, evaluation=16, seed=0)


def model_on(device: str):
    network = Network(architecture="gpt_neox", width=16, layers=2)
    return on_device(build_model(network, vocabulary=64, context=24, seed=0), device)


def test_landmarks_and_losses_do_not_depend_on_the_device(corpus, device):
    here, there = model_on("cpu"), model_on(device)
    found, expected = (landmarks(m, corpus, corpus.evaluation) for m in (there, here))
    assert found == pytest.approx(expected, abs=2e-3)
    sums = [grouped_losses(m, corpus, corpus.evaluation) for m in (there, here)]
    assert torch.allclose(*sums, **CLOSE)


def test_class_gradients_do_not_depend_on_the_device(corpus, device):
    found = []
    for model in (model_on("cpu"), model_on(device)):
        loss = LanguageModelLoss(model, corpus.training.long(), corpus.evaluation.tokens)
        found.append(class_gradient_influence(loss, corpus.evaluation.membership, 1e5)[0])
    assert np.allclose(*found, rtol=1e-3, atol=1e-3 * found[0].abs().max())


def test_traces_do_not_depend_on_the_device(corpus, device):
    # The same noise on both: drawn on the CPU, whatever the device.
    posterior = PosteriorConfig(
        nbeta=100.0, gamma=1e5, step_size=1e-5, chains=2, draws=8, burn_in=0, batch_size=4
    )
    found = []
    for place in ("cpu", device):
        loss = LanguageModelLoss(model_on(place), corpus.training.long(), corpus.evaluation.tokens)
        draws = sample_posterior(
            loss, stacked_parameters(loss.model), posterior, seed=0,
            n_samples=len(loss.training), observe=loss.observe, device=place,
        )  # fmt: skip
        found.append(draws.losses[0])
    assert found[1].device.type == "cpu"
    assert torch.allclose(*found, **CLOSE)


def test_training_goes_on_exactly_where_it_stopped(corpus, device):
    through, stopped = (LanguageTrainer(model_on(device), corpus, SETTINGS) for _ in range(2))
    through.train(8)
    stopped.train(5)
    state = copy.deepcopy(stopped.state())
    again = LanguageTrainer(model_on(device), corpus, SETTINGS)
    again.model.load_state_dict(stopped.model.state_dict())
    again.restore(5, state)
    again.train(8)
    ends = zip(through.model.parameters(), again.model.parameters(), strict=True)
    exact = device == "cpu"  # a GPU may add in another order
    assert all(torch.equal(a, b) if exact else torch.allclose(a, b, **CLOSE) for a, b in ends)


def test_effects_are_measured_where_the_model_is(corpus, device):
    trainer = LanguageTrainer(model_on(device), corpus, SETTINGS)
    trainer.train(2)
    effects = next_effects(trainer, corpus.evaluation, horizons=[1], total_extra=0.05)
    assert effects.shape == (1, 6, 6)
    assert np.abs(effects).max() > 0


def test_half_precision_is_for_training_on_a_gpu_alone(corpus, device):
    trainer = LanguageTrainer(model_on(device), corpus, SETTINGS)
    with trainer.autocast():
        assert torch.is_autocast_enabled(torch.device(device).type) == (device != "cpu")
    assert {p.dtype for p in trainer.model.parameters()} == {torch.float32}
