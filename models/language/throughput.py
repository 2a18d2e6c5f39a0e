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
        operations per token.

    Source: the same sum by hand in Chowdhery et al. 2022 (arXiv:2204.02311), appendix B.
    """
    tokens = torch.zeros(1, context, dtype=torch.long, device=model.device)
    # The counter does not know every fused kernel of attention; of this one it sees the products.
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        torch.autograd.grad(model(input_ids=tokens).logits.sum(), [*model.parameters()])
    return counter.get_total_flops() / context


def matmul_rate(device: str, dtype: torch.dtype = torch.float32) -> float:
    """How fast a large matrix product is on this device, the best of several.

    Args:
        device: cpu, cuda, cuda:0, ...
        dtype: of its numbers.

    Returns:
        floating-point operations per second.

    Raises:
        KeyError: the device is of another kind.
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
        flops: floating-point operations per token.
        peak: operations per second of the device, measured.
        tokens: trained on so far.
        seconds: spent on them.
    """

    flops: float
    peak: float
    tokens: int = 0
    seconds: float = 0.0
    _begin: float = field(default_factory=lambda: time.perf_counter())

    def add(self, tokens: int) -> None:
        """Count tokens, and the time since the last call or since `skip`.

        Args:
            tokens: trained on in that time.
        """
        self.tokens += tokens
        self.seconds += time.perf_counter() - self._begin
        self.skip()

    def skip(self) -> None:
        """Leave out the time since the last call: it was not spent on training."""
        self._begin = time.perf_counter()

    def report(self) -> dict[str, float]:
        """The numbers of a training.

        Returns:
            tokens_per_second; utilisation (model operations over the device's, from 0 to 1);
            device_gflops (10^9 operations per second); seconds; tokens.
        """
        rate = self.tokens / self.seconds if self.seconds else 0.0
        return {
            "tokens_per_second": round(rate, 1),
            "utilisation": round(rate * self.flops / self.peak, 4),
            "device_gflops": round(self.peak / 1e9, 1),
            "seconds": round(self.seconds, 1),
            "tokens": self.tokens,
        }
