"""GPT-NeoX: the architecture of Pythia, initialised as Pythia was."""

from __future__ import annotations

from torch import nn
from transformers import GPTNeoXConfig, GPTNeoXForCausalLM, PreTrainedModel

from models.language.architectures.base import Architecture, sizes
from models.language.settings import Network


class GPTNeoX(Architecture):
    """Attention beside an MLP in every layer, rotary positions."""

    model_type = "gpt_neox"

    def build(self, network: Network, *, vocabulary: int, context: int) -> PreTrainedModel:
        """A new model, initialised as Pythia was, from torch's current random numbers.

        Args:
            network: width, layers, heads and rotary count.
            vocabulary: number of token ids.
            context: most tokens of a sequence.

        Returns:
            the model, on the CPU.

        Source: the configuration files of Pythia (Biderman et al. 2023).
        """
        config = GPTNeoXConfig(
            **sizes(network, vocabulary=vocabulary, context=context),
            intermediate_size=4 * network.width, bos_token_id=None, eos_token_id=None,
            use_cache=False,
            rope_parameters={
                "rope_type": "default", "rope_theta": 10_000.0,
                "partial_rotary_factor": network.rotary,
            },
        )  # fmt: skip
        return _initialised(GPTNeoXForCausalLM(config))


def _initialised(model: GPTNeoXForCausalLM) -> GPTNeoXForCausalLM:
    """Random weights as Pythia's were drawn, not as the library draws them: a fixed 0.02 would
    leave the attention of a narrow model flat for long.

    Standard deviation sqrt(2 / (5 width)), and 2 / (layers sqrt(width)) where a layer writes
    into the residual stream. Source: the configuration files of Pythia (small_init, wang_init).
    """
    width, layers = model.config.hidden_size, model.config.num_hidden_layers
    for name, p in model.named_parameters():
        if p.dim() == 2:
            writes = name.endswith(("attention.dense.weight", "dense_4h_to_h.weight"))
            std = 2 / (layers * width**0.5) if writes else (2 / (5 * width)) ** 0.5
            nn.init.normal_(p, 0.0, std)
    return model


ARCHITECTURE = GPTNeoX()
