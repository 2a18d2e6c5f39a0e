"""A transformer of attention alone: the smallest language model that forms induction heads.

The forward pass is a plain function of a mapping of parameters with a leading chain dimension, so
that many copies of the model (chains of a sampler, sequences with gradients of their own) run as
one batch: parameters enter through matrix products only, which are batched already.
"""

from __future__ import annotations

from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import CausalLMOutput

from models.language.architectures.base import Architecture, Parameters, sizes
from models.language.settings import Network


class AttentionOnlyConfig(PreTrainedConfig):
    """Sizes, under the names that transformers uses elsewhere."""

    model_type = "attention_only"

    def __init__(
        self,
        vocab_size: int = 64,
        hidden_size: int = 64,
        num_hidden_layers: int = 2,
        num_attention_heads: int = 2,
        max_position_embeddings: int = 96,
        **kwargs: Any,
    ) -> None:
        self.vocab_size, self.hidden_size = vocab_size, hidden_size
        self.num_hidden_layers, self.num_attention_heads = num_hidden_layers, num_attention_heads
        self.max_position_embeddings = max_position_embeddings
        super().__init__(**kwargs)


class AttentionLayer(nn.Module):
    """The parameters of one layer; `logits` says what is done with them."""

    def __init__(self, width: int, layers: int) -> None:
        super().__init__()
        self.norm = nn.Parameter(torch.ones(width))
        self.query_key_value = nn.Parameter(torch.randn(width, 3 * width) * width**-0.5)
        self.output = nn.Parameter(torch.randn(width, width) * (2 * layers * width) ** -0.5)


class AttentionOnly(PreTrainedModel):
    """A decoder of attention layers with residual connections, and nothing between them.

    Normalised before every layer and before the end; positions are learnt and added to tokens.
    """

    config_class = AttentionOnlyConfig
    config: AttentionOnlyConfig

    def __init__(self, config: AttentionOnlyConfig) -> None:
        super().__init__(config)
        width, layers = config.hidden_size, config.num_hidden_layers
        self.tokens = nn.Parameter(torch.randn(config.vocab_size, width) * 0.1)
        self.positions = nn.Parameter(torch.randn(config.max_position_embeddings, width) * 0.1)
        self.layers = nn.ModuleList(AttentionLayer(width, layers) for _ in range(layers))
        self.norm = nn.Parameter(torch.ones(width))
        self.unembed = nn.Parameter(torch.randn(width, config.vocab_size) * width**-0.5)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        """Weights are drawn where they are made."""

    def forward(self, input_ids: Tensor, **_: Any) -> CausalLMOutput:
        """Scores of the token after each of `input_ids` (batch, time), with the model's own
        weights: (batch, time, vocabulary), unnormalised log probabilities. What else
        transformers passes does not count.
        """
        stacked = {name: p[None] for name, p in self.named_parameters()}
        return CausalLMOutput(logits=logits(stacked, input_ids[None], self.config)[0])


def logits(
    parameters: Parameters,
    tokens: Tensor,
    config: AttentionOnlyConfig,
    attention: list[Tensor] | None = None,
) -> Tensor:
    """The forward pass of a stack of models, each on tokens of its own.

    Args:
        parameters: name -> (chains, *shape), as AttentionOnly names them.
        tokens: ids (chains, batch, time), or (1, batch, time) for the same tokens in all chains.
        config: number of layers and heads.
        attention: if given, every layer's pattern is appended, (chains, batch, heads, query, key).

    Returns:
        scores of the next token (chains, batch, time, vocabulary), unnormalised log probabilities.

    Source: Elhage et al. 2021 for attention-only transformers.
    """
    C, V, d = parameters["tokens"].shape
    _, B, T = tokens.shape
    tokens = tokens.expand(C, B, T) + V * torch.arange(C, device=tokens.device)[:, None, None]
    x = F.embedding(tokens, parameters["tokens"].reshape(C * V, d))  # (C, B, T, d)
    x = (x + parameters["positions"][:, None, :T]).view(C, B * T, d)
    for layer in range(config.num_hidden_layers):
        norm, query_key_value, output = (
            parameters[f"layers.{layer}.{name}"] for name in ("norm", "query_key_value", "output")
        )
        parts = _read(x, norm, query_key_value).chunk(3, -1)
        heads = (C * B, T, config.num_attention_heads, -1)
        q, k, v = (t.reshape(heads).transpose(1, 2) for t in parts)  # (C * B, heads, T, d / heads)
        if attention is not None:
            attention.append(_pattern(q, k).unflatten(0, (C, B)))
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + torch.bmm(mixed.transpose(1, 2).reshape(C, B * T, d), output)
    return _read(x, parameters["norm"], parameters["unembed"]).view(C, B, T, -1)


def _read(x: Tensor, gain: Tensor, weight: Tensor) -> Tensor:
    """Layer norm with a gain per chain and no bias, then a matrix: (chains, any, out), of x
    (chains, any, width), gain (chains, width) and weight (chains, width, out).

    The gain multiplies the matrix, which is far smaller than the activations. Ones stand in its
    place, because torch's kernel is twice as fast with a gain as without.
    """
    ones = x.new_ones(x.shape[-1])
    return torch.bmm(F.layer_norm(x, x.shape[-1:], ones), gain[..., None] * weight)


def _pattern(q: Tensor, k: Tensor) -> Tensor:
    """Attention weights, (batch, heads, query, key)."""
    scores = q @ k.mT * q.shape[-1] ** -0.5
    future = torch.ones_like(scores[0, 0], dtype=torch.bool).triu(1)
    return scores.masked_fill(future, float("-inf")).softmax(-1)


AutoConfig.register("attention_only", AttentionOnlyConfig)
AutoModelForCausalLM.register(AttentionOnlyConfig, AttentionOnly)


class AttentionOnlyArchitecture(Architecture):
    """Attention layers alone; all chains run as one batch."""

    model_type = "attention_only"

    def build(self, network: Network, *, vocabulary: int, context: int) -> PreTrainedModel:
        """A new model with weights from torch's current random numbers; see `Architecture.build`.

        Args:
            network: width, layers and heads count.
            vocabulary: number of token ids.
            context: most tokens of a sequence.

        Returns:
            the model, on the CPU.
        """
        given = sizes(network, vocabulary=vocabulary, context=context)
        return AttentionOnly(AttentionOnlyConfig(**given))

    def logits(self, model: PreTrainedModel, parameters: Parameters, tokens: Tensor) -> Tensor:
        """The forward pass of a stack of models, all chains as one batch; see `logits`.

        Args:
            model: its sizes count, not its weights.
            parameters: name -> (chains, *shape), used in their place.
            tokens: ids (chains or 1, sequences, time).

        Returns:
            scores of the next token (chains, sequences, time, vocabulary).
        """
        return logits(parameters, tokens, cast(AttentionOnlyConfig, model.config))

    def attention_patterns(self, model: PreTrainedModel, tokens: Tensor) -> list[Tensor]:
        """Attention weights layer by layer, (batch, heads, query, key), of tokens (batch, time),
        with the model's own weights; see `Architecture.attention_patterns`.
        """
        patterns: list[Tensor] = []
        stacked = {name: p.detach()[None] for name, p in model.named_parameters()}
        logits(stacked, tokens[None], cast(AttentionOnlyConfig, model.config), patterns)
        return [pattern[0] for pattern in patterns]


ARCHITECTURE = AttentionOnlyArchitecture()
