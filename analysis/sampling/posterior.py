"""Draws from the local posterior around checkpoints, by localised SGLD, all chains as one batch."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from analysis.sampling.settings import PosteriorConfig
from analysis.sampling.sgld import (
    DISTANCE_EVERY,
    ChainBatch,
    Control,
    DifferentiatedLoss,
    LossFunction,
    Observe,
    Parameters,
)
from analysis.sampling.streams import stream_seed

DIVERGED_RADII = 100.0  # a chain this many prior radii from its checkpoint has diverged
CACHE_PARAMETERS = 2**17  # chain parameters in one chunk on a CPU, sized to its cache

logger = logging.getLogger(__name__)


class DivergenceError(RuntimeError):
    """Too many chains left the neighbourhood of their checkpoint."""


@dataclass(frozen=True)
class Draws:
    """Loss traces around a stack of checkpoints, in the unit of the loss function, on the CPU.

    Attributes:
        losses: (checkpoint, chain, draw, sample), float32; NaN in a chain that diverged.
        distance: |w - w*|^2 at every DISTANCE_EVERY-th draw, (checkpoint, chain, draw measured).
        diverged: (checkpoint, chain), True for a chain that was dropped.
        checkpoint_losses: (checkpoint, sample), the losses at the checkpoints themselves.
        n_parameters: parameters of one chain.
        controls: (checkpoint, chain, draw, control), where asked for.
    """

    losses: Tensor
    distance: Tensor
    diverged: Tensor
    checkpoint_losses: Tensor
    n_parameters: int
    controls: Tensor | None = None


def sample_posterior(
    loss: LossFunction | DifferentiatedLoss,
    checkpoints: Parameters,
    config: PosteriorConfig,
    *,
    seed: int,
    streams: Sequence[int] | None = None,
    n_samples: int | None = None,
    observe: Observe | None = None,
    control: Control | None = None,
    held: Parameters | None = None,
    device: str | torch.device = "cpu",
    threads: int = 1,
    noise: float = 1.0,
    chunk_chains: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Draws:
    r"""Sample the local posterior of every checkpoint with `config.chains` chains of SGLD.

    One step, with $\hat L$ the mean loss of the batch, $G$ the preconditioner (1 for "none") and
    $\xi$ standard normal:

    $$w \leftarrow w - \tfrac{\epsilon}{2} G (n\beta \nabla\hat L(w) + \gamma (w - w^*))
        + \sqrt{\epsilon G}\, \xi$$

    That is `integrator: euler`. "exponential" solves the pull towards w* exactly and holds the
    gradient over the step (see `sgld.localisation`): the same to first order, without the bias of
    strong localisation, so that steps can be longer and draws less alike.

    "rmsprop": $G = 1/(\sqrt{V} + \epsilon_0)$, $V$ the running average of $(\nabla\hat L)^2$
    from zero; the correction for the change of $G$ is left out, as is usual.

    Args:
        loss: (parameters, batch) -> per-sample losses (chains, samples in the batch). Parameters
            carry a leading chain dimension; batch is None (all samples) or indices (chains,
            batch_size). If it has `losses_and_gradient`, that is used instead of autograd.
        checkpoints: name -> (checkpoints, *shape), the checkpoints w*.
        config: the posterior and how it is sampled.
        seed: of all random streams.
        streams: one number per checkpoint (its training step) naming its random streams, so that a
            checkpoint gets the same draws whichever others run with it; default 0, 1, ...
        n_samples: number of samples `loss` can be asked for; default: as many as it returns for the
            full batch.
        observe: parameters -> losses (chains, observed) to keep at every draw, where they are not
            those of the samples themselves.
        control: checkpoint of every chain (chains,) -> a function (chains, draws, parameters) ->
            (chains, draws, controls), kept of the path that the chains would take in flat losses,
            relative to the checkpoint: a Gaussian process of variance `sgld.free_variance`, whose
            moments are known: a control variate. Parameters are flattened in the order of
            `checkpoints`. Needs preconditioner none.
        held: name -> (checkpoints, *shape): what the loss is given beside the parameters and no
            chain moves, such as buffers and parameters that are no part of the posterior.
        device: to compute on.
        threads: CPU threads; each takes whole chunks of chains.
        noise: multiplies xi; 0 turns the sampler into gradient descent. For tests.
        chunk_chains: chains advanced together; default from cache and `config.memory_gib`.
        progress: called with the number of chain steps just done.

    Returns:
        Draws, on the CPU.

    Raises:
        DivergenceError: more than `config.max_diverged` of a checkpoint's chains diverged.
        ValueError: checkpoints disagree in number, a batch is larger than the data, or a control is
            asked of a preconditioned chain, which has none.

    Source: Welling and Teh 2011; localisation and nbeta as in Lau et al. 2023.
    """
    device, dtype = torch.device(device), getattr(torch, config.dtype)
    stacks = {name: a.detach().to(device, dtype) for name, a in checkpoints.items()}
    fixed = {
        name: a.detach().to(device, dtype if a.is_floating_point() else a.dtype)
        for name, a in (held or {}).items()
    }
    counts = {name: len(a) for name, a in (stacks | fixed).items()}
    n_checkpoints = len(next(iter(stacks.values())))
    streams = range(n_checkpoints) if streams is None else streams
    if len({*counts.values(), len(streams)}) != 1:
        raise ValueError(f"checkpoints {counts} and {len(streams)} streams must agree in number")
    if control and config.preconditioner != "none":
        raise ValueError(f"a control needs preconditioner none, not {config.preconditioner}")
    with torch.no_grad():
        whole = stacks | fixed
        checkpoint_losses = observe(whole) if observe else loss(whole, None)
        if n_samples is None:
            n_samples = (loss(whole, None) if observe else checkpoint_losses).shape[-1]
    if (config.batch_size or 0) > n_samples:
        raise ValueError(f"batch_size {config.batch_size}: at most the {n_samples} samples")
    draws = Draws(
        losses=torch.empty(n_checkpoints, config.chains, config.draws, checkpoint_losses.shape[-1]),
        distance=torch.empty(n_checkpoints, config.chains, -(-config.draws // DISTANCE_EVERY)),
        diverged=torch.zeros(n_checkpoints, config.chains, dtype=torch.bool),
        checkpoint_losses=checkpoint_losses.float().cpu(),
        n_parameters=sum(math.prod(a.shape[1:]) for a in stacks.values()),
    )

    def run(chunk: Tensor) -> None:
        checkpoint, chain = chunk.T
        noise_seeds, batch_seeds = (
            [stream_seed(seed, streams[a], c, purpose) for a, c in chunk.tolist()]
            for purpose in (0, 1)
        )
        chains = ChainBatch(
            loss,
            observe,
            control(checkpoint) if control else None,
            {name: a[checkpoint.to(device)] for name, a in stacks.items()},
            config,
            held={name: _of_chains(a, checkpoint.to(device)) for name, a in fixed.items()},
            noise_seeds=noise_seeds,
            batch_seeds=batch_seeds,
            n_samples=n_samples,
            noise=noise,
        )
        losses, distance, controls = chains.run(progress)
        draws.losses[checkpoint, chain], draws.distance[checkpoint, chain] = losses, distance
        for a, c, kept in zip(
            checkpoint.tolist(), chain.tolist(), () if controls is None else controls, strict=False
        ):
            pieces[a, c] = kept

    pieces: dict[tuple[int, ...], Tensor] = {}
    rows = torch.cartesian_prod(torch.arange(n_checkpoints), torch.arange(config.chains))
    size = chunk_chains or chunk_size(draws, config, device, threads)
    _run_chunks(run, rows.split(size), threads)
    if pieces:
        kept = torch.stack([pieces[a, c] for a, c in rows.tolist()])
        draws = replace(draws, controls=kept.unflatten(0, (n_checkpoints, config.chains)))
    return _drop_diverged(draws, config, streams)


def _of_chains(held: Tensor, checkpoint: Tensor) -> Tensor:
    """What every chain is given, (chains, *shape); not copied where all have one checkpoint."""
    first = checkpoint[0]
    if bool((checkpoint == first).all()):
        return held[first].expand(len(checkpoint), *held.shape[1:])
    return held[checkpoint]


def chunk_size(draws: Draws, config: PosteriorConfig, device: torch.device, threads: int) -> int:
    """Chains advanced together: as many as `memory_gib` allows; on a CPU also no more than its
    cache holds, and at least one chunk per thread. Results do not depend on it.

    Args:
        draws: empty, of the shape wanted: (checkpoints, chains, draws, samples).
        config: its draws and its memory_gib (GiB for all chains in flight) count.
        device: to compute on.
        threads: CPU threads, each with a chunk of its own.

    Returns:
        number of chains, from 1 to checkpoints x chains.
    """
    n_chains, width = draws.diverged.numel(), draws.losses.shape[-1]
    per_chain = 4 * (2 * config.draws * width + 40 * draws.n_parameters)
    allowed = int(config.memory_gib * 2**30 / per_chain / threads)
    if device.type == "cpu":
        allowed = min(allowed, CACHE_PARAMETERS // draws.n_parameters, -(-n_chains // threads))
    return max(1, min(allowed, n_chains))


def _run_chunks(run: Callable[[Tensor], None], chunks: Sequence[Tensor], threads: int) -> None:
    """Run chunks on `threads` threads of one core each: small matrices gain nothing from more."""
    before = torch.get_num_threads()
    torch.set_num_threads(1 if len(chunks) > 1 else threads)
    try:
        with ThreadPoolExecutor(threads) as pool:
            for done in [pool.submit(run, chunk) for chunk in chunks]:
                done.result()
    finally:
        torch.set_num_threads(before)


def _drop_diverged(draws: Draws, config: PosteriorConfig, streams: Sequence[int]) -> Draws:
    """Mark chains that diverged, blank their losses, refuse a checkpoint that lost too many."""
    radius2 = DIVERGED_RADII**2 * draws.n_parameters / config.gamma
    sane = draws.losses.isfinite().all(-1).all(-1)
    sane &= (draws.distance < radius2).all(-1)
    draws.diverged[:] = ~sane
    draws.losses[~sane] = math.nan
    lost, total = int((~sane).sum()), sane.numel()
    worst = (~sane).float().mean(1)
    if bool((worst > config.max_diverged).any()):
        where = [
            name for name, share in zip(streams, worst, strict=True) if share > config.max_diverged
        ]
        raise DivergenceError(
            f"{lost} of {total} chains diverged, more than max_diverged = "
            f"{config.max_diverged:.0%} at checkpoint(s) {', '.join(map(str, where))}. Plain SGLD "
            f"is stable while step_size < 4 / (nbeta x largest curvature + gamma); step_size is "
            f"{config.step_size:g}, gamma {config.gamma:g}, nbeta {config.nbeta:g}: "
            f"try step_size {config.step_size / 4:g}"
        )
    if lost:
        logger.warning("%d of %d chains diverged and were dropped", lost, total)
    return draws


def cost(
    config: PosteriorConfig,
    *,
    checkpoints: int,
    parameters: int,
    observed: int,
    threads: int,
    seconds_per_step: float | None = None,
    together: int | None = None,
) -> str:
    """A sentence on the size of a run before it starts: chain steps, time and memory.

    Args:
        config: chains, draws, thinning and burn-in give the SGLD steps.
        checkpoints: how many are sampled.
        parameters: of one chain.
        observed: losses kept at every draw.
        threads: CPU threads.
        seconds_per_step: seconds of one step of one chain with all threads busy; None: no estimate
            of time.
        together: checkpoints whose traces are in memory at once; default: all.

    Returns:
        a sentence with millions of chain steps, minutes or seconds, and GiB.
    """
    steps = checkpoints * config.chains * config.sgld_steps
    traces = 4 * config.chains * config.draws * observed / 2**30 * (together or checkpoints)
    length = ""
    if seconds_per_step is not None:
        seconds = steps * seconds_per_step
        length = f", about {seconds / 60:.0f} min" if seconds > 90 else f", about {seconds:.0f} s"
    return (
        f"{checkpoints} checkpoints x {config.chains} chains x {config.sgld_steps} steps = "
        f"{steps / 1e6:.3g} million chain steps of {parameters} parameters on {threads} "
        f"thread(s){length}; loss traces {traces:.2g} GiB, in flight at most "
        f"{config.memory_gib:g} GiB more"
    )
