"""The benchmarks' arithmetic: turns, ratios, the last line. No time is asserted."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from torch import nn

from analysis.losses.module import ModuleLoss, cross_entropy
from analysis.sampling.posterior import sample_posterior
from analysis.sampling.settings import PosteriorConfig
from stagewise.benchmarks.effective import curvature, variance_factor, variance_ratio
from stagewise.benchmarks.module import module_benchmark, subjects
from stagewise.benchmarks.toy import toy_benchmark
from stagewise.benchmarks.turns import in_turns, ratios


def test_contestants_run_one_after_the_other_in_every_round():
    order: list[str] = []
    found = in_turns(3, lambda: order.append("a") or len(order), lambda: order.append("b") or 0)
    assert order == ["a", "b"] * 3
    assert found == [[1, 3, 5], [0, 0, 0]]
    with pytest.raises(ValueError, match="0 rounds: at least 1"):
        in_turns(0, lambda: None)


def test_a_disturbed_round_does_not_move_the_median():
    # In the third round everything is ten times slower for both, in the fourth for one.
    ours, peer = [8.0, 8.0, 0.8, 0.8, 8.0], [2.0, 2.0, 0.2, 2.0, 2.0]
    assert ratios("x", ours, peer) == {"x": 4.0, "x_low": 0.4, "x_high": 4.0}


def test_the_last_line_of_the_toy_is_json_with_every_figure():
    pytest.importorskip("devinterp")
    *lines, last = toy_benchmark(threads=1, draws=10, peer_draws=10, rounds=2).splitlines()
    found = json.loads(last)
    assert found.keys() == {
        "ours", "peer", "ratio", "ratio_low", "ratio_high", "rounds", "unit", "peer_name",
        "threads", "checkpoints", "chains", "draws",
    }  # fmt: skip
    assert found["ratio_low"] <= found["ratio"] <= found["ratio_high"]
    assert lines == [
        f"ratio: median {found['ratio']}, lowest {found['ratio_low']}, highest "
        f"{found['ratio_high']} of 2 rounds"
    ]


def test_variance_factors_are_those_of_the_recursion():
    # w <- r w + noise, iterated until nothing changes, against the formula; both integrators.
    for integrator, step in (("euler", 1e-6), ("exponential", 2e-5)):
        posterior = PosteriorConfig(gamma=1e5, step_size=step, integrator=integrator)
        for k in (1e5, 1.1e5, 1.5e5):
            pull = 1 - np.exp(-step * 5e4) if integrator == "exponential" else step * 5e4
            noise = (1 - (1 - pull) ** 2) / 1e5 if integrator == "exponential" else step
            variance = 0.0
            for _ in range(2000):
                variance = (1 - pull * k / 1e5) ** 2 * variance + noise
            assert variance_factor(posterior, k) == pytest.approx(variance * k, rel=1e-9)
    plain = PosteriorConfig(gamma=1e5, step_size=1e-6)
    assert variance_factor(plain, 1.2e5) == pytest.approx(1 / (1 - 1e-6 * 1.2e5 / 4), rel=1e-12)


class Quadratic(nn.Module):
    """A loss with known curvatures, with what the benchmark asks of a language model's loss."""

    device = torch.device("cpu")

    def __init__(self, curvatures: list[float]) -> None:
        super().__init__()
        self.curvatures = torch.tensor(curvatures, dtype=torch.float64)
        self.weight = nn.Parameter(torch.linspace(1, 2, len(curvatures), dtype=torch.float64))
        self.model = self

    def observe(self, parameters) -> torch.Tensor:
        return (0.5 * self.curvatures * parameters["weight"].square()).sum(-1, keepdim=True)


def test_largest_curvature_is_found():
    posterior = PosteriorConfig(nbeta=10.0, gamma=5.0)
    assert curvature(Quadratic([0.1, 4.0, 1.0]), posterior) == pytest.approx(45.0, rel=1e-6)


def test_variance_ratio_is_the_geometric_mean_over_pairs():
    # Every unordered pair once, whatever its size; pairs without tokens (NaN) count nowhere.
    base = torch.randn(6, 3, 3, generator=torch.Generator().manual_seed(0)).double()
    base = base + base.mT
    scale = torch.tensor([[1.0, 2.0, 8.0], [2.0, 4.0, float("nan")], [8.0, float("nan"), 1.0]])
    expected = float((scale[[0, 0, 0, 1, 2], [0, 1, 2, 1, 2]] ** 2).log().mean().exp())
    assert variance_ratio(list(base * scale), list(base)) == pytest.approx(expected)


def test_the_last_line_of_any_module_is_json_with_every_figure():
    pytest.importorskip("devinterp")
    *lines, last = module_benchmark(threads=1, scale=0.05, rounds=1).splitlines()
    found = json.loads(last)
    for name in ("mlp", "convolutional", "gpt_neox"):
        assert found[f"{name}_together"] > 0
        for of in ("batch", "peer"):
            assert found[f"{name}_{of}_ratio_low"] <= found[f"{name}_{of}_ratio"]
    assert len(lines) == 6


def test_the_benchmark_samples_the_same_however_it_is_run():
    subject = subjects(0.05)["mlp"]
    loss = ModuleLoss(subject.model, subject.inputs, subject.targets, cross_entropy)
    stacks = {name: p.detach()[None] for name, p in subject.model.named_parameters()}
    together = sample_posterior(loss, stacks, subject.posterior, seed=0).losses
    loss.batched = False
    apart = sample_posterior(loss, stacks, subject.posterior, seed=0, chunk_chains=1).losses
    assert torch.allclose(together, apart, rtol=1e-4, atol=1e-6)
