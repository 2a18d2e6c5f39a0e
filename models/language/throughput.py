"""How fast training is, beside what the device could do."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode
from transformers import PreTrainedModel

# Sides of the square matrix product that a device is measured with, and how often.
SIDES, REPEATS = {"cpu": 1536, "cuda": 8192}, 8


def flops_per_token(model: PreTrainedModel, context: int) -> float:
    """Floating-point operations of training on one token: forward and backward, counted in one
    sequence of `context` tokens.

    Those of matrix products, as is usual: 6 per weight that is multiplied, and 12 x layers x
    width x context of attention. Gradients that the model holds stay as they are.

    Args:
        model: a causal language model.
        context: tokens of a sequence.

    Returns:
        their number.

    Source: the same sum by hand in Chowdhery et al. 2022 (arXiv:2204.02311), appendix B.
    """
    tokens = torch.zeros(1, context, dtype=torch.long, device=model.device)
    # The counter does not know every fused kernel of attention; of this one it sees the products.
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        torch.autograd.grad(model(input_ids=tokens).logits.sum(), [*model.parameters()])
    return counter.get_total_flops() / context


def matmul_rate(device: str, dtype: torch.dtype = torch.float32) -> float:
    """Floating-point operations per second of a large matrix product on this device, the best of
    several.

    Args:
        device: to compute on.
        dtype: of its numbers.

    Returns:
        per second.
    """
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
