"""Muon for the matrices within layers, AdamW for all else.

Every update of a matrix is made nearly orthogonal, so that all its directions are learnt at a like
pace. A small model learns to repeat from a tenth of the tokens that AdamW needs.
"""

from __future__ import annotations

import torch

from models.language.optimizers.base import Named


def parts(parameters: Named, weight_decay: float) -> list[torch.optim.Optimizer]:
    """Two optimizers. Updates of matrices are scaled to the size of AdamW's, so that one learning
    rate does for both.

    Args:
        parameters: of a model, by name.
        weight_decay: 1 / learning rate per step.

    Returns:
        Muon of the matrices, AdamW of embeddings, unembedding, norms and biases.

    Raises:
        ValueError: no parameter is a matrix within a layer.

    Source: Jordan et al. 2024 (kellerjordan.github.io/posts/muon); scaling: Liu et al. 2025
    (arXiv:2502.16982).
    """
    inner = [p for name, p in parameters.items() if p.dim() == 2 and _in_a_layer(name)]
    if not inner:
        raise ValueError("optimizer muon: the model has no matrix within a layer; choose adamw")
    chosen = set(inner)
    rest = [p for p in parameters.values() if p not in chosen]
    return [
        torch.optim.Muon(inner, lr=0.0, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(rest, lr=0.0, weight_decay=weight_decay),
    ]


def _in_a_layer(name: str) -> bool:
    """Whether a parameter's name counts layers, as `gpt_neox.layers.0.mlp.dense_4h_to_h.weight`;
    embedding and unembedding are in none."""
    return any(part.isdigit() for part in name.split("."))


PARTS = parts
