"""Bayesian influence from loss traces: minus the covariance of two losses under the posterior."""

from __future__ import annotations

import numpy as np
import xarray as xr

from analysis.estimators.base import Estimator, NetworkRun
from analysis.statistics.jackknife import jackknife_blocks


def bayesian_influence(
    traces: np.ndarray, *, normalized: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    r"""Influence of every sample on every other from draws of one local posterior.

    $influence(i \to j) = -Cov(\ell_i, \ell_j)$, or $-Corr$ if normalised, over all draws of all
    chains pooled about their common mean. devinterp 2.0.1 returns the opposite sign.

    The standard error is a delete-one-block jackknife. Blocks are whole chains, which are
    independent; where there are fewer than 16, each chain is cut into equal stretches, which
    must be long against the autocorrelation of the draws.

    Args:
        traces: losses, shape (chains, draws, samples). Chains holding NaN are left out.
        normalized: correlations instead of covariances.

    Returns:
        influence and its standard error, both (source, target); loss units squared, or pure
        numbers in [-1, 1] if normalised. Negative: the source helps the target.

    Raises:
        ValueError: fewer than two blocks of at least two draws remain.

    Source: Kreer et al. 2025 (arXiv:2509.26544); the sign is the README's.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> one = rng.normal(size=(16, 100, 1))
        >>> together = np.concatenate([one, one, -one], -1)  # the third falls as the others rise
        >>> bayesian_influence(together, normalized=True)[0].round(6).tolist()[0]
        [-1.0, -1.0, 1.0]
    """
    kept = traces[np.isfinite(traces).all(axis=(1, 2))].astype(np.float64)
    blocks = jackknife_blocks(kept)
    centred = blocks - kept.mean(axis=(0, 1))  # about the pooled mean: no cancellation below
    counts = np.full((len(blocks), 1, 1), float(blocks.shape[1]))
    first = centred.sum(axis=1)  # (blocks, samples)
    second = centred.transpose(0, 2, 1) @ centred  # (blocks, samples, samples)
    whole = _influence(second.sum(0), first.sum(0), counts.sum(0), normalized)
    left_out = _influence(
        second.sum(0) - second, first.sum(0) - first, counts.sum(0) - counts, normalized
    )
    spread = ((left_out - left_out.mean(0)) ** 2).mean(0)
    return whole, np.sqrt((len(blocks) - 1) * spread)


def _influence(
    second: np.ndarray, first: np.ndarray, count: np.ndarray, normalized: bool
) -> np.ndarray:
    """Minus covariance (or correlation) from sums of products, sums and counts."""
    covariance = (second - first[..., :, None] * first[..., None, :] / count) / (count - 1)
    if not normalized:
        return -covariance
    scale = np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return -covariance / (scale[..., :, None] * scale[..., None, :])


class BayesianInfluence(Estimator):
    """Minus the covariance of losses under draws of the local posterior."""

    name, models, needs = "bif", "toy", "draws"
    says = "The Bayesian influence function: minus the covariance of losses, sampled by SGLD."
    title, unit = "BIF", "loss²"
    settings = ("posterior",)
    rank = 0

    def compute(self, run: NetworkRun) -> xr.DataArray:
        """Influence (normalized, step, source, target) with standard errors.

        Args:
            run: its traces count.

        Returns:
            raw (loss squared) and normalised (-1 to 1) influence; negative: the source helps.

        Raises:
            ValueError: too few draws for a standard error.
        """
        assert run.traces is not None, "bif needs draws"
        found = [
            [bayesian_influence(traces, normalized=normalized) for traces in run.traces.numpy()]
            for normalized in (False, True)
        ]
        values, errors = np.moveaxis(np.array(found), 2, 0)
        return self.of_items(values, run.checkpoints, errors, normalized=(False, True))


ESTIMATOR = BayesianInfluence()
