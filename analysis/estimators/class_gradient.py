r"""Class influence without sampling: the limit of strong localisation is gradient alignment.

As the localisation grows, the posterior shrinks to a ball in which losses are linear, and
gamma x Cov(l_k, l_l) tends to <grad l_k, grad l_l>. Between classes that is one backward pass per
class, and no noise.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

import torch
import xarray as xr
from torch import Tensor

from analysis.estimators.base import Estimator
from analysis.sampling.sgld import Control

if TYPE_CHECKING:  # the toy lists all estimators, without transformers
    from analysis.estimators.measurement import Measurement
    from analysis.losses.tokens import LanguageModelLoss

DOUBLE_SIZE = 2**28  # numbers summed in double precision
CHUNK_BYTES = 2**27  # memory for gradients of sequences in flight


def class_gradient_influence(
    loss: LanguageModelLoss, membership: Tensor, gamma: float
) -> tuple[Tensor, Tensor]:
    r"""Raw class influence across sequences in the limit of strong localisation.

    $-\frac{1}{\gamma}\,\frac{1}{n_{ab}}\Big(\langle G_a, G_b\rangle - \sum_s \langle G_a^s,
    G_b^s\rangle\Big)$ with $G_a^s$ the gradient of the summed losses of the tokens of class a
    in sequence s, and $G_a$ their sum over sequences.

    Args:
        loss: its model and evaluation sequences are used.
        membership: (sequences, time, classes), True where a token is in a class.
        gamma: localisation, 1/parameter^2; the result is proportional to 1/gamma.

    Returns:
        influence (source, target), nats squared, negative: helps; number of pairs behind each.
        Where there are none, the influence is NaN.

    Source: ours.
    """
    size, classes = sum(p.numel() for p in loss.model.parameters()), membership.shape[-1]
    step = max(1, int(CHUNK_BYTES / (4 * size * (classes + 1))))
    step = min(step, loss.at_once or step)
    chunks = (
        sequence_class_gradients(
            loss, loss.evaluation[start : start + step], membership[start : start + step]
        )
        for start in range(0, len(loss.evaluation), step)
    )
    return aligned(chunks, membership, gamma)


def aligned(gradients: Iterable[Tensor], membership: Tensor, gamma: float) -> tuple[Tensor, Tensor]:
    """`class_gradient_influence` from gradients at hand.

    Args:
        gradients: G_a^s, chunks of (classes, sequences, parameters), nats per parameter.
        membership: (sequences, time, classes) of all sequences, True where a token is in a class.
        gamma: localisation, 1/parameter^2.

    Returns:
        influence (source, target), nats squared, negative: helps, NaN without pairs; and the number
        of pairs behind it.
    """
    total: Tensor | None = None
    within = torch.zeros(membership.shape[-1], membership.shape[-1], dtype=torch.float64)
    for chunk in gradients:
        if total is None:  # in double precision while that is small
            exact = chunk[:, 0].numel() <= DOUBLE_SIZE
            total = torch.zeros_like(chunk[:, 0], dtype=torch.float64 if exact else None)
        for of_sequence in chunk.unbind(1):
            within += (of_sequence @ of_sequence.T).cpu().double()
            total += of_sequence
    assert total is not None
    counts = membership.double().sum(1)
    n_pairs = counts.sum(0)[:, None] * counts.sum(0) - torch.einsum("sa,sb->ab", counts, counts)
    sums = ((total @ total.T).cpu() - (within + within.T) / 2) / gamma
    return -sums / torch.where(n_pairs > 0, n_pairs, math.nan), n_pairs.long()


def control_of(gradients: Tensor) -> Control:
    """The linear parts of class sums as controls for the sampler: <G_a^s, path>.

    All chains are around the checkpoint of the gradients.

    Args:
        gradients: G_a^s, (classes, sequences, parameters), nats per parameter.

    Returns:
        paths (chains, draws, parameters) -> controls (chains, draws, sequences x classes), nats,
        sequence by sequence.
    """
    flat = gradients.permute(2, 1, 0).flatten(1)  # (parameters, sequences x classes)
    return lambda _: lambda paths: paths @ flat.to(paths)


def sequence_class_gradients(loss: LanguageModelLoss, tokens: Tensor, membership: Tensor) -> Tensor:
    """Gradient of the summed losses of every class in every sequence.

    Each sequence meets its own copy of the parameters, so that one backward pass per class
    gives the gradients of all sequences.

    Args:
        loss: its model is differentiated.
        tokens: ids (sequences, time + 1).
        membership: (sequences, time, classes), True where a token to be predicted is in a class.

    Returns:
        (classes, sequences, parameters), nats per parameter, where the model is.
    """
    from analysis.losses.tokens import stacked_parameters

    leaves = {
        name: p.requires_grad_() for name, p in stacked_parameters(loss.model, len(tokens)).items()
    }
    losses = loss.token_losses(leaves, tokens[:, None])[:, 0]
    classes, size = membership.shape[-1], sum(p[0].numel() for p in leaves.values())
    gradients = losses.new_empty(classes, len(tokens), size)
    for index in range(classes):
        chosen = (losses * membership[:, :, index].to(losses)).sum()
        parts = torch.autograd.grad(chosen, list(leaves.values()), retain_graph=True)
        torch.cat([part.flatten(1) for part in parts], 1, out=gradients[index])
    return gradients


class ClassGradient(Estimator):
    """The limit of strong localisation: alignment of class gradients."""

    name, models, needs = "gradient", "language", "gradients"
    title, unit = "limit of strong localisation", "nats²"
    says = "BIF between token classes in the limit of strong localisation, from class gradients."
    settings = ("posterior.gamma",)
    rank = 1

    def compute(self, run: Measurement) -> xr.DataArray:
        """Influence (variant, source, target): one variant, raw and across sequences.

        Args:
            run: its limit of strong localisation counts.

        Returns:
            nats squared, exact; negative: the source helps.
        """
        return self.of_classes(
            run.limit[None],
            run.evaluation.class_names,
            run.n_pairs[None],
            pairs=["across_sequences"],
            normalized=[False],
        )


ESTIMATOR = ClassGradient()
