"""Influence from traces: a naive reference, honest errors, damaged chains."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.estimators.bif import bayesian_influence
from analysis.statistics.jackknife import jackknife_blocks


def naive(traces: np.ndarray, normalized: bool) -> np.ndarray:
    """Minus numpy's covariance (correlation) of all draws together."""
    flat = traces.reshape(-1, traces.shape[-1])
    return -(np.corrcoef(flat.T) if normalized else np.cov(flat.T))


def correlated(rng, chains: int, draws: int, factor: float = 0.0) -> np.ndarray:
    """Stationary autoregressive traces, covariance [[2, 1, 0], [1, 1, 0], [0, 0, 1]]."""
    mix = np.linalg.cholesky(np.array([[2.0, 1, 0], [1, 1, 0], [0, 0, 1]]))
    z = rng.standard_normal((chains, draws, 3))
    for k in range(1, draws):
        z[:, k] = factor * z[:, k - 1] + np.sqrt(1 - factor**2) * z[:, k]
    return z @ mix.T


@pytest.mark.parametrize("normalized", [False, True])
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_equals_the_naive_covariance_with_the_sign_turned(normalized, offset):
    # The offset would cost all digits if sums of squares were not centred first.
    traces = correlated(np.random.default_rng(0), 20, 50) + offset
    value, _ = bayesian_influence(traces, normalized=normalized)
    np.testing.assert_allclose(value, naive(traces, normalized), rtol=1e-8, atol=1e-8)
    assert value[0, 1] < 0  # losses that rise together help each other


@pytest.mark.parametrize(("chains", "draws"), [(32, 200), (2, 3200)])
@pytest.mark.parametrize("normalized", [False, True])
def test_standard_error_covers_the_truth(chains, draws, normalized):
    # Autocorrelated draws (factor 0.8): an error that took them as independent would be 2.1
    # times too small and cover 64 % instead of 95 %.
    rng, truth = np.random.default_rng(1), np.array([[2.0, 1, 0], [1, 1, 0], [0, 0, 1]])
    if normalized:
        scale = np.sqrt(np.diag(truth))
        truth = truth / np.outer(scale, scale)
    z = []
    for _ in range(150):
        value, error = bayesian_influence(
            correlated(rng, chains, draws, 0.8), normalized=normalized
        )
        z.append(((value + truth) / np.where(error > 0, error, 1))[[0, 0, 1], [1, 2, 2]])
    covered = (np.abs(z) < 1.96).mean()
    assert 0.90 < covered < 0.985


def test_diverged_chains_are_left_out():
    traces = correlated(np.random.default_rng(0), 20, 50)
    broken = np.concatenate([traces, np.full((3, 50, 3), np.nan)])
    for mine, theirs in zip(bayesian_influence(broken), bayesian_influence(traces), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_normalised_influence_of_a_sample_on_itself_is_minus_one():
    value, error = bayesian_influence(correlated(np.random.default_rng(0), 16, 20), normalized=True)
    np.testing.assert_allclose(np.diag(value), -1, rtol=1e-12)
    np.testing.assert_allclose(np.diag(error), 0, atol=1e-12)


def test_few_chains_are_cut_into_blocks():
    traces = np.arange(2 * 100).reshape(2, 100, 1).astype(float)
    blocks = jackknife_blocks(traces)
    assert blocks.shape == (16, 12, 1)
    assert blocks[0, 0, 0] == 4  # the four draws that fill no block are the first
    with pytest.raises(ValueError, match="1 chains of 8 draws"):
        jackknife_blocks(traces[:1, :8])
