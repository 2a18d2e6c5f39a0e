"""An architecture is one file: another one is built, trained, sampled and seen into."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest
import torch
from torch import Tensor, nn
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import CausalLMOutput

from analysis.losses.tokens import LanguageModelLoss, stacked_parameters
from analysis.sampling.posterior import sample_posterior
from analysis.sampling.settings import PosteriorConfig
from models.language import architectures
from models.language.architectures import base, names
from models.language.model import build_model, token_losses
from models.language.settings import Network


class BigramConfig(PreTrainedConfig):
    model_type = "bigram"

    def __init__(self, vocab_size: int = 8, max_position_embeddings: int = 8, **more) -> None:
        self.vocab_size, self.max_position_embeddings = vocab_size, max_position_embeddings
        super().__init__(**more)


class Bigram(PreTrainedModel):
    config_class = BigramConfig

    def __init__(self, config: BigramConfig) -> None:
        super().__init__(config)
        self.table = nn.Parameter(0.1 * torch.randn(config.vocab_size, config.vocab_size))

    def forward(self, input_ids: Tensor, **_) -> CausalLMOutput:
        return CausalLMOutput(logits=self.table[input_ids])


class BigramArchitecture(base.Architecture):
    model_type = "bigram"

    def build(self, network: Network, *, vocabulary: int, context: int) -> PreTrainedModel:
        return Bigram(BigramConfig(vocab_size=vocabulary, max_position_embeddings=context))


@pytest.fixture
def bigram(monkeypatch):
    """A file models/language/architectures/bigram.py, as it were."""
    module = ModuleType("models.language.architectures.bigram")
    module.ARCHITECTURE = BigramArchitecture()
    monkeypatch.setitem(sys.modules, module.__name__, module)
    known = (*names(), "bigram")
    for place in (architectures, base, sys.modules["models.language.settings"]):
        monkeypatch.setattr(place, "names", lambda: known)
    base.registered.cache_clear()
    yield Network(architecture="bigram")
    base.registered.cache_clear()


def test_another_architecture_is_built_and_sampled(bigram):
    model = build_model(bigram, vocabulary=8, context=8, seed=0)
    tokens = torch.randint(8, (6, 9), generator=torch.Generator().manual_seed(0))
    token_losses(model, tokens).mean().backward()
    assert model.table.grad.abs().sum() > 0
    loss = LanguageModelLoss(model.eval().requires_grad_(False), tokens, tokens)
    stacked = stacked_parameters(model, 3)
    stacked["table"][1] += 1.0
    stacked["table"][1, :, 0] += 1.0
    found = loss.observe(stacked).unflatten(-1, (6, 8))
    torch.testing.assert_close(found[0], found[2])  # chains are apart
    assert (found[0] - found[1]).abs().max() > 0.1
    torch.testing.assert_close(found[0], token_losses(model, tokens).detach())
    posterior = PosteriorConfig(chains=2, draws=4, gamma=1e3, step_size=1e-4, batch_size=2)
    draws = sample_posterior(
        loss, stacked_parameters(model), posterior, seed=0, n_samples=6, observe=loss.observe
    )
    assert draws.losses.shape == (1, 2, 4, 48)


def test_an_unknown_architecture_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="choose one of attention_only, gpt_neox"):
        base.architecture("transformer")
    with pytest.raises(ValueError, match="choose one of attention_only, gpt_neox"):
        Network(architecture="lstm")
