"""Random streams, one per chain: noise that does not depend on which chains run beside it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from analysis.sampling.settings import MAX_CHAINS

MAX_STREAM = 2**20
_MASK = 2**32 - 1


def stream_seed(seed: int, stream: int, chain: int, purpose: int = 0) -> int:
    """Seed of the generator of one chain; distinct for every (stream, chain) of one run.

    The pair is packed into 32 bits (CPU generators use no more) and passed through a bijection
    chosen by `seed` and `purpose`, so that two chains of a run never share a stream, and
    neighbouring chains do not get neighbouring seeds.

    Args:
        seed: of the run.
        stream: of the checkpoint, its training step: from 0 to 2^20 - 1.
        chain: its number, from 0 to 2^12 - 1.
        purpose: 0: noise; 1: batches.

    Returns:
        a seed of 32 bits.

    Raises:
        ValueError: stream or chain is out of range.

    Source: the finaliser of MurmurHash3 (Appleby).
    """
    if not 0 <= stream < MAX_STREAM or not 0 <= chain < MAX_CHAINS:
        raise ValueError(
            f"stream {stream}, chain {chain}: allowed 0..{MAX_STREAM - 1} and 0..{MAX_CHAINS - 1}"
        )
    x = (stream * MAX_CHAINS + chain) ^ _mix((seed * 0x9E3779B1 + purpose * 0x85EBCA77) & _MASK)
    return _mix(x)


def _mix(x: int) -> int:
    x = ((x ^ (x >> 16)) * 0x85EBCA6B) & _MASK
    x = ((x ^ (x >> 13)) * 0xC2B2AE35) & _MASK
    return x ^ (x >> 16)


class NoiseStreams:
    """Standard normal noise for many chains, drawn block by block from each chain's own stream.

    Noise is drawn in float32 whatever the precision of the chain, so that a run in float64
    follows the same path as one in float32 and differs by rounding alone.

    Args:
        seeds: one per chain.
        size: numbers per chain and step.
        scale: their standard deviation.
        device: where they are drawn.
    """

    def __init__(self, seeds: Sequence[int], size: int, scale: float, device: torch.device) -> None:
        self.scale = scale
        self.generators = [torch.Generator(device).manual_seed(s) for s in seeds]
        # Steps drawn at once: a function of the parameter count alone, because the stream
        # depends on it and must not depend on memory or on the number of chains.
        self.steps = max(1, min(32, 2**20 // size))
        self.block = torch.empty(len(seeds), self.steps, size, device=device)
        self.position = self.steps

    def next(self) -> Tensor:
        """Noise of the next step, shape (chains, size); valid until the next call."""
        if self.position == self.steps:
            for chain, generator in zip(self.block, self.generators, strict=True):
                chain.normal_(0.0, self.scale, generator=generator)
            self.position = 0
        self.position += 1
        return self.block[:, self.position - 1]
