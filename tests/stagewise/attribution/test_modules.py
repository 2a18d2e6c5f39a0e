"""Modules and data of many kinds."""

from __future__ import annotations

import datasets
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import stagewise
from stagewise.attribution.checks import ModelError
from stagewise.attribution.data import DataError
from tests.stagewise.attribution.conftest import POSTERIOR


class Tied(nn.Module):
    """Embedding and unembedding are one matrix; a buffer scales, a frozen vector shifts."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(5, 4)
        self.out = nn.Linear(4, 5, bias=False)
        self.out.weight = self.embed.weight
        self.norm = nn.BatchNorm1d(4)
        self.shift = nn.Parameter(torch.ones(4), requires_grad=False)
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        return self.out(self.drop(self.norm(self.embed(x)) + self.shift))


def tied_states(steps=(0, 5)):
    torch.manual_seed(0)
    model = Tied()
    states = {}
    for step in steps:
        model.norm.running_mean += 1.0  # buffers differ from checkpoint to checkpoint
        states[step] = {name: a.clone() for name, a in model.state_dict().items()}
    return states


TOKENS = torch.arange(5), torch.arange(5).roll(1)


def test_tied_frozen_and_buffers_are_held_as_they_are():
    states = tied_states()
    run = stagewise.Run.from_state_dicts(Tied, states)
    weights = run.weights([0, 5], None)
    assert set(weights.moved) == {"embed.weight", "norm.weight", "norm.bias"}
    assert {"shift", "norm.running_mean", "norm.running_var"} <= set(weights.held)
    draws = run.sample(TOKENS, posterior=POSTERIOR)
    for k, state in enumerate(states.values()):
        model = Tied().eval()
        model.load_state_dict(state)
        own = F.cross_entropy(model(TOKENS[0]), TOKENS[1], reduction="none")
        assert torch.allclose(draws.draws.checkpoint_losses[k], own, atol=1e-5)


def test_a_part_of_the_parameters_can_be_sampled():
    run = stagewise.Run.from_state_dicts(Tied, tied_states())
    weights = run.weights([0], "norm.*")
    assert set(weights.moved) == {"norm.weight", "norm.bias"}
    draws = run.sample(TOKENS, posterior=POSTERIOR, parameters="norm.*")
    assert draws.draws.n_parameters == 8
    with pytest.raises(ModelError, match=r"parameters = 'layers\.\*' fits none .* embed.weight"):
        run.sample(TOKENS, posterior=POSTERIOR, parameters="layers.*")


def test_a_checkpoint_gets_the_same_draws_whichever_others_run_with_it():
    run = stagewise.Run.from_state_dicts(Tied, tied_states())
    both = run.sample(TOKENS, posterior=POSTERIOR).draws.losses
    alone = run.sample(TOKENS, posterior=POSTERIOR, steps=[5]).draws.losses
    assert torch.equal(both[1], alone[0])


def test_losses_per_token_are_grouped_by_token(task):
    class Tagger(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed, self.out = nn.Embedding(3, 4), nn.Linear(4, 3)

        def forward(self, x):
            return self.out(self.embed(x))

    tokens = task[0][:8]
    torch.manual_seed(0)
    run = stagewise.Run.from_state_dicts(Tagger, {0: Tagger().state_dict()})
    draws = run.sample((tokens, tokens), posterior=POSTERIOR)
    assert (draws.samples, draws.tokens) == (8, 5)
    found = draws.influence(tokens)
    assert found.influence.shape == (1, 3, 3)
    with pytest.raises(DataError, match="each sample has 5 losses: name groups"):
        draws.influence()


@pytest.mark.parametrize("given", ["dictionary", "tuple", "rows", "pairs", "hugging face"])
def test_data_come_in_many_forms(given):
    class Sum(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w = nn.Parameter(torch.ones(2))

        def forward(self, a, b=None):
            return (a * self.w).sum(-1, keepdim=True) + (
                0 if b is None else b.sum(-1, keepdim=True)
            )

    a, b = torch.randn(2, 6, 2, generator=torch.manual_seed(0))
    y = torch.zeros(6, 1)
    data = {
        "dictionary": ({"a": a, "b": b}, y),
        "tuple": ((a, b), y),
        "rows": [{"x": one, "y": other} for one, other in zip(a, y, strict=True)],
        "hugging face": datasets.Dataset.from_dict({"y": y.numpy(), "x": a.numpy()}),
        "pairs": torch.utils.data.TensorDataset(a, y),
    }[given]
    run = stagewise.Run.from_state_dicts(Sum, {0: Sum().state_dict()})
    columns = ("x", "y") if given in ("rows", "hugging face") else None
    draws = run.sample(data, loss="squared_error", posterior=POSTERIOR, columns=columns)
    total = a.sum(-1) + (b.sum(-1) if given in ("dictionary", "tuple") else 0)
    assert torch.allclose(draws.draws.checkpoint_losses[0], 0.5 * total**2, atol=1e-5)


def test_influence_is_between_data_that_are_observed():
    x, y = torch.randn(20, 3, generator=torch.manual_seed(0)), torch.zeros(20, 1)
    run = stagewise.Run.from_state_dicts(lambda: nn.Linear(3, 1), {0: nn.Linear(3, 1).state_dict()})
    few = POSTERIOR.model_copy(update={"batch_size": 4})
    draws = run.sample((x, y), loss="squared_error", posterior=few, observed=(x[:7], y[:7]))
    assert draws.influence().influence.shape == (1, 7, 7)


def test_memory_that_does_not_do_is_shared_out(monkeypatch, caplog):
    import stagewise.attribution.sampling as module

    real, sizes = module.sample_posterior, []

    def scarce(*args, chunk_chains=None, **kwargs):
        sizes.append(chunk_chains)
        if chunk_chains is None or chunk_chains > 2:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: 10 GiB")
        return real(*args, chunk_chains=chunk_chains, **kwargs)

    run = stagewise.Run.from_state_dicts(Tied, tied_states())
    plenty = run.sample(TOKENS, posterior=POSTERIOR).draws.losses
    monkeypatch.setattr(module, "sample_posterior", scarce)
    assert torch.equal(run.sample(TOKENS, posterior=POSTERIOR).draws.losses, plenty)
    assert sizes == [None, 4, 2]
    assert "memory does not do: at most 2 chains at once" in caplog.text
