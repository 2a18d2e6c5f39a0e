"""AdamW: Adam with decoupled weight decay."""

from __future__ import annotations

import torch

from models.language.optimizers.base import Named


def parts(parameters: Named, weight_decay: float) -> list[torch.optim.Optimizer]:
    """One optimizer of all parameters.

    Args:
        parameters: of a model, by name.
        weight_decay: 1 / learning rate per step.

    Returns:
        it alone.

    Source: Loshchilov and Hutter 2019 (arXiv:1711.05101).
    """
    return [torch.optim.AdamW(parameters.values(), lr=0.0, weight_decay=weight_decay)]


PARTS = parts
