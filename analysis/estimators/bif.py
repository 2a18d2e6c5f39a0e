"""Bayesian influence from loss traces: minus the covariance of two losses under the posterior."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from analysis.estimators.base import Estimator, NetworkRun
from analysis.estimators.known_covariance import KnownCovariance
from analysis.losses.toy_control import free_covariance
from analysis.sampling.posterior import Draws
from analysis.sampling.settings import PosteriorConfig
from analysis.sampling.sgld import free_variance
from analysis.statistics.jackknife import jackknife_blocks
from models.toy.checkpoints import ToyRun


def bayesian_influence(
    traces: np.ndarray, *, normalized: bool = False, control: KnownCovariance | None = None
) -> tuple[np.ndarray, np.ndarray]:
    r"""Influence of every sample on every other from draws of one local posterior.

    $influence(i \to j) = -Cov(\ell_i, \ell_j)$, or $-Corr$ if normalised, over all draws of all
    chains pooled about their common mean. devinterp 2.0.1 returns the opposite sign.

    The standard error is a delete-one-block jackknife. Blocks are whole chains, which are
    independent; where there are fewer than 16, each chain is cut into equal stretches, which
    must be long against the autocorrelation of the draws.

    With a control variate, the covariance that it has in these draws is subtracted and the one it
    has exactly is added, before anything is normalised: the covariance stays unbiased, and what the
    two have in common is without noise. Where that leaves a loss without variance, the two have
    little in common (the posterior is not local) and the control is not used.

    Args:
        traces: losses, shape (chains, draws, samples). Chains holding NaN are left out.
        normalized: correlations instead of covariances.
        control: of the same chains and draws.

    Returns:
        influence and its standard error, both (source, target); loss units squared, or pure
        numbers in [-1, 1] if normalised (with a control but for noise). Negative: the source helps
        the target.

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
    sane = np.isfinite(traces).all(axis=(1, 2))
    whole, left_out = _covariances(traces[sane])
    if control is not None:
        sampled, sampled_left_out = _covariances(control.traces[sane])
        corrected = left_out - sampled_left_out + control.covariance
        if (np.diagonal(corrected, axis1=-2, axis2=-1) > 0).all():
            whole, left_out = whole - sampled + control.covariance, corrected
    value, replicates = _influence(whole, normalized), _influence(left_out, normalized)
    spread = ((replicates - replicates.mean(0)) ** 2).mean(0)
    return value, np.sqrt((len(left_out) - 1) * spread)


def _covariances(traces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Covariance of traces (chains, draws, samples), and of each left-out block: (samples, samples)
    and (blocks, samples, samples)."""
    kept = traces.astype(np.float64)
    blocks = jackknife_blocks(kept)
    centred = blocks - kept.mean(axis=(0, 1))  # about the pooled mean: no cancellation below
    count = np.full((len(blocks), 1, 1), float(blocks.shape[1]))
    first = centred.sum(axis=1)  # (blocks, samples)
    second = centred.transpose(0, 2, 1) @ centred  # (blocks, samples, samples)

    def covariance(second: np.ndarray, first: np.ndarray, count: np.ndarray) -> np.ndarray:
        return (second - first[..., :, None] * first[..., None, :] / count) / (count - 1)

    whole = covariance(second.sum(0), first.sum(0), count.sum(0))
    return whole, covariance(second.sum(0) - second, first.sum(0) - first, count.sum(0) - count)


def _influence(covariance: np.ndarray, normalized: bool) -> np.ndarray:
    """Minus covariance, or minus correlation."""
    if not normalized:
        return -covariance
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))
        return -covariance / (scale[..., :, None] * scale[..., None, :])


def known_covariances(
    draws: Draws, run: ToyRun, posterior: PosteriorConfig
) -> list[KnownCovariance] | None:
    """The control variates of draws around checkpoints of the toy.

    Args:
        draws: with the losses along the chains' free paths as controls, or none.
        run: the checkpoints that were sampled.
        posterior: and how.

    Returns:
        one per checkpoint; None where the draws have no controls.
    """
    if draws.controls is None:
        return None
    variance = free_variance(posterior)
    return [
        KnownCovariance(traces.numpy(), free_covariance(W1, W2, run.targets, variance).numpy())
        for traces, W1, W2 in zip(draws.controls, *run.weights, strict=True)
    ]


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
            run: its traces count, and their control variate where it has one.

        Returns:
            raw (loss squared) and normalised (-1 to 1) influence; negative: the source helps.

        Raises:
            ValueError: too few draws for a standard error.
        """
        assert run.traces is not None, "bif needs draws"
        controls: Sequence[KnownCovariance | None] = run.controls or [None] * len(run.traces)
        found = [
            [
                bayesian_influence(traces, normalized=normalized, control=control)
                for traces, control in zip(run.traces.numpy(), controls, strict=True)
            ]
            for normalized in (False, True)
        ]
        values, errors = np.moveaxis(np.array(found), 2, 0)
        return self.of_items(values, run.checkpoints, errors, normalized=(False, True))


ESTIMATOR = BayesianInfluence()
