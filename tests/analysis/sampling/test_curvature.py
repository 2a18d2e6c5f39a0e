"""Curvatures without the Hessian, against the Hessian."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.func import functional_call

from analysis.losses.module import ModuleLoss, cross_entropy
from analysis.sampling.curvature import extreme_curvatures


@pytest.mark.parametrize("seed", range(3))
def test_curvatures_are_the_ends_of_the_spectrum(seed):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 3)).eval()
    x, y = torch.randn(20, 4), torch.randint(0, 3, (20,))
    parameters = {name: p.detach() for name, p in model.named_parameters()}

    def mean_loss(*values):
        given = dict(zip(parameters, values, strict=True))
        return cross_entropy(functional_call(model, given, (x,)), y).mean()

    blocks = torch.autograd.functional.hessian(mean_loss, tuple(parameters.values()))
    sizes = [p.numel() for p in parameters.values()]
    rows = [
        torch.cat([b.reshape(n, m) for b, m in zip(row, sizes, strict=True)], 1)
        for row, n in zip(blocks, sizes, strict=True)
    ]
    spectrum = torch.linalg.eigvalsh(torch.cat(rows).double())
    loss = ModuleLoss(model, x, y, cross_entropy)
    found = extreme_curvatures(loss, {name: p[None] for name, p in parameters.items()})
    assert found[0] == pytest.approx(float(spectrum[-1]), rel=0.05)
    assert found[1] == pytest.approx(float(spectrum[0]), rel=0.05)


def test_two_parameters_are_too_few():
    loss = ModuleLoss(
        nn.Linear(1, 1), torch.ones(2, 1), torch.ones(2, 1), lambda o, t: (o - t)[:, 0]
    )
    with pytest.raises(ValueError, match="2 parameters: at least 3"):
        extreme_curvatures(loss, {"weight": torch.ones(1, 1, 1), "bias": torch.ones(1, 1)})
