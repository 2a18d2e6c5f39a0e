"""Localised SGLD for a batch of chains: the inner loop of the posterior sampler."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

import torch
from torch import Tensor

from analysis.sampling.settings import PosteriorConfig
from analysis.sampling.streams import NoiseStreams

Parameters = Mapping[str, Tensor]  # name -> (chains, *shape)
LossFunction = Callable[[Parameters, Tensor | None], Tensor]
Observe = Callable[[Parameters], Tensor]
PathControl = Callable[[Tensor], Tensor]  # (chains, draws, parameters) -> (chains, draws, controls)
Control = Callable[[Tensor], PathControl]  # for chains around these checkpoints, (chains,)

Number = TypeVar("Number", float, Tensor)

CONTROL_EVERY = 16  # draws whose controls are computed together, in models large enough:
CONTROL_PARAMETERS = 2**12  # a large matrix is read once for all; a small path is still in cache
DISTANCE_EVERY = 10  # draws between two measurements of the distance from the checkpoint


class DifferentiatedLoss(Protocol):
    """A loss function that brings its own gradient, where that beats autograd."""

    def __call__(self, parameters: Parameters, batch: Tensor | None) -> Tensor: ...

    def losses_and_gradient(
        self, parameters: Parameters, batch: Tensor | None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Losses, and the gradient of each chain's summed losses.

        Args:
            parameters: name -> (chains, *shape).
            batch: indices of samples (chains, batch); None: all.

        Returns:
            losses (chains, samples in the batch); name -> gradient (chains, *shape), loss units per
            parameter.
        """
        ...


class ChainBatch:
    """Chains advancing together, each around its own checkpoint and with its own random streams.

    They start at `checkpoint`, name -> (chains, *shape); arguments as in `sample_posterior`.
    """

    def __init__(
        self,
        loss: LossFunction | DifferentiatedLoss,
        observe: Observe | None,
        control: PathControl | None,
        checkpoint: dict[str, Tensor],
        config: PosteriorConfig,
        *,
        held: dict[str, Tensor],
        noise_seeds: Sequence[int],
        batch_seeds: Sequence[int],
        n_samples: int,
        noise: float,
    ) -> None:
        self.loss, self.observe, self.checkpoint, self.config = loss, observe, checkpoint, config
        self.control, self.held = control, held
        self.n_samples, self.batch_size = n_samples, config.batch_size or n_samples
        self.state = {name: a.clone() for name, a in checkpoint.items()}
        self.second_moment = {name: torch.zeros_like(a) for name, a in checkpoint.items()}
        first = next(iter(checkpoint.values()))
        self.device, self.chains = first.device, len(first)
        self.sizes = [math.prod(a.shape[1:]) for a in checkpoint.values()]
        self.decay, scale = localisation(config, 1.0)
        scale = noise * (scale if config.preconditioner == "none" else 1.0)
        self.noise = NoiseStreams(noise_seeds, sum(self.sizes), scale, self.device)
        # The path the chains would take were the losses flat: same noise, nothing else.
        shape = (self.chains, sum(self.sizes))
        self.flat_path = None if control is None else torch.zeros(shape, device=self.device)
        self.control_every = CONTROL_EVERY if shape[1] >= CONTROL_PARAMETERS else 1
        self.paths: list[Tensor] = []
        self.controls: list[Tensor] = []
        self.batches = [torch.Generator().manual_seed(s) for s in batch_seeds]

    def run(
        self, progress: Callable[[int], None] | None = None
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """Advance all chains from their checkpoints through burn-in and draws.

        Args:
            progress: called with the number of chain steps just done.

        Returns:
            losses (chains, draws, samples); squared distances from the checkpoint (chains, every
            DISTANCE_EVERY-th draw); controls (chains, draws, controls), None where none are asked
            for.
        """
        config, kept, distances = self.config, [], []
        losses, grads = self.losses_and_gradient()
        for step in range(1, config.sgld_steps + 1):
            self.move(grads)
            losses, grads = self.losses_and_gradient()
            draw, rest = divmod(step - config.burn_in - 1, config.thinning)
            if draw >= 0 and rest == 0:
                kept.append(self.observed(losses))
                if draw % DISTANCE_EVERY == 0:
                    distances.append(self.squared_distance())
                self.keep_control(last=draw == config.draws - 1)
            if progress is not None and step % 100 == 0:
                progress(100 * self.chains)
        if progress is not None:
            progress(config.sgld_steps % 100 * self.chains)
        traces, moved = torch.stack(kept, 1).float().cpu(), torch.stack(distances, 1).float().cpu()
        return traces, moved, torch.cat(self.controls, 1) if self.controls else None

    def keep_control(self, *, last: bool) -> None:
        """Take in the free path of a draw; at every so many, and the last, compute controls."""
        if self.control is None or self.flat_path is None:
            return
        if self.control_every == 1:
            self.controls.append(self.control(self.flat_path[:, None]).cpu())
            return
        self.paths.append(self.flat_path.clone())
        if last or len(self.paths) == self.control_every:
            self.controls.append(self.control(torch.stack(self.paths, 1)).cpu())
            self.paths.clear()

    def losses_and_gradient(self) -> tuple[Tensor, dict[str, Tensor]]:
        """Losses of the next batch (chains, samples) and the gradient of their sum, per chain."""
        batch = self.next_batch()
        if hasattr(self.loss, "losses_and_gradient"):
            return self.loss.losses_and_gradient(self.whole, batch)
        leaves = {name: w.detach().requires_grad_() for name, w in self.state.items()}
        losses = self.loss({**leaves, **self.held}, batch)
        grads = torch.autograd.grad(losses.sum(), list(leaves.values()), materialize_grads=True)
        return losses.detach(), dict(zip(leaves, grads, strict=True))

    def observed(self, losses: Tensor) -> Tensor:
        """The losses to keep of the present draw; those of a full batch have just been computed.

        Args:
            losses: of the batch, (chains, samples in the batch).

        Returns:
            (chains, observed losses).
        """
        if self.observe is None and self.config.batch_size is None:
            return losses
        with torch.no_grad():
            return self.observe(self.whole) if self.observe else self.loss(self.whole, None)

    @property
    def whole(self) -> Parameters:
        """What the loss is given: the chains' parameters and what is held beside them."""
        return {**self.state, **self.held} if self.held else self.state

    def next_batch(self) -> Tensor | None:
        """Indices (chains, batch_size) without repeats, or None for the full batch."""
        if self.config.batch_size is None:
            return None
        picks = [torch.randperm(self.n_samples, generator=g) for g in self.batches]
        return torch.stack(picks)[:, : self.batch_size].to(self.device)

    @torch.no_grad()
    def move(self, grads: dict[str, Tensor]) -> None:
        """One SGLD step of all chains, in place.

        Args:
            grads: name -> gradient of the summed losses of the batch, (chains, *shape).
        """
        config, pull = self.config, 1 - self.decay
        noise, start = self.noise.next(), 0
        if self.flat_path is not None:
            self.flat_path.mul_(self.decay).add_(noise)
        for (name, w), size in zip(self.state.items(), self.sizes, strict=True):
            xi = noise[:, start : start + size].view(w.shape)
            start += size
            if config.preconditioner == "none":
                w.lerp_(self.checkpoint[name], pull)
                weight = -pull / config.gamma * config.nbeta / self.batch_size
                w.add_(grads[name], alpha=weight).add_(xi)
                continue
            mean, moment = grads[name] / self.batch_size, self.second_moment[name]
            moment.lerp_(mean * mean, 1 - config.rmsprop_decay)
            decay, scale = localisation(config, 1 / (moment.sqrt() + config.rmsprop_epsilon))
            drift = config.nbeta / config.gamma * mean + (w - self.checkpoint[name])
            w.sub_((1 - decay) * drift).add_(scale * xi)

    def squared_distance(self) -> Tensor:
        """|w - w*|^2 of every chain, over all its parameters: (chains,)."""
        moved = [w - self.checkpoint[name] for name, w in self.state.items()]
        return torch.stack([m.square().flatten(1).sum(1) for m in moved]).sum(0)


def free_variance(config: PosteriorConfig) -> float:
    r"""Variance of every parameter along the path that chains would take were the losses flat.

    Args:
        config: integrator, step_size and gamma count; no preconditioner.

    Returns:
        $1/\gamma$ of "exponential", $1 / (\gamma (1 - \epsilon\gamma/4))$ of "euler": parameter^2.

    Example:
        >>> round(free_variance(PosteriorConfig(gamma=100.0, step_size=1e-2)), 6)
        0.013333
    """
    left, scale = localisation(config, 1.0)
    return scale**2 / (1 - left**2)


def localisation(config: PosteriorConfig, gain: Number) -> tuple[Number, Number]:
    r"""What one step leaves of the distance to the checkpoint, and the noise it adds.

    With $a = \epsilon\,gain\,\gamma$: "euler" keeps $1 - a/2$ and adds variance $a/\gamma$, as SGLD
    does; "exponential" keeps $e^{-a/2}$ and adds $(1 - e^{-a})/\gamma$, the exact solution where
    the losses are flat, so that its draws have variance $1/\gamma$ at any step size.

    Args:
        config: step_size is epsilon, gamma the localisation, 1/parameter^2.
        gain: of the preconditioner: a number, or one per parameter in any shape.

    Returns:
        share of the distance that is left, and standard deviation of the noise in the parameter's
        unit, each of the shape of `gain`.

    Example:
        >>> localisation(PosteriorConfig(gamma=100.0, step_size=1e-2), 1.0)
        (0.5, 0.1)
    """
    a = config.step_size * gain * config.gamma
    if config.integrator == "euler":
        return 1 - a / 2, (a / config.gamma) ** 0.5
    exp = torch.exp if isinstance(a, Tensor) else math.exp
    return exp(-a / 2), ((1 - exp(-a)) / config.gamma) ** 0.5
