r"""Effective draws per second: one over (variance of class influence over repeats x seconds).

Speed alone says nothing where one sampler's draws are worth more than the other's. Here each runs
at the setting that it needs for the same bias: ours as language models are sampled by default
(exponential integrator, control variate), the peer by plain SGLD with a shorter step.

What a step biases is known for a quadratic loss. Along a direction of total curvature k (nbeta
times that of the loss, plus gamma) plain SGLD's variance is 1/k times $1 / (1 - \epsilon k / 4)$.
The exponential integrator, with $e = e^{-\epsilon\gamma/2}$ left of the distance, has
$(1 - e^2) / \gamma / (1 - r^2)$ with $r = e - (1 - e)(k - \gamma) / \gamma$: exact where the loss
is flat, and too large where it bends. Both grow with k: the largest bias over directions is that at
the largest curvature. The peer's step is the one at which its factor there is ours; elsewhere
this favours the peer, whose factor is hardly smaller where the loss is flat. It observes once per
relaxation of its products, 1 / (epsilon k) steps, about where its draws per second are worth most,
and starts to after three of these.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import torch
import xarray as xr
from torch import Tensor

from analysis.estimators.class_bif import class_influence
from analysis.estimators.measurement import measure_checkpoint
from analysis.losses.tokens import LanguageModelLoss, stacked_parameters
from analysis.sampling.settings import PosteriorConfig
from analysis.sampling.sgld import localisation
from stagewise.benchmarks.local import Local
from stagewise.benchmarks.turns import in_turns, ratios

REPEATS = 8  # of each: the ratio of variances is then known to about a quarter
PEER_DRAWS = 40  # per chain; what is compared does not depend on it, but for the burn-in
LEAST_BIAS = 0.01  # where ours has less, the peer is allowed this much
MOVED = 0.01  # distance in parameters over which curvature is measured
POWER_STEPS = 15  # of the power iteration


@dataclass(frozen=True)
class Repeat:
    """One run of a sampler: seconds, and raw class influence across sequences (source, target),
    nats squared."""

    seconds: float
    influence: Tensor


def effective(local: Local, folder: Path, repeats: int = REPEATS) -> dict[str, Any]:
    """Effective draws per second of ours over the peer's, on the same model, batches and tokens.

    Args:
        local: the default's posterior, with the evaluation sequences that are observed.
        folder: for the peer's traces.
        repeats: of each, in turns and with seeds of their own; at least 2.

    Returns:
        effective_ratio with its lowest and highest (the ratio of variances times that of seconds
        within each turn), variance_ratio (peer's over ours, geometric mean over pairs of classes,
        so that no pair counts for its size), median seconds of both, and the peer's setting.
    """
    k, factor, peer = setting(local)
    seeds = iter(range(2 * repeats))
    ours, theirs = in_turns(
        repeats, lambda: _ours(local, next(seeds)), lambda: _peer(peer, folder, next(seeds))
    )
    variances = variance_ratio(*([r.influence for r in found] for found in (theirs, ours)))
    our_seconds, peer_seconds = ([r.seconds for r in found] for found in (ours, theirs))
    return {
        **ratios("effective_ratio", [variances * s for s in peer_seconds], our_seconds),
        "variance_ratio": round(variances, 1),
        "ours_effective_seconds": round(median(our_seconds), 2),
        "peer_effective_seconds": round(median(peer_seconds), 2),
        "effective_repeats": repeats,
        "step_bias": round(factor - 1, 4),
        "curvature_over_gamma": round(k / local.posterior.gamma, 3),
        "peer_step_size": peer.posterior.step_size,
        "peer_thinning": peer.posterior.thinning,
    }


def setting(local: Local) -> tuple[float, float, Local]:
    """The largest curvature, the factor by which our variance is too large there, and the peer's
    setting of the same factor (see the module)."""
    k = curvature(local.loss, local.posterior)
    factor = max(variance_factor(local.posterior, k), 1 + LEAST_BIAS)
    step = 4 * (1 - 1 / factor) / k
    relaxation = math.ceil(1 / (step * k))
    return k, factor, local.with_settings(
        integrator="euler", step_size=step, draws=PEER_DRAWS, thinning=relaxation,
        burn_in=3 * relaxation,
    )  # fmt: skip


def curvature(loss: LanguageModelLoss, posterior: PosteriorConfig) -> float:
    """Largest curvature of the local posterior, by power iteration on differences of gradients.

    Args:
        loss: of the model at the checkpoint; its evaluation tokens stand for the data.
        posterior: its nbeta and gamma count.

    Returns:
        nbeta times the largest curvature of the mean loss, plus gamma, 1/parameter^2.
    """

    weights = stacked_parameters(loss.model)
    sizes = [w.numel() for w in weights.values()]

    def gradient(shift: Tensor) -> Tensor:
        parts = zip(weights.items(), shift.split(sizes), strict=True)
        leaves = {name: (w + d.view_as(w)).requires_grad_() for (name, w), d in parts}
        found = torch.autograd.grad(loss.observe(leaves).mean(), list(leaves.values()))
        return torch.cat([g.flatten() for g in found])

    bent, bend = gradient(torch.zeros(sum(sizes), device=loss.model.device)), 0.0
    for _ in range(POWER_STEPS):
        along = bent / bent.norm()
        bent = (gradient(MOVED * along) - gradient(-MOVED * along)) / (2 * MOVED)
        bend = float(bent @ along)
    return posterior.nbeta * bend + posterior.gamma


def variance_factor(posterior: PosteriorConfig, k: float) -> float:
    """By which factor a step leaves the variance along a direction too large, for a quadratic loss
    whose gradient is exact.

    Args:
        posterior: integrator, step_size and gamma count.
        k: total curvature, that of nbeta times the loss plus gamma, 1/parameter^2.

    Returns:
        variance times k: 1 where the step has no bias.

    Example:
        >>> round(variance_factor(PosteriorConfig(gamma=100.0, step_size=1e-2), 100.0), 6)
        1.333333
    """
    left, noise = localisation(posterior, 1.0)
    kept = left - (1 - left) * (k - posterior.gamma) / posterior.gamma
    return noise**2 / (1 - kept**2) * k


def variance_ratio(above: list[Tensor], below: list[Tensor]) -> float:
    """Variance over repeats of one set of influences over that of another.

    Args:
        above: influence (source, target) of every repeat, symmetric; NaN where there are no pairs.
        below: likewise.

    Returns:
        geometric mean of the ratios over unordered pairs of classes.
    """
    spread = [torch.stack(found).var(0) for found in (above, below)]
    upper = torch.ones_like(spread[0], dtype=torch.bool).triu()
    return float((spread[0] / spread[1])[upper].log().nanmean().exp())


def _ours(local: Local, seed: int) -> Repeat:
    """The default's measurement: class gradients for the control variate, then draws."""
    loss, evaluation, begin = local.loss, local.corpus.evaluation, perf_counter()
    found = measure_checkpoint(
        loss, evaluation, local.posterior, seed=seed, step=0, threads=local.threads,
        device=local.device,
    )  # fmt: skip
    seconds = perf_counter() - begin
    influence = class_influence(found.traces, evaluation.membership, control=found.control)
    return Repeat(seconds, influence[1].influence)


def _peer(local: Local, folder: Path, seed: int) -> Repeat:
    """devinterp's draws; it observes sequences in an order of its own."""
    output = folder / f"effective{seed}"
    seconds = local.peer(output, seed)
    tree = xr.open_datatree(output, engine="zarr", consolidated=False).load()
    traces = torch.tensor(tree["loss_evaluation"].values)
    tokens = torch.tensor(tree["input_ids_evaluation"].values)
    same = (tokens[:, None] == local.corpus.evaluation.tokens).all(-1)  # (observed, ours)
    membership = local.corpus.evaluation.membership[same.int().argmax(1)]
    return Repeat(seconds, class_influence(traces, membership)[1].influence)
