"""How fast training is, beside what the device could do."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field

import torch
from transformers import PreTrainedModel

LOOKED_UP = re.compile(r"^(tokens|positions)$|embed_in|wte|embed_tokens")  # not multiplied
# Sides of the square matrix product that a device is measured with, and how often.
SIDES, REPEATS = {"cpu": 1536, "cuda": 8192}, 8


def flops_per_token(model: PreTrainedModel, context: int) -> float:
    """Floating-point operations of training on one token: forward and backward.

    6 per parameter that is multiplied (all but the tables that tokens and positions are looked
    up in), and 12 x layers x width x context of attention.

    Source: Chowdhery et al. 2022 (arXiv:2204.02311), appendix B.
    """
    multiplied = sum(p.numel() for n, p in model.named_parameters() if not LOOKED_UP.search(n))
    config = model.config
    return 6.0 * multiplied + 12.0 * config.num_hidden_layers * config.hidden_size * context


def matmul_rate(device: str, dtype: torch.dtype = torch.float32) -> float:
    """Floating-point operations per second of a large matrix product on this device, the best of
    several."""
    side = SIDES[torch.device(device).type]
    a = torch.randn(side, side, device=device, dtype=dtype)

    def seconds() -> float:
        begin = time.perf_counter()
        a @ a
        if device.startswith("cuda"):
            torch.cuda.synchronize()
        return time.perf_counter() - begin

    seconds()
    return 2 * side**3 / min(seconds() for _ in range(REPEATS))


@dataclass
class Speed:
    """Tokens per second so far, and the share of the device's matrix products they amount to.

    Attributes:
        flops: per token; peak: operations per second of the device, measured.
    """

    flops: float
    peak: float
    tokens: int = 0
    seconds: float = 0.0
    _begin: float = field(default_factory=lambda: time.perf_counter())

    def add(self, tokens: int) -> None:
        """So many tokens were trained on since the last call, or since `skip`."""
        self.tokens += tokens
        self.seconds += time.perf_counter() - self._begin
        self.skip()

    def skip(self) -> None:
        """Leave out the time since the last call: it was not spent on training."""
        self._begin = time.perf_counter()

    def report(self) -> dict[str, float]:
        """tokens_per_second; utilisation (model operations over the device's); seconds; tokens."""
        rate = self.tokens / self.seconds if self.seconds else 0.0
        return {
            "tokens_per_second": round(rate, 1),
            "utilisation": round(rate * self.flops / self.peak, 4),
            "device_gflops": round(self.peak / 1e9, 1),
            "seconds": round(self.seconds, 1),
            "tokens": self.tokens,
        }
