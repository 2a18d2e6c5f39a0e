"""Settings of the sampler for a run, from its curvatures and a short trial."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

import torch

from analysis.losses.module import SampleLoss
from analysis.sampling.curvature import extreme_curvatures
from analysis.sampling.settings import PosteriorConfig
from stagewise.attribution.losses import losses_of
from stagewise.attribution.run import Run
from stagewise.attribution.sampling import cast

SHARE = 0.1  # of the weights' length that the prior radius may be, at most
SAFETY = 2.0  # times the most negative curvature, by which the localisation outweighs it
RELAX = 0.2  # of the stiffest direction that one step may relax
EFFECTIVE = 800.0  # effective draws of all chains together
CHAINS, TRIAL, MOST = 8, 60, 5000


@dataclass(frozen=True)
class Suggestion:
    """Settings, what they will cost, and where they come from.

    Attributes:
        posterior: the settings.
        seconds: of sampling all checkpoints of the run on one thread.
        memory_gib: of the loss traces that are kept.
        reasons: a sentence for each setting.
    """

    posterior: PosteriorConfig
    seconds: float
    memory_gib: float
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.reasons)


def suggest(
    run: Run,
    data: Any,
    *,
    loss: str | SampleLoss = "cross_entropy",
    columns: tuple[str, str] | None = None,
    seed: int = 0,
    device: str = "cpu",
) -> Suggestion:
    """Propose a posterior for a run: a start, to be judged by `draws.check()`.

    Args:
        run: whose first, middle and last checkpoints are looked at.
        data: as of `Run.sample`.
        loss: as of `Run.sample`.
        columns: as of `Run.sample`.
        seed: of the trial.
        device: to compute on.

    Returns:
        the settings with time, memory and reasons; print it.

    Raises:
        DataError: data or losses are not as `Run.sample` wants them.
        ModelError: the module cannot be sampled.

    Example:
        >>> from stagewise.attribution.example import example
        >>> run, data, _ = example()
        >>> proposed = suggest(run, data, loss="squared_error")
        >>> proposed.posterior.nbeta, proposed.reasons[0]
        (4.0, 'nbeta = 4: one per sample of the data.')
    """
    steps = sorted({run.steps[0], run.steps[len(run.steps) // 2], run.steps[-1]})
    of, _ = losses_of(
        run.model,
        run.weights,
        data,
        loss,
        PosteriorConfig(),
        columns=columns,
        steps=steps,
        device=device,
    )
    nbeta, curvatures, gammas = float(len(of.data[1])), [], []
    for step in steps:
        weights = run.weights([step], None)
        moved, held = (
            {name: cast(a, device, torch.float32) for name, a in part.items()}
            for part in (weights.moved, weights.held)
        )
        largest, smallest = extreme_curvatures(of, moved, held, seed=seed)
        size = sum(a.numel() for a in moved.values())
        length2 = float(sum(a.square().sum() for a in moved.values()))
        curvatures.append((largest, smallest))
        gammas.append(
            max(SAFETY * nbeta * max(-smallest, 0.0), size / (SHARE**2 * max(length2, 1e-12)))
        )
    gamma = _rounded(max(gammas))
    largest = max(0.0, *(high for high, _ in curvatures))
    smallest = min(low for _, low in curvatures)
    relax = RELAX * gamma / (nbeta * largest + gamma)
    step_size = _rounded(-2 / gamma * math.log(1 - relax), down=True)
    memory = 1 - math.exp(-step_size * gamma / 2)  # share of a flat direction renewed per step
    burn_in = math.ceil(3 / memory)
    trial = PosteriorConfig(
        nbeta=nbeta, gamma=gamma, step_size=step_size, chains=4, draws=TRIAL, burn_in=burn_in,
        integrator="exponential", max_diverged=1.0,
    )  # fmt: skip
    begin = time.perf_counter()
    tried = run.sample(
        of.data, loss=loss, posterior=trial, steps=steps[-1:], seed=seed, device=device
    )
    each = (time.perf_counter() - begin) / (trial.chains * trial.sgld_steps)
    ess = float(tried.check().table["ess"].median()) / (trial.chains * trial.draws)
    draws = min(MOST, max(50, math.ceil(EFFECTIVE / (CHAINS * max(ess, 1e-3)))))
    posterior = trial.model_copy(update={"chains": CHAINS, "draws": draws, "max_diverged": 0.1})
    seconds = each * CHAINS * posterior.sgld_steps * len(run.steps)
    gib = 4 * len(run.steps) * CHAINS * draws * tried.draws.losses.shape[-1] / 2**30
    return Suggestion(
        posterior,
        seconds,
        gib,
        (
            f"nbeta = {nbeta:g}: one per sample of the data.",
            f"gamma = {gamma:g}: at least twice nbeta times the most negative curvature "
            f"({min(smallest, 0.0):.2g}), and enough that chains stay within {SHARE:.0%} of the "
            "weights' length.",
            f'step_size = {step_size:g}, integrator = "exponential": one step relaxes the stiffest '
            f"direction (curvature {largest:.2g}) by at most {RELAX:.0%}.",
            f"burn_in = {burn_in}: three times as long as a flat direction remembers.",
            f"chains = {CHAINS}, draws = {draws}: about {EFFECTIVE:.0f} effective draws, since "
            f"{TRIAL} draws of each of {trial.chains} chains were worth {100 * ess:.0f} in a "
            "hundred.",
            f"All {len(run.steps)} checkpoints: about {seconds:.0f} s on one thread, {gib:.2g} GiB "
            "of losses.",
        ),
    )


def _rounded(value: float, *, down: bool = False) -> float:
    """Two significant digits, up or down."""
    scale = 10.0 ** (math.floor(math.log10(value)) - 1)
    return float(f"{(math.floor if down else math.ceil)(value / scale) * scale:.6g}")
