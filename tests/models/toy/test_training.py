"""Gradients and optimizers of the linear network."""

from __future__ import annotations

import pytest
import torch

from analysis.theory.gaussian_influence import derivatives
from models.toy.linear_network import (
    Weights,
    aligned_weights,
    gradient,
    initial_mode_strength,
    random_weights,
    sample_derivatives,
    sample_losses,
)
from models.toy.training import minibatches, recorded_steps, train, trajectory
from tests.conftest import ROUNDING


def _start(seed: int = 0, scale: float = 0.3) -> Weights:
    return random_weights(8, 15, 16, scale, seed)


def test_gradient_equals_autograd(targets):
    start, v = _start(), torch.linspace(0, 2, 8, dtype=torch.float64)
    leaves = Weights(*(w.clone().requires_grad_() for w in start))
    expected = torch.autograd.grad((v * sample_losses(leaves, targets)).sum() / 8, leaves)
    for mine, theirs in zip(gradient(start, targets, v), expected, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=ROUNDING)


@pytest.mark.parametrize(
    ("name", "make", "tolerance"),
    [
        ("gradient_descent", lambda p: torch.optim.SGD(p, lr=0.05), ROUNDING),
        ("momentum", lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9), ROUNDING),
        # Epsilon stands under our root and outside torch's: 1e-6 here. A wrong bias correction
        # is off by 0.05 at the first step.
        ("adam", lambda p: torch.optim.Adam(p, lr=0.05, eps=1e-8), 5e-6),
    ],
)
def test_optimizers_equal_torch(targets, name, make, tolerance):
    start = _start()
    leaves = [w.clone().requires_grad_() for w in start]
    optimizer = make(leaves)
    for _ in range(30):
        optimizer.zero_grad()
        sample_losses(Weights(*leaves), targets).mean().backward()
        optimizer.step()
    mine = train(start, targets, [30], optimizer=name, learning_rate=0.05)
    for w, leaf in zip(mine, leaves, strict=True):
        torch.testing.assert_close(w[0], leaf.detach(), rtol=0, atol=tolerance)


def test_networks_trained_together_equal_networks_trained_alone(targets):
    starts = [_start(seed) for seed in range(3)]
    v = torch.rand(3, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    together = train(
        Weights(*(torch.stack(w) for w in zip(*starts, strict=True))),
        targets, [0, 7, 20], learning_rate=0.05, sample_weights=v,
    )  # fmt: skip
    for k, start in enumerate(starts):
        alone = train(start, targets, [0, 7, 20], learning_rate=0.05, sample_weights=v[k])
        torch.testing.assert_close(together.W1[:, k], alone.W1, rtol=0, atol=ROUNDING)


def test_weights_may_change_from_step_to_step(targets):
    start = _start()
    two = train(start, targets, [10], learning_rate=0.05)
    begin = Weights(two.W1[0], two.W2[0])
    half = torch.full((8,), 0.5, dtype=torch.float64)
    expected = train(begin, targets, [5], learning_rate=0.05, sample_weights=half)
    one = torch.ones(8, dtype=torch.float64)
    scheduled = train(
        start, targets, [15], learning_rate=0.05,
        sample_weights=lambda step: one if step < 10 else half,
    )  # fmt: skip
    torch.testing.assert_close(scheduled.W2, expected.W2, rtol=0, atol=ROUNDING)


def test_divergence_names_step_and_learning_rate(targets):
    with pytest.raises(FloatingPointError, match=r"step \d+ at learning rate 9"):
        train(_start(), targets, [2000], learning_rate=9.0)


def test_unknown_optimizer_is_refused(targets):
    with pytest.raises(ValueError, match="choose one of gradient_descent, momentum, adam"):
        list(trajectory(_start(), targets, 1, optimizer="sgd", learning_rate=0.1))  # type: ignore[arg-type]


def test_recorded_steps_end_with_the_last():
    assert recorded_steps(10, 4) == [0, 4, 8, 10]
    assert recorded_steps(8, 4) == [0, 4, 8]


def test_mode_strength_of_an_aligned_start_is_its_scale_squared(targets):
    start = aligned_weights(targets, 16, 0.03)
    assert initial_mode_strength(start, targets) == pytest.approx(9e-4, rel=1e-9)
    with pytest.raises(ValueError, match="below the number of modes"):
        aligned_weights(targets, 4, 0.03)


def test_minibatches_see_distinct_items_and_are_right_on_average(targets):
    batches = minibatches(8, 3, 4000, seed=1)
    assert ((batches > 0).sum(-1) == 3).all()
    assert set(batches.unique().tolist()) == {0.0, 8 / 3}
    # Mean 1, standard error sqrt((8/3 - 1) / 4000) = 0.02; drawing one item too few gives 0.67.
    assert (batches.mean(0) - 1).abs().max() < 0.08
    assert torch.equal(minibatches(8, 8, 5, seed=0), torch.ones(5, 8, dtype=torch.float64))
    with pytest.raises(ValueError, match="batch_size 9: from 1 to the 8 items"):
        minibatches(8, 9, 5, seed=0)


def test_a_batch_trains_on_its_items_alone(targets):
    start, batches = _start(), minibatches(8, 2, 1, seed=4)
    stepped = train(start, targets, [1], learning_rate=0.05, batches=batches)
    grads = gradient(start, targets, batches[0])
    torch.testing.assert_close(stepped.W1[0], start.W1 - 0.05 * grads.W1, rtol=0, atol=ROUNDING)
    unseen = batches[0] == 0
    assert torch.equal(stepped.W1[0][:, unseen], start.W1[:, unseen])


@pytest.mark.parametrize("shape", [(8, 15, 16), (8, 15, 3)])
def test_sample_derivatives_equal_automatic_differentiation(targets, shape):
    items, features, hidden = shape
    weights = random_weights(items, features, hidden, 0.4, 7)
    split = hidden * items

    def losses(flat: torch.Tensor) -> torch.Tensor:
        W1, W2 = flat[:split].view(hidden, items), flat[split:].view(features, hidden)
        return sample_losses(Weights(W1, W2), targets)

    flat = torch.cat([w.flatten() for w in weights])
    gradients, (bases, core) = sample_derivatives(weights, targets)
    for mine, automatic in zip(
        (gradients, bases @ core @ bases.mT), derivatives(losses, flat), strict=True
    ):
        torch.testing.assert_close(mine, automatic, rtol=0, atol=ROUNDING)
