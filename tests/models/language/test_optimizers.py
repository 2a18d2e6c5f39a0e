"""Optimizers of language models: who treats which parameter, and what is said of other state."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from models.language.model import build_model
from models.language.optimizers import names
from models.language.optimizers.base import LanguageOptimizer, parts_of
from models.language.settings import Network


@pytest.fixture(params=["attention_only", "gpt_neox"])
def parameters(request) -> dict[str, nn.Parameter]:
    network = Network(architecture=request.param, width=16)
    return dict(build_model(network, vocabulary=32, context=8, seed=0).named_parameters())


@pytest.mark.parametrize("name", names())
def test_every_parameter_has_one_part(parameters, name):
    parts = parts_of(name)(parameters, 0.01)
    treated = [p for part in parts for group in part.param_groups for p in group["params"]]
    assert sorted(map(id, treated)) == sorted(map(id, parameters.values()))


def test_muon_treats_matrices_within_layers_alone(parameters):
    inner, rest = parts_of("muon")(parameters, 0.01)
    names_of = {id(p): name for name, p in parameters.items()}
    treated = {names_of[id(p)] for p in inner.param_groups[0]["params"]}
    assert treated
    assert all(".0." in name or ".1." in name for name in treated)
    others = {names_of[id(p)] for p in rest.param_groups[0]["params"]}
    assert not any("query_key_value.weight" in n or n.endswith("output") for n in others)


def test_muon_moves_all_directions_of_a_matrix_alike():
    matrix = nn.Parameter(torch.zeros(6, 6))
    norm = nn.Parameter(torch.ones(6))
    optimizer = LanguageOptimizer("muon", {"layers.0.w": matrix, "norm": norm}, 0.0)
    u, v = (torch.linalg.qr(torch.randn(6, 6, generator=torch.manual_seed(0)))[0] for _ in "uv")
    matrix.grad = u @ torch.diag(torch.tensor([32.0, 16, 8, 4, 2, 1])) @ v.T
    norm.grad = torch.zeros(6)
    optimizer.update(0.1)
    moved = torch.linalg.svdvals(matrix.detach())
    # The iteration takes singular values to between 0.7 and 1.2; times 0.2 sqrt(6) x rate.
    assert moved.max() / moved.min() < 2
    assert torch.allclose(moved, torch.full((6,), 0.1 * 0.2 * 6**0.5), rtol=0.4)


def test_state_of_other_parameters_is_refused_by_name():
    optimizer = LanguageOptimizer("adamw", {"a": nn.Parameter(torch.ones(2))}, 0.0)
    with pytest.raises(KeyError, match="of other parameters: a, b"):
        optimizer.restore({"exp_avg.b": torch.zeros(2)})
    optimizer.restore({})
    assert optimizer.state() == {}


def test_a_model_without_layers_is_told_to_take_another_optimizer():
    with pytest.raises(ValueError, match="choose adamw"):
        LanguageOptimizer("muon", {"table": nn.Parameter(torch.ones(3, 3))}, 0.0)


def test_an_unknown_optimizer_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="optimizer 'sgd': choose one of adamw, muon"):
        parts_of("sgd")
