"""Class influence against the token x token matrix, its control variate, and its limit."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from analysis.estimators.bif import bayesian_influence
from analysis.estimators.class_bif import ControlVariate, class_influence
from analysis.estimators.class_gradient import (
    aligned,
    class_gradient_influence,
    control_of,
    sequence_class_gradients,
)
from analysis.losses.tokens import LanguageModelLoss, stacked_parameters
from analysis.sampling.posterior import sample_posterior
from analysis.sampling.settings import PosteriorConfig
from analysis.statistics.jackknife import jackknife_blocks
from models.corpora.corpus import controlled_corpus
from models.corpora.grammar import Grammar
from models.language.model import build_model, token_losses
from models.language.settings import Network

SEQUENCES, TIME, CLASSES = 6, 7, 3


@pytest.fixture
def traces() -> torch.Tensor:
    """Losses (chains, draws, sequences, time) that vary together, within sequences more so."""
    g = torch.Generator().manual_seed(0)
    own = torch.randn(3, 60, SEQUENCES, TIME, generator=g)
    shared = torch.randn(3, 60, 1, 1, generator=g) + 0.5 * torch.randn(
        3, 60, SEQUENCES, 1, generator=g
    )
    return own + shared


@pytest.fixture
def membership() -> torch.Tensor:
    """Classes that overlap and leave tokens out."""
    return torch.rand(SEQUENCES, TIME, CLASSES, generator=torch.Generator().manual_seed(1)) < 0.4


def naive(
    blocks: np.ndarray, membership: torch.Tensor, normalized: bool, across: bool
) -> np.ndarray:
    """Mean over pairs of the token x token matrix itself."""
    x = blocks.reshape(-1, SEQUENCES * TIME).astype(np.float64)
    matrix = np.corrcoef(x.T) if normalized else np.cov(x.T)
    sequence = np.repeat(np.arange(SEQUENCES), TIME)
    counted = (sequence[:, None] != sequence) if across else ~np.eye(len(sequence), dtype=bool)
    member = membership.reshape(-1, CLASSES).numpy().astype(float)
    return -(member.T @ (matrix * counted) @ member) / (member.T @ counted @ member)


def test_equals_the_full_matrix_and_its_jackknife(traces, membership):
    # Tolerance 1e-9; leaving the self pairs in would be off by 0.05, fixing the standard
    # deviations in the jackknife by 1e-3.
    blocks = jackknife_blocks(traces.numpy())
    found = class_influence(traces, membership)
    assert [(f.pairs, f.normalized) for f in found] == [
        ("all", False), ("across_sequences", False), ("all", True), ("across_sequences", True),
    ]  # fmt: skip
    for f in found:
        how = (membership, f.normalized, f.pairs == "across_sequences")
        left_out = np.stack([naive(np.delete(blocks, k, 0), *how) for k in range(len(blocks))])
        error = np.sqrt((len(blocks) - 1) * ((left_out - left_out.mean(0)) ** 2).mean(0))
        assert np.allclose(f.influence, naive(blocks, *how), atol=1e-9)
        assert np.allclose(f.std_error, error, atol=1e-9)


def test_one_token_per_class_is_bayesian_influence(traces):
    # Same sign, same blocks, same errors as the sample-level function.
    membership = torch.zeros(SEQUENCES, TIME, SEQUENCES, dtype=torch.bool)
    for s in range(SEQUENCES):
        membership[s, 2, s] = True
    value, error = bayesian_influence(traces[:, :, :, 2].numpy(), normalized=True)
    found = class_influence(traces, membership)[3]
    different = ~np.eye(SEQUENCES, dtype=bool)
    assert np.allclose(found.influence.numpy()[different], value[different], atol=1e-6)
    assert np.allclose(found.std_error.numpy()[different], error[different], atol=1e-6)
    assert found.n_pairs.diagonal().tolist() == [0] * SEQUENCES
    assert found.influence.diagonal().isnan().all()


def test_streaming_in_chunks_changes_nothing(traces, membership, monkeypatch):
    whole = class_influence(traces, membership)
    monkeypatch.setattr("analysis.estimators.class_bif.CHUNK_BYTES", 1)
    for a, b in zip(whole, class_influence(traces, membership), strict=True):
        assert torch.allclose(a.influence, b.influence, atol=1e-12)
        assert torch.allclose(a.std_error, b.std_error, atol=1e-12)


def test_diverged_chains_and_constant_tokens_do_no_harm(traces, membership):
    expected = class_influence(traces[:2], membership)
    broken = traces.clone()
    broken[2, 30] = float("nan")
    for a, b in zip(expected, class_influence(broken, membership), strict=True):
        assert torch.equal(a.influence, b.influence)
    still = traces.clone()
    still[:, :, 0, 0] = 1.5  # correlates with nothing
    for f in class_influence(still, membership):
        assert f.influence.isfinite().all()


def small_loss(architecture: str = "attention_only"):
    corpus = controlled_corpus(Grammar(), context=16, training=64, evaluation=5, seed=0)
    layers = 2 if architecture == "attention_only" else 1
    network = Network(architecture=architecture, width=8, heads=2, layers=layers)
    model = build_model(network, vocabulary=64, context=16, seed=1).requires_grad_(False)
    evaluation = corpus.evaluation
    return LanguageModelLoss(model, corpus.training.long(), evaluation.tokens), evaluation


@pytest.mark.parametrize("architecture", ["attention_only", "gpt_neox"])
def test_gradient_limit_is_that_of_single_tokens(architecture):
    # One backward pass per token, every pair of tokens, none of the same sequence.
    loss, evaluation = small_loss(architecture)
    model = loss.model.double().requires_grad_(True)  # sums over pairs cancel
    losses = token_losses(model, evaluation.tokens).flatten()
    rows = []
    for value in losses:
        grads = torch.autograd.grad(value, list(model.parameters()), retain_graph=True)
        rows.append(torch.cat([g.flatten() for g in grads]).double())
    each = torch.stack(rows)
    model.requires_grad_(False)
    sequence = torch.arange(5).repeat_interleave(16)
    counted = (sequence[:, None] != sequence).double()
    member = evaluation.membership.flatten(0, 1).double()
    expected = -(member.T @ (each @ each.T * counted) @ member) / (member.T @ counted @ member) / 50
    found, n_pairs = class_gradient_influence(loss, evaluation.membership, gamma=50.0)
    there = n_pairs > 0
    assert torch.equal(n_pairs, (member.T @ counted @ member).long())
    assert torch.allclose(found[there], expected[there], rtol=1e-9)
    assert found[~there].isnan().all()


def posterior(**settings) -> PosteriorConfig:
    given = {"nbeta": 0.0, "gamma": 1e6, "step_size": 2e-6, "chains": 4, "draws": 64,
             "burn_in": 20, "batch_size": 4, "integrator": "exponential"}  # fmt: skip
    return PosteriorConfig(**given | settings)


def sampled(loss, evaluation, config, *, with_control: bool):
    gradients = sequence_class_gradients(loss, evaluation.tokens, evaluation.membership)
    draws = sample_posterior(
        loss, stacked_parameters(loss.model), config, seed=3, n_samples=64, observe=loss.observe,
        control=control_of(gradients) if with_control else None,
    )  # fmt: skip
    limit, _ = aligned([gradients], evaluation.membership, config.gamma)
    traces = draws.losses[0].unflatten(-1, evaluation.membership.shape[:2])
    control = None
    if with_control:
        control = ControlVariate(
            draws.controls[0].unflatten(-1, (5, len(evaluation.class_names))), limit
        )
    return class_influence(traces, evaluation.membership, control=control)[1], limit


def test_control_variate_leaves_only_what_is_not_linear():
    # Far inside the linear regime the corrected estimate is the limit itself, draws or no draws.
    loss, evaluation = small_loss()
    plain, limit = sampled(
        loss, evaluation, posterior(gamma=1e8, step_size=2e-8), with_control=False
    )
    better, _ = sampled(loss, evaluation, posterior(gamma=1e8, step_size=2e-8), with_control=True)
    there = limit.isfinite()
    scale = limit[there].abs().median()
    assert (better.influence - limit)[there].abs().median() < 0.02 * scale
    assert (plain.influence - limit)[there].abs().median() > 0.05 * scale
    assert (better.std_error[there] < 0.2 * plain.std_error[there]).float().mean() > 0.9


def test_the_control_has_the_moments_it_is_said_to_have():
    # The free path's class sums, taken as losses: their influence is the limit. z-scores over
    # seeds; a variance off by the step (11 %) would give 5 and more.
    loss, evaluation = small_loss()
    config = posterior(nbeta=50.0, chains=32, draws=150)
    gradients = sequence_class_gradients(loss, evaluation.tokens, evaluation.membership)
    limit, n_pairs = aligned([gradients], evaluation.membership, config.gamma)
    classes = len(evaluation.class_names)
    single = torch.eye(classes, dtype=torch.bool).expand(5, classes, classes)
    scores = []
    for seed in range(5):
        draws = sample_posterior(
            loss, stacked_parameters(loss.model), config, seed=seed, n_samples=64,
            observe=loss.observe, control=control_of(gradients),
        )  # fmt: skip
        found = class_influence(draws.controls[0].unflatten(-1, (5, classes)), single)[1]
        expected = limit * n_pairs / (5 * 4)
        scores.append(((found.influence - expected) / found.std_error)[n_pairs > 0])
    z = torch.stack(scores)
    assert z.mean(0).abs().max() * 5**0.5 < 4
    assert z.square().mean().sqrt() < 1.4


def test_a_control_needs_a_chain_without_preconditioner():
    loss, evaluation = small_loss()
    with pytest.raises(ValueError, match="needs preconditioner none, not rmsprop"):
        sampled(loss, evaluation, posterior(preconditioner="rmsprop"), with_control=True)
